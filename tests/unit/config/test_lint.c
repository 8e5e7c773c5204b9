// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/lint.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void
assert_clean(const char *text, const char *want, unsigned nfaults, bool cut)
{
	struct errors_list faults = {0};
	struct lint lint;

	assert_int_equal(lint_clean(text, strlen(text), "f", &faults, &lint), 0);
	if (strcmp(lint.text, want) != 0)
		fail_msg("%s:\n%s", text, lint.text);
	assert_int_equal(lint.len, strlen(want));
	assert_int_equal(faults.n, nfaults);
	assert_int_equal(lint.cut, cut);
	lint_free(&lint);
	errors_free(&faults);
}

static void
test_good(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "\n"},
	    {"# all\n/* of it */", "\n"},
	    {"a = b", "\no_a += { \"1\", \"1:b\" }\n"},
	    {"a =\n\"b\"", "\no_a += { \"1\", \"2:b\" }\n"},
	    {"a = {}", "\no_a += { \"1{\" }\n"},
	    {"a = { b,\n'c', }", "\no_a += { \"1{\", \"1:b\", \"2:c\" }\n"},
	    {"s { }", "\ns_s \"1.1\" {\n}\n"},
	    {"s\nt { a = 1 }", "\ns_s \"2.1:t\" {\no_a += { \"2\", \"2:1\" }\n}\n"},
	    {"s 't' { s { a = 1 } }",
	     "\ns_s \"1.1:t\" {\ns_s \"1.2\" {\no_a += { \"1\", \"1:1\" }\n}\n}\n"},
	    {"s t { } s t { }", "\ns_s \"1.1:t\" {\n}\ns_s \"1.2:t\" {\n}\n"},
	    {"a = '${X}\\\"'", "\no_a += { \"1\", \"1:\\x24{X}\\x5c\\x22\" }\n"},
	    {"a = 'b\nc'", "\no_a += { \"1\", \"1:b\\x0ac\" }\n"},
	    {"a = '\xe4\x7e'", "\no_a += { \"1\", \"1:\\xe4~\" }\n"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_clean(cases[i].text, cases[i].want, 0, false);
}

/* What can be made sense of is kept; what cannot is cut off, with the sections closed. */
static void
test_bad(void **state)
{
	static const struct {
		const char *text, *want;
		bool cut;
	} cases[] = {
	    {"a = *.o", "\no_a += { \"1\", \"1!\" }\n", false},
	    {"a = { b, *.o, c }", "\no_a += { \"1{\", \"1:b\", \"1!\", \"1:c\" }\n", false},
	    {"a += b", "\no_a += { \"1\", \"1:b\" }\n", false},
	    {"a = 1 b = ", "\no_a += { \"1\", \"1:1\" }\n", true},
	    {"a = 1 b = { 2", "\no_a += { \"1\", \"1:1\" }\n", true},
	    {"s { a = 1", "\ns_s \"1.1\" {\no_a += { \"1\", \"1:1\" }\n}", true},
	    {"s { t { a = 1 b", "\ns_s \"1.1\" {\ns_t \"1.2\" {\no_a += { \"1\", \"1:1\" }\n}}",
	     true},
	    {"s { t { u { } } }", "\ns_s \"1.1\" {\ns_t \"1.2\" {\n}}", true},
	    {"a = 1 } b = 2", "\no_a += { \"1\", \"1:1\" }\n", true},
	    {"a = 1 b = 2 = 3", "\no_a += { \"1\", \"1:1\" }\n", true},
	    {"a = 1 b.c = 2", "\no_a += { \"1\", \"1:1\" }\n", true},
	    {"a = 1 *b = 2", "\no_a += { \"1\", \"1:1\" }\n", true},
	    {"a = 1 b = 'x", "\no_a += { \"1\", \"1:1\" }\n", true},
	    {"a = 1\rb = 2", "\n", true},
	    {"12345678901234567890123456789012345678901 = 1", "\n", true},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_clean(cases[i].text, cases[i].want, 1, cases[i].cut);
}

/* A NUL ends nothing silently. */
static void
test_nul(void **state)
{
	static const char text[] = "a = 1\nb = \0 2";
	struct errors_list faults = {0};
	struct lint lint;

	(void)state;
	assert_int_equal(lint_clean(text, sizeof(text) - 1, "f", &faults, &lint), 0);
	assert_true(lint.cut);
	assert_int_equal(faults.n, 1);
	assert_int_equal(faults.item[0].line, 2);
	lint_free(&lint);
	errors_free(&faults);
}

static void
test_names(void **state)
{
	static const char text[] = "a = 1 s x { b = 2 a = 3 t { b = 4 c = 5 } } s y { b = 6 }";
	static const char *const names[LINT_DEPTH + 1][3] = {
	    {"o_a", "s_s", NULL}, {"o_b", "o_a", "s_t"}, {"o_b", "o_c", NULL}};
	struct errors_list faults = {0};
	struct lint lint;

	(void)state;
	assert_int_equal(lint_clean(text, strlen(text), "f", &faults, &lint), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		assert_string_equal(lint.names[i].item[0], names[i][0]);
		assert_string_equal(lint.names[i].item[1], names[i][1]);
		assert_int_equal(lint.names[i].n, names[i][2] == NULL ? 2 : 3);
	}
	assert_string_equal(lint.names[1].item[2], "s_t");
	lint_free(&lint);
	errors_free(&faults);
}

/* A file of many different names is none of ours; each costs memory for each section. */
static void
test_too_many_names(void **state)
{
	static const unsigned max[] = {LINT_OPTIONS, LINT_SECTIONS};

	(void)state;
	for (size_t i = 0; i < LENGTH(max); i++) {
		struct errors_list faults = {0};
		char *text = strdup("");
		struct lint lint;

		for (unsigned n = 0; n <= max[i]; n++)
			assert_int_equal(i == 0 ? text_replace(&text, "%s x%u = 1\n", text, n)
			                        : text_replace(&text, "%s x%u { }\n", text, n),
			                 0);
		assert_int_equal(lint_clean(text, strlen(text), "f", &faults, &lint), 0);
		assert_int_equal(faults.n, 1);
		assert_int_equal(faults.item[0].line, max[i] + 1);
		assert_int_equal(lint.names[0].n, max[i]);
		assert_true(lint.cut);
		lint_free(&lint);
		errors_free(&faults);
		free(text);
	}
}

static void
test_read(void **state)
{
	const char *value;
	int line;

	(void)state;
	assert_int_equal(lint_read("17", &line, &value), LINT_SINGLE);
	assert_int_equal(line, 17);
	assert_null(value);
	assert_int_equal(lint_read("3{", &line, &value), LINT_LIST);
	assert_int_equal(line, 3);
	assert_int_equal(lint_read("4!", &line, &value), LINT_TOLD);
	assert_int_equal(lint_read("4.12", &line, &value), LINT_SINGLE);
	assert_int_equal(line, 4);
	assert_int_equal(lint_read("4.12:5", &line, &value), LINT_VALUE);
	assert_int_equal(line, 4);
	assert_string_equal(value, "5");
	assert_int_equal(lint_read("5:", &line, &value), LINT_VALUE);
	assert_string_equal(value, "");
	assert_int_equal(lint_read("123456:7:{", &line, &value), LINT_VALUE);
	assert_int_equal(line, 123456);
	assert_string_equal(value, "7:{");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_nul),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_too_many_names),
	    cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
