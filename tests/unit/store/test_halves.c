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

#include "flashback/store/halves.h"

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
	halves_keep(s->fd, "t", s->dev);
	big = stat_of("t/big");
	assert_true(halves_is_one(&big));
	assert_int_not_equal(big.st_mtim.tv_sec, 0); /* which is that of many a file */
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
	halves_keep(s->fd, "t", s->dev);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_was_under_way, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_everything_else_stays, scratch_setup,
	                                    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
