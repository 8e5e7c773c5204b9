// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/store/summary.h"

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
	       a->files == b->files && a->bytes == b->bytes && a->new_bytes == b->new_bytes &&
	       a->seconds == b->seconds && memcmp(&a->last, &b->last, sizeof(a->last)) == 0 &&
	       memcmp(&a->flawed, &b->flawed, sizeof(a->flawed)) == 0;
}

static void
test_empty(void **state)
{
	const struct summary wanted = {.files = -1, .bytes = -1, .new_bytes = -1, .seconds = -1};
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
	                            .seconds = bytes / 10,
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
	assert_true(s.files == 10 && s.bytes == 2000 && s.new_bytes == 1000 && s.seconds == 200);

	summary_make(NULL, 0, runs, 6, NOW, &s);
	assert_memory_equal(&s.last, &runs[4], sizeof(runs[4]));
	assert_true(s.bytes == 2000);

	summary_make(NULL, 0, runs, 1, NOW, &s);
	assert_int_equal(s.failures, 1);
	assert_true(s.files == -1 && s.bytes == -1 && s.new_bytes == -1 && s.seconds == -1);

	/* A clock was wrong at the first run. */
	summary_make(NULL, 0, (const struct history_run[]){runs[5], runs[1], runs[2]}, 3, NOW, &s);
	assert_true(s.first == NOW - 40 * HOUR);

	summary_make(NULL, 0, runs + 5, 1, NOW, &s);
	assert_int_equal(s.last.result, RESULT_NONE);
	assert_true(s.first == 0);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
