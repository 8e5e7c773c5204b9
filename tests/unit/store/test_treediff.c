// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/treediff.h"

/* Two trees that differ in so many files. */
static void
expect(const struct scratch *s, int64_t files, int64_t changed)
{
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	struct treediff d = {.names_only = false};

	assert_int_equal(treediff_count(&v, "old", "new", &d), 0);
	assert_int_equal(d.files, files);
	assert_int_equal(d.changed, changed);
}

static void
set_time(const char *path, time_t when)
{
	const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void
test_differences(void **state)
{
	const struct scratch *s = *state;

	make_dir("old");
	make_dir("new");
	make_file("old/linked", "a");
	assert_int_equal(link("old/linked", "new/linked"), 0);
	expect(s, 1, 0);
	/* Attributes alone. */
	make_file("old/mode", "b");
	make_file("new/mode", "b");
	set_time("old/mode", 1000);
	set_time("new/mode", 2000);
	assert_int_equal(chmod("new/mode", 0400), 0);
	expect(s, 2, 0);
	/* The size; the content alone; the type; gone. */
	make_file("old/size", "b");
	make_file("new/size", "bb");
	expect(s, 3, 1);
	make_file("old/content", "b");
	make_file("new/content", "c");
	set_time("old/content", 1000);
	set_time("new/content", 2000);
	expect(s, 4, 2);
	make_file("old/type", "b");
	assert_int_equal(symlink("linked", "new/type"), 0);
	expect(s, 5, 3);
	make_file("old/gone", "b");
	expect(s, 6, 4);
	/* What is new does not count. */
	make_file("new/more", "b");
	expect(s, 6, 4);
	assert_int_equal(symlink("x", "old/link"), 0);
	assert_int_equal(symlink("x", "new/link"), 0);
	expect(s, 7, 4);
	assert_int_equal(unlink("new/link"), 0);
	assert_int_equal(symlink("y", "new/link"), 0);
	expect(s, 7, 5);
}

/* A host can take away the rights to what it has sent, from somebody else than root. */
static void
test_rights_taken_away(void **state)
{
	const struct scratch *s = *state;

	make_dir("old");
	make_dir("new");
	make_dir("old/d");
	make_dir("new/d");
	make_file("old/d/1", "a");
	make_file("new/d/1", "a");
	make_file("old/2", "a");
	assert_int_equal(link("old/2", "new/2"), 0);
	assert_int_equal(chmod("new/d", 0), 0);
	assert_int_equal(fchmod(s->fd, 0755), 0);
	assert_int_equal(seteuid(geteuid() == 0 ? 65534 : geteuid()), 0);
	expect(s, 2, 1);
	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(chmod("new/d", 0700), 0);
}

/* A directory that is gone, or is another thing, takes along what was in it, and the walk goes on.
 */
static void
test_directories(void **state)
{
	const struct scratch *s = *state;

	make_dir("old");
	make_dir("new");
	for (int i = 0; i < 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "old/%d", i);
		make_dir(name);
		snprintf(name, sizeof(name), "old/%d/sub", i);
		make_dir(name);
		snprintf(name, sizeof(name), "old/%d/sub/file", i);
		make_file(name, "x");
		snprintf(name, sizeof(name), "old/%d/file", i);
		make_file(name, "x");
	}
	make_dir("new/1");
	make_dir("new/1/sub");
	assert_int_equal(link("old/1/sub/file", "new/1/sub/file"), 0);
	assert_int_equal(link("old/1/file", "new/1/file"), 0);
	assert_int_equal(symlink("../old/2", "new/2"), 0);
	expect(s, 6, 4);
}

static void
test_unreadable(void **state)
{
	const struct scratch *s = *state;
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	struct treediff d = {.names_only = false};

	make_dir("old");
	assert_int_equal(treediff_count(&v, "old", "new", &d), -1);
	make_dir("new");
	assert_int_equal(treediff_count(&v, "none", "new", &d), -1);
}

/* What is empty in the new tree and had files in the old one: the one that has lost most. */
static void
expect_emptied(const struct scratch *s, size_t n, const char *most, int64_t lost)
{
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	struct treediff d = {.names_only = false};

	assert_int_equal(treediff_count(&v, "old", "new", &d), 0);
	assert_int_equal(d.emptied, n);
	assert_string_equal(d.most, most);
	assert_int_equal(d.lost, lost);

	d = (struct treediff){.names_only = true};
	assert_int_equal(treediff_count(&v, "old", "new", &d), 0);
	assert_int_equal(d.lost, lost);
	assert_int_equal(d.changed, 0);
}

static void
test_emptied(void **state)
{
	struct scratch *s = *state;
	static const char *const dirs[] = {"old",      "old/docs",      "old/docs/sub", "old/more",
	                                   "old/some", "old/some/deep", "new",          "new/docs",
	                                   "new/more", "new/some",      "new/empty"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		make_dir(dirs[i]);
	make_file("old/some/deep/kept", "x");
	make_file("old/top", "x");
	assert_int_equal(symlink("some", "old/empty"), 0);
	/* A tree without a file, and one whose directory some/deep is gone. */
	expect_emptied(s, 1, "some", 1);
	make_dir("new/some/deep");
	expect_emptied(s, 1, "some/deep", 1);
	make_file("new/some/deep/new", "x");
	expect_emptied(s, 0, "", 0);
	make_file("old/docs/sub/a", "x");
	make_file("old/docs/b", "x");
	make_file("old/more/c", "x");
	expect_emptied(s, 2, "docs", 2);
}

/* ---- what they share ---- */

#define FILES 20

/* What a file of the new tree is to the old one. */
enum likeness { LINKED, COPIED, FRACTION, MODE, OTHER_TIME };

static void
make_pair(int i, enum likeness likeness)
{
	const struct timespec at = {.tv_sec = 1795305601, .tv_nsec = 5};
	const struct timespec times[2] = {at, at};
	struct timespec changed[2] = {at, at};
	char old[64], new[64];

	snprintf(old, sizeof(old), "old/dir/%d", i);
	snprintf(new, sizeof(new), "new/dir/%d", i);
	make_file(old, "x");
	assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
	if (likeness == LINKED) {
		assert_int_equal(link(old, new), 0);
		return;
	}
	make_file(new, "x");
	if (likeness == FRACTION)
		changed[1].tv_nsec = 0;
	if (likeness == OTHER_TIME)
		changed[1].tv_sec++;
	assert_int_equal(utimensat(AT_FDCWD, new, changed, 0), 0);
	if (likeness == MODE)
		assert_int_equal(chmod(new, 0640), 0);
}

/* Trees of FILES files, of which the first `others` are linked. */
static enum sharing
sample(const struct scratch *s, enum likeness likeness, int others)
{
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	enum sharing found;

	make_dir("old");
	make_dir("old/dir");
	make_dir("new");
	make_dir("new/dir");
	for (int i = 0; i < FILES; i++)
		make_pair(i, i < others ? LINKED : likeness);
	found = treediff_sharing(&v, "new", "old");
	scratch_remove("old");
	scratch_remove("new");
	return found;
}

static void
test_causes(void **state)
{
	const struct scratch *s = *state;
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};

	assert_int_equal(sample(s, LINKED, 0), SHARING_SOME);
	assert_int_equal(sample(s, COPIED, 0), SHARING_COPIES);
	assert_int_equal(sample(s, COPIED, 2), SHARING_COPIES);
	assert_int_equal(sample(s, COPIED, 3), SHARING_SOME);
	assert_int_equal(sample(s, FRACTION, 1), SHARING_TIMES);
	assert_int_equal(sample(s, MODE, 0), SHARING_OWNERS);
	assert_int_equal(sample(s, OTHER_TIME, 0), SHARING_SOME);
	assert_int_equal(sample(s, COPIED, FILES - 1), SHARING_SOME);
	assert_int_equal(treediff_sharing(&v, "new", "old"), SHARING_SOME); /* neither exists */
}

/* Give a file of the tree a time with a fraction. */
static void
refine(int i)
{
	const struct timespec fine[2] = {{.tv_sec = 5, .tv_nsec = 1}, {.tv_sec = 5, .tv_nsec = 1}};
	char name[32];

	snprintf(name, sizeof(name), "tree/%d", i);
	assert_int_equal(utimensat(AT_FDCWD, name, fine, 0), 0);
}

/* Of a single tree: nearly all, and not too few files. */
static void
test_coarse(void **state)
{
	const struct timespec coarse[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
	const struct scratch *s = *state;
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	char name[32];

	assert_false(treediff_is_coarse(&v, "tree")); /* it does not exist */
	make_dir("tree");
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "tree/%d", i);
		make_file(name, "x");
		assert_int_equal(utimensat(AT_FDCWD, name, coarse, 0), 0);
		assert_int_equal(treediff_is_coarse(&v, "tree"), i >= 4);
	}
	for (int i = 0; i < 3; i++) {
		refine(i);
		assert_int_equal(treediff_is_coarse(&v, "tree"), i < 2);
	}
}

static void
test_words(void **state)
{
	(void)state;
	assert_null(treediff_words(SHARING_SOME));
	assert_non_null(strstr(treediff_words(SHARING_TIMES), "fractions of a second"));
	for (int s = SHARING_TIMES; s <= SHARING_COPIES; s++)
		assert_true(strlen(treediff_words((enum sharing)s)) < 200); /* a row */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_differences, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_directories, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_rights_taken_away, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_emptied, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_causes, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_coarse, scratch_setup, scratch_teardown),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test_setup_teardown(test_unreadable, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
