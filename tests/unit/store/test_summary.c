// SPDX-License-Identifier: ISC
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/store/summary.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define LINE_SIZE SUMMARY_LINE
#define NOW INT64_C(1795400000)
#define HOUR INT64_C(3600)

static struct stamp
at(int64_t when, enum stamp_state state)
{
	return (struct stamp){.when = when, .offset = 3600, .state = state};
}

static void
make(const struct stamp *stamps, size_t n, struct summary *out)
{
	memset(out, 0xa5, sizeof(*out));
	summary_make(stamps, n, NULL, 0, NOW, out);
}

/* Field by field, since there is padding between them. */
static bool
same(const struct summary *a, const struct summary *b)
{
	return a->complete == b->complete && a->partial == b->partial && a->suspect == b->suspect &&
	       a->ahead == b->ahead && stamp_compare(&a->future, &b->future) == 0 &&
	       stamp_compare(&a->latest, &b->latest) == 0 && a->kept == b->kept &&
	       a->expired == b->expired && a->first == b->first && a->failures == b->failures &&
	       a->bytes == b->bytes && a->new_bytes == b->new_bytes &&
	       memcmp(&a->last, &b->last, sizeof(a->last)) == 0 &&
	       memcmp(&a->flawed, &b->flawed, sizeof(a->flawed)) == 0;
}

static void
test_empty(void **state)
{
	const struct summary wanted = {.bytes = -1, .new_bytes = -1};
	struct summary s;

	(void)state;
	make(NULL, 0, &s);
	assert_true(same(&s, &wanted));
	assert_true(summary_attempt(&s) == 0);
	assert_true(summary_good(&s) == 0);
}

static void
test_states(void **state)
{
	const struct stamp stamps[] = {
	    at(NOW - 900 * HOUR, STAMP_PINNED),     at(NOW - 90 * HOUR, STAMP_EXPIRED),
	    at(NOW - 80 * HOUR, STAMP_COMPLETE),    at(NOW - 70 * HOUR, STAMP_PARTIAL),
	    at(NOW - 60 * HOUR, STAMP_COMPLETE),    at(NOW - 50 * HOUR, STAMP_SUSPECT),
	    at(NOW - 40 * HOUR, STAMP_PARTIAL),     at(NOW - 30 * HOUR, STAMP_SUSPECT),
	    at(NOW - 20 * HOUR, STAMP_INTERRUPTED), at(NOW - 10 * HOUR, STAMP_WORKING),
	    at(NOW - 9 * HOUR, STAMP_WORKING),      at(NOW - 8 * HOUR, STAMP_EXPIRED),
	    at(NOW - 7 * HOUR, STAMP_PINNED),       at(NOW - 6 * HOUR, STAMP_EXPIRED),
	};
	struct summary s;

	(void)state;
	make(stamps, LENGTH(stamps), &s);
	assert_true(s.complete == NOW - 60 * HOUR);
	assert_true(s.partial == NOW - 40 * HOUR);
	assert_true(s.suspect == NOW - 30 * HOUR);
	assert_true(summary_attempt(&s) == NOW - 30 * HOUR);
	assert_true(summary_good(&s) == NOW - 40 * HOUR);
	assert_int_equal(s.kept, 4);
	assert_int_equal(s.expired, 3);
	assert_true(s.ahead == 0);
	assert_true(s.future.when == 0);
	assert_int_equal(stamp_compare(&s.latest, &stamps[4]), 0);
	/* Attempts that are all older than the complete one. */
	make(stamps, 5, &s);
	assert_true(summary_attempt(&s) == NOW - 60 * HOUR);
	assert_true(summary_good(&s) == NOW - 60 * HOUR);
}

/* The newest partial one is `latest` only while there is no complete one. */
static void
test_latest(void **state)
{
	const struct stamp stamps[] = {
	    at(NOW - 9 * HOUR, STAMP_SUSPECT),  at(NOW - 8 * HOUR, STAMP_PARTIAL),
	    at(NOW - 7 * HOUR, STAMP_PARTIAL),  at(NOW - 6 * HOUR, STAMP_SUSPECT),
	    at(NOW - 5 * HOUR, STAMP_COMPLETE), at(NOW - 4 * HOUR, STAMP_PARTIAL),
	};
	static const struct {
		size_t n;
		int latest;
	} cases[] = {{1, -1}, {2, 1}, {3, 2}, {4, 2}, {5, 4}, {6, 4}};
	struct summary s;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		make(stamps, cases[i].n, &s);
		if (cases[i].latest == -1)
			assert_true(s.latest.when == 0);
		else
			assert_int_equal(stamp_compare(&s.latest, &stamps[cases[i].latest]), 0);
	}
}

/* Up to 26 hours ahead a stamp counts and holds the volume back; beyond, it is no basis for
 * anything. */
static void
test_ahead_and_future(void **state)
{
	static const struct {
		int64_t ahead;
		enum stamp_state state;
		bool is_ahead, is_future, counts;
	} cases[] = {
	    {0, STAMP_COMPLETE, false, false, true},
	    {1, STAMP_COMPLETE, true, false, true},
	    {26 * HOUR, STAMP_COMPLETE, true, false, true},
	    {26 * HOUR + 1, STAMP_COMPLETE, false, true, false},
	    {26 * HOUR, STAMP_PARTIAL, true, false, true},
	    {26 * HOUR + 1, STAMP_PARTIAL, false, true, false},
	    {26 * HOUR, STAMP_SUSPECT, true, false, true},
	    {26 * HOUR + 1, STAMP_SUSPECT, false, true, false},
	    {HOUR, STAMP_INTERRUPTED, true, false, false},
	    {99 * HOUR, STAMP_INTERRUPTED, false, true, false},
	    {HOUR, STAMP_WORKING, true, false, false},
	    {99 * HOUR, STAMP_WORKING, false, true, false},
	    {HOUR, STAMP_EXPIRED, false, false, false},
	    {99 * HOUR, STAMP_EXPIRED, false, false, false},
	    {HOUR, STAMP_PINNED, false, false, false},
	    {99 * HOUR, STAMP_PINNED, false, false, false},
	};
	const int64_t old = NOW - 80 * HOUR;
	struct summary s;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct stamp stamps[] = {at(old, STAMP_PARTIAL),
		                               at(NOW + cases[i].ahead, cases[i].state)};

		make(stamps, 2, &s);
		assert_true(s.ahead == (cases[i].is_ahead ? stamps[1].when : 0));
		assert_true(s.future.when == (cases[i].is_future ? stamps[1].when : 0));
		assert_true(summary_attempt(&s) == (cases[i].counts ? stamps[1].when : old));
	}
}

/* A snapshot from the future hides no other, and is there all the same. */
static void
test_future_hides_nothing(void **state)
{
	const struct stamp stamps[] = {
	    at(NOW - 9 * HOUR, STAMP_COMPLETE), at(NOW + HOUR, STAMP_INTERRUPTED),
	    at(NOW + 2 * HOUR, STAMP_EXPIRED),  at(NOW + 27 * HOUR, STAMP_COMPLETE),
	    at(NOW + 99 * HOUR, STAMP_SUSPECT),
	};
	struct summary s;

	(void)state;
	make(stamps, LENGTH(stamps), &s);
	assert_true(s.complete == NOW - 9 * HOUR);
	assert_true(s.suspect == 0);
	assert_int_equal(stamp_compare(&s.latest, &stamps[0]), 0);
	assert_int_equal(stamp_compare(&s.future, &stamps[4]), 0);
	assert_true(s.ahead == NOW + HOUR);
	assert_int_equal(s.kept, 2);
}

static struct history_run
run_at(int64_t when, enum result result, int64_t files, int64_t bytes)
{
	return (struct history_run){.stamp = at(when, STAMP_COMPLETE),
	                            .result = result,
	                            .files = files,
	                            .bytes = bytes,
	                            .new_bytes = bytes / 2};
}

static void
test_history(void **state)
{
	const struct history_run runs[] = {
	    run_at(NOW - 50 * HOUR, RESULT_FAILED, 0, 0),
	    run_at(NOW - 40 * HOUR, RESULT_SUCCEEDED, 10, 1000),
	    run_at(NOW - 30 * HOUR, RESULT_PARTIAL, 10, 2000),
	    run_at(NOW - 20 * HOUR, RESULT_FAILED, 0, 0),
	    run_at(NOW - 10 * HOUR, RESULT_FAILED, -1, -1),
	    run_at(NOW + 27 * HOUR, RESULT_SUCCEEDED, 10, 9000),
	};
	struct summary s;

	(void)state;
	summary_make(NULL, 0, runs, 5, NOW, &s);
	assert_true(s.first == NOW - 50 * HOUR);
	assert_int_equal(s.failures, 2);
	assert_memory_equal(&s.last, &runs[4], sizeof(runs[4]));
	assert_true(s.bytes == 2000 && s.new_bytes == 1000);

	summary_make(NULL, 0, runs, 6, NOW, &s);
	assert_memory_equal(&s.last, &runs[4], sizeof(runs[4]));
	assert_true(s.bytes == 2000);

	summary_make(NULL, 0, runs, 1, NOW, &s);
	assert_int_equal(s.failures, 1);
	assert_true(s.bytes == -1 && s.new_bytes == -1);

	summary_make(NULL, 0, runs + 5, 1, NOW, &s);
	assert_int_equal(s.last.result, RESULT_NONE);
	assert_true(s.first == 0);
}

/* The run that left the newest snapshot is known for as long as that is the newest and not good. */
static void
test_flawed(void **state)
{
	struct history_run runs[] = {
	    run_at(NOW - 50 * HOUR, RESULT_PARTIAL, 10, 1000),
	    run_at(NOW - 40 * HOUR, RESULT_SUSPECT, 3, 300),
	    run_at(NOW - 30 * HOUR, RESULT_FAILED, -1, -1),
	};
	struct stamp stamps[] = {at(NOW - 50 * HOUR, STAMP_PARTIAL),
	                         at(NOW - 40 * HOUR, STAMP_SUSPECT)};
	struct summary s;

	(void)state;
	runs[0].snapshot = stamps[0];
	runs[1].snapshot = stamps[1];
	summary_make(stamps, 2, runs, 3, NOW, &s);
	assert_memory_equal(&s.flawed, &runs[1], sizeof(runs[1]));
	assert_int_equal(s.last.result, RESULT_FAILED);
	summary_make(stamps, 1, runs, 3, NOW, &s);
	assert_memory_equal(&s.flawed, &runs[0], sizeof(runs[0]));
	stamps[1].state = STAMP_COMPLETE;
	summary_make(stamps, 2, runs, 3, NOW, &s);
	assert_int_equal(s.flawed.result, RESULT_NONE);
	summary_make(stamps, 1, runs + 1, 2, NOW, &s);
	assert_int_equal(s.flawed.result, RESULT_NONE);
}

/* The longest of everything. */
static void
make_full(struct summary *s)
{
	const struct stamp longest = {INT64_C(253402300799) - 86340, 86340, STAMP_INTERRUPTED};

	*s = (struct summary){.complete = INT64_MAX,
	                      .partial = INT64_MAX,
	                      .suspect = INT64_MAX,
	                      .ahead = INT64_MAX,
	                      .future = longest,
	                      .latest = longest,
	                      .kept = UINT_MAX,
	                      .expired = UINT_MAX,
	                      .first = INT64_MAX,
	                      .failures = UINT_MAX,
	                      .last = {.stamp = longest,
	                               .result = RESULT_INTERRUPTED,
	                               .code = 255,
	                               .seconds = INT64_MAX,
	                               .files = INT64_MAX,
	                               .new_files = INT64_MAX,
	                               .bytes = INT64_MAX,
	                               .new_bytes = INT64_MAX,
	                               .fingerprint = UINT64_MAX,
	                               .snapshot = longest},
	                      .bytes = INT64_MAX,
	                      .new_bytes = INT64_MAX};
	s->last.stamp.state = STAMP_COMPLETE;
	memset(s->last.reason, 'x', sizeof(s->last.reason) - 1);
	s->flawed = s->last;
}

static void
test_pack_longest(void **state)
{
	char line[LINE_SIZE];
	struct summary s, back;
	size_t len;

	(void)state;
	make_full(&s);
	memset(&back, 0, sizeof(back));
	assert_int_equal(summary_pack(&s, line, sizeof(line)), 0);
	assert_null(strchr(line, '\n'));
	assert_int_equal(summary_unpack(line, &back), 0);
	assert_true(same(&back, &s));

	/* It fits wholly, or it is refused. */
	len = strlen(line);
	for (size_t size = 0; size < len + 3; size++) {
		char *exact = malloc(size + 1);

		assert_non_null(exact);
		if (summary_pack(&s, exact, size) == 0) {
			assert_true(size > len);
			assert_string_equal(exact, line);
		} else {
			assert_true(size <= len + 1);
		}
		free(exact);
	}
}

static void
test_pack_nothing(void **state)
{
	char line[LINE_SIZE];
	struct summary s, back;

	(void)state;
	make(NULL, 0, &s);
	memset(&back, 0xa5, sizeof(back));
	assert_int_equal(summary_pack(&s, line, sizeof(line)), 0);
	assert_int_equal(summary_unpack(line, &back), 0);
	assert_true(same(&back, &s));
}

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 31;
}

static struct stamp
any_stamp(uint64_t *seed, enum stamp_state state)
{
	return (struct stamp){.when = 100000 + (int64_t)(next(seed) % UINT64_C(250000000000)),
	                      .offset = ((int32_t)(next(seed) % 2879) - 1439) * 60,
	                      .state = state};
}

/* A summary of random stamps and runs, as it comes out of a real directory. */
static void
make_random(uint64_t *seed, struct summary *s)
{
	struct stamp stamps[20];
	struct history_run runs[5] = {{.code = 0}};
	int64_t now = (int64_t)(next(seed) % UINT64_C(250000000000));
	size_t n = (size_t)(next(seed) % LENGTH(stamps));
	size_t nruns = (size_t)(next(seed) % LENGTH(runs));

	for (size_t i = 0; i < n; i++) {
		stamps[i] = any_stamp(seed, (enum stamp_state)(next(seed) % (STAMP_PINNED + 1)));
		if (next(seed) % 2 == 0)
			stamps[i].when = now + (int64_t)(next(seed) % 200000);
	}
	qsort(stamps, n, sizeof(stamps[0]), stamp_compare);
	for (size_t i = 0; i < nruns; i++) {
		runs[i].stamp = any_stamp(seed, STAMP_COMPLETE);
		runs[i].result = (enum result)(1 + next(seed) % (RESULT_RESULTS - 1));
		runs[i].code = (int)(next(seed) % 257) - 1;
		runs[i].files = (int64_t)(next(seed) % 3);
		runs[i].bytes = (int64_t)next(seed);
		runs[i].fingerprint = next(seed) << 32 ^ next(seed);
		if (next(seed) % 2 == 0)
			runs[i].snapshot = any_stamp(seed, STAMP_PARTIAL);
		snprintf(runs[i].reason, sizeof(runs[i].reason), "%s",
		         next(seed) % 2 == 0 ? "" : "it  has \\012 - words, \xc3\xbc and more ");
	}
	summary_make(stamps, n, runs, nruns, now, s);
}

static void
test_pack_round_trip(void **state)
{
	const uint64_t first_seed = 20261122;
	uint64_t seed = first_seed;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct summary s, back;
		char line[LINE_SIZE];

		make_random(&seed, &s);
		memset(&back, 0, sizeof(back));
		if (summary_pack(&s, line, sizeof(line)) == -1 ||
		    summary_unpack(line, &back) == -1 || !same(&s, &back))
			fail_msg("seed %" PRIu64 ", round %d: %s", first_seed, i, line);
	}
}

static void
test_unpack_refuses(void **state)
{
	static const char good[] =
	    "5 4 3 2 - 2026-11-20T031000+0100 1 2 6 7 8 9 -\t"
	    "2026-11-20T031000+0100 FAILED 1 2 3 4 5 6 00c0ffee12345678 - words";
	static const struct {
		const char *from, *to;
	} cases[] = {
	    {"5 4 3", "-5 4 3"},
	    {"5 4 3", "5 4"},
	    {"5 4 3", "5 4 3 3"},
	    {"5 4 3", "9223372036854775808 4 3"},
	    {"2 - 2026", "2 0 2026"},
	    {"2 - 2026", "2 2026-11-20T031000+0100.pin 2026"},
	    {"2026-11-20T031000+0100 1", "2026-11-31T031000+0100 1"},
	    {"1 2 6 7 8 9", "-1 2 6 7 8 9"},
	    {"1 2 6 7 8 9", "4294967296 2 6 7 8 9"},
	    {"1 2 6 7 8 9", "1 2 6x 7 8 9"},
	    {"7 8 9", "-7 8 9"},
	    {"7 8 9", "7 -2 9"},
	    {"7 8 9", "7 8 -2"},
	    {"9 -\t", "9 - "},
	    {"9 -\t", "9 x\t"},
	    {"9 -\t", "9 -\n\t"},
	    {"9 -\t", "9\t"},
	    {"9 -\t", "9 -\t-\t"},
	    {"FAILED", "FALLEN"},
	    {"FAILED", "NONE"},
	    {"00c0ffee12345678", "c0ffee"},
	    {" - words", ""},
	    {"words", "words\nand a second line"},
	    {"2026-11-20T031000+0100 FAILED 1 2 3 4 5 6 00c0ffee12345678 - words", ""},
	    {"2026-11-20T031000+0100 FAILED 1 2 3 4 5 6 00c0ffee12345678 - words", "- words"},
	};
	struct summary s, before;
	char line[LINE_SIZE];

	(void)state;
	assert_int_equal(summary_unpack(good, &s), 0);
	assert_true(s.complete == 5 && s.partial == 4 && s.suspect == 3 && s.ahead == 2);
	assert_int_equal(s.failures, 6);
	assert_string_equal(s.last.reason, "words");
	make_full(&before);
	s = before;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *where = strstr(good, cases[i].from);

		assert_non_null(where);
		snprintf(line, sizeof(line), "%.*s%s%s", (int)(where - good), good, cases[i].to,
		         where + strlen(cases[i].from));
		if (summary_unpack(line, &s) == 0)
			fail_msg("taken: %s", line);
		assert_true(same(&s, &before));
	}
	assert_int_equal(summary_unpack("", &s), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_latest),
	    cmocka_unit_test(test_ahead_and_future),
	    cmocka_unit_test(test_future_hides_nothing),
	    cmocka_unit_test(test_history),
	    cmocka_unit_test(test_flawed),
	    cmocka_unit_test(test_pack_longest),
	    cmocka_unit_test(test_pack_nothing),
	    cmocka_unit_test(test_pack_round_trip),
	    cmocka_unit_test(test_unpack_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
