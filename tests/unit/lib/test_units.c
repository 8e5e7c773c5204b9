// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/lib/units.h"

/* What a parser makes of a text: a value, or an error with the value left alone. */
struct parsed {
	const char *text;
	int error;
	uint64_t value;
};

#define UNTOUCHED 77

static void
test_parse_duration(void **state)
{
	static const struct parsed cases[] = {
	    {"0s", 0, 0},
	    {"90s", 0, 90},
	    {"30m", 0, 1800},
	    {"12h", 0, 43200},
	    {"1d", 0, 86400},
	    {"2w", 0, 1209600},
	    {"36600d", 0, UNITS_DURATION_MAX},
	    {"3162240000s", 0, UNITS_DURATION_MAX},
	    {"3162240001s", ERANGE, 0},
	    {"36601d", ERANGE, 0},
	    {"99999999999999999999s", ERANGE, 0},
	    {"18446744073709551616s", ERANGE, 0},
	    {"30500568904944w", ERANGE, 0}, /* times a week is 2^64 and a little */
	    {"99999999999999999999", EINVAL, 0},
	    {"", EINVAL, 0},
	    {"10", EINVAL, 0},
	    {"d", EINVAL, 0},
	    {"1D", EINVAL, 0},
	    {"1y", EINVAL, 0},
	    {"1.5h", EINVAL, 0},
	    {"1h30m", EINVAL, 0},
	    {"1d ", EINVAL, 0},
	    {" 1d", EINVAL, 0},
	    {"1 d", EINVAL, 0},
	    {"-1d", EINVAL, 0},
	    {"+1d", EINVAL, 0},
	    {"0x1d", EINVAL, 0},
	    {"010m", EINVAL, 0},
	    {"00s", EINVAL, 0},
	    {"1e3s", EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct parsed *c = &cases[i];
		int64_t out = UNTOUCHED;

		errno = 0;
		assert_int_equal(units_parse_duration(c->text, &out), c->error == 0 ? 0 : -1);
		assert_int_equal(errno, c->error);
		assert_true(out == (c->error == 0 ? (int64_t)c->value : UNTOUCHED));
	}
}

static void
test_parse_size(void **state)
{
	static const struct parsed cases[] = {
	    {"0", 0, 0},
	    {"4096", 0, 4096},
	    {"1K", 0, 1024},
	    {"512M", 0, UINT64_C(536870912)},
	    {"10G", 0, UINT64_C(10737418240)},
	    {"3T", 0, UINT64_C(3298534883328)},
	    {"18446744073709551615", 0, UINT64_MAX},
	    {"18446744073709551616", ERANGE, 0},
	    {"16777215T", 0, UINT64_C(16777215) << 40},
	    {"16777216T", ERANGE, 0},
	    {"", EINVAL, 0},
	    {"G", EINVAL, 0},
	    {"10g", EINVAL, 0},
	    {"10GB", EINVAL, 0},
	    {"10GiB", EINVAL, 0},
	    {"1.5G", EINVAL, 0},
	    {"-1", EINVAL, 0},
	    {"010", EINVAL, 0},
	    {"10 G", EINVAL, 0},
	    {"2%", EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct parsed *c = &cases[i];
		uint64_t out = UNTOUCHED;

		errno = 0;
		assert_int_equal(units_parse_size(c->text, &out), c->error == 0 ? 0 : -1);
		assert_int_equal(errno, c->error);
		assert_true(out == (c->error == 0 ? c->value : UNTOUCHED));
	}
}

static void
test_parse_percent(void **state)
{
	static const struct parsed cases[] = {
	    {"0%", 0, 0},
	    {"2%", 0, 200},
	    {"0.5%", 0, 50},
	    {"0.05%", 0, 5},
	    {"12.25%", 0, 1225},
	    {"50%", 0, 5000},
	    {"100%", 0, 10000},
	    {"100.00%", 0, 10000},
	    {"100.01%", ERANGE, 0},
	    {"101%", ERANGE, 0},
	    {"4294967297%", ERANGE, 0},
	    {"99999999999999999999%", ERANGE, 0},
	    {"", EINVAL, 0},
	    {"%", EINVAL, 0},
	    {"2", EINVAL, 0},
	    {"2%%", EINVAL, 0},
	    {"2 %", EINVAL, 0},
	    {"2.%", EINVAL, 0},
	    {".5%", EINVAL, 0},
	    {"0.125%", EINVAL, 0},
	    {"0.-5%", EINVAL, 0},
	    {"0,5%", EINVAL, 0},
	    {"-2%", EINVAL, 0},
	    {"02%", EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct parsed *c = &cases[i];
		int out = UNTOUCHED;

		errno = 0;
		assert_int_equal(units_parse_percent(c->text, &out), c->error == 0 ? 0 : -1);
		assert_int_equal(errno, c->error);
		assert_int_equal(out, c->error == 0 ? (int)c->value : UNTOUCHED);
	}
}

static void
test_parse_count(void **state)
{
	static const struct parsed cases[] = {
	    {"0", 0, 0},
	    {"10", 0, 10},
	    {"1000", 0, 1000},
	    {"1001", ERANGE, 0},
	    {"4294967306", ERANGE, 0}, /* 2^32 + 10 */
	    {"99999999999999999999", ERANGE, 0},
	    {"", EINVAL, 0},
	    {"010", EINVAL, 0},
	    {"10x", EINVAL, 0},
	    {"10 ", EINVAL, 0},
	    {" 10", EINVAL, 0},
	    {"+10", EINVAL, 0},
	    {"-1", EINVAL, 0},
	    {"1.0", EINVAL, 0},
	    {"0x10", EINVAL, 0},
	};
	unsigned out;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct parsed *c = &cases[i];

		out = UNTOUCHED;
		errno = 0;
		assert_int_equal(units_parse_count(c->text, 1000, &out), c->error == 0 ? 0 : -1);
		assert_int_equal(errno, c->error);
		assert_int_equal(out, c->error == 0 ? c->value : UNTOUCHED);
	}
	assert_int_equal(units_parse_count("4294967295", UINT32_MAX, &out), 0);
	assert_int_equal(out, UINT32_MAX);
}

static void
test_parse_integer(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int error;
		int64_t value;
	} cases[] = {
	    {"0", 0, 0, 0, 0},
	    {"-1", -1, 255, 0, -1},
	    {"255", -1, 255, 0, 255},
	    {"256", -1, 255, ERANGE, 0},
	    {"-2", -1, 255, ERANGE, 0},
	    {"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
	    {"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
	    {"9223372036854775808", INT64_MIN, INT64_MAX, ERANGE, 0},
	    {"-9223372036854775809", INT64_MIN, INT64_MAX, ERANGE, 0},
	    {"-18446744073709551616", INT64_MIN, INT64_MAX, ERANGE, 0},
	    {"", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"-", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"-0", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"--1", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"+1", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"01", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"-01", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"1 ", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {" 1", INT64_MIN, INT64_MAX, EINVAL, 0},
	    {"1.5", INT64_MIN, INT64_MAX, EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int64_t out = UNTOUCHED;

		errno = 0;
		assert_int_equal(
		    units_parse_integer(cases[i].text, cases[i].min, cases[i].max, &out),
		    cases[i].error == 0 ? 0 : -1);
		assert_int_equal(errno, cases[i].error);
		assert_true(out == (cases[i].error == 0 ? cases[i].value : UNTOUCHED));
	}
}

static void
test_read_integer(void **state)
{
	const char *s = " -1\t9223372036854775807 12 words 9223372036854775808";
	int64_t out = UNTOUCHED;

	(void)state;
	assert_int_equal(units_read_integer(&s, -1, 1, &out), 0);
	assert_true(out == -1);
	assert_int_equal(units_read_integer(&s, 0, INT64_MAX, &out), 0);
	assert_true(out == INT64_MAX);
	assert_string_equal(s, " 12 words 9223372036854775808");
	out = UNTOUCHED;
	assert_int_equal(units_read_integer(&s, 0, 11, &out), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(units_read_integer(&s, 0, INT64_MAX, &out), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(units_read_integer(&s, 0, INT64_MAX, &out), -1);
	assert_int_equal(errno, ERANGE);
	assert_string_equal(s, "");
	assert_int_equal(units_read_integer(&s, 0, INT64_MAX, &out), -1);
	assert_int_equal(errno, EINVAL);
	assert_true(out == UNTOUCHED);
}

struct formatted {
	int64_t seconds;
	const char *text;
};

static void
check_formats(char *(*format)(char *, int64_t), const struct formatted *cases, size_t n)
{
	char buf[UNITS_TEXT];

	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(format(buf, cases[i].seconds), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

static void
test_format_duration(void **state)
{
	static const struct formatted cases[] = {
	    {0, "0s"},        {1, "1s"},         {60, "1m"},    {90, "90s"},     {600, "10m"},
	    {3600, "1h"},     {5400, "90m"},     {86400, "1d"}, {129600, "36h"}, {604800, "7d"},
	    {1209600, "14d"}, {86401, "86401s"}, {-5, "0s"},
	};

	(void)state;
	check_formats(units_format_duration, cases, LENGTH(cases));
}

/* What is printed reads back as the same duration. */
static void
test_duration_round_trip(void **state)
{
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
	char buf[UNITS_TEXT];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t seconds, back = -1;

		seed = seed * UINT64_C(6364136223846793005) + 1;
		seconds = (int64_t)((seed >> 20) % ((uint64_t)UNITS_DURATION_MAX + 1));
		if (i % 2 == 0)
			seconds -= seconds % 3600;
		units_format_duration(buf, seconds);
		assert_int_equal(units_parse_duration(buf, &back), 0);
		assert_true(back == seconds);
	}
}

static void
test_format_age(void **state)
{
	static const struct formatted cases[] = {
	    {0, "0s"},
	    {59, "59s"},
	    {60, "1m"},
	    {599, "9m"},
	    {3599, "59m"},
	    {3600, "1h"},
	    {3659, "1h"},
	    {59340, "16h29m"},
	    {57600, "16h"},
	    {86399, "23h59m"},
	    {86400, "1d"},
	    {86400 + 3599, "1d"},
	    {3 * 86400 + 4 * 3600 + 59 * 60, "3d4h"},
	    {100 * 86400 - 1, "99d23h"},
	    {103 * 86400 + 2800, "103d"},
	    {103 * 86400 + 7200, "103d"},
	    {-1, "0s"},
	    {INT64_MIN, "0s"},
	    {INT64_MAX, "106751991167300d"},
	};

	(void)state;
	check_formats(units_format_age, cases, LENGTH(cases));
}

static void
test_format_clock(void **state)
{
	static const struct formatted cases[] = {
	    {0, "0:00:00"},        {432, "0:07:12"},
	    {27066, "7:31:06"},    {86399, "23:59:59"},
	    {86400, "1d+0:00:00"}, {2 * 86400 + 25998, "2d+7:13:18"},
	    {-3, "0:00:00"},       {INT64_MAX, "106751991167300d+15:30:07"},
	};

	(void)state;
	check_formats(units_format_clock, cases, LENGTH(cases));
}

static void
test_format_bytes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
	    {0, "0"},
	    {999, "999"},
	    {1023, "1023"},
	    {1024, "1.0K"},
	    {1536, "1.5K"},
	    {1587, "1.5K"},
	    {1588, "1.6K"},
	    {102348, "99.9K"},
	    {102349, "100K"},
	    {102400, "100K"},
	    {1048063, "1023K"},
	    {1048064, "1.0M"},
	    {1048576, "1.0M"},
	    {UINT64_C(327155712), "312M"},
	    {UINT64_C(8697308774), "8.1G"},
	    {UINT64_C(44238163149), "41.2G"},
	    {UINT64_C(1099511627776), "1.0T"},
	    {UINT64_C(1) << 50, "1.0P"},
	    {UINT64_C(1) << 60, "1.0E"},
	    {UINT64_MAX, "16.0E"},
	};
	char buf[UNITS_TEXT];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_ptr_equal(units_format_bytes(buf, cases[i].bytes), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_duration),  cmocka_unit_test(test_parse_size),
	    cmocka_unit_test(test_parse_percent),   cmocka_unit_test(test_parse_count),
	    cmocka_unit_test(test_parse_integer),   cmocka_unit_test(test_read_integer),
	    cmocka_unit_test(test_format_duration), cmocka_unit_test(test_duration_round_trip),
	    cmocka_unit_test(test_format_age),      cmocka_unit_test(test_format_clock),
	    cmocka_unit_test(test_format_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
