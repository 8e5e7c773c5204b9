// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <sys/xattr.h>

#include "flashback/jobs/patch.h"
#include "flashback/store/spare.h"

#define SPARE ".flashback/spare/"
#define RECEIVED "new.working/"

/* A volume's directory that is the working directory: a spare, and what was received. */
struct bench {
	struct store_volume v;
	struct patch p;
};

static void
begin(void **state, struct bench *b)
{
	const struct scratch *s = *state;

	make_dir(".flashback");
	make_dir(SPARE_PATH);
	make_dir("new.working");
	make_dir("outside");
	make_file("outside/f", "outside");
	b->v = (struct store_volume){.fd = s->fd, .dev = s->dev, .lock = -1, .held = -1};
	b->v.meta = open(".flashback", SCRATCH_OPEN_DIR);
	b->p = (struct patch){
	    .v = &b->v,
	    .received = "new.working",
	    .top = -1,
	    .list = tmpfile(),
	    .gone = tmpfile(),
	};
	assert_non_null(b->p.list);
	assert_non_null(b->p.gone);
}

static void
end(struct bench *b)
{
	assert_true(is_there("outside/f"));
	fclose(b->p.list);
	fclose(b->p.gone);
	close(b->v.meta);
}

/* A file of the spare, which shares its inode with a snapshot. */
static void
spare_file(const char *path, const char *snapshot)
{
	make_file(snapshot, snapshot);
	assert_int_equal(link(snapshot, path), 0);
}

static void
name(FILE *f, const char *name)
{
	assert_int_equal(fwrite(name, 1, strlen(name) + 1, f), strlen(name) + 1);
}

static void
set_time(const char *path, time_t seconds)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
	                                  {.tv_sec = seconds, .tv_nsec = 123456789}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void
expect_time(const char *path, time_t seconds)
{
	struct stat st = stat_of(path);

	assert_int_equal(st.st_mtim.tv_sec, seconds);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
}

static void
expect_text(const char *path, const char *text)
{
	char found[64] = "";
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, found, sizeof(found) - 1) >= 0);
	assert_string_equal(found, text);
	close(fd);
}

/* What nobody named stays the same inode; the snapshot's files keep all but their link count. */
static void
test_files(void **state)
{
	struct bench b;
	struct stat same, changed;

	begin(state, &b);
	spare_file(SPARE "same", "old-same");
	spare_file(SPARE "changed", "old-changed");
	spare_file(SPARE "gone", "old-gone");
	same = stat_of("old-same");
	changed = stat_of("old-changed");
	make_file(RECEIVED "changed", "new");
	make_file(RECEIVED "created", "four");
	name(b.p.gone, "gone");
	name(b.p.list, "changed");
	name(b.p.list, "created");
	name(b.p.list, "vanished");
	assert_int_equal(patch_run(&b.p), 0);
	assert_int_equal(stat_of(RECEIVED "same").st_ino, same.st_ino);
	expect_text(RECEIVED "changed", "new");
	expect_text(RECEIVED "created", "four");
	assert_false(is_there(RECEIVED "gone") || is_there(SPARE_PATH));
	expect_text("old-changed", "old-changed");
	assert_int_equal(stat_of("old-changed").st_nlink, 1);
	assert_int_equal(stat_of("old-changed").st_mtim.tv_nsec, changed.st_mtim.tv_nsec);
	assert_int_equal(b.p.grown, 0);
	assert_int_equal(b.p.new_files, 2);
	assert_int_equal(b.p.new_bytes, 7);
	end(&b);
}

/* Counted wherever it is, but not through a symbolic link; nothing changes. */
static void
test_find(void **state)
{
	struct bench b;

	begin(state, &b);
	make_dir(SPARE "d");
	spare_file(SPARE "d/f", "old-f");
	spare_file(SPARE "#x", "old-x");
	assert_int_equal(symlink("../../outside", SPARE "link"), 0);
	name(b.p.list, "d");
	name(b.p.list, "d/f");
	name(b.p.list, "./#x");
	name(b.p.list, "link");
	name(b.p.list, "link/f");
	name(b.p.list, "d/f/below");
	name(b.p.list, "new");
	assert_int_equal(patch_find(&b.p), 0);
	assert_int_equal(b.p.found, 4);
	assert_true(is_there(SPARE "d/f"));
	end(&b);
}

/* A listed name of which nothing was received is gone with all below it: what is in its place at
 * the source could not be read, or has vanished. */
static void
test_not_received(void **state)
{
	struct bench b;

	begin(state, &b);
	make_dir(SPARE "d");
	make_dir(SPARE "d/e");
	spare_file(SPARE "d/e/f", "old-f");
	make_dir(SPARE "kept");
	make_dir(RECEIVED "kept");
	name(b.p.list, "d");
	name(b.p.list, "d/e");
	name(b.p.list, "kept");
	assert_int_equal(patch_run(&b.p), 0);
	assert_false(is_there(RECEIVED "d"));
	assert_true(is_there(RECEIVED "kept"));
	assert_int_equal(b.p.grown, -3);
	end(&b);
}

static void
test_directories(void **state)
{
	struct bench b;

	begin(state, &b);
	make_dir(SPARE "d");
	make_dir(SPARE "d/kept");
	make_dir(SPARE "d/gone");
	spare_file(SPARE "d/gone/f", "old");
	make_dir(RECEIVED "d");
	make_dir(RECEIVED "d/new");
	make_dir(RECEIVED "d/new/deep");
	make_file(RECEIVED "d/new/deep/f", "f");
	assert_int_equal(chmod(RECEIVED "d/new/deep", 0500), 0);
	assert_int_equal(chmod(RECEIVED "d", 01753), 0);
	set_time(RECEIVED "d/new/deep", 3);
	set_time(RECEIVED "d/new", 2);
	set_time(RECEIVED "d", 1);
	set_time(SPARE "d/kept", 9);
	name(b.p.gone, "d/gone/f");
	name(b.p.gone, "d/gone");
	name(b.p.list, "d");
	name(b.p.list, "d/new");
	name(b.p.list, "d/new/deep");
	name(b.p.list, "d/new/deep/f");
	assert_int_equal(patch_run(&b.p), 0);
	expect_time(RECEIVED "d", 1);
	expect_time(RECEIVED "d/new", 2);
	expect_time(RECEIVED "d/new/deep", 3);
	expect_time(RECEIVED "d/kept", 9);
	assert_int_equal(stat_of(RECEIVED "d").st_mode & 07777, 01753);
	assert_int_equal(stat_of(RECEIVED "d/new/deep").st_mode & 07777, 0500);
	expect_text(RECEIVED "d/new/deep/f", "f");
	assert_false(is_there(RECEIVED "d/gone"));
	assert_int_equal(b.p.grown, 1);
	end(&b);
}

/* A directory that lost or got an entry, and whose own time did not change at the source. */
static void
test_times_stay(void **state)
{
	struct bench b;

	begin(state, &b);
	make_dir(SPARE "a");
	make_dir(SPARE "b");
	spare_file(SPARE "a/gone", "old-1");
	spare_file(SPARE "b/vanished", "old-2");
	spare_file(SPARE "top", "old-3");
	set_time(SPARE "a", 1);
	set_time(SPARE "b", 2);
	set_time(SPARE_PATH, 3);
	make_file(RECEIVED "new", "n");
	name(b.p.gone, "a/gone");
	name(b.p.gone, "top");
	name(b.p.list, "b/vanished");
	name(b.p.list, "new");
	assert_int_equal(patch_run(&b.p), 0);
	expect_time(RECEIVED "a", 1);
	expect_time(RECEIVED "b", 2);
	expect_time("new.working", 3);
	assert_false(is_there(RECEIVED "a/gone") || is_there(RECEIVED "b/vanished"));
	end(&b);
}

/* Each kind in the place of each other. */
static void
test_kinds(void **state)
{
	struct bench b;

	begin(state, &b);
	spare_file(SPARE "file-dir", "old-1");
	make_dir(SPARE "dir-file");
	spare_file(SPARE "dir-file/f", "old-2");
	make_dir(SPARE "dir-link");
	make_dir(SPARE "dir-link/deep");
	assert_int_equal(symlink("../../outside", SPARE "link-dir"), 0);
	assert_int_equal(symlink("../../outside", SPARE "link-file"), 0);
	make_dir(RECEIVED "file-dir");
	make_file(RECEIVED "file-dir/f", "1");
	make_file(RECEIVED "dir-file", "2");
	assert_int_equal(symlink("../outside", RECEIVED "dir-link"), 0);
	make_dir(RECEIVED "link-dir");
	make_file(RECEIVED "link-dir/f", "3");
	make_file(RECEIVED "link-file", "4");
	/* rsync names only some of what a directory had that is none now. */
	name(b.p.list, "dir-file");
	name(b.p.list, "dir-link");
	name(b.p.list, "file-dir");
	name(b.p.list, "file-dir/f");
	name(b.p.list, "link-dir");
	name(b.p.list, "link-dir/f");
	name(b.p.list, "link-file");
	assert_int_equal(patch_run(&b.p), 0);
	expect_text(RECEIVED "file-dir/f", "1");
	expect_text(RECEIVED "dir-file", "2");
	assert_true(S_ISLNK(stat_of(RECEIVED "dir-link").st_mode));
	assert_true(S_ISDIR(stat_of(RECEIVED "link-dir").st_mode));
	expect_text(RECEIVED "link-dir/f", "3");
	expect_text(RECEIVED "link-file", "4");
	expect_text("outside/f", "outside");
	assert_int_equal(b.p.grown, 0);
	end(&b);
}

/* Names below what is a link in the spare lead nowhere, and a directory that did not come stays. */
static void
test_no_way_out(void **state)
{
	struct bench b;

	begin(state, &b);
	assert_int_equal(symlink("../../outside", SPARE "link"), 0);
	make_dir(SPARE "d");
	spare_file(SPARE "d/f", "old");
	name(b.p.gone, "link/f");
	name(b.p.gone, "no/such");
	name(b.p.gone, "d/f/x");
	make_dir(RECEIVED "d");
	name(b.p.list, "link/f");
	name(b.p.list, "d");
	assert_int_equal(patch_run(&b.p), 0);
	expect_text("outside/f", "outside");
	expect_text(RECEIVED "d/f", "old");
	assert_int_equal(b.p.grown, 0);
	end(&b);
}

static void
test_root(void **state)
{
	struct bench b;

	begin(state, &b);
	make_dir("top");
	assert_int_equal(setxattr("top", "user.t", "v", 1, 0), 0);
	assert_int_equal(setxattr(SPARE_PATH, "user.old", "v", 1, 0), 0);
	assert_int_equal(chmod("top", 0751), 0);
	set_time("top", 7);
	make_file(RECEIVED "f", "f");
	name(b.p.list, "f");
	b.p.top = open("top", SCRATCH_OPEN_DIR);
	assert_int_equal(patch_run(&b.p), 0);
	expect_time("new.working", 7);
	assert_int_equal(stat_of("new.working").st_mode & 07777, 0751);
	assert_int_equal(getxattr("new.working", "user.t", NULL, 0), 1);
	assert_int_equal(getxattr("new.working", "user.old", NULL, 0), -1);
	close(b.p.top);
	end(&b);
}

/* Deeper than there are descriptors, and than a path may be long. */
static void
test_deep(void **state)
{
	struct bench b;
	char deep[4096] = "", component[] = "dddddddd/";
	const char *const tree[] = {"new.working", SPARE_PATH};
	int dir;

	begin(state, &b);
	for (int k = 0; k < 2; k++) {
		dir = open(tree[k], SCRATCH_OPEN_DIR);
		deep[0] = '\0';
		for (int i = 0; i < 450; i++) {
			int next;

			strcat(deep, component);
			assert_int_equal(mkdirat(dir, "dddddddd", 0700), 0);
			next = openat(dir, "dddddddd", SCRATCH_OPEN_DIR);
			close(dir);
			dir = next;
		}
		close(openat(dir, k == 0 ? "new" : "gone", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		if (k == 0)
			close(dir);
	}
	strcat(deep, "gone");
	name(b.p.gone, deep);
	strcpy(deep + strlen(deep) - 4, "new");
	name(b.p.list, deep);
	assert_int_equal(patch_run(&b.p), 0);
	assert_int_equal(b.p.grown, 0);
	assert_int_equal(faccessat(dir, "new", F_OK, 0), 0);
	assert_int_equal(faccessat(dir, "gone", F_OK, 0), -1);
	close(dir);
	end(&b);
}

/* What does not go stops it, is named, and nothing that came is lost. */
static void
test_trouble(void **state)
{
	struct bench b;

	NEEDS_ROOT();
	begin(state, &b);
	make_dir(SPARE "d");
	make_dir(RECEIVED "d");
	make_dir(SPARE "d/m");
	make_dir(RECEIVED "d/m");
	make_file(RECEIVED "d/m/f", "f");
	name(b.p.list, "d/m/f");
	assert_int_equal(mount("tmpfs", SPARE "d/m", "tmpfs", 0, NULL), 0);
	assert_int_equal(patch_run(&b.p), -1);
	assert_non_null(strstr(b.p.trouble, "d/m"));
	assert_int_equal(umount(SPARE "d/m"), 0);
	expect_text(RECEIVED "d/m/f", "f");
	end(&b);
}

static void
test_no_spare(void **state)
{
	struct bench b;

	begin(state, &b);
	assert_int_equal(rmdir(SPARE_PATH), 0);
	assert_int_equal(patch_run(&b.p), -1);
	assert_non_null(strstr(b.p.trouble, "spare"));
	end(&b);
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_files),       TEST(test_find),       TEST(test_not_received),
	    TEST(test_directories), TEST(test_times_stay), TEST(test_kinds),
	    TEST(test_no_way_out),  TEST(test_root),       TEST(test_deep),
	    TEST(test_trouble),     TEST(test_no_spare),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
