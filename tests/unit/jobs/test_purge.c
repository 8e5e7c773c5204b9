// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <linux/fs.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "flashback/jobs/purge.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/lib/tree.h"
#include "flashback/store/voldir.h"

#define NOW "1795305600" /* 2026-11-22T000000+0000 */
#define VOLUMES 6

/* ---- one tree ---- */

static void
test_shared_files_stay_as_they_are(void **state)
{
	struct scratch *s = *state;
	struct stat before, after;
	char trouble[200], text[8] = "";
	int fd;

	make_dir("kept");
	make_file("kept/file", "content");
	make_dir("old.expired");
	assert_int_equal(link("kept/file", "old.expired/file"), 0);
	assert_int_equal(link("kept/file", "old.expired/other \n name"), 0);
	if (geteuid() == 0)
		assert_int_equal(chown("kept/file", 12, 34), 0);
	assert_int_equal(chmod("kept/file", 04441), 0);
	before = stat_of("kept/file");
	assert_int_equal(tree_remove(s->fd, "old.expired", s->dev, trouble, sizeof(trouble)), 0);
	assert_false(is_there("old.expired"));
	after = stat_of("kept/file");
	assert_int_equal(after.st_nlink, 1);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_uid, before.st_uid);
	assert_memory_equal(&after.st_mtim, &before.st_mtim, sizeof(after.st_mtim));
	assert_true(after.st_ino == before.st_ino);
	fd = open("kept/file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 7);
	close(fd);
	assert_string_equal(text, "content");
}

static void
test_a_tree_that_a_host_made(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "", name[256] = "";
	struct stat stat;
	int shut;

	memset(name, 0xff, 255);
	make_dir("outside");
	make_file("outside/precious", "x");
	make_dir("old.expired");
	assert_int_equal(symlink("../outside", "old.expired/link"), 0);
	assert_int_equal(chdir("old.expired"), 0);
	make_file(name, "x");
	make_dir("...");
	make_file(".../-rf *", "x");
	make_dir("shut");
	shut = open("shut", SCRATCH_OPEN_DIR);
	assert_int_equal(chmod("shut", 0), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	if (geteuid() == 0)
		assert_int_equal(mknod("device", S_IFBLK | 0600, makedev(7, 0)), 0);
	for (int i = 0; i < 5000; i++) {
		make_dir("\033[2J\n");
		assert_int_equal(chdir("\033[2J\n"), 0);
	}
	make_file("deepest", "x");
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(tree_remove(s->fd, "old.expired", s->dev, trouble, sizeof(trouble)), 0);
	assert_false(is_there("old.expired"));
	assert_true(is_there("outside/precious"));
	assert_int_equal(fstat(shut, &stat), 0);
	assert_int_equal(stat.st_mode & 07777, 0700); /* what a user without rights needs */
	close(shut);
}

static int
set_flags(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	rc = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return rc;
}

static void
test_what_cannot_be_removed(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "";

	make_dir("old.expired");
	make_dir("old.expired/a");
	make_file("old.expired/a/stays", "x");
	make_file("old.expired/a/goes", "x");
	make_dir("old.expired/b");
	if (set_flags("old.expired/a/stays", FS_IMMUTABLE_FL) < 0) {
		print_message("not tested: no immutable files here: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(tree_remove(s->fd, "old.expired", s->dev, trouble, sizeof(trouble)), 1);
	assert_string_equal(trouble, "old.expired/a/stays: Operation not permitted");
	assert_false(is_there("old.expired/a/goes"));
	assert_false(is_there("old.expired/b"));
	assert_int_equal(set_flags("old.expired/a/stays", 0), 0);
	assert_int_equal(tree_remove(s->fd, "old.expired", s->dev, trouble, sizeof(trouble)), 0);
	assert_false(is_there("old.expired"));
}

/* ---- the sweeper ---- */

/* A store with volumes a/v, b/v, ... and a config for it. */
struct place {
	struct config config;
	struct volume *volumes[VOLUMES], volume[VOLUMES];
	char path[300], id[VOLUMES][8], host[VOLUMES][2], name[2];
	struct store store;
	char *said; /* by the sweeper */
	size_t len;
};

/* Make the working directory a store. */
static void
make_place(struct place *p, const char *path)
{
	char *why;

	*p = (struct place){.name = "v"};
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->config = (struct config){.data_dir = p->path, .volumes = p->volumes, .n = VOLUMES};
	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\n");
	assert_int_equal(store_open(path, &p->store, &why), 0);
	for (int i = 0; i < VOLUMES; i++) {
		p->host[i][0] = (char)('a' + i);
		snprintf(p->id[i], sizeof(p->id[i]), "%c/v", 'a' + i);
		p->volume[i] = (struct volume){.id = p->id[i], .host = p->host[i], .name = p->name};
		p->volumes[i] = &p->volume[i];
	}
}

static void
free_place(struct place *p)
{
	store_close(&p->store);
	free(p->said);
}

/* Add a tree of so many kilobytes. */
static void
add_tree(const char *path, int kilobytes)
{
	char *block = malloc((size_t)kilobytes * 1024 + 1), name[128];

	assert_non_null(block);
	memset(block, 'x', (size_t)kilobytes * 1024);
	block[kilobytes * 1024] = '\0';
	make_dir(path);
	snprintf(name, sizeof(name), "%s/file", path);
	make_file(name, block);
	free(block);
}

static int
purge_gently(int out, void *arg)
{
	if (purge_body(out, arg) != 0 || getpriority(PRIO_PROCESS, 0) != 19)
		return 1;
	return syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) >> IOPRIO_CLASS_SHIFT !=
	       IOPRIO_CLASS_IDLE;
}

static void
print_message_to(FILE *f, const struct purge_message *m)
{
	switch (m->kind) {
	case PURGE_REMOVED:
		fprintf(f, "removed %s %s\n", m->id, m->words);
		break;
	case PURGE_TROUBLE:
		fprintf(f, "trouble %s %s\n", m->id, m->words);
		break;
	case PURGE_SUMMARY:
		fprintf(f, "summary %s kept %u expired %u\n", m->id, m->seen.kept, m->seen.expired);
		break;
	}
}

/* Run the purger in a process of its own; return what it sent, a line a message. */
static const char *
sweep(struct place *p, bool reclaim)
{
	struct purge_job job = {.config = &p->config, .reclaim = reclaim};
	struct purge_message m;
	struct event_child c;
	enum event_news news;
	bool ready;
	FILE *f;

	free(p->said);
	f = open_memstream(&p->said, &p->len);
	assert_int_equal(event_fork(&c, purge_gently, &job), 0);
	while ((news = event_next(&c, &m, sizeof(m))) != EVENT_ENDED) {
		if (news == EVENT_MESSAGE)
			print_message_to(f, &m);
		else
			event_wait(&c.fd, c.fd >= 0, &ready, clock_mono() + 10);
	}
	fclose(f);
	assert_int_equal(c.status, 0);
	event_close(&c);
	return p->said;
}

static void
check_there(const char *const *paths, bool there)
{
	for (; *paths; paths++)
		if (is_there(*paths) != there)
			fail_msg("%s is %sthere", *paths, there ? "not " : "");
}

static void
test_sweeps_what_expired_and_nothing_else(void **state)
{
	static const char *const others[] = {"a/v/2026-11-01T000000+0000",
	                                     "a/v/2026-11-02T000000+0000.partial",
	                                     "a/v/2026-11-03T000000+0000.interrupted",
	                                     "a/v/2026-11-04T000000+0000.suspect",
	                                     "a/v/2026-11-05T000000+0000.working",
	                                     "a/v/2026-11-06T000000+0000.expired.mine",
	                                     "a/v/2026-02-30T000000+0000.expired",
	                                     "a/v/my.expired",
	                                     "a/v/.expired",
	                                     "a/unlisted",
	                                     "a/unlisted/2026-11-07T000000+0000.expired",
	                                     "outside",
	                                     NULL};
	static const char *const files[] = {"a/v/2026-11-08T000000+0000.expired",
	                                    "a/v/2026-11-09T000000+0000.expired", NULL};
	static const char *const gone[] = {"a/v/2026-11-10T000000+0000.expired",
	                                   "a/v/2026-11-11T000000+0000.expired",
	                                   "c/v/2026-11-12T000000+0000.expired", NULL};
	struct scratch *s = *state;
	struct place p;

	make_place(&p, s->path);
	make_dir("a");
	make_dir("a/v");
	make_dir("c");
	make_dir("c/v");
	for (int i = 0; others[i]; i++)
		add_tree(others[i], 1);
	make_file(files[0], "a file");
	assert_int_equal(symlink("../../outside", files[1]), 0);
	for (int i = 0; gone[i]; i++)
		add_tree(gone[i], 1);
	assert_int_equal(symlink("/tmp", "d"), 0);
	assert_string_equal(sweep(&p, false), "removed a/v 2026-11-10T000000+0000.expired\n"
	                                      "removed a/v 2026-11-11T000000+0000.expired\n"
	                                      "removed c/v 2026-11-12T000000+0000.expired\n"
	                                      "trouble d/v cannot be opened: Not a directory\n");
	check_there(gone, false);
	check_there(others, true);
	check_there(files, true);
	assert_true(is_there("outside/file"));
	assert_false(is_there("b"));
	free_place(&p);
}

static void
test_no_disk_no_words(void **state)
{
	struct scratch *s = *state;
	struct place p;

	make_place(&p, s->path);
	make_dir("a");
	make_dir("a/v");
	add_tree("a/v/2026-11-10T000000+0000.expired", 1);
	assert_int_equal(unlink(".flashback/store"), 0);
	assert_string_equal(sweep(&p, true), "");
	assert_true(is_there("a/v/2026-11-10T000000+0000.expired/file"));
	free_place(&p);
}

/* Killed at any point, it leaves what the next one goes on with. */
static void
test_killed_and_started_again(void **state)
{
	struct scratch *s = *state;
	struct place p;
	char path[100];

	make_place(&p, s->path);
	make_dir("a");
	make_dir("a/v");
	make_dir("a/v/2026-11-11T000000+0000");
	make_dir("a/v/2026-11-10T000000+0000.expired");
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "a/v/2026-11-10T000000+0000.expired/%d", i);
		add_tree(path, 0);
	}
	for (int round = 0; round < 10; round++) {
		struct purge_job job = {.config = &p.config};
		int ends[2];
		char byte;
		pid_t pid;

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0)
			_exit(purge_body(ends[1], &job));
		close(ends[1]);
		assert_true(read(ends[0], &byte, 1) >= 0); /* it has begun, or has nothing to do */
		for (int spin = 0; spin < round * 20; spin++)
			is_there(path);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(ends[0]);
	}
	sweep(&p, false);
	assert_false(is_there("a/v/2026-11-10T000000+0000.expired"));
	assert_true(is_there("a/v/2026-11-11T000000+0000"));
	free_place(&p);
}

/* Two purge jobs do not remove one tree, and neither makes a spare of it meanwhile. */
static void
test_two_at_once(void **state)
{
	struct scratch *s = *state;
	struct place p;
	int claim;

	make_place(&p, s->path);
	make_dir("a");
	make_dir("a/v");
	add_tree("a/v/2026-11-10T000000+0000.expired", 1);
	add_tree("a/v/2026-11-11T000000+0000.expired", 1);
	claim = open("a/v/2026-11-10T000000+0000.expired", SCRATCH_OPEN_DIR);
	assert_int_equal(flock(claim, LOCK_EX), 0);
	assert_string_equal(sweep(&p, false), "removed a/v 2026-11-11T000000+0000.expired\n");
	assert_true(is_there("a/v/2026-11-10T000000+0000.expired/file"));
	close(claim);
	assert_string_equal(sweep(&p, false), "removed a/v 2026-11-10T000000+0000.expired\n");
	free_place(&p);
}

/* Of what has expired the newest becomes the spare, and counts as removed. */
static void
test_spare(void **state)
{
	static char source[] = "/src/";
	const struct stamp newest = {.when = 1795132800};
	struct history_run run = {.stamp = newest, .snapshot = newest, .result = RESULT_SUCCEEDED};
	struct scratch *s = *state;
	struct store_volume v;
	struct place p;

	NEEDS_ROOT();
	make_place(&p, s->path);
	p.store.traits.d_ino = true;
	scratch_remove(".flashback/store");
	make_file(".flashback/store", "flashback store 1\nd_ino=yes\n");
	p.volume[0].source = source;
	run.fingerprint = volume_fingerprint(&p.volume[0]);
	assert_int_equal(store_volume_open(&p.store, "a", "v", true, &v), 0);
	add_tree("a/v/2026-11-20T000000+0000", 1);
	add_tree("a/v/2026-11-10T000000+0000.expired", 1);
	add_tree("a/v/2026-11-11T000000+0000.expired", 1);
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(voldir_history(&v, &run), 0);
	store_volume_close(&v);
	assert_string_equal(sweep(&p, false), "removed a/v 2026-11-11T000000+0000.expired\n"
	                                      "removed a/v 2026-11-10T000000+0000.expired\n");
	assert_true(stat_of("a/v/.flashback/spare/file").st_ino ==
	            stat_of("a/v/2026-11-20T000000+0000/file").st_ino);
	assert_string_equal(sweep(&p, false), "");
	/* Without room it goes first, with all that was set aside. */
	sweep(&p, true);
	assert_string_equal(p.said, "");
	assert_false(is_there("a/v/.flashback/spare"));
	assert_false(is_there("a/v/.flashback/spare.old"));
	assert_int_equal(stat_of("a/v/2026-11-20T000000+0000/file").st_nlink, 1);
	free_place(&p);
}

/* ---- a full disk ---- */

/* Make a small disk the working directory. */
static void
small_disk(struct place *p, const struct scratch *s, const char *size)
{
	char mnt[300];

	snprintf(mnt, sizeof(mnt), "%s/mnt", s->path);
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, size), 0);
	assert_int_equal(chdir("mnt"), 0);
	assert_int_equal(chmod(".", 0700), 0);
	make_place(p, mnt);
	p->config.min_free_percent = -1;
}

static void
leave_disk(struct place *p, const struct scratch *s)
{
	free_place(p);
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(umount("mnt"), 0);
}

/* A volume whose last run ended so, with n snapshots of 100 kilobytes, a day apart, of which keep
 * stay. */
static void
add_volume(struct place *p, int i, enum result last, int n, unsigned keep)
{
	struct history_run run = {.stamp = {.when = 1795132800}, .result = last};
	struct store_volume v;
	char path[64];

	p->volume[i].keep.daily = keep;
	assert_int_equal(store_volume_open(&p->store, p->host[i], "v", true, &v), 0);
	assert_int_equal(voldir_history(&v, &run), 0);
	store_volume_close(&v);
	for (int day = 1; day <= n; day++) {
		snprintf(path, sizeof(path), "%c/v/2026-11-%02dT000000+0000", 'a' + i, day);
		add_tree(path, 100);
	}
}

static void
test_reclaim(void **state)
{
	static const char *const stay[] = {"a/v/2026-11-02T000000+0000",
	                                   "b/v/2026-11-01T000000+0000",
	                                   "e/v/2026-11-15T000000+0000.interrupted", NULL};
	static const char *const last[] = {"c/v/2026-11-15T000000+0000.interrupted",
	                                   "f/v/2026-11-15T000000+0000.working", NULL};
	struct scratch *s = *state;
	struct store_volume busy;
	struct place p;

	NEEDS_ROOT();
	small_disk(&p, s, "size=4096k");
	add_volume(&p, 0, RESULT_SUCCEEDED, 6, 5);
	add_volume(&p, 1, RESULT_FAILED, 6, 1);
	for (int i = 2; i < 6; i++)
		add_volume(&p, i, RESULT_INTERRUPTED, 0, 1);
	add_tree(last[0], 300);
	add_tree("d/v/2026-11-15T000000+0000.interrupted", 900);
	add_tree(stay[2], 950);
	add_tree(last[1], 200);
	assert_int_equal(store_volume_open(&p.store, "e", "v", true, &busy), 0);

	/* There is room: nothing is to be done. */
	p.config.min_free_bytes = 300 << 10;
	assert_string_equal(sweep(&p, true), "");

	/* There is none, but nobody has asked. */
	p.config.min_free_bytes = 1024 << 10;
	assert_string_equal(sweep(&p, false), "");

	/* What the policy of a/v drops, then the largest that is not at work. */
	sweep(&p, true);
	check_there(stay, true);
	check_there(last, true);
	assert_false(is_there("a/v/2026-11-01T000000+0000"));
	assert_false(is_there("a/v/2026-11-01T000000+0000.expired"));
	assert_false(is_there("d/v/2026-11-15T000000+0000.interrupted"));
	assert_null(strstr(p.said, "trouble"));
	assert_non_null(strstr(p.said, "removed a/v 2026-11-01T000000+0000.expired\n"));
	assert_non_null(strstr(p.said, "removed d/v 2026-11-15T000000+0000.expired\n"));
	assert_non_null(strstr(p.said, "summary a/v "));
	assert_non_null(strstr(p.said, "summary d/v "));

	/* A tree that nobody is building any more is in the way too: no run starts to salvage it.
	 */
	p.config.min_free_bytes = 2000 << 10;
	sweep(&p, true);
	check_there(stay, true);
	check_there(last, false);
	store_volume_close(&busy);
	leave_disk(&p, s);
}

static void
test_reclaim_expires_three_at_a_time(void **state)
{
	struct scratch *s = *state;
	struct place p;
	char path[64];

	NEEDS_ROOT();
	small_disk(&p, s, "size=2048k");
	add_volume(&p, 0, RESULT_SUCCEEDED, 9, 1);
	make_dir("a/v/2026-01-01T000000+0000.mine");
	p.config.min_free_bytes = 8 << 20; /* more than there is: it never ends */
	for (int round = 1; round <= 4; round++) {
		const char *summary;

		sweep(&p, true);
		for (int day = 1; day <= 9; day++) {
			snprintf(path, sizeof(path), "a/v/2026-11-%02dT000000+0000", day);
			assert_int_equal(is_there(path), day > 3 * round || day == 9);
		}
		summary = strstr(p.said, "summary a/v ");
		assert_int_equal(summary != NULL, round <= 3);
		if (round == 1)
			assert_memory_equal(summary, "summary a/v kept 6 expired 3\n", 29);
	}
	assert_true(is_there("a/v/2026-01-01T000000+0000.mine"));
	assert_false(is_there("b"));
	leave_disk(&p, s);
}

static void
test_a_read_only_disk(void **state)
{
	struct scratch *s = *state;
	struct place p;

	NEEDS_ROOT();
	small_disk(&p, s, "size=1024k");
	add_volume(&p, 0, RESULT_SUCCEEDED, 3, 1);
	add_tree("a/v/2026-10-01T000000+0000.expired", 1);
	p.config.min_free_bytes = 8 << 20;
	assert_int_equal(mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY, "size=1024k"), 0);
	sweep(&p, true);
	assert_non_null(strstr(p.said,
	                       "trouble a/v cannot remove 2026-10-01T000000+0000.expired/file:"
	                       " Read-only file system\n"));
	assert_true(is_there("a/v/2026-11-01T000000+0000"));
	leave_disk(&p, s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_shared_files_stay_as_they_are),
	    T(test_a_tree_that_a_host_made),
	    T(test_what_cannot_be_removed),
	    T(test_sweeps_what_expired_and_nothing_else),
	    T(test_no_disk_no_words),
	    T(test_killed_and_started_again),
	    T(test_two_at_once),
	    T(test_spare),
	    T(test_reclaim),
	    T(test_reclaim_expires_three_at_a_time),
	    T(test_a_read_only_disk),
	};

	setenv("FLASHBACK_TEST_NOW", NOW, 1);
	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
