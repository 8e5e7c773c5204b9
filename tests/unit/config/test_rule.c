// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/rule.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	enum volume_key key;
	const char *value, *why;
} values[] = {
    {VOLUME_EVERY, "1s", NULL},
    {VOLUME_EVERY, "36600d", NULL},
    {VOLUME_EVERY, "0s", "'0s' is too short: at least 1s"},
    {VOLUME_EVERY, "36601d", "'36601d' is too long: at most 36600d"},
    {VOLUME_EVERY, "99999999999999999999d", "'99999999999999999999d' is too long: at most 36600d"},
    {VOLUME_EVERY, "1",
     "'1' is not a duration: write a number and its unit, such as \"90s\", \"30m\", "
     "\"12h\", \"1d\" or \"2w\""},
    {VOLUME_IO_TIMEOUT, "8d", "'8d' is too long: at most 7d"},
    {VOLUME_KEEP_DAILY, "0", NULL},
    {VOLUME_KEEP_DAILY, "100000", NULL},
    {VOLUME_KEEP_DAILY, "010",
     "'010' is not a number from 0 to 100000, in digits without a zero in front"},
    {VOLUME_KEEP_DAILY, "100001",
     "'100001' is not a number from 0 to 100000, in digits without a zero in front"},
    {VOLUME_KEEP_YEARLY, "-1",
     "'-1' is not a number from 0 to 100000, in digits without a zero in front"},
    {VOLUME_REMOVABLE, "Yes", NULL},
    {VOLUME_REMOVABLE, "off", NULL},
    {VOLUME_REMOVABLE, "1", "'1' is neither yes nor no"},
    {VOLUME_SHRINK_GUARD, "0%", NULL},
    {VOLUME_SHRINK_GUARD, "101%",
     "'101%' is not a share: write a number from 0% to 100%, such as \"50%\""},
    {VOLUME_PROBE, "tcp:65535", NULL},
    {VOLUME_PROBE, "tcp:0",
     "'tcp:0' is not a way to ask a host: write ping, tcp, tcp:PORT (1 to 65535) or none"},
    {VOLUME_PROBE, "Ping",
     "'Ping' is not a way to ask a host: write ping, tcp, tcp:PORT (1 to 65535) or none"},
    {VOLUME_ADDRESS, "fd77::2", NULL},
    {VOLUME_ADDRESS, "root@host", "'root@host' is not the name of a host"},
    {VOLUME_WINDOW, "22:00-06:00", NULL},
    {VOLUME_WINDOW, "00:00-24:00", NULL},
    {VOLUME_WINDOW, "24:00-06:00",
     "'24:00-06:00' is not a time of day: write HH:MM-HH:MM, such as \"22:00-06:00\""},
    {VOLUME_WINDOW, "22:60-06:00",
     "'22:60-06:00' is not a time of day: write HH:MM-HH:MM, such as \"22:00-06:00\""},
    {VOLUME_WINDOW, "22:00-6:00",
     "'22:00-6:00' is not a time of day: write HH:MM-HH:MM, such as \"22:00-06:00\""},
    {VOLUME_WINDOW, "06:00-06:00", "'06:00-06:00' is empty: its end is its beginning"},
    {VOLUME_EXCLUDE, "\\[x\\]", NULL},
    {VOLUME_EXCLUDE, "", "a pattern is empty"},
    {VOLUME_EXCLUDE, "!", "'!' would drop the patterns that stand before it"},
    {VOLUME_EXCLUDE, "+ x",
     "'+ x' is a rule that includes: write \"--include=PATTERN\" in rsync_options"},
    {VOLUME_SSH, "",
     "'' does not begin with a program: write \"ssh\" and its options, such "
     "as \"ssh -p 2222\""},
    {VOLUME_SSH, "ssh -i \"/a b\" -o 'X=\"y'", NULL},
    {VOLUME_SSH, "ssh -i 'a", "a quote is not closed in 'ssh -i 'a'"},
    {VOLUME_BEFORE, "mount",
     "'mount' is not an absolute path: a program is named in full, such as "
     "/usr/bin/true"},
};

static void
test_values(void **state)
{

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		char *why = NULL;
		int rc = volume_check_value(values[i].key, 0, values[i].value, &why);

		if (rc == 0 && values[i].why == NULL)
			continue;
		if (rc == 0 || values[i].why == NULL)
			fail_msg("%s: %s", values[i].value, why != NULL ? why : "was taken");
		assert_string_equal(why, values[i].why);
		free(why);
	}
}

/* Only the first word of a command is a program. */
static void
test_command_words(void **state)
{
	char *why;

	(void)state;
	assert_int_equal(volume_check_value(VOLUME_BEFORE, 1, "mount", &why), 0);
	assert_int_equal(volume_check_value(VOLUME_BEFORE, 1, "", &why), 0);
}

static void
test_ssh(void **state)
{
	char *why = NULL;

	(void)state;
	assert_int_equal(volume_check_value(VOLUME_SSH, 0, "ssh -p 22", &why), 0);
	assert_int_equal(volume_check_value(VOLUME_SSH, 0, "ssh\t-p 22", &why), -1);
	assert_string_equal(why, "'ssh\\011-p 22' has a control character in it");
	free(why);
}

/* A built-in default is a value as anybody could write it. */
static void
test_defaults(void **state)
{
	(void)state;
	for (enum volume_key key = 0; key < VOLUME_KEYS; key++) {
		const char *value = rule_default(key);
		char *why = NULL;

		if (value != NULL && volume_check_value(key, 0, value, &why) != 0)
			fail_msg("%s: %s", volume_key_name(key), why);
	}
	assert_string_equal(rule_default(VOLUME_KEEP_WEEKLY), "8");
	assert_null(rule_default(VOLUME_SOURCE));
}

static void
test_count(void **state)
{
	unsigned n = 7;
	char *why;

	(void)state;
	assert_int_equal(rule_count("64", 1, 64, &n, &why), 0);
	assert_int_equal(n, 64);
	assert_int_equal(rule_count("0", 1, 64, &n, &why), -1);
	assert_string_equal(why,
	                    "'0' is not a number from 1 to 64, in digits without a zero in front");
	free(why);
	assert_int_equal(n, 64);
}

static void
test_program(void **state)
{
	char *why;

	(void)state;
	assert_int_equal(rule_program("/bin/my program", &why), 0);
	assert_int_equal(rule_program("", &why), -1);
	free(why);
	assert_int_equal(rule_program("/bin/a\nb", &why), -1);
	assert_string_equal(why, "'/bin/a\\012b' has a control character in it");
	free(why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),   cmocka_unit_test(test_command_words),
	    cmocka_unit_test(test_defaults), cmocka_unit_test(test_count),
	    cmocka_unit_test(test_program),  cmocka_unit_test(test_ssh),
	};

	return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
