// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/store/stamp.h"

static void
test_parse_stamps(void **state)
{
	/* The instants come from date(1). */
	static const struct {
		const char *name;
		int64_t when;
		int32_t offset;
		enum stamp_state state;
	} cases[] = {
	    {"2026-11-20T031000+0100", 1795140600, 3600, STAMP_COMPLETE},
	    {"2026-11-21T031012+0100.partial", 1795227012, 3600, STAMP_PARTIAL},
	    {"2026-11-22T031003+0100.suspect", 1795313403, 3600, STAMP_SUSPECT},
	    {"2026-11-23T031000+0100.working", 1795399800, 3600, STAMP_WORKING},
	    {"2026-11-19T120000+0100.interrupted", 1795086000, 3600, STAMP_INTERRUPTED},
	    {"2026-11-09T031000+0100.expired", 1794190200, 3600, STAMP_EXPIRED},
	    {"2026-01-01T000000+0100.new-year", 1767222000, 3600, STAMP_PINNED},
	    {"2026-01-01T000000+0100.expired.not", 1767222000, 3600, STAMP_PINNED},
	    {"2026-01-01T000000+0100.Working", 1767222000, 3600, STAMP_PINNED},
	    {"2026-01-01T000000+0100..", 1767222000, 3600, STAMP_PINNED},
	    {"2026-01-01T000000+0100.\n", 1767222000, 3600, STAMP_PINNED},
	    {"1970-01-01T000001+0000", 1, 0, STAMP_COMPLETE},
	    {"1970-01-01T000000-0100", 3600, -3600, STAMP_COMPLETE},
	    {"2000-02-29T235959+0000", 951868799, 0, STAMP_COMPLETE},
	    {"2024-02-29T120000-0330", 1709220600, -12600, STAMP_COMPLETE},
	    {"2038-01-19T031408+0000", INT64_C(2147483648), 0, STAMP_COMPLETE},
	    {"2100-02-28T000000+0545", INT64_C(4107435300), 20700, STAMP_COMPLETE},
	    {"9999-12-31T235959+0000", INT64_C(253402300799), 0, STAMP_COMPLETE},
	    {"9999-12-31T235959-2359", INT64_C(253402387139), -86340, STAMP_COMPLETE},
	    {"2026-01-01T000000+2359", 1767139260, 86340, STAMP_COMPLETE},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char buf[STAMP_NAME_SIZE];
		struct stamp s;

		if (stamp_parse(cases[i].name, &s) == -1)
			fail_msg("not taken: %s", cases[i].name);
		assert_true(s.when == cases[i].when);
		assert_int_equal(s.offset, cases[i].offset);
		assert_int_equal(s.state, cases[i].state);
		assert_ptr_equal(stamp_format(&s, buf), buf);
		assert_string_equal(buf, cases[i].name);
	}
}

static void
test_parse_refuses(void **state)
{
	static const char *const names[] = {
	    "",
	    ".",
	    "..",
	    ".flashback",
	    "latest",
	    "RESTORE.txt",
	    "2026-11-20",
	    "2026-11-20T031000",
	    "2026-11-20T031000+010",
	    "2026-11-20T031000+01000",
	    "2026-11-20T031000+0100x",
	    "2026-11-20T031000+0100 ",
	    "2026-11-20T031000+0100/",
	    "2026-11-20T031000+0100~",
	    "2026-11-20T031000+0100-pin",
	    "2026-11-20T031000+0100.",
	    " 2026-11-20T031000+0100",
	    "x2026-11-20T031000+0100",
	    "2026-11-20T03:10:00+01:00",
	    "2026-11-20t031000+0100",
	    "2026-11-20 031000+0100",
	    "2026/11/20T031000+0100",
	    "2026-11-20T031000Z",
	    "2026-11-20T031000 0100",
	    "2026-11-20T031000-0000",
	    "2026-11-20T031000+2400",
	    "2026-11-20T031000+0160",
	    "2026-11-20T240000+0100",
	    "2026-11-20T036000+0100",
	    "2026-11-20T031060+0100",
	    "2026-11-20T0310-1+0100",
	    "2026-+1-20T031000+0100",
	    "2026-00-20T031000+0100",
	    "2026-13-20T031000+0100",
	    "2026-11-00T031000+0100",
	    "2026-11-31T031000+0100",
	    "2026-12-32T031000+0100",
	    "2026-02-30T031000+0100",
	    "2026-02-29T031000+0100",
	    "2100-02-29T031000+0100",
	    "1969-12-31T235959-0100",
	    "0000-01-01T000000+0000",
	    "1970-01-01T000000+0000",
	    "1970-01-01T000000+0100",
	    "12026-11-20T031000+0100",
	};
	const struct stamp before = {.when = 7, .offset = 60, .state = STAMP_SUSPECT};

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct stamp s = before;

		if (stamp_parse(names[i], &s) == 0)
			fail_msg("taken: %s", names[i]);
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 31;
}

/* Every stamp has one name, and the C library agrees on its calendar fields. */
static void
test_round_trip(void **state)
{
	const uint64_t first_seed = 20261122;
	uint64_t seed = first_seed;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct stamp s, back;
		char name[STAMP_NAME_SIZE];
		struct tm tm, wanted;
		time_t local;

		s.offset = ((int32_t)(next(&seed) % 2879) - 1439) * 60;
		s.when = (int64_t)(next(&seed) % UINT64_C(253402200000)) + 86400;
		if (i % 3 == 0) /* close to a new year */
			s.when = s.when - s.when % 31556952 + 31556952;
		s.state = (enum stamp_state)(next(&seed) % STAMP_PINNED);
		stamp_format(&s, name);
		if (stamp_parse(name, &back) == -1 || stamp_compare(&s, &back) != 0)
			fail_msg("seed %llu, round %d: %s", (unsigned long long)first_seed, i,
			         name);

		local = (time_t)(s.when + s.offset);
		assert_non_null(gmtime_r(&local, &wanted));
		stamp_local(&s, &tm);
		assert_int_equal(tm.tm_year, wanted.tm_year);
		assert_int_equal(tm.tm_mon, wanted.tm_mon);
		assert_int_equal(tm.tm_mday, wanted.tm_mday);
		assert_int_equal(tm.tm_hour, wanted.tm_hour);
		assert_int_equal(tm.tm_min, wanted.tm_min);
		assert_int_equal(tm.tm_sec, wanted.tm_sec);
		assert_int_equal(tm.tm_wday, wanted.tm_wday);
		assert_int_equal(tm.tm_yday, wanted.tm_yday);
		assert_int_equal(tm.tm_gmtoff, s.offset);
	}
}

/* Of a box that believes to be in 1970 and west of Greenwich. */
static void
test_before_1970(void **state)
{
	const struct stamp s = {.when = 60, .offset = -5 * 3600};
	char text[STAMP_TIME_SIZE];
	struct tm tm;

	(void)state;
	stamp_local(&s, &tm);
	assert_int_equal(tm.tm_year, 69);
	assert_int_equal(tm.tm_mon, 11);
	assert_int_equal(tm.tm_mday, 31);
	assert_int_equal(tm.tm_hour, 19);
	assert_int_equal(tm.tm_min, 1);
	assert_int_equal(tm.tm_sec, 0);
	assert_string_equal(stamp_time(&s, text), "1969-12-31 19:01:00");
}

/* A host can give a file any date, which must neither take for ever nor overflow. */
static void
test_any_time(void **state)
{
	static const struct {
		int64_t when;
		const char *text;
	} c[] = {
	    {-30578688000, "1001-01-01 00:00:00"},
	    {-30578688001, "-"},
	    {253370764799, "9998-12-31 23:59:59"},
	    {253370764800, "-"},
	    {INT64_MAX, "-"},
	    {INT64_MIN, "-"},
	    {INT64_MIN + 100000, "-"},
	};
	char text[STAMP_TIME_SIZE];

	(void)state;
	for (size_t i = 0; i < LENGTH(c); i++)
		assert_string_equal(stamp_time(&(struct stamp){.when = c[i].when}, text),
		                    c[i].text);
}

/* A name with one character changed is refused, or it is the one name of what it stands for. */
static void
test_only_canonical_names(void **state)
{
	static const char name[] = "2026-10-25T023000+0200.partial";

	(void)state;
	for (size_t at = 0; at < sizeof(name) - 1; at++) {
		for (int c = 1; c < 256; c++) {
			char changed[sizeof(name)], again[STAMP_NAME_SIZE];
			struct stamp s;

			memcpy(changed, name, sizeof(name));
			changed[at] = (char)c;
			if (stamp_parse(changed, &s) == -1 || s.state == STAMP_PINNED)
				continue;
			assert_string_equal(stamp_format(&s, again), changed);
		}
	}
}

static void
test_every_day_exists_once(void **state)
{
	struct stamp s = {.when = 86400 / 2, .offset = 0, .state = STAMP_COMPLETE}, back;
	struct tm before, tm;
	char name[STAMP_NAME_SIZE];

	(void)state;
	stamp_local(&s, &before);
	for (int day = 1; day < 366 * 450; day++) {
		s.when += 86400;
		stamp_local(&s, &tm);
		if (tm.tm_mday != 1)
			assert_int_equal(tm.tm_mday, before.tm_mday + 1);
		else
			assert_true(before.tm_mday >= 28);
		assert_int_equal(tm.tm_wday, (before.tm_wday + 1) % 7);
		assert_int_equal(stamp_parse(stamp_format(&s, name), &back), 0);
		assert_true(back.when == s.when);
		before = tm;
	}
}

static void
test_suffix(void **state)
{
	(void)state;
	assert_string_equal(stamp_suffix(STAMP_COMPLETE), "");
	assert_string_equal(stamp_suffix(STAMP_PARTIAL), ".partial");
	assert_string_equal(stamp_suffix(STAMP_EXPIRED), ".expired");
	assert_null(stamp_suffix(STAMP_PINNED));
}

/* In the autumn hour that comes twice, the names run backwards and the instants do not. */
static void
test_order_is_by_the_instant(void **state)
{
	static const char *const names[] = {
	    "2026-10-25T015000+0200",         "2026-10-25T025500+0200", "2026-10-25T020500+0100",
	    "2026-10-25T020500+0100.partial", "2026-10-25T030000+0100",
	};
	struct stamp s[LENGTH(names)];
	char buf[STAMP_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++)
		assert_int_equal(stamp_parse(names[i], &s[LENGTH(names) - 1 - i]), 0);
	qsort(s, LENGTH(names), sizeof(s[0]), stamp_compare);
	for (size_t i = 0; i < LENGTH(names); i++)
		assert_string_equal(stamp_format(&s[i], buf), names[i]);
	assert_int_equal(stamp_compare(&s[0], &s[0]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_stamps),
	    cmocka_unit_test(test_parse_refuses),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_any_time),
	    cmocka_unit_test(test_before_1970),
	    cmocka_unit_test(test_only_canonical_names),
	    cmocka_unit_test(test_every_day_exists_once),
	    cmocka_unit_test(test_suffix),
	    cmocka_unit_test(test_order_is_by_the_instant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
