// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/value.h"

#define NO_DURATION                                                                                \
	" is not a duration: write a number and its unit, such as \"90s\", \"30m\", \"12h\", "     \
	"\"1d\" or \"2w\""
#define NO_TIME " is not a time of day: write HH:MM-HH:MM, such as \"22:00-06:00\""

/* The checks under one signature, with a limit where there is one. */
static int
check_duration(const char *text, char **why)
{
	int64_t seconds = -7;
	int rc = value_duration(text, 1, 7 * 86400, &seconds, why);

	assert_true(rc == 0 ? seconds > 0 : seconds == -7);
	return rc;
}

static int
check_count(const char *text, char **why)
{
	unsigned n = 1234567;
	int rc = value_count(text, 1, 100000, &n, why);

	assert_true(rc == 0 ? n <= 100000 : n == 1234567);
	return rc;
}

static int
check_switch(const char *text, char **why)
{
	bool on;

	return value_switch(text, &on, why);
}

static int
check_share(const char *text, char **why)
{
	int share;

	return value_share(text, &share, why);
}

static int
check_room(const char *text, char **why)
{
	uint64_t bytes;
	int percent;

	return value_room(text, &percent, &bytes, why);
}

static const struct {
	int (*check)(const char *text, char **why);
	const char *text, *why; /* NULL: it is good */
} cases[] = {
    {check_duration, "1s", NULL},
    {check_duration, "7d", NULL},
    {check_duration, "0s", "'0s' is too short: at least 1s"},
    {check_duration, "8d", "'8d' is too long: at most 7d"},
    {check_duration, "99999999999999999999d", "'99999999999999999999d' is too long: at most 7d"},
    {check_duration, "1", "'1'" NO_DURATION},
    {check_duration, "10m ", "'10m '" NO_DURATION},
    {check_count, "1", NULL},
    {check_count, "100000", NULL},
    {check_count, "0", "'0' is not a number from 1 to 100000, in digits without a leading zero"},
    {check_count, "010",
     "'010' is not a number from 1 to 100000, in digits without a leading zero"},
    {check_count, "100001",
     "'100001' is not a number from 1 to 100000, in digits without a leading zero"},
    {check_count, "-1", "'-1' is not a number from 1 to 100000, in digits without a leading zero"},
    {check_switch, "Yes", NULL},
    {check_switch, "off", NULL},
    {check_switch, "1", "'1' is neither yes nor no"},
    {check_share, "0%", NULL},
    {check_share, "101%",
     "'101%' is not a percentage: write a number from 0% to 100%, such as \"50%\""},
    {check_room, "0%", NULL},
    {check_room, "50%", NULL},
    {check_room, "0", NULL},
    {check_room, "1K", NULL},
    {check_room, "50.01%", "'50.01%' is more than half of the disk: at most 50%"},
    {check_room, "10g",
     "'10g' is neither a percentage of the disk nor a size: write \"2%\" or \"10G\""},
    {check_room, "10", "'10' is a number of bytes: write its unit, \"2%\" or \"10G\""},
    {value_window, "22:00-06:00", NULL},
    {value_window, "00:00-24:00", NULL},
    {value_window, "24:00-06:00", "'24:00-06:00'" NO_TIME},
    {value_window, "22:60-06:00", "'22:60-06:00'" NO_TIME},
    {value_window, "22:00-6:00", "'22:00-6:00'" NO_TIME},
    {value_window, "06:00-06:00", "'06:00-06:00' is empty: it ends when it begins"},
    {value_pattern, "\\[x\\]", NULL},
    {value_pattern, "", "a pattern is empty"},
    {value_pattern, "!", "'!' would drop the patterns before it"},
    {value_pattern, "+ x",
     "'+ x' is a rule that includes: write \"--include=PATTERN\" in rsync_options"},
    {value_program, "/bin/my program", NULL},
    {value_program, "",
     "'' is not an absolute path: write the program's full path, such as /usr/bin/true"},
    {value_program, "/bin/a\nb", "'/bin/a\\012b' contains a control character"},
    {value_shell, "ssh -p 22", NULL},
    {value_shell, "ssh -i \"/a b\" -o 'X=\"y'", NULL},
    {value_shell, "",
     "'' does not begin with a program: write \"ssh\" and its options, such as \"ssh -p 2222\""},
    {value_shell, "ssh -i 'a", "unclosed quote in 'ssh -i 'a'"},
    {value_shell, "ssh -o 'X=''-tt x'", NULL},
    {value_shell, "ssh '-tt'",
     "'ssh '-tt'': -tt puts a terminal between the two rsyncs, which changes what they say: "
     "remove it"},
    {value_shell, "ssh\t-p 22", "'ssh\\011-p 22' contains a control character"},
};

static void
test_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *why = NULL;
		int rc = cases[i].check(cases[i].text, &why);

		if ((rc == 0) != (cases[i].why == NULL))
			fail_msg("%s: %s", cases[i].text, why != NULL ? why : "was taken");
		if (cases[i].why != NULL)
			assert_string_equal(why, cases[i].why);
		free(why);
	}
}

/* The words that rsync 3.5.0 was seen to pass on for the same -e. */
static void
test_shell_words(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
	    {"ssh", "ssh|"},
	    {"  ssh  -p 22 ", "ssh|-p|22|"},
	    {"ssh -o 'ProxyCommand=ssh -p 99 x' -v", "ssh|-o|ProxyCommand=ssh -p 99 x|-v|"},
	    {"ssh -i\"/a b\"/c '' \"it's\"", "ssh|-i/a b/c||it's|"},
	    {"ssh 'it''s' \"a\"\"b\"", "ssh|it's|a\"b|"},
	};
	struct text_list words = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char *joined = strdup("");

		assert_int_equal(value_shell_words(rows[i].text, &words), 0);
		for (size_t n = 0; n < words.n; n++)
			assert_int_equal(text_replace(&joined, "%s%s|", joined, words.item[n]), 0);
		assert_string_equal(joined, rows[i].words);
		free(joined);
		text_list_free(&words);
	}
	assert_int_equal(value_shell_words("ssh \"a '", &words), -1);
	assert_int_equal(errno, EINVAL);
	text_list_free(&words);
}

static void
test_results(void **state)
{
	int64_t seconds;
	uint64_t bytes;
	unsigned n;
	char *why;
	int a, b;
	bool on;

	(void)state;
	assert_int_equal(value_duration("2w", 1, INT64_MAX, &seconds, &why), 0);
	assert_int_equal(seconds, 14 * 86400);
	assert_int_equal(value_duration("0", 0, INT64_MAX, &seconds, &why), 0);
	assert_int_equal(seconds, 0);
	assert_int_equal(value_count("64", 1, 64, &n, &why), 0);
	assert_int_equal(n, 64);
	assert_int_equal(value_switch("ON", &on, &why), 0);
	assert_true(on);
	assert_int_equal(value_switch("false", &on, &why), 0);
	assert_false(on);
	assert_int_equal(value_share("12.5%", &a, &why), 0);
	assert_int_equal(a, 1250);
	assert_int_equal(value_room("3%", &a, &bytes, &why), 0);
	assert_int_equal(a, 300);
	assert_true(bytes == UINT64_MAX);
	assert_int_equal(value_room("4G", &a, &bytes, &why), 0);
	assert_int_equal(a, -1);
	assert_true(bytes == UINT64_C(4) << 30);
	value_minutes("22:05-24:00", &a, &b);
	assert_int_equal(a, 22 * 60 + 5);
	assert_int_equal(b, 24 * 60);
}

/* A command of one string: cut at blanks, and nothing that only a shell would understand. */
static void
test_words(void **state)
{
	static const char *const shell[] = {"/bin/sh -c 'x y'", "/bin/a \"b\"", "/bin/a || /bin/b",
	                                    "/bin/a > /tmp/b"};
	struct text_list words = {0};
	char *why;

	(void)state;
	assert_int_equal(value_words(" /a  b\tx&y a>b ", &words, &why), 0);
	assert_int_equal(words.n, 4);
	assert_string_equal(words.item[0], "/a");
	assert_string_equal(words.item[2], "x&y");
	text_list_free(&words);
	for (size_t i = 0; i < LENGTH(shell); i++) {
		assert_int_equal(value_words(shell[i], &words, &why), -1);
		assert_string_equal(why, "no shell reads this, it is split at blanks: write a "
		                         "list, one item per word, such as { '/bin/sh', '-c', "
		                         "'...' }");
		free(why);
		text_list_free(&words);
	}
	assert_int_equal(value_words("  ", &words, &why), -1);
	assert_string_equal(why, "the command is empty: name a program, or write { } for none");
	free(why);
	assert_int_equal(value_words("a /b", &words, &why), -1);
	assert_string_equal(why, "'a' is not an absolute path: write the program's full path, such "
	                         "as /usr/bin/true");
	free(why);
	text_list_free(&words);
}

static void
assert_printed(char *got, const char *want)
{
	assert_string_equal(got, want);
	free(got);
}

static void
test_print(void **state)
{
	struct text_list list = {0};

	(void)state;
	assert_printed(value_print_text("/a b"), "\"/a b\"");
	assert_printed(value_print_text("\\[x\\]"), "'\\[x\\]'");
	assert_printed(value_print_text("it's"), "\"it's\"");
	assert_printed(value_print_text("'\"\\"), "\"'\\\"\\\\\"");
	assert_printed(value_print_text("${X}"), "'${X}'");
	assert_printed(value_print_text("a\nb"), "\"a\\012b\"");
	assert_printed(value_print_list(&list), "{ }");
	assert_int_equal(text_list_add(&list, "a"), 0);
	assert_int_equal(text_list_add(&list, "\""), 0);
	assert_printed(value_print_list(&list), "{ \"a\", '\"' }");
	text_list_free(&list);
	assert_printed(value_print_duration(86400), "\"1d\"");
	assert_printed(value_print_share(50), "\"0.50%\"");
	assert_printed(value_print_share(500), "\"5%\"");
	assert_printed(value_print_size(UINT64_C(1) << 30), "\"1G\"");
	assert_printed(value_print_size(1025), "\"1025\"");
	assert_printed(value_print_size(UINT64_C(2048) << 40), "\"2048T\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_checks),  cmocka_unit_test(test_shell_words),
	    cmocka_unit_test(test_results), cmocka_unit_test(test_words),
	    cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
