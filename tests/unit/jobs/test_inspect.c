// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <limits.h>
#include <sys/statvfs.h>

#include "flashback/jobs/inspect.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/store/store.h"

#define NOW INT64_C(1795305600) /* 2026-11-22T000000+0000 */
#define MESSAGES_MAX 16

/* What the inspector sent. */
struct sent {
	struct inspect_message m[MESSAGES_MAX];
	size_t n;
};

static char pid_file[] = "/dev/null/pid"; /* beside which nothing is noted */

/* Make files until none can be made. */
static void
fill_up(void)
{
	char name[16];
	int fd, n = 0;

	do {
		snprintf(name, sizeof(name), "fill%d", n++);
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
	} while (fd >= 0);
}

static struct sent *
look(struct inspect_job *job)
{
	struct sent *sent = calloc(1, sizeof(*sent));
	struct event_child c;
	enum event_news news;
	bool ready;

	assert_non_null(sent);
	assert_int_equal(event_fork(&c, inspect_body, job), 0);
	while ((news = event_next(&c, &sent->m[sent->n], sizeof(sent->m[0]))) != EVENT_ENDED) {
		sent->n += news == EVENT_MESSAGE;
		assert_true(sent->n < MESSAGES_MAX);
		if (news == EVENT_NOTHING)
			event_wait(&c.fd, c.fd >= 0, &ready, clock_mono() + 10);
	}
	assert_int_equal(c.status, 0);
	event_close(&c);
	assert_true(sent->n > 0);
	return sent;
}

/* The first message alone. */
static struct inspect_disk
inspect_disk(struct inspect_job *job)
{
	struct sent *sent = look(job);
	struct inspect_disk disk = sent->m[0].disk;

	assert_int_equal(sent->m[0].kind, INSPECT_DISK);
	free(sent);
	return disk;
}

static void
make_store(void)
{
	assert_int_equal(chmod(".", 0700), 0);
	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\n");
}

/* ---- free space ---- */

/* A tmpfs with so many of 1,000 inodes and 1,000 pages free is, or is not, too full. */
static const struct {
	int percent;    /* hundredths, or -1 */
	uint64_t bytes; /* in pages */
	int free, inodes;
	bool low, very_low;
} cases[] = {
    {1000, 1000, 120, 900, false, false}, {1000, 1000, 100, 900, false, false},
    {1000, 1000, 99, 900, true, false},   {1000, 1000, 50, 900, true, false},
    {1000, 1000, 49, 900, true, true},    {1000, 60, 61, 900, false, false},
    {1000, 60, 59, 900, true, false},     {-1, 200, 200, 900, false, false},
    {-1, 200, 199, 900, true, false},     {-1, 200, 99, 900, true, true},
    {1000, 1000, 500, 100, false, false}, {1000, 1000, 500, 99, true, false},
    {1000, 1000, 500, 49, true, true},    {-1, 200, 500, 199, true, false},
    {0, 1000, 0, 900, false, false},
};

static void
fill(int page, int pages, int inodes)
{
	int fd = open("mnt/file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char *block = calloc((size_t)pages + 1, (size_t)page);

	assert_non_null(block);
	assert_int_equal(write(fd, block, (size_t)pages * (size_t)page), pages * page);
	free(block);
	close(fd);
	for (int i = 2; i < inodes; i++) { /* the root, the file */
		char name[32];

		snprintf(name, sizeof(name), "mnt/%d", i);
		make_file(name, "");
	}
}

static void
test_room(void **state)
{
	int page = (int)sysconf(_SC_PAGESIZE);
	struct inspect_disk unread = {.reason = ""};
	char options[64];

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	snprintf(options, sizeof(options), "size=%d,nr_inodes=1000", 1000 * page);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct config config = {.min_free_percent = cases[i].percent,
		                        .min_free_bytes = cases[i].bytes * (uint64_t)page};
		struct inspect_disk disk = {.low = true, .very_low = true};
		int fd;

		assert_int_equal(mount("none", "mnt", "tmpfs", 0, options), 0);
		fill(page, 1000 - cases[i].free, 1000 - cases[i].inodes);
		fd = open("mnt", SCRATCH_OPEN_DIR);
		assert_int_equal(inspect_room(fd, &config, &disk), 0);
		close(fd);
		umount("mnt");
		if (disk.low != cases[i].low || disk.very_low != cases[i].very_low)
			fail_msg("case %zu: low %d, very low %d: %s", i, disk.low, disk.very_low,
			         disk.reason);
		assert_int_equal(disk.total, 1000 * page);
		assert_int_equal(disk.free, cases[i].free * page);
		assert_int_equal(disk.used, disk.total - disk.free);
		assert_int_equal(disk.broken, false);
		assert_int_equal(disk.reason[0] != '\0', cases[i].low);
	}
	assert_int_equal(inspect_room(-1, NULL, &unread), -1);
	assert_string_equal(
	    unread.reason, "the free space of the backup disk cannot be read: Bad file descriptor");
}

/* The words, and a file system that counts no inodes (ramfs counts nothing at all). */
static void
test_reasons(void **state)
{
	struct config config = {.min_free_percent = -1, .min_free_bytes = 600 << 10};
	struct inspect_disk disk = {.low = true};
	int fd;

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", MS_RDONLY, "size=512k,nr_inodes=100"), 0);
	fd = open("mnt", SCRATCH_OPEN_DIR);
	assert_int_equal(inspect_room(fd, &config, &disk), 0);
	assert_true(disk.broken);
	assert_string_equal(
	    disk.reason,
	    "the backup disk is mounted read-only: the kernel's log (dmesg) may say why");
	assert_int_equal(mount(NULL, "mnt", NULL, MS_REMOUNT, "size=512k"), 0);
	assert_int_equal(inspect_room(fd, &config, &disk), 0);
	assert_false(disk.broken);
	assert_string_equal(disk.reason, "the backup disk has 512K of 512K free, less than "
	                                 "min_free (600K): make room, or lower keep_ options");
	config.min_free_bytes = 512 << 10;
	assert_int_equal(inspect_room(fd, &config, &disk), 0);
	assert_string_equal(disk.reason, "the backup disk has 99 of 100 inodes free, less than "
	                                 "min_free asks for: make room, or lower keep_ options");
	close(fd);
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(mount("none", "mnt", "ramfs", 0, NULL), 0);
	fd = open("mnt", SCRATCH_OPEN_DIR);
	assert_int_equal(inspect_room(fd, &config, &disk), 0);
	assert_false(disk.low);
	close(fd);
	assert_int_equal(umount("mnt"), 0);
}

/* ---- the marker ---- */

static void
test_the_disk_goes_and_comes(void **state)
{
	struct scratch *s = *state;
	struct config config = {
	    .pid_file = pid_file, .data_dir = s->path, .min_free_percent = 0, .min_free_bytes = 1};
	struct inspect_job job = {.config = &config, .now = NOW};
	struct inspect_disk disk;
	struct statvfs fs;
	char strange[] = "/no\nsuch/directory";

	disk = inspect_disk(&job);
	assert_false(disk.mounted);
	assert_non_null(strstr(disk.reason,
	                       s->dev == stat_of("/").st_dev
	                           ? "is not a flashback store, and no disk is mounted there: mount"
	                           : "is not a flashback store: is another disk mounted there?"));
	make_store();
	disk = inspect_disk(&job);
	assert_true(disk.mounted && disk.opened);
	assert_string_equal(disk.reason, "");
	assert_int_equal(statvfs(".", &fs), 0);
	assert_true(disk.fsid == fs.f_fsid);
	assert_true(disk.total == (uint64_t)fs.f_blocks * fs.f_frsize);

	/* The same file system, and the marker was there: it is not even opened. */
	job.fsid = disk.fsid;
	job.mount = disk.mount;
	job.marker = true;
	assert_int_equal(unlink(".flashback/store"), 0);
	disk = inspect_disk(&job);
	assert_int_equal(disk.mounted, job.fsid != 0);
	assert_false(disk.opened);
	job.marker = false;
	assert_false(inspect_disk(&job).mounted);
	job.marker = true;
	job.fsid++;
	assert_false(inspect_disk(&job).mounted);
	job.fsid--;
	job.mount++; /* its clone */
	assert_false(inspect_disk(&job).mounted);
	job.mount--;
	job.fsid = 0;
	assert_false(inspect_disk(&job).mounted);
	job.fsid = disk.fsid;
	job.volumes = true;
	assert_false(inspect_disk(&job).mounted);
	config.data_dir = strange;
	disk = inspect_disk(&job);
	assert_non_null(strstr(disk.reason, "/no\\012such/directory does not exist"));
}

/* A history that cannot be read is not taken for none: what was known of the volume stays. */
static void
test_unread_history(void **state)
{
	struct scratch *s = *state;
	char id[] = "h/v", host[] = "h", name[] = "v";
	struct volume volume = {.id = id, .host = host, .name = name}, *volumes[] = {&volume};
	struct config config = {
	    .pid_file = pid_file, .data_dir = s->path, .volumes = volumes, .n = 1};
	struct inspect_job job = {.config = &config, .now = NOW, .volumes = true};
	struct sent *sent;

	make_store();
	make_dir("h");
	make_dir("h/v");
	make_dir("h/v/.flashback");
	sent = look(&job);
	assert_int_equal(sent->n, 2);
	assert_int_equal(sent->m[1].kind, INSPECT_VOLUME);
	free(sent);
	make_dir("h/v/" STORE_HISTORY);
	sent = look(&job);
	assert_int_equal(sent->n, 2);
	assert_int_equal(sent->m[1].kind, INSPECT_UNREAD);
	assert_string_equal(sent->m[1].warning,
	                    "h/v/" STORE_HISTORY " cannot be read: Invalid argument");
	free(sent);
}

/* What refuses every write without saying that it is read-only: here, a marker's directory that is
 * full, and a read-only mount of which statvfs is not asked. */
static void
test_writing(void **state)
{
	struct scratch *s = *state;
	char path[PATH_MAX];
	struct config config = {
	    .pid_file = pid_file, .data_dir = path, .min_free_percent = 0, .min_free_bytes = 1};
	struct inspect_job job = {.config = &config, .now = NOW, .test = true};
	struct inspect_disk disk;

	NEEDS_ROOT();
	snprintf(path, sizeof(path), "%s/mnt", s->path);
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=64k,mode=700,nr_inodes=9"), 0);
	assert_int_equal(chdir("mnt"), 0);
	make_store();
	disk = inspect_disk(&job);
	assert_true(disk.mounted && disk.opened && !disk.low && !disk.broken);
	fill_up();
	disk = inspect_disk(&job);
	assert_true(disk.low && !disk.broken);
	assert_non_null(strstr(disk.reason, "No space left"));
	/* Only the directory of the marker is read-only: as seen from data_dir all is well. */
	assert_int_equal(mount(".flashback", ".flashback", NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, ".flashback", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
	                 0);
	disk = inspect_disk(&job);
	assert_true(disk.broken && !disk.low);
	assert_non_null(strstr(disk.reason,
	                       "nothing can be written to the backup disk: Read-only file system"));
	job.test = false;
	assert_false(inspect_disk(&job).broken);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static void
test_warning(void **state)
{
	struct scratch *s = *state;
	struct config config = {.pid_file = pid_file, .data_dir = s->path};
	struct inspect_job job = {.config = &config, .now = NOW};
	struct sent *sent;

	make_store();
	sent = look(&job);
	assert_int_equal(sent->n, 1);
	free(sent);
	assert_int_equal(chmod(".", 0755), 0);
	sent = look(&job);
	assert_int_equal(sent->n, 2);
	assert_int_equal(sent->m[1].kind, INSPECT_WARNING);
	assert_non_null(strstr(sent->m[1].warning, "is open to other users"));
	free(sent);
}

/* ---- the volumes ---- */

static void
test_volumes(void **state)
{
	struct scratch *s = *state;
	char names[4][24] = {"kimono/home", "kimono/etc", "nas/music", "digit/users"};
	struct volume volume[4] = {
	    {.id = names[0]}, {.id = names[1]}, {.id = names[2]}, {.id = names[3]}};
	char host[4][8] = {"kimono", "kimono", "nas", "digit"};
	char name[4][8] = {"home", "etc", "music", "users"};
	struct volume *volumes[4];
	struct config config = {
	    .pid_file = pid_file, .data_dir = s->path, .volumes = volumes, .n = 4};
	struct inspect_job job = {.config = &config, .now = NOW, .volumes = true};
	struct sent *sent;

	for (int i = 0; i < 4; i++) {
		volume[i].host = host[i];
		volume[i].name = name[i];
		volumes[i] = &volume[i];
	}
	make_store();
	make_dir("kimono");
	make_dir("kimono/home");
	make_dir("kimono/home/2026-11-20T000000+0000");
	make_dir("kimono/home/2026-11-21T000000+0000.partial");
	make_dir("kimono/home/2026-11-09T000000+0000.expired");
	assert_int_equal(symlink("/", "digit"), 0);
	sent = look(&job);
	assert_int_equal(sent->n, 5);
	assert_true(sent->m[1].volume.stale && !sent->m[2].volume.stale);
	free(sent);
	assert_int_equal(symlink("2026-11-20T000000+0000", "kimono/home/latest"), 0);
	sent = look(&job);
	assert_int_equal(sent->n, 5);
	for (size_t i = 1; i < 4; i++) {
		assert_int_equal(sent->m[i].kind, INSPECT_VOLUME);
		assert_string_equal(sent->m[i].volume.id, names[i - 1]);
		assert_false(sent->m[i].volume.stale);
	}
	assert_int_equal(sent->m[1].volume.seen.complete, NOW - 2 * 86400);
	assert_int_equal(sent->m[1].volume.seen.partial, NOW - 86400);
	assert_int_equal(sent->m[1].volume.seen.expired, 1);
	assert_int_equal(sent->m[2].volume.seen.kept, 0);
	assert_int_equal(sent->m[4].kind, INSPECT_UNREAD);
	assert_string_equal(sent->m[4].warning, "digit/users cannot be read: it is a symbolic link "
	                                        "or a file; links within a store are not followed");
	assert_false(is_there("nas"));
	assert_false(is_there("kimono/home/.flashback"));
	free(sent);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_room),    T(test_reasons),        T(test_the_disk_goes_and_comes),
	    T(test_warning), T(test_unread_history), T(test_writing),
	    T(test_volumes),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
