// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <limits.h>
#include <sys/statvfs.h>

#include "scratch.h"

#include "flashback/jobs/inspect.h"
#include "flashback/store/summary.h"

#define NOW INT64_C(1795305600) /* 2026-11-22T000000+0000 */
#define LINES_MAX 16

/* What the looker wrote. */
struct lines {
	char *line[LINES_MAX];
	size_t n;
	char text[16384];
};

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

static struct lines *
look(struct inspect_job *job)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int ends[2];
	ssize_t len;
	char *next;

	assert_non_null(lines);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(inspect_body(ends[1], job), 0);
	close(ends[1]);
	len = read(ends[0], lines->text, sizeof(lines->text) - 1);
	close(ends[0]);
	assert_true(len > 0);
	for (next = lines->text; *next; lines->n++) {
		assert_true(lines->n < LINES_MAX);
		lines->line[lines->n] = strsep(&next, "\n");
	}
	return lines;
}

/* The disk line alone. */
static struct inspect_disk
inspect_disk(struct inspect_job *job)
{
	struct lines *lines = look(job);
	struct inspect_disk disk;

	assert_int_equal(inspect_parse(lines->line[0], &disk), 0);
	free(lines);
	return disk;
}

static void
make_store(void)
{
	assert_int_equal(chmod(".", 0700), 0);
	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\n");
}

/* ---- the line ---- */

static void
test_parse(void **state)
{
	static const char *const bad[] = {"",
	                                  "disk",
	                                  "disk 1 1 2 3 4 5 0 0",
	                                  "disk 1 1 2 3 4 5 0 0 0",
	                                  "dist 1 1 2 3 4 5 0 0 0 a1 x",
	                                  "disk 1 2 2 3 4 5 0 0 0 a1 x",
	                                  "disk 1 1 2 -3 4 5 0 0 0 a1 x",
	                                  "disk 1 1 2 3 4 5 0 0 7 a1 x",
	                                  "disk 1 1 2 3 4x 5 0 0 0 a1 x",
	                                  "disk 1 1 2 3 4 99999999999999999999 0 0 0 a1 x",
	                                  "volume 1 1 2 3 4 5 0 0 0 a1 x"};
	struct inspect_disk disk = {.total = 77};

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		assert_int_equal(inspect_parse(bad[i], &disk), -1);
		assert_int_equal(disk.total, 77);
	}
	assert_int_equal(inspect_parse("disk 1 1 -1 3 4 5 1 0 1 a1 some words \033[2J", &disk), 0);
	assert_true(disk.mounted && disk.opened && disk.low && !disk.very_low && disk.broken);
	assert_true(disk.fsid == UINT64_MAX && disk.total == 3 && disk.used == 4 && disk.free == 5);
	assert_string_equal(disk.id, "a1");
	assert_string_equal(disk.reason, "some words \\033[2J");
	assert_int_equal(inspect_parse("disk 0 0 0 0 0 0 0 0 0 - ", &disk), 0);
	assert_string_equal(disk.reason, "");
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
	struct config config = {.data_dir = s->path, .min_free_percent = 0, .min_free_bytes = 1};
	struct inspect_job job = {.config = &config, .now = NOW};
	struct inspect_disk disk;
	struct statvfs fs;
	char strange[] = "/no\nsuch/directory";

	disk = inspect_disk(&job);
	assert_false(disk.mounted);
	assert_non_null(strstr(disk.reason, "is not a flashback store: the disk is not mounted"));
	make_store();
	disk = inspect_disk(&job);
	assert_true(disk.mounted && disk.opened);
	assert_string_equal(disk.reason, "");
	assert_int_equal(statvfs(".", &fs), 0);
	assert_true(disk.fsid == fs.f_fsid);
	assert_true(disk.total == (uint64_t)fs.f_blocks * fs.f_frsize);

	/* The same file system, and the marker was there: it is not even opened. */
	job.fsid = disk.fsid;
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
	struct store store;
	struct store_volume v;
	char *why, text[256] = "";
	int ends[2];

	make_store();
	assert_int_equal(store_open(s->path, &store, &why), 0);
	assert_int_equal(store_volume_open(&store, "h", "v", true, &v), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(inspect_send(ends[1], "volume", "h/v", &v, NOW), 0);
	assert_true(read(ends[0], text, sizeof(text)) > 0);
	v.unread = EIO;
	assert_int_equal(inspect_send(ends[1], "volume", "h/v", &v, NOW), -1);
	close(ends[1]);
	assert_int_equal(read(ends[0], text, sizeof(text)), 0);
	close(ends[0]);
	store_volume_close(&v);
	store_close(&store);
}

/* What refuses every write without saying that it is read-only: here, a marker's directory that is
 * full, and a read-only mount of which statvfs is not asked. */
static void
test_writing(void **state)
{
	struct scratch *s = *state;
	char path[PATH_MAX];
	struct config config = {.data_dir = path, .min_free_percent = 0, .min_free_bytes = 1};
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
	struct config config = {.data_dir = s->path};
	struct inspect_job job = {.config = &config, .now = NOW};
	struct lines *lines;

	make_store();
	lines = look(&job);
	assert_int_equal(lines->n, 1);
	free(lines);
	assert_int_equal(chmod(".", 0755), 0);
	lines = look(&job);
	assert_int_equal(lines->n, 2);
	assert_memory_equal(lines->line[1], "warning /", 9);
	assert_non_null(strstr(lines->line[1], "is open to other users"));
	free(lines);
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
	struct config config = {.data_dir = s->path, .volumes = volumes, .n = 4};
	struct inspect_job job = {.config = &config, .now = NOW, .volumes = true};
	struct lines *lines;
	struct summary seen;

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
	lines = look(&job);
	assert_int_equal(lines->n, 7);
	assert_string_equal(lines->line[2], "stale kimono/home");
	free(lines);
	assert_int_equal(symlink("2026-11-20T000000+0000", "kimono/home/latest"), 0);
	lines = look(&job);
	assert_int_equal(lines->n, 6);
	assert_memory_equal(lines->line[1], "volume kimono/home ", 19);
	assert_int_equal(summary_unpack(lines->line[1] + 19, &seen), 0);
	assert_int_equal(seen.complete, NOW - 2 * 86400);
	assert_int_equal(seen.partial, NOW - 86400);
	assert_int_equal(seen.expired, 1);
	assert_memory_equal(lines->line[2], "volume kimono/etc ", 18);
	assert_int_equal(summary_unpack(lines->line[2] + 18, &seen), 0);
	assert_int_equal(seen.kept, 0);
	assert_memory_equal(lines->line[3], "volume nas/music ", 17);
	assert_string_equal(lines->line[4], "warning digit/users cannot be read: Not a directory");
	assert_string_equal(lines->line[5], "unread digit/users");
	assert_false(is_there("nas"));
	assert_false(is_there("kimono/home/.flashback"));
	free(lines);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_parse),   T(test_room),
	    T(test_reasons), T(test_the_disk_goes_and_comes),
	    T(test_warning), T(test_unread_history),
	    T(test_writing), T(test_volumes),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
