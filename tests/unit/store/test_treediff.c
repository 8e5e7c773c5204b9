// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/treediff.h"

/* Two trees that differ in so many files. */
static void
expect(const struct scratch *s, int64_t files, int64_t changed)
{
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	struct treediff d;

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
	struct treediff d;

	make_dir("old");
	assert_int_equal(treediff_count(&v, "old", "new", &d), -1);
	make_dir("new");
	assert_int_equal(treediff_count(&v, "none", "new", &d), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_differences, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_directories, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_rights_taken_away, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_unreadable, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
