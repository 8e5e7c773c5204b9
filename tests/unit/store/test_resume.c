// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/resume.h"

static void
make_temporary(const char *path)
{
	make_file(path, "half of it");
	assert_int_equal(chmod(path, 0600), 0);
}

static void
test_what_was_under_way(void **state)
{
	const struct scratch *s = *state;
	struct stat big;

	make_dir("t");
	make_dir("t/d");
	make_temporary("t/.big.AbC123");
	make_temporary("t/d/.a.b.zzzzzz");
	make_temporary("t/..dots.000000");
	resume_keep(s->fd, "t", s->dev);
	big = stat_of("t/big");
	assert_true(S_ISREG(big.st_mode));
	assert_int_equal(big.st_nlink, 1);
	/* Neither 1970, which is the date of many a file, nor any that a file is likely to have. */
	assert_int_equal(big.st_mtim.tv_sec, 350021106);
	assert_int_equal(stat_of("t/big").st_size, 10);
	assert_false(is_there("t/.big.AbC123"));
	assert_true(is_there("t/d/a.b"));
	assert_true(is_there("t/..dots"));
}

/* Each of these is not as rsync leaves it. */
static void
test_everything_else_stays(void **state)
{
	static const char *const name[] = {"t/.big.AbC12",  "t/.big.AbC1234", "t/big.AbC123",
	                                   "t/.big-AbC123", "t/.big.AbC12_",  "t/..AbC123"};
	const struct scratch *s = *state;

	make_dir("t");
	for (size_t i = 0; i < LENGTH(name); i++)
		make_temporary(name[i]);
	make_file("t/.open.AbC123", "somebody's");
	assert_int_equal(chmod("t/.open.AbC123", 0644), 0);
	make_temporary("t/.shared.AbC123");
	assert_int_equal(link("t/.shared.AbC123", "snapshot"), 0);
	make_file("t/.empty.AbC123", "");
	make_dir("t/.dir.AbC123");
	assert_int_equal(symlink("big", "t/.link.AbC123"), 0);
	make_temporary("t/.taken.AbC123");
	make_file("t/taken", "a version of it that came whole");
	resume_keep(s->fd, "t", s->dev);
	for (size_t i = 0; i < LENGTH(name); i++)
		assert_true(is_there(name[i]));
	assert_true(is_there("t/.open.AbC123"));
	assert_true(is_there("t/.shared.AbC123"));
	assert_int_not_equal(stat_of("snapshot").st_mtim.tv_sec, 0);
	assert_true(is_there("t/.empty.AbC123"));
	assert_true(is_there("t/.dir.AbC123"));
	assert_true(is_there("t/.link.AbC123"));
	assert_true(is_there("t/.taken.AbC123"));
	assert_int_equal(stat_of("t/taken").st_size, 31);
	assert_false(is_there("t/big"));
}

static void
join(const struct scratch *s)
{
	resume_join(s->fd, "from", "to", s->dev);
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
	join(*state);
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
	join(*state);
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
	join(*state);
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
	join(*state);
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
	join(*state);
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
	join(s);
	expect_text("to/d/d/d/f", "f");
}

static int
graft_as_we_are(void *arg)
{
	join(arg);
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
	    cmocka_unit_test_setup_teardown(test_what_was_under_way, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_everything_else_stays, scratch_setup,
	                                    scratch_teardown),
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
