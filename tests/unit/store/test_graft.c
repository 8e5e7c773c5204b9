// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"

#include "flashback/store/graft.h"

static void
graft(const struct scratch *s)
{
	graft_tree(s->fd, "from", "to", s->dev);
}

static void
make_both(void)
{
	make_dir("from");
	make_dir("to");
}

static void
expect_text(const char *path, const char *text)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	close(fd);
	assert_string_equal(buf, text);
}

static void
make_half(const char *path, const char *text)
{
	const struct timespec times[2] = {{.tv_sec = 0}, {.tv_sec = 0, .tv_nsec = 5}};

	make_file(path, text);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
test_what_only_one_has_moves(void **state)
{
	struct stat before;

	make_both();
	make_file("from/a", "a");
	make_dir("from/d");
	make_file("from/d/b", "b");
	make_dir("from/both");
	make_dir("to/both");
	make_file("from/both/c", "c");
	make_file("to/both/e", "e");
	assert_int_equal(symlink("/nowhere", "from/both/l"), 0);
	before = stat_of("from/d/b");
	graft(*state);
	expect_text("to/a", "a");
	expect_text("to/both/c", "c");
	expect_text("to/both/e", "e");
	assert_true(is_there("to/both/l"));
	assert_int_equal(stat_of("to/d/b").st_ino, before.st_ino);
	assert_false(is_there("from/a"));
	assert_false(is_there("from/d"));
}

static void
test_what_both_have_stays(void **state)
{
	make_both();
	make_file("from/a", "older and longer");
	make_file("to/a", "newer");
	make_dir("from/x");
	make_file("from/x/inside", "i");
	make_file("to/x", "no directory now");
	make_dir("to/y");
	assert_int_equal(symlink("x", "from/y"), 0);
	graft(*state);
	expect_text("to/a", "newer");
	expect_text("to/x", "no directory now");
	assert_true(S_ISDIR(stat_of("to/y").st_mode));
	expect_text("from/a", "older and longer");
}

static void
test_of_two_halves_the_longer_stays(void **state)
{
	make_both();
	make_half("from/far", "got this far");
	make_half("to/far", "got");
	make_half("from/near", "got");
	make_half("to/near", "got this far");
	make_file("from/whole", "an old one that is whole");
	make_half("to/whole", "half of the new one");
	make_half("from/done", "half, but it is longer");
	make_file("to/done", "whole");
	graft(*state);
	expect_text("to/far", "got this far");
	expect_text("to/near", "got this far");
	expect_text("to/whole", "half of the new one");
	expect_text("to/done", "whole");
}

/* A file that a snapshot has too may be dated to 1970, but is no half. */
static void
test_a_shared_file_is_no_half(void **state)
{
	make_both();
	make_half("snapshot", "from 1970, and longer");
	assert_int_equal(link("snapshot", "from/a"), 0);
	make_half("to/a", "half");
	graft(*state);
	expect_text("to/a", "half");
}

static void
test_links_are_not_followed(void **state)
{
	make_both();
	make_dir("outside");
	make_dir("from/d");
	make_file("from/d/f", "f");
	assert_int_equal(symlink("../outside", "to/d"), 0);
	make_dir("to/e");
	make_file("outside/g", "g");
	assert_int_equal(symlink("../outside", "from/e"), 0);
	graft(*state);
	assert_false(is_there("outside/f"));
	assert_true(is_there("outside/g"));
	assert_false(is_there("to/e/g"));
}

/* What is too deep is left behind, and all above it has moved. */
static void
test_depth(void **state)
{
	const struct scratch *s = *state;
	int from, to;

	make_both();
	from = openat(s->fd, "from", SCRATCH_OPEN_DIR);
	to = openat(s->fd, "to", SCRATCH_OPEN_DIR);
	for (int i = 0; i < 3000; i++) {
		int *const fd[] = {&from, &to};

		for (int k = 0; k < 2; k++) {
			int below;

			assert_int_equal(mkdirat(*fd[k], "d", 0755), 0);
			below = openat(*fd[k], "d", SCRATCH_OPEN_DIR);
			assert_true(below >= 0);
			close(*fd[k]);
			*fd[k] = below;
		}
	}
	close(from);
	close(to);
	make_file("from/d/d/d/f", "f");
	graft(s);
	expect_text("to/d/d/d/f", "f");
}

static int
graft_as_we_are(void *arg)
{
	graft(arg);
	return 0;
}

static void
test_without_rights(void **state)
{
	make_both();
	make_dir("from/closed");
	make_file("from/closed/f", "f");
	make_dir("from/both");
	make_file("from/both/g", "g");
	make_dir("to/both");
	if (geteuid() == 0) {
		const char *const argv[] = {"chown", "-R", "65534:65534", ".", NULL};

		assert_true(run_program(argv));
	}
	assert_int_equal(chmod("from/closed", 0555), 0);
	assert_int_equal(chmod("from/both", 0), 0);
	assert_int_equal(chmod("to/both", 0555), 0);
	assert_true(as_nobody(graft_as_we_are, *state));
	assert_int_equal(chmod("to/both", 0755), 0);
	expect_text("to/closed/f", "f");
	expect_text("to/both/g", "g");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_only_one_has_moves, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_what_both_have_stays, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_of_two_halves_the_longer_stays, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_a_shared_file_is_no_half, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_links_are_not_followed, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_depth, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_without_rights, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
