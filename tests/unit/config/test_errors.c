// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/errors.h"

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
	assert_int_equal(text_refuse_word(&why, "a\nb", " is not %s", "odd"), -1);
	errors_take(&list, "f", 3, NULL, why);
	assert_false(list.lost);
	assert_int_equal(errors_report(&list, "f", &out), 0);
	assert_string_equal(out.item[0], "f:1: parallel: 3 is odd");
	assert_string_equal(out.item[1], "f:2: odd");
	assert_string_equal(out.item[2], "f:3: 'a\\012b' is not odd");

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

static const struct {
	const char *fmt, *arg, *section;
	bool hosts;
	const char *want;
} words[] = {
    {"no such option '%s'", "datadir", "root", false,
     "unknown option \"datadir\" in flashback.conf; did you mean \"data_dir\"?"},
    {"no such option '%s'", "colour", "root", false, "unknown option \"colour\" in flashback.conf"},
    {"no such option '%s'", "default", "root", false,
     "unknown section \"default\" in flashback.conf; did you mean \"defaults\"?"},
    {"no such option '%s'", "every", "root", false,
     "option \"every\" cannot stand in flashback.conf: it belongs in the section defaults { }"},
    {"no such option '%s'", "source", "root", false,
     "option \"source\" cannot stand in flashback.conf: it belongs in a volume"},
    {"no such option '%s'", "host", "root", false,
     "section \"host\" cannot stand in flashback.conf: it belongs in hosts.conf, outside of other "
     "sections"},
    {"no such option '%s'", "evry", "defaults", false,
     "unknown option \"evry\" in defaults; did you mean \"every\"?"},
    {"no such option '%s'", "keep-daily", "defaults", false,
     "unknown option \"keep-daily\" in defaults; did you mean \"keep_daily\"?"},
    {"no such option '%s'", "wake", "defaults", false,
     "option \"wake\" cannot stand in defaults: it belongs in flashback.conf, outside of its "
     "sections"},
    {"no such option '%s'", "host", "defaults", false,
     "section \"host\" cannot stand in defaults: it belongs in hosts.conf, outside of other "
     "sections; or is a \"}\" missing before it?"},
    {"no such option '%s'", "hots", "root", true,
     "unknown section \"hots\" outside of a host; did you mean \"host\"?"},
    {"no such option '%s'", "every", "root", true,
     "option \"every\" cannot stand outside of a host: it belongs in a host or a volume"},
    {"no such option '%s'", "data_dir", "root", true,
     "option \"data_dir\" cannot stand outside of a host: it belongs in flashback.conf, outside of "
     "its sections"},
    {"no such option '%s'", "defaults", "root", true,
     "section \"defaults\" cannot stand outside of a host: it belongs in flashback.conf"},
    /* Nothing is suggested that would be wrong in the same place. */
    {"no such option '%s'", "evry", "root", true, "unknown option \"evry\" outside of a host"},
    {"no such option '%s'", "sorce", "host", true, "unknown option \"sorce\" in a host"},
    {"no such option '%s'", "volumes", "host", true,
     "unknown section \"volumes\" in a host; did you mean \"volume\"?"},
    {"no such option '%s'", "source", "host", true,
     "option \"source\" cannot stand in a host: it belongs in a volume"},
    {"no such option '%s'", "sorce", "volume", true,
     "unknown option \"sorce\" in a volume; did you mean \"source\"?"},
    {"no such option '%s'", "volume", "volume", true,
     "section \"volume\" cannot stand in a volume: it belongs in a host in hosts.conf; or is a "
     "\"}\" missing before it?"},
    {"found duplicate title '%s'", "kimono", "root", true,
     "duplicate host \"kimono\", first defined on line 3"},
    {"found duplicate title '%s'", "v", "host", true,
     "duplicate volume \"v\", first defined on line 3"},
    {"missing equal sign after option '%s'", "wake", "root", false,
     "wake: \"=\" and a value are missing: write wake = VALUE"},
    {"missing title for section '%s'", "host", "root", true,
     "host: a name is missing: write host \"NAME\" { ... }"},
    {"missing opening brace for section '%s'", "volume", "host", true,
     "volume: \"{\" is missing: write volume \"NAME\" { ... }"},
    {"missing opening brace for section '%s'", "defaults", "root", false,
     "defaults: \"{\" is missing: write defaults { ... }"},
    {"unexpected token '%s'", "=", "root", false,
     "unexpected \"=\": a value that contains \"=\" must be quoted; or is a name, or the \"}\" of "
     "a "
     "list, missing before it?"},
    {"unexpected token '%s'", ",", "root", false,
     "unexpected \",\": commas stand only between the values of a list, { 'a', 'b' }"},
    {"unexpected token '%s'", "{", "root", false,
     "unexpected \"{\": the name of a section, or the \"=\" of an option, is missing before it"},
    {"unexpected token '%s'", "x", "root", false,
     "\",\" or \"}\" is missing before this item of a list"},
    {"unexpected closing brace", "", "root", false, "unexpected \"}\": no section is open"},
    {"premature end of file", "", "root", false, "the file ends in the middle of an option"},
    {"", "", "", false, "this cannot be parsed"},
};

static void
test_reword(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *got =
		    errors_reword(words[i].fmt, words[i].arg, words[i].section, words[i].hosts, 3);

		assert_string_equal(got, words[i].want);
		free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_report), cmocka_unit_test(test_take),
	    cmocka_unit_test(test_many),   cmocka_unit_test(test_quote),
	    cmocka_unit_test(test_reword),
	};

	return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
