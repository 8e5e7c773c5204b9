// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/lib/safepath.h"

/* Is the directory refused, with these words? */
static void
assert_dir(const char *path, const char *words)
{
	char *why;
	int fd = safepath_open_dir(path, false, &why);

	if (words == NULL) {
		if (fd < 0)
			fail_msg("%s: %s", path, why);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_null(why);
		close(fd);
		return;
	}
	assert_int_equal(fd, -1);
	assert_non_null(why);
	if (strstr(why, words) == NULL)
		fail_msg("%s: '%s' lacks '%s'", path, why, words);
	free(why);
}

static void
a_directory_must_be_ours_alone(void **state)
{
	const struct scratch *s = *state;

	make_dir("a");
	make_dir("a/b");
	assert_dir(scratch_path(s, "a/b"), NULL);
	assert_dir(scratch_path(s, "a//b/../b/."), NULL);
	assert_dir("/", NULL);
	assert_dir("/tmp", "written by others"); /* sticky is good enough on the way only */
	assert_int_equal(fchmodat(s->fd, "a", 0775, 0), 0);
	assert_dir(scratch_path(s, "a/b"), "/a can be written by others (mode 0775)");
	assert_int_equal(fchmodat(s->fd, "a", 01777, 0), 0);
	assert_dir(scratch_path(s, "a/b"), NULL);
	assert_int_equal(fchmodat(s->fd, "a/b", 0757, 0), 0);
	assert_dir(scratch_path(s, "a/b"), "written by others (mode 0757)");
	assert_dir(scratch_path(s, "a/c"), "No such file");
	make_file("f", "x");
	assert_dir(scratch_path(s, "f"), "Not a directory");
	assert_dir(scratch_path(s, "f/x"), "Not a directory");
}

static void
the_directory_that_a_file_is_in(void **state)
{
	const struct scratch *s = *state;
	const char *const paths[][2] = {{"/f", "/"}, {"f", "."}, {"a/f", "a"}};
	const char *base;
	struct stat st;
	char *why;

	make_dir("a");
	for (size_t i = 0; i < LENGTH(paths); i++) {
		int fd = safepath_open_above(paths[i][0], false, &base, &why);

		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_ino, stat_of(paths[i][1]).st_ino);
		assert_string_equal(base, "f");
		assert_null(why);
		close(fd);
	}
	assert_int_equal(fchmodat(s->fd, "a", 0775, 0), 0);
	assert_int_equal(safepath_open_above("a/f", true, &base, &why), -1);
	assert_non_null(strstr(why, "a can be written by others"));
	free(why);
}

static void
a_relative_directory_is_walked_from_the_root(void **state)
{
	const struct scratch *s = *state;
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(mkdirat(s->fd, "a", 0777), 0);
	make_dir("a/b");
	assert_int_equal(fchmodat(s->fd, "a", 0777, 0), 0);
	assert_int_equal(chdir(scratch_path(s, "a")), 0);
	assert_dir("b", "/a can be written by others");
	assert_int_equal(fchmodat(s->fd, "a", 0755, 0), 0);
	assert_dir("b", NULL);
	assert_int_equal(fchdir(here), 0);
	close(here);
}

static void
symlinks_on_the_way(void **state)
{
	const struct scratch *s = *state;

	make_dir("good");
	make_dir("good/x");
	assert_int_equal(mkdirat(s->fd, "bad", 0777), 0);
	assert_int_equal(fchmodat(s->fd, "bad", 0777, 0), 0);
	assert_int_equal(symlinkat("good", s->fd, "rel"), 0);
	assert_int_equal(symlinkat(scratch_path(s, "good"), s->fd, "abs"), 0);
	assert_int_equal(symlinkat("../good", s->fd, "bad/link"), 0);
	assert_int_equal(symlinkat("loop", s->fd, "loop"), 0);
	assert_dir(scratch_path(s, "rel/x"), NULL);
	assert_dir(scratch_path(s, "rel"), NULL);
	assert_dir(scratch_path(s, "abs/x"), NULL);
	assert_dir(scratch_path(s, "bad/link/x"), "/bad can be written by others");
	assert_dir(scratch_path(s, "loop"), strerror(ELOOP));
}

static void
a_strangers_things_are_refused(void **state)
{
	const struct scratch *s = *state;

	NEEDS_ROOT();
	assert_int_equal(mkdirat(s->fd, "a", 01777), 0);
	assert_int_equal(fchmodat(s->fd, "a", 01777, 0), 0);
	make_dir("a/b");
	make_dir("a/b/c");
	assert_int_equal(symlinkat("b", s->fd, "a/link"), 0);
	assert_dir(scratch_path(s, "a/link/c"), NULL);
	assert_int_equal(fchownat(s->fd, "a/link", 4711, 4711, AT_SYMLINK_NOFOLLOW), 0);
	assert_dir(scratch_path(s, "a/link/c"), "/a/link belongs to user 4711");
	assert_int_equal(fchownat(s->fd, "a/b", 4711, 4711, 0), 0);
	assert_dir(scratch_path(s, "a/b/c"), "/a/b belongs to user 4711");
	assert_dir(scratch_path(s, "a/b"), "/a/b belongs to user 4711");
}

static void
the_last_component_is_made(void **state)
{
	const struct scratch *s = *state;
	mode_t mask = umask(077);
	struct stat st;
	char *why;
	int fd = safepath_open_dir(scratch_path(s, "new/"), true, &why);

	umask(mask);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	close(fd);
	assert_int_equal(safepath_open_dir(scratch_path(s, "no/deeper"), true, &why), -1);
	assert_non_null(strstr(why, "No such file"));
	free(why);
}

static void
a_file_and_all_above_it(void **state)
{
	const struct scratch *s = *state;
	char *why;
	int fd;

	make_dir("etc");
	make_file("etc/c", "x");
	fd = openat(s->fd, "etc/c", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(safepath_check_file(scratch_path(s, "etc/c"), fd, &why), 0);
	assert_int_equal(fchmodat(s->fd, "etc", 0777, 0), 0);
	assert_int_equal(safepath_check_file(scratch_path(s, "etc/c"), fd, &why), -1);
	assert_non_null(strstr(why, "/etc can be written by others"));
	free(why);
	assert_int_equal(fchmodat(s->fd, "etc", 0755, 0), 0);
	assert_int_equal(fchmod(fd, 0664), 0);
	assert_int_equal(safepath_check_file(scratch_path(s, "etc/c"), fd, &why), -1);
	assert_non_null(strstr(why, "/etc/c can be written by others (mode 0664)"));
	free(why);
	assert_int_equal(unlink("etc/c"), 0);
	make_file("etc/c", "y");
	assert_int_equal(safepath_check_file(scratch_path(s, "etc/c"), fd, &why), -1);
	assert_non_null(strstr(why, "replaced"));
	free(why);
	close(fd);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_directory_must_be_ours_alone),
	    TEST(the_directory_that_a_file_is_in),
	    TEST(a_relative_directory_is_walked_from_the_root),
	    TEST(symlinks_on_the_way),
	    TEST(a_strangers_things_are_refused),
	    TEST(the_last_component_is_made),
	    TEST(a_file_and_all_above_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
