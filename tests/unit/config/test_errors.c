// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/errors.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Added in any order, told by file and line, each once. */
static void
test_report(void **state)
{
	static const char first[] = "z.conf", second[] = "a\x8c.conf";
	static const char *const expected[] = {
	    "z.conf: as a whole", "z.conf:3: beta",        "z.conf:3: delta",
	    "z.conf:20: alpha",   "a\\214.conf:1: \\033m",
	};
	struct errors_list list = {0};
	struct text_list out = {0};

	(void)state;
	errors_add(&list, second, 1, "%s", "\033m");
	errors_add(&list, first, 20, "%s", "alpha");
	errors_add(&list, first, 3, "%s", "delta");
	errors_add(&list, first, 3, "%s", "beta");
	errors_add(&list, first, 3, "%s", "delta");
	errors_add(&list, first, 0, "as a whole");
	assert_int_equal(errors_report(&list, first, &out), 0);
	assert_int_equal(out.n, LENGTH(expected));
	for (size_t i = 0; i < out.n; i++)
		assert_string_equal(out.item[i], expected[i]);
	errors_free(&list);
	assert_int_equal(list.n, 0);
	text_list_free(&out);
}

static void
test_take(void **state)
{
	struct errors_list list = {0};
	struct text_list out = {0};
	char *why;

	(void)state;
	assert_int_equal(text_refuse(&why, "%d is odd", 3), -1);
	errors_take(&list, "f", 1, "parallel", why);
	assert_int_equal(text_refuse(&why, "odd"), -1);
	errors_take(&list, "f", 2, NULL, why);
	assert_false(list.lost);
	assert_int_equal(errors_report(&list, "f", &out), 0);
	assert_string_equal(out.item[0], "f:1: parallel: 3 is odd");
	assert_string_equal(out.item[1], "f:2: odd");

	errors_take(&list, "f", 3, NULL, NULL);
	assert_true(list.lost);
	assert_int_equal(errors_report(&list, "f", &out), -1);
	errors_free(&list);
	text_list_free(&out);
}

static void
test_many(void **state)
{
	struct errors_list list = {0};
	struct text_list out = {0};

	(void)state;
	for (int i = 1; i <= ERRORS_MAX + 7; i++)
		errors_add(&list, "f", i, "wrong");
	assert_int_equal(list.n, ERRORS_MAX);
	assert_int_equal(errors_report(&list, "f", &out), 0);
	assert_int_equal(out.n, ERRORS_MAX + 1);
	assert_string_equal(out.item[ERRORS_MAX], "f: and 7 more");
	errors_free(&list);
	text_list_free(&out);
}

static void
test_quote(void **state)
{
	char buf[TEXT_QUOTE], text[300];

	(void)state;
	assert_string_equal(text_quote(buf, ""), "''");
	assert_string_equal(text_quote(buf, "a b"), "'a b'");
	assert_string_equal(text_quote(buf, "a\x1b[31m\n"), "'a\\033[31m\\012'");

	/* What is too long ends in dots, whether it was so before or after it was escaped. */
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	text_quote(buf, text);
	assert_int_equal(strlen(buf), TEXT_QUOTE - 1);
	assert_string_equal(buf + strlen(buf) - 5, "x...'");
	memset(text, '\n', sizeof(text));
	text[30] = '\0';
	text_quote(buf, text);
	assert_string_equal(buf + strlen(buf) - 7, "012...'");

	/* One that just fits has none. */
	memset(text, 'x', sizeof(text));
	text[TEXT_QUOTE - 1 - strlen("''...")] = '\0';
	text_quote(buf, text);
	assert_int_equal(strlen(buf), strlen(text) + 2);
	assert_string_equal(buf + strlen(buf) - 3, "xx'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_report),
	    cmocka_unit_test(test_take),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
