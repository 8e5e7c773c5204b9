// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/store.h"

#define MOUNT ": mount the backup disk; if it is new, run flashback --init once it is mounted"
#define NO_DISK ". is not a flashback store, and no disk is mounted there" MOUNT
#define OTHER_DISK                                                                                 \
	". is not a flashback store: is another disk mounted there?  A new one becomes a store "   \
	"by "                                                                                      \
	"flashback --init"
#define MARKER "flashback store 1\nid=0123456789abcdef\nnanoseconds=no\n"

/* Make the working directory a store and open it. */
static struct store
open_store(const struct scratch *s)
{
	struct store store;
	char *why;

	make_dir(".flashback");
	make_file(".flashback/store", MARKER);
	assert_int_equal(store_open(s->path, &store, &why), 0);
	assert_null(why);
	return store;
}

/* ---- data_dir ---- */

static void
check_refused(const char *path, int error, const char *words)
{
	struct store store;
	char *why = NULL;

	assert_int_equal(store_open(path, &store, &why), -1);
	assert_int_equal(errno, error);
	assert_int_equal(store.fd, -1);
	assert_non_null(why);
	assert_string_equal(why, words);
	free(why);
}

static void
test_what_is_no_store(void **state)
{
	struct scratch *s = *state;
	const char *none = s->dev == stat_of("/").st_dev ? NO_DISK : OTHER_DISK;

	check_refused("absent", ENOENT, "absent does not exist" MOUNT);
	make_file("file", "x");
	check_refused("file", ENOTDIR, "file cannot be opened: Not a directory");
	check_refused(".", ENOENT, none);
	make_dir("elsewhere");
	make_file("elsewhere/store", MARKER);
	assert_int_equal(symlink("elsewhere", ".flashback"), 0);
	check_refused(".", ENOTDIR, "./.flashback/store cannot be read: Not a directory");
	assert_int_equal(unlink(".flashback"), 0);
	make_dir(".flashback");
	check_refused(".", ENOENT, none);
	make_file(".flashback/store", "flashback store 2\n");
	check_refused(".", EINVAL,
	              "./.flashback/store is not a store marker that this flashback can read:"
	              " was it written by a newer one?");
}

static void
test_open(void **state)
{
	struct scratch *s = *state;
	struct store store = open_store(s);
	struct stat stat;
	char *why;

	assert_int_equal(fstat(store.fd, &stat), 0);
	assert_true(stat.st_ino == store.ino && stat.st_dev == s->dev && store.dev == s->dev);
	assert_string_equal(store.traits.id, "0123456789abcdef");
	assert_false(store.traits.nanoseconds);
	assert_true(store.traits.hard_links);
	assert_int_equal(fcntl(store.fd, F_GETFD), FD_CLOEXEC);
	store_close(&store);
	store_close(&store);
	assert_int_equal(symlink(s->path, "link"), 0); /* the config may name it so */
	assert_int_equal(store_open("link", &store, &why), 0);
	store_close(&store);
}

static void
test_same(void **state)
{
	struct store store;
	char *why;

	(void)state;
	make_dir("disk");
	make_dir("disk/.flashback");
	make_file("disk/.flashback/store", MARKER);
	assert_int_equal(store_open("disk", &store, &why), 0);
	assert_int_equal(store_same("disk", &store), 0);
	assert_int_equal(rename("disk", "other"), 0);
	assert_int_equal(store_same("disk", &store), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(store_same("other", &store), 0);
	make_dir("disk");
	make_dir("disk/.flashback");
	make_file("disk/.flashback/store", MARKER); /* a copy of the disk */
	assert_int_equal(store_same("disk", &store), -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(unlink("other/.flashback/store"), 0);
	assert_int_equal(store_same("other", &store), -1);
	assert_int_equal(errno, ENOENT);
	make_file("other/.flashback/store", "flashback store 1\nid=another\n");
	assert_int_equal(store_same("other", &store), -1);
	assert_int_equal(errno, ESTALE);
	store_close(&store);
}

/* ---- volumes ---- */

static int
open_volume(const struct store *store, bool make, struct store_volume *v)
{
	return store_volume_open(store, "host", "vol", make, v);
}

static void
test_volume_is_made_private(void **state)
{
	struct store store = open_store(*state);
	struct store_volume v;
	mode_t mask = umask(0);

	assert_int_equal(open_volume(&store, false, &v), -1);
	assert_int_equal(errno, ENOENT);
	assert_false(is_there("host"));
	assert_int_equal(open_volume(&store, true, &v), 0);
	umask(mask);
	assert_true(v.fd >= 0 && v.meta >= 0 && v.lock >= 0 && v.nstamps + v.nruns == 0);
	assert_int_equal(stat_of("host").st_mode & 07777, 0700);
	assert_int_equal(stat_of("host/vol").st_mode & 07777, 0700);
	assert_int_equal(stat_of("host/vol/.flashback").st_mode & 07777, 0700);
	assert_int_equal(stat_of("host/vol/.flashback/lock").st_mode & 07777, 0600);
	store_volume_close(&v);
	store_volume_close(&v);
	assert_int_equal(rename("host/vol/.flashback", "moved"), 0);
	assert_int_equal(open_volume(&store, false, &v), 0);
	assert_int_equal(v.meta, -1);
	assert_false(is_there("host/vol/.flashback"));
	store_volume_close(&v);
	store_close(&store);
}

static void
test_one_at_a_time(void **state)
{
	struct store store = open_store(*state);
	struct store_volume v, other;
	int held;

	assert_int_equal(open_volume(&store, true, &v), 0);
	assert_int_equal(open_volume(&store, true, &other), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(open_volume(&store, false, &other), 0);
	assert_int_equal(other.lock, -1);
	store_volume_close(&other);
	assert_int_equal(store_volume_open(&store, "host", "another", true, &other), 0);
	store_volume_close(&other);
	held = dup(v.lock); /* as an rsync that outlives its worker */
	store_volume_close(&v);
	assert_int_equal(open_volume(&store, true, &v), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(held);
	assert_int_equal(open_volume(&store, true, &v), 0);
	store_volume_close(&v);
	store_close(&store);
}

/* Whoever cannot lock a volume makes that known to whoever holds the lock. */
static void
test_wanted(void **state)
{
	struct store store = open_store(*state);
	struct store_volume v, other;

	for (int round = 0; round < 2; round++) {
		assert_int_equal(open_volume(&store, true, &v), 0);
		assert_int_equal(open_volume(&store, false, &other), 0);
		store_volume_close(&other);
		assert_false(store_wanted(&v));
		/* A file system may keep times no finer than a tick of the kernel. */
		for (int tries = 0; !store_wanted(&v); tries++) {
			assert_true(tries < 100000);
			assert_int_equal(open_volume(&store, true, &other), -1);
			assert_int_equal(errno, EWOULDBLOCK);
		}
		store_volume_close(&v);
	}
	store_close(&store);
}

static void
test_links_are_refused(void **state)
{
	static const char *const links[] = {"host", "host/vol", "host/vol/.flashback"};
	struct store store = open_store(*state);
	struct store_volume v;

	make_dir("outside");
	for (size_t i = 0; i < LENGTH(links); i++) {
		for (size_t j = 0; j < i; j++)
			make_dir(links[j]);
		assert_int_equal(symlinkat("/tmp", AT_FDCWD, links[i]), 0);
		for (int make = 0; make < 2; make++) {
			assert_int_equal(open_volume(&store, make, &v), -1);
			assert_int_equal(errno, ENOTDIR);
			assert_int_equal(v.fd, -1);
		}
		assert_int_equal(unlink(links[i]), 0);
		for (size_t j = i; j > 0; j--)
			assert_int_equal(rmdir(links[j - 1]), 0);
	}
	for (size_t i = 0; i < LENGTH(links); i++)
		make_dir(links[i]);
	assert_int_equal(symlink("../../../outside/lock", "host/vol/.flashback/lock"), 0);
	assert_int_equal(open_volume(&store, true, &v), -1);
	assert_int_equal(errno, ELOOP);
	assert_false(is_there("outside/lock"));
	store_close(&store);
}

/* ---- names ---- */

/* The night of 25 October has two half past twos, whose order the names do not tell. */
static void
test_list(void **state)
{
	static const char *const dirs[] = {
	    "2026-11-20T031000+0100",
	    "2026-11-21T031012+0100.partial",
	    "2026-10-25T023000+0100",
	    "2026-10-25T023000+0200",
	    "2026-01-01T000000+0100.new-year",
	    "2026-11-09T031000+0100.expired",
	    "2026-02-30T031000+0100",
	    "notes",
	    "2026-11-20T031000+0100 ",
	    "2026-11-20T031000+0100\n",
	    "..2026-11-20T031000+0100",
	    "\xff\xfe",
	    "2026-11-19T120000+0100.interrupted",
	};
	static const char *const sorted[] = {
	    "2026-01-01T000000+0100.new-year",
	    "2026-10-25T023000+0200",
	    "2026-10-25T023000+0100",
	    "2026-11-09T031000+0100.expired",
	    "2026-11-19T120000+0100.interrupted",
	    "2026-11-20T031000+0100",
	    "2026-11-21T031012+0100.partial",
	};
	struct store store = open_store(*state);
	struct store_volume v;
	char name[256] = "", buf[STAMP_NAME_SIZE];

	assert_int_equal(open_volume(&store, true, &v), 0);
	assert_int_equal(fchdir(v.fd), 0);
	for (size_t i = 0; i < LENGTH(dirs); i++)
		make_dir(dirs[i]);
	memset(name, 'x', 255);
	make_dir(name);
	make_file("2026-12-01T000000+0000", "a file is no snapshot");
	assert_int_equal(symlink("notes", "2026-12-02T000000+0000"), 0);
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(v.nstamps, LENGTH(sorted));
	assert_int_equal(v.stamps[0].state, STAMP_PINNED);
	for (size_t i = 0; i < v.nstamps; i++)
		assert_string_equal(stamp_format(&v.stamps[i], buf), sorted[i]);
	for (int i = 0; i < 1000; i++) { /* pinned: of any number */
		snprintf(name, sizeof(name), "2020-01-01T000000+0000.%d", i);
		make_dir(name);
	}
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(v.nstamps, 1000 + LENGTH(sorted));
	assert_int_equal(v.stamps[999].when, 1577836800);
	assert_int_equal(v.stamps[1000].state, STAMP_PINNED);
	assert_int_equal(v.stamps[1001].when, 1792888200);
	store_volume_close(&v);
	store_close(&store);
}

static void
test_history_is_read_as_far_as_it_goes(void **state)
{
	struct store store = open_store(*state);
	struct store_volume v;
	struct history_run run = {.stamp = {.when = 1795140600}, .result = RESULT_SUCCEEDED};
	FILE *f;

	assert_int_equal(open_volume(&store, true, &v), 0);
	store_volume_close(&v);
	f = fopen("host/vol/.flashback/history", "w");
	assert_non_null(f);
	fprintf(f, "%s\n", HISTORY_HEADER);
	for (int i = 0; i < 3; i++, run.stamp.when += 86400) {
		assert_int_equal(history_print(f, &run), 0);
		fprintf(f, "garbage \377\033[2J\n\n2026-11-20T031000+0100 SUCC\n");
		fwrite("\0\0\0", 1, 3, f);
	}
	fprintf(f, "2026-11-20T0310"); /* cut off */
	fclose(f);
	assert_int_equal(open_volume(&store, false, &v), 0);
	assert_int_equal(v.nruns, 3);
	assert_int_equal(v.unread, 0);
	assert_int_equal(v.runs[2].stamp.when, 1795140600 + 2 * 86400);
	store_volume_close(&v);
	assert_int_equal(unlink("host/vol/.flashback/history"), 0);
	make_dir("host/vol/.flashback/history");
	assert_int_equal(open_volume(&store, true, &v), 0);
	assert_int_equal(v.nruns, 0);
	assert_int_equal(v.unread, EINVAL);
	store_volume_close(&v);
	store_close(&store);
}

/* ---- renaming ---- */

static const struct stamp working = {.when = 1795140600, .offset = 3600, .state = STAMP_WORKING};

/* A volume with one snapshot that is being built, with a file in it. */
static struct store_volume
volume_with_tree(const struct scratch *s)
{
	struct store store = open_store(s);
	struct store_volume v;

	assert_int_equal(open_volume(&store, true, &v), 0);
	store_close(&store);
	assert_int_equal(fchdir(v.fd), 0); /* for the rest of the test */
	make_dir("2026-11-20T031000+0100.working");
	make_file("2026-11-20T031000+0100.working/file", "x");
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(v.nstamps, 1);
	return v;
}

static void
test_rename(void **state)
{
	struct store_volume v = volume_with_tree(*state);
	struct stamp stamp = working;

	for (int to = STAMP_COMPLETE; to < STAMP_PINNED; to++) {
		char path[STAMP_NAME_SIZE + 8], name[STAMP_NAME_SIZE];

		assert_int_equal(store_rename(&v, &stamp, (enum stamp_state)to), 0);
		assert_int_equal(stamp.state, to);
		assert_int_equal(v.stamps[0].state, to);
		snprintf(path, sizeof(path), "%s/file", stamp_format(&stamp, name));
		assert_true(is_there(path));
	}
	assert_int_equal(store_rename(&v, &v.stamps[0], STAMP_INTERRUPTED), 0);
	assert_int_equal(v.stamps[0].state, STAMP_INTERRUPTED);
	assert_int_equal(store_rename(&v, &v.stamps[0], STAMP_PINNED), -1);
	assert_int_equal(errno, EINVAL);
	stamp.state = STAMP_PINNED;
	assert_int_equal(store_rename(&v, &stamp, STAMP_EXPIRED), -1);
	assert_int_equal(errno, EINVAL);
	stamp = working;
	assert_int_equal(store_rename(&v, &stamp, STAMP_COMPLETE), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(stamp.state, STAMP_WORKING);
	store_volume_close(&v);
}

/* Nothing may be lost under a name that is taken, not even an empty directory. */
static int
rename_over_others(void *arg)
{
	struct store_volume *v = arg;
	struct stamp stamp = working;

	for (int to = STAMP_COMPLETE; to < STAMP_WORKING; to++)
		if (store_rename(v, &stamp, (enum stamp_state)to) == 0 || errno != EEXIST ||
		    stamp.state != STAMP_WORKING)
			return 1;
	return is_there("2026-11-20T031000+0100.working/file") ? 0 : 2;
}

static int
rename_the_old_way(void *arg)
{
	struct store_volume *v = arg;
	struct stamp stamp = working;

	if (!deny_call(SYS_renameat2, EINVAL))
		return 10;
	if (rename_over_others(v) != 0)
		return 11;
	return store_rename(v, &stamp, STAMP_INTERRUPTED);
}

static void
test_never_over_an_existing_name(void **state)
{
	struct store_volume v = volume_with_tree(*state);

	make_dir("2026-11-20T031000+0100");
	make_file("2026-11-20T031000+0100.partial", "precious");
	assert_int_equal(symlink("nowhere", "2026-11-20T031000+0100.suspect"), 0);
	assert_int_equal(rename_over_others(&v), 0);
	assert_true(in_child(rename_the_old_way, &v)); /* a file system without that call */
	assert_true(is_there("2026-11-20T031000+0100.interrupted/file"));
	assert_int_equal(stat_of("2026-11-20T031000+0100.partial").st_size, 8);
	store_volume_close(&v);
}

static int
expire_it(void *arg)
{
	struct stamp stamp = working;

	return store_rename(arg, &stamp, STAMP_EXPIRED);
}

static void
test_rename_of_what_is_read_only(void **state)
{
	struct store_volume v = volume_with_tree(*state);

	assert_int_equal(chmod("2026-11-20T031000+0100.working", 0555), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(v.fd, SCRATCH_NOBODY, SCRATCH_NOBODY), 0);
		assert_int_equal(chown("2026-11-20T031000+0100.working", SCRATCH_NOBODY, 0), 0);
	}
	assert_true(as_nobody(expire_it, &v));
	assert_true(is_there("2026-11-20T031000+0100.expired"));
	store_volume_close(&v);
}

/* ---- writing ---- */

static void
test_writable(void **state)
{
	static char block[(64 << 10) + 1];
	struct scratch *s = *state;
	int fd;

	memset(block, 'x', sizeof(block) - 1);
	assert_int_equal(store_writable(s->fd), 0);
	assert_int_equal(rmdir(s->path), 0); /* nothing is left in it */
	assert_int_equal(store_writable(s->fd), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir(s->path, 0700), 0);
	assert_int_equal(chdir(s->path), 0);
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=64k"), 0);
	fd = open("mnt", SCRATCH_OPEN_DIR);
	assert_int_equal(store_writable(fd), 0);
	assert_int_equal(mount(NULL, "mnt", NULL, MS_REMOUNT | MS_RDONLY, "size=64k"), 0);
	assert_int_equal(store_writable(fd), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(mount(NULL, "mnt", NULL, MS_REMOUNT, "size=64k"), 0);
	make_file("mnt/full", block);
	assert_int_equal(store_writable(fd), -1);
	assert_int_equal(errno, ENOSPC);
	close(fd);
	umount("mnt");
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_what_is_no_store),
	    T(test_open),
	    T(test_same),
	    T(test_volume_is_made_private),
	    T(test_one_at_a_time),
	    T(test_wanted),
	    T(test_links_are_refused),
	    T(test_list),
	    T(test_history_is_read_as_far_as_it_goes),
	    T(test_rename),
	    T(test_never_over_an_existing_name),
	    T(test_rename_of_what_is_read_only),
	    T(test_writable),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
