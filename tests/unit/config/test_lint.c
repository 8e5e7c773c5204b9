// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/lint.h"

#define M "\001"

/* The copy of text, with the mark as ^; an error as its line and words. */
static void
assert_clean(const char *text, size_t len, const char *want, int line, const char *why)
{
	struct lint lint;
	char *got;

	assert_int_equal(lint_clean(text, len, &lint), 0);
	got = strndup(lint.text, lint.len);
	if (strcmp(got, want) != 0 || lint.line != line)
		fail_msg("%s: got %s; line %d: %s", text, got, lint.line, lint.why);
	if (why != NULL && strstr(lint.why, why) == NULL)
		fail_msg("%s: %s", text, lint.why);
	free(got);
	lint_free(&lint);
}

static void
test_good(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", " "},
	    {"\xef\xbb\xbf", " "},
	    {"# all\n/* of\nit */ // x", " \n\n"},
	    {"a = b", "  a =\"b\""},
	    {"a =\n\"b\"\nc = 1", "  a =\n\"b\"\n c =\"1\""},
	    {"a\n= b\nc = 1", "  a =\n\"b\"\n c =\"1\""},
	    {"a = {}", "  a ={" M "1,}"},
	    {"a = { b,\n'c', }", "  a ={" M "1,\"b\",\n\"c\",}"},
	    {"a = { b # x\n}", "  a ={" M "1,\"b\"\n}"},
	    {"s { }", "  s {" M "=" M "1 }"},
	    {"s\nt\n{ a = 1 }", "  s \"t\"{" M "=" M "2 \n\n a =\"1\"}"},
	    {"s 't' { s { a = 1 } }", "  s \"t\"{" M "=" M "1  s {" M "=" M "1  a =\"1\"}}"},
	    {"a = 'b\nc'\nd = 1", "  a =\"b\\nc\"\n\n d =\"1\""},
	    {"a = 'b\r\nc'", "  a =\"b\\nc\"\n"},
	    {"a = \"b\\\nc\" d = 1", "  a =\"bc\"\n d =\"1\""},
	    {"a = \"b\\\\\nc\"", "  a =\"b\\\\\\nc\"\n"},
	    {"a = '${X}\\\"'", "  a =\"\\${X}\\\\\\\"\""},
	    {"a = \"\\[x\\]\\\"\\\\\\n\"", "  a =\"\\\\[x\\\\]\\\"\\\\\\\\n\""},
	    {"a = '\xe4\x7e'", "  a =\"\xe4\x7e\""},
	    {"a = plain-1.2/x@y:z;~[%]|", "  a =\"plain-1.2/x@y:z;~[%]|\""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_clean(cases[i].text, strlen(cases[i].text), cases[i].want, 0, NULL);
}

/* The copy ends before what is wrong. */
static void
test_bad(void **state)
{
	static const struct {
		const char *text, *want;
		int line;
		const char *why;
	} cases[] = {
	    {"a = 1\nb = *.o", "  a =\"1\"\n b =", 2, "'*.o' must be quoted"},
	    {"a = { b, c++ }", "  a ={" M "1,\"b\",", 1, "'c++' must be quoted"},
	    {"a = 010#x", "  a =", 1, "'010#x' must be quoted"},
	    {"a += b", "  a ", 1, "\"+=\" is not supported"},
	    {"a+= b", " ", 1, "\"+=\" is not supported"},
	    {"a = ${X}", "  a =", 1, "${...} is not expanded"},
	    {"a = \"x${X}\"", "  a =", 1, "${...} is not expanded"},
	    {"include(x)", " ", 1, "include() is not supported"},
	    {"\"\" = 1", " ", 1, "unexpected string"},
	    {"a = 1 'b' = 2", "  a =\"1\"", 1, "unexpected string"},
	    {"a = 1 b.c = 2", "  a =\"1\"", 1, "'b.c' is not the name"},
	    {"defaults|every = 1", " ", 1, "'defaults|every' is not the name"},
	    {"a = 1\n/* b", "  a =\"1\"\n", 2, "unterminated comment"},
	    {"a =\n'x", "  a =\n", 2, "unterminated string: the closing ' is missing"},
	    {"a = \"x\\\"", "  a =", 1, "unterminated string: the closing \" is missing"},
	    {"a = \"x\nb = \"1\"", "  a =", 1, "ends on line 2"},
	    {"a = 'it\\'s'", "  a =", 1, "a backslash does nothing"},
	    {"a = 'x'y", "  a =", 1, "text directly after a string"},
	    {"a = 'x';", "  a =", 1, "unexpected \";\""},
	    {"a = 'x\x1b'", "  a =", 1, "control character \\033"},
	    {"a = x\x7f", "  a =", 1, "'x\\177' must be quoted"},
	    {"a = 1\rb = 2", " ", 1, "carriage return"},
	    {"a =\nb = 2", "  a =\n\"b\"", 1, "a value is missing"},
	    {"a =\n}", "  a =\n", 1, "a value is missing"},
	    {"a = ", "  a =", 1, "a value is missing"},
	    {"s {\n a = {\n1,", "  s {" M "=" M "1 \n a ={" M "2,\n\"1\",", 2, "the list"},
	    {"s {\nt\n{ a = 1", "  s {" M "=" M "1 \n t {" M "=" M "2 \n a =\"1\"", 2,
	     "the section that begins here"},
	    {"12345678901234567890123456789012345678901 = 1", " ", 1, "is not the name"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_clean(cases[i].text, strlen(cases[i].text), cases[i].want, cases[i].line,
		             cases[i].why);
	assert_clean("a = 1\nb = \0 2", 13, " ", 2, "NUL byte");
}

/* What libconfuse finds by itself is left to it. */
static void
test_left(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"} a = 1 }", " } a =\"1\"}"},
	    {"{ a = { b c, , }", " {" M "=" M "0  a ={" M "1,\"b\"\"c\",,}"},
	    {"a = b, c", "  a =\"b\", c "},
	    {"a = b = c", "  a =\"b\"=\"c\""},
	    {"a 'b' 'c'", "  a \"b\"\"c\""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct lint lint;
		char *got;

		assert_int_equal(lint_clean(cases[i].text, strlen(cases[i].text), &lint), 0);
		got = strndup(lint.text, lint.len);
		assert_string_equal(got, cases[i].want);
		free(got);
		lint_free(&lint);
	}
}

static void
test_figures(void **state)
{
	static const char text[] = "a { b = { } c { } }\nd { }\n";
	struct lint lint;

	(void)state;
	assert_int_equal(lint_clean(text, strlen(text), &lint), 0);
	assert_int_equal(lint.sections, 3);
	assert_int_equal(lint.end, 3);
	lint_free(&lint);
}

/* Whatever becomes longest fits. */
static void
test_long(void **state)
{
	static const char *const units[] = {"{", "'", "a ", "\n", "a={},", "''", "'\n' "};

	(void)state;
	for (size_t i = 0; i < LENGTH(units); i++) {
		size_t unit = strlen(units[i]), len = 100000 * unit;
		char *text = malloc(len + 1);
		struct lint lint;

		assert_non_null(text);
		for (size_t at = 0; at < len; at += unit)
			memcpy(text + at, units[i], unit);
		text[len] = '\0';
		assert_int_equal(lint_clean(text, len, &lint), 0);
		lint_free(&lint);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_left), cmocka_unit_test(test_figures),
	    cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
