// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/token.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* The tokens of a text, each as its line, a letter, and what it stands for. */
static void
describe(const char *text, char *out, size_t size, struct errors_list *faults)
{
	static const char letters[] = "ws={},.!";
	struct token_reader r = {
	    .text = text, .end = text + strlen(text), .line = 1, .file = "f", .faults = faults};
	struct token t;
	size_t used = 0;

	do {
		size_t at = 0;
		int c;

		token_next(&r, &t);
		used += (size_t)snprintf(out + used, size - used, "%d%c", t.line, letters[t.kind]);
		while ((t.kind == TOKEN_WORD || t.kind == TOKEN_STRING) &&
		       (c = token_unquote(&t, &at)) != -1)
			used += (size_t)snprintf(out + used, size - used, "%c", c);
		used += (size_t)snprintf(out + used, size - used, " ");
		assert_true(used < size);
	} while (t.kind != TOKEN_END && t.kind != TOKEN_CUT);
}

static void
test_good(void **state)
{
	static const struct {
		const char *text, *tokens;
	} cases[] = {
	    {"", "1. "},
	    {" \t\r\n", "2. "},
	    {"a", "1wa 1. "},
	    {"a = b", "1wa 1= 1wb 1. "},
	    {"a=b,c", "1wa 1= 1wb 1, 1wc 1. "},
	    {"h{v\n{}}", "1wh 1{ 1wv 2{ 2} 2} 2. "},
	    {"a 'b c' \"d\"", "1wa 1sb c 1sd 1. "},
	    {"h\"x\"{", "1wh 1sx 1{ 1. "},
	    {"# a\nb # c\n// d\n/* e\n f */ g", "2wb 5wg 5. "},
	    {"#", "1. "},
	    {"// x", "1. "},
	    {"a //", "1wa 1. "},
	    {"a /", "1wa 1w/ 1. "},
	    {"/**/a//b", "1wa//b 1. "}, /* only where a word begins is it a comment */
	    {"a//b http://x/y", "1wa//b 1whttp://x/y 1. "},
	    {"'a\nb' c", "1sa\nb 2wc 2. "},
	    {"\"a\\\nb\" c", "1sab 2wc 2. "},
	    {"'a\r\nb'\r\nc", "1sa\nb 3wc 3. "},
	    {"'#' '//' '{'", "1s# 1s// 1s{ 1. "},
	    {"'\"' \"'\" \"\\\"\" '\\' \"\\\\\" \"\\n\"", "1s\" 1s' 1s\" 1s\\ 1s\\ 1s\\n 1. "},
	    {"''", "1s 1. "},
	    {"'a',\"b\"}", "1sa 1, 1sb 1} 1. "},
	    {"'a'#b\n'c'/*d*/", "1sa 2sc 2. "},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct errors_list faults = {0};
		char got[200];

		describe(cases[i].text, got, sizeof(got), &faults);
		if (strcmp(got, cases[i].tokens) != 0)
			fail_msg("%s: %s", cases[i].text, got);
		assert_int_equal(faults.n, 0);
		errors_free(&faults);
	}
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text, *tokens;
		int line;
		const char *words; /* that the fault begins with */
	} cases[] = {
	    {"a\n'b\nc", "1wa 2! ", 2, "the string that begins here does not end: ' is missing"},
	    {"\"a\\\"", "1! ", 1, "the string that begins here does not end: \" is missing"},
	    {"a\n/* b\n", "1wa 2! ", 2, "the comment that begins here does not end"},
	    {"/*/", "1! ", 1, "the comment that begins here does not end"},
	    {"'a\nb' 'c'd", "1sa\nb 2! ", 2, "something follows a string at once"},
	    {"x\n'a\nb'c", "1wx 2! ", 2, "the string that begins here ends within line 3"},
	    {"'it\\'s'", "1! ", 1, "within '...' a backslash is a backslash"},
	    {"'a''b'", "1! ", 1, "something follows a string at once"},
	    {"\"a\";", "1! ", 1, "there is no ';' here"},
	    {"a += b", "1wa 1= 1wb 1. ", 1, "there is no +="},
	    {"*.o b", "1w*.o 1wb 1. ", 1, "'*.o' must stand in quotes"},
	    {"a\\b", "1wa\\b 1. ", 1, "'a\\b' must stand in quotes"},
	    {"+", "1w+ 1. ", 1, "'+' must stand in quotes"},
	    {"a(b) c", "1wa(b) 1wc 1. ", 1, "'a(b)' must stand in quotes"},
	    {"include(x)", "1winclude(x) 1. ", 1, "there is no include()"},
	    {"a#b", "1wa#b 1. ", 1, "'a#b' must stand in quotes"},
	    {"\xc3\xa4", "1w\xc3\xa4 1. ", 1, "'\xc3\xa4' must stand in quotes"},
	    {"a\x01", "1wa\x01 1. ", 1, "'a\\001' must stand in quotes"},
	    {"${X}/a b", "1w${X}/a 1wb 1. ", 1, "${...} stands for nothing here"},
	    {"${X\n}", "1w$ 1{ 1wX 2} 2. ", 1, "'$' must stand in quotes"},
	    {"\"${X}\"", "1s${X} 1. ", 1, "${...} stands for nothing here"},
	    {"\"\x1b\"", "1s\x1b 1. ", 1, "there is a control character in the string, \\033"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct errors_list faults = {0};
		char got[200];

		describe(cases[i].text, got, sizeof(got), &faults);
		if (strcmp(got, cases[i].tokens) != 0)
			fail_msg("%s: %s", cases[i].text, got);
		assert_int_equal(faults.n, 1);
		assert_int_equal(faults.item[0].line, cases[i].line);
		if (strncmp(faults.item[0].text, cases[i].words, strlen(cases[i].words)) != 0)
			fail_msg("%s: %s", cases[i].text, faults.item[0].text);
		errors_free(&faults);
	}
}

/* Whatever stands there, the end comes, and nothing beyond it is read. */
static void
test_noise(void **state)
{
	static const char letters[] = "a=\"'\\{},#/*+${}\n\r \t()x\x01\xff";
	unsigned seed = (unsigned)(uintptr_t)&seed ^ 0x5eed;

	(void)state;
	srandom(seed);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)random() % 24;
		char *text = malloc(len + 1);
		struct errors_list faults = {0};
		struct token_reader r = {
		    .text = text, .end = text + len, .line = 1, .file = "f", .faults = &faults};
		struct token t;
		unsigned n = 0;

		for (size_t i = 0; i < len; i++)
			text[i] = letters[(size_t)random() % (sizeof(letters) - 1)];
		text[len] = '\0';
		do
			token_next(&r, &t);
		while (t.kind != TOKEN_END && t.kind != TOKEN_CUT && ++n <= len);
		if (n > len || (t.kind == TOKEN_CUT && faults.n == 0))
			fail_msg("seed %u: %s", seed, text);
		errors_free(&faults);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
