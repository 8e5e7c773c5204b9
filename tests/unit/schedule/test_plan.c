// SPDX-License-Identifier: ISC
#include "rows.h"

#include "flashback/lib/clock.h"
#include "flashback/schedule/plan.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WAKE (10 * MINUTE)

/* A midnight, UTC, and noon of that day. */
#define MIDNIGHT (CLOCK_RELEASE_DATE + 30 * DAY)
#define NOON (MIDNIGHT + 12 * HOUR)

static const struct plan_now noon = {NOON, 0, WAKE, PLAN_DISK_OK};

static void
test_release_date(void **state)
{
	(void)state;
	assert_int_equal(CLOCK_RELEASE_DATE % DAY, 0);
	assert_int_equal(CLOCK_RELEASE_DATE / DAY, 20779); /* date -ud 2026-11-22 +%s */
}

/* The newest attempt counts, whatever it is; a little less than `every` is enough. */
static void
test_due(void **state)
{
	static const struct {
		const char *every;
		int64_t wake, age;
		bool due;
	} cases[] = {
	    {"every=1d", WAKE, DAY, true},
	    {"every=1d", WAKE, DAY - 5 * MINUTE, true},
	    {"every=1d", WAKE, DAY - 5 * MINUTE - 1, false},
	    {"every=1d", WAKE, 0, false},
	    {"every=30m", WAKE, 30 * MINUTE - 90, true}, /* a tenth of it, halved */
	    {"every=30m", WAKE, 30 * MINUTE - 91, false},
	    {"every=1d", 12 * HOUR, DAY - 72 * MINUTE, true},
	    {"every=1d", 12 * HOUR, DAY - 72 * MINUTE - 1, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct volume *volume = rows_volume("a/b", cases[i].every, NULL);
		struct plan_now when = {NOON, 0, cases[i].wake, PLAN_DISK_OK};
		int64_t at = NOON - cases[i].age;
		struct summary kinds[] = {
		    {.complete = at, .partial = at - DAY},
		    {.partial = at, .complete = at - DAY},
		    {.suspect = at, .partial = at - DAY, .complete = at - 2 * DAY},
		};

		for (size_t k = 0; k < LENGTH(kinds); k++)
			assert_int_equal(plan_is_due(volume, &kinds[k], &when), cases[i].due);
		volume_free(volume);
	}
}

static void
test_due_without_any(void **state)
{
	struct volume *volume = rows_volume("a/b", NULL);
	struct summary none = {.expired = 1, .first = NOON - DAY};

	(void)state;
	assert_true(plan_is_due(volume, &none, &noon));
	volume_free(volume);
}

/* A volume made each day at the same wake, which comes a second early or late, does not creep. */
static void
test_no_creep(void **state)
{
	struct volume *volume = rows_volume("a/b", "every=1d", NULL);
	struct summary seen = {.complete = MIDNIGHT + 3 * HOUR};
	struct plan_now when = noon;
	unsigned seed = 12345;

	(void)state;
	for (int day = 1; day <= 400; day++) {
		for (when.now = MIDNIGHT + day * DAY; !plan_is_due(volume, &seen, &when);
		     when.now += WAKE)
			;
		assert_int_equal((when.now - MIDNIGHT) / DAY, day);
		assert_in_range(when.now - MIDNIGHT - day * DAY, 3 * HOUR - WAKE, 3 * HOUR + WAKE);
		seed = seed * 1103515245 + 12345;
		seen.complete = when.now + seed / 65536 % 3;
	}
	volume_free(volume);
}

/* One decision: what is special about the row and the circumstances, and what comes of it. */
struct decision {
	const char *name;
	const char *option; /* of the volume; NULL: none */
	struct table_row row;
	int64_t now; /* 0: NOON */
	enum plan_disk disk;
	enum plan_cause cause;
	int64_t at;
};

#define FRESH                                                                                      \
	{                                                                                          \
		.complete = NOON - 4 * HOUR                                                        \
	}
#define STALE                                                                                      \
	{                                                                                          \
		.complete = NOON - 40 * HOUR                                                       \
	}

static const struct decision decisions[] = {
    {"due", NULL, {.seen = STALE}, 0, PLAN_DISK_OK, PLAN_RUN, NOON},
    {"never made", NULL, {0}, 0, PLAN_DISK_OK, PLAN_RUN, NOON},
    {"fresh", NULL, {.seen = FRESH}, 0, PLAN_DISK_OK, PLAN_NOT_DUE, NOON + 20 * HOUR},
    {"within the allowance",
     NULL,
     {.seen = {.complete = NOON - DAY + 4 * MINUTE}},
     0,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON},
    {"disabled", "disabled=yes", {.seen = STALE}, 0, PLAN_DISK_OK, PLAN_DISABLED, 0},
    {"gone", NULL, {.seen = STALE, .gone = true}, 0, PLAN_DISK_OK, PLAN_DISABLED, 0},

    {"1970", NULL, {.seen = STALE}, 100, PLAN_DISK_OK, PLAN_CLOCK, 0},
    {"just before the release",
     NULL,
     {.wanted = true},
     CLOCK_RELEASE_DATE - 1,
     PLAN_DISK_OK,
     PLAN_CLOCK,
     0},
    {"at the release", NULL, {0}, CLOCK_RELEASE_DATE, PLAN_DISK_OK, PLAN_RUN, CLOCK_RELEASE_DATE},
    {"ahead",
     NULL,
     {.seen = {.complete = NOON - 3 * DAY, .ahead = NOON + 90}},
     0,
     PLAN_DISK_OK,
     PLAN_AHEAD,
     NOON + 90},
    {"ahead, wanted",
     NULL,
     {.seen = {.ahead = NOON + 90}, .wanted = true},
     0,
     PLAN_DISK_OK,
     PLAN_AHEAD,
     NOON + 90},
    {"ahead no more", NULL, {.seen = {.ahead = NOON}}, 0, PLAN_DISK_OK, PLAN_RUN, NOON},
    {"the clock was set back an hour since",
     NULL,
     {.seen = {.complete = NOON + HOUR}},
     0,
     PLAN_DISK_OK,
     PLAN_AHEAD,
     NOON + HOUR},
    {"the clock was set back five years since: only the worker can see what lies below",
     NULL,
     {.seen = {.complete = NOON + 1826 * DAY}},
     0,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON},

    {"absent", NULL, {.seen = STALE}, 0, PLAN_DISK_ABSENT, PLAN_DISK, 0},
    {"not looked at", NULL, {.seen = STALE}, 0, PLAN_DISK_UNKNOWN, PLAN_DISK, 0},
    {"full", NULL, {.seen = STALE}, 0, PLAN_DISK_FULL, PLAN_DISK, 0},
    {"broken", NULL, {.seen = STALE}, 0, PLAN_DISK_BROKEN, PLAN_DISK, 0},
    {"full, wanted", NULL, {.seen = STALE, .wanted = true}, 0, PLAN_DISK_FULL, PLAN_DISK, 0},
    {"full, but not due", NULL, {.seen = FRESH}, 0, PLAN_DISK_FULL, PLAN_NOT_DUE, NOON + 20 * HOUR},

    {"tried", NULL, {.seen = STALE, .tried = true}, 0, PLAN_DISK_OK, PLAN_NOT_DUE, 0},
    {"tried, wanted",
     NULL,
     {.seen = STALE, .tried = true, .wanted = true},
     0,
     PLAN_DISK_OK,
     PLAN_NOT_DUE,
     0},
    {"tried, wanted, not due",
     NULL,
     {.seen = FRESH, .tried = true, .wanted = true},
     0,
     PLAN_DISK_OK,
     PLAN_NOT_DUE,
     NOON + 20 * HOUR},
    {"tried, wanted, and failed",
     NULL,
     {.seen = STALE, .tried = true, .wanted = true, .retry_at = NOON + 6 * HOUR},
     0,
     PLAN_DISK_OK,
     PLAN_BACKOFF,
     NOON + 6 * HOUR},
    {"tried, and not again for long",
     NULL,
     {.seen = STALE, .tried = true, .retry_at = NOON + 6 * HOUR},
     0,
     PLAN_DISK_OK,
     PLAN_BACKOFF,
     NOON + 6 * HOUR},
    {"tried and made",
     NULL,
     {.seen = FRESH, .tried = true},
     0,
     PLAN_DISK_OK,
     PLAN_NOT_DUE,
     NOON + 20 * HOUR},
    {"silent: asked again at each wake",
     NULL,
     {.seen = STALE, .seen.last.result = RESULT_NOT_FOUND, .silent_since = NOON - DAY},
     0,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON},
    {"interrupted: goes on at the next wake",
     NULL,
     {.seen = STALE, .seen.last.result = RESULT_INTERRUPTED, .yielded = true},
     0,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON},

    {"backoff",
     NULL,
     {.seen = STALE, .retry_at = NOON + HOUR},
     0,
     PLAN_DISK_OK,
     PLAN_BACKOFF,
     NOON + HOUR},
    {"backoff is over at the nearest wake",
     NULL,
     {.seen = STALE, .retry_at = NOON + 5 * MINUTE},
     0,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON},
    {"backoff is over at the next wake",
     NULL,
     {.seen = STALE, .retry_at = NOON + 5 * MINUTE + 1},
     0,
     PLAN_DISK_OK,
     PLAN_BACKOFF,
     NOON + 5 * MINUTE + 1},
    {"backoff ends outside the window",
     "window=10:00-13:00",
     {.seen = STALE, .retry_at = NOON + HOUR},
     0,
     PLAN_DISK_OK,
     PLAN_BACKOFF,
     NOON + 22 * HOUR},
    {"wanted: no backoff",
     NULL,
     {.seen = STALE, .retry_at = NOON + HOUR, .wanted = true},
     0,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON},
    {"wanted: not due", NULL, {.seen = FRESH, .wanted = true}, 0, PLAN_DISK_OK, PLAN_RUN, NOON},
    {"wanted: no window",
     "window=22:00-06:00",
     {.seen = STALE, .wanted = true},
     0,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON},

    {"window closed",
     "window=22:00-06:00",
     {.seen = STALE},
     0,
     PLAN_DISK_OK,
     PLAN_WINDOW,
     NOON + 10 * HOUR},
    {"window closed, seconds past the minute",
     "window=22:00-06:00",
     {.seen = STALE},
     NOON + 59,
     PLAN_DISK_OK,
     PLAN_WINDOW,
     NOON + 10 * HOUR},
    {"window open", "window=10:00-13:00", {.seen = STALE}, 0, PLAN_DISK_OK, PLAN_RUN, NOON},
    {"last second of the window",
     "window=10:00-12:01",
     {.seen = STALE},
     NOON + 59,
     PLAN_DISK_OK,
     PLAN_RUN,
     NOON + 59},
    {"window just closed",
     "window=10:00-12:00",
     {.seen = STALE},
     0,
     PLAN_DISK_OK,
     PLAN_WINDOW,
     NOON + 22 * HOUR},
    {"window opens now", "window=12:00-13:00", {.seen = STALE}, 0, PLAN_DISK_OK, PLAN_RUN, NOON},
    {"not due before the window closes: shown is when it opens again",
     "window=10:00-13:00",
     {.seen = {.complete = NOON - 20 * HOUR}},
     0,
     PLAN_DISK_OK,
     PLAN_NOT_DUE,
     NOON + 22 * HOUR},
};

static void
test_decide(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(decisions); i++) {
		const struct decision *d = &decisions[i];
		struct table_row row = d->row;
		struct plan_now when = {d->now ? d->now : NOON, 0, WAKE, d->disk};
		struct plan_decision out = {.at = -1};

		row.volume = rows_volume("a/b", d->option, NULL);
		row.known = true;
		plan_decide(&row, &when, &out);
		if (out.cause != d->cause || out.at != d->at)
			fail_msg("%s: cause %d instead of %d, at NOON%+lld instead of NOON%+lld",
			         d->name, (int)out.cause, (int)d->cause, (long long)(out.at - NOON),
			         (long long)(d->at - NOON));
		volume_free(row.volume);
	}
}

/* Windows are of local time, also in the half-hour zones, east and west. */
static void
test_window_is_local(void **state)
{
	static const struct {
		int32_t offset;
		int64_t wait;
	} cases[] = {{0, 10 * HOUR},
	             {(int32_t)HOUR, 9 * HOUR},
	             {(int32_t)(330 * MINUTE), 4 * HOUR + 30 * MINUTE},
	             {(int32_t)(-210 * MINUTE), 13 * HOUR + 30 * MINUTE},
	             {(int32_t)(11 * HOUR), 0},
	             {(int32_t)(-7 * HOUR), 0}};
	struct table_row row = {.volume = rows_volume("a/b", "window=22:00-06:00", NULL)};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct plan_now when = {NOON, cases[i].offset, WAKE, PLAN_DISK_OK};
		struct plan_decision out;

		plan_decide(&row, &when, &out);
		assert_int_equal(out.cause, cases[i].wait == 0 ? PLAN_RUN : PLAN_WINDOW);
		assert_int_equal(out.at, NOON + cases[i].wait);
	}
	volume_free(row.volume);
}

static void
test_compare(void **state)
{
	struct volume *daily = rows_volume("b/daily", "every=1d", NULL);
	struct volume *weekly = rows_volume("c/weekly", "every=7d", NULL);
	struct volume *other = rows_volume("a/daily", "every=1d", NULL);
	struct table_row order[] = {
	    {.volume = other},
	    {.volume = daily},
	    {.volume = daily, .seen = {.complete = NOON - 3 * DAY}},
	    {.volume = weekly, .seen = {.complete = NOON - 10 * DAY}}, /* older, but less overdue */
	    {.volume = other, .seen = {.suspect = NOON - DAY}},
	    {.volume = daily, .seen = {.partial = NOON - DAY}},
	    {.volume = daily, .seen = {.complete = NOON - HOUR}},
	    {.volume = other, .yielded = true},
	    {.volume = weekly, .seen = {.complete = NOON - DAY}, .yielded = true},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(order); i++) {
		for (size_t k = 0; k < LENGTH(order); k++) {
			int c = plan_compare(&order[i], &order[k], NOON);

			assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
		}
	}
	volume_free(daily);
	volume_free(weekly);
	volume_free(other);
}

static void
test_backoff(void **state)
{
	static const struct {
		unsigned failures;
		int64_t every, wait;
	} cases[] = {
	    {0, DAY, WAKE}, /* one that could not be written to the history */
	    {1, DAY, WAKE},       {2, DAY, 2 * WAKE},
	    {3, DAY, 4 * WAKE},   {7, DAY, 64 * WAKE},
	    {8, DAY, 128 * WAKE}, {9, DAY, DAY},
	    {10, DAY, DAY},       {4000000000U, DAY, DAY},
	    {1, MINUTE, MINUTE},  {5, INT64_MAX / 4, 16 * WAKE},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_int_equal(
		    plan_retry_at(&(const struct summary){.failures = cases[i].failures,
		                                          .last.result = RESULT_FAILED},
		                  0, WAKE, cases[i].every),
		    cases[i].wait);
}

static void
test_retry_at(void **state)
{
	static const struct {
		enum result result;
		int64_t seconds, wait; /* wait 0: it does not */
	} cases[] = {
	    {RESULT_NONE, 0, 0},
	    {RESULT_SUCCEEDED, 60, 0},
	    {RESULT_INTERRUPTED, 60, 0},
	    {RESULT_DISK, 60, 0},
	    {RESULT_FAILED, -1, 2 * WAKE},
	    {RESULT_FAILED, 60, 60 + 2 * WAKE},
	    {RESULT_NO_SOURCE, 60, 60 + 2 * WAKE},
	    {RESULT_FULL, 60, 60 + DAY},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct summary seen = {
		    .failures = 2,
		    .last = {.stamp = {.when = NOON},
		             .result = cases[i].result,
		             .seconds = cases[i].seconds},
		};

		assert_int_equal(plan_retry_at(&seen, history_ended(&seen.last), WAKE, DAY),
		                 cases[i].wait > 0 ? NOON + cases[i].wait : 0);
	}
}

static void
test_overdue(void **state)
{
	static const struct {
		const char *name, *option;
		struct table_row row;
		bool overdue;
	} cases[] = {
	    {"fresh", NULL, {.seen = {.complete = NOON - 3 * DAY}}, false},
	    {"old", NULL, {.seen = {.complete = NOON - 3 * DAY - 1}}, true},
	    {"a partial one counts",
	     NULL,
	     {.seen = {.complete = NOON - 9 * DAY, .partial = NOON - DAY}},
	     false},
	    {"a suspect one does not",
	     NULL,
	     {.seen = {.complete = NOON - 9 * DAY, .suspect = NOON - DAY}},
	     true},
	    {"by its own measure", "overdue=10d", {.seen = {.complete = NOON - 9 * DAY}}, false},
	    {"whatever the cause",
	     NULL,
	     {.seen = {.complete = NOON - 9 * DAY}, .silent_since = NOON - DAY},
	     true},
	    {"also while it runs",
	     NULL,
	     {.seen = {.complete = NOON - 9 * DAY}, .phase = TABLE_RUNNING},
	     true},
	    {"never yet, since its first line",
	     NULL,
	     {.seen = {.first = NOON - 3 * DAY - 1}, .first_seen = NOON},
	     true},
	    {"never yet, and not for long",
	     NULL,
	     {.seen = {.first = NOON - DAY}, .first_seen = NOON - 9 * DAY},
	     false},
	    {"never tried, long known", NULL, {.first_seen = NOON - 3 * DAY - 1}, true},
	    {"never tried, new", NULL, {.first_seen = NOON - 3 * DAY}, false},
	    {"known since 1970 by a clock that was wrong", NULL, {.first_seen = 30}, false},
	    {"disabled", "disabled=yes", {.seen = {.complete = NOON - 9 * DAY}}, false},
	    {"gone", NULL, {.seen = {.complete = NOON - 9 * DAY}, .gone = true}, false},
	    {"ahead of the clock", NULL, {.seen = {.complete = NOON + HOUR}}, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct table_row row = cases[i].row;

		row.volume = rows_volume("a/b", cases[i].option, NULL);
		if (plan_overdue(&row, NOON) != cases[i].overdue)
			fail_msg("%s: not as expected", cases[i].name);
		volume_free(row.volume);
	}
}

static void
test_yields(void **state)
{
	const int64_t last_wake = NOON - WAKE;
	const struct table_row running = {
	    .phase = TABLE_RUNNING, .stage = TABLE_COPYING, .started = NOON - HOUR - 1};
	const struct table_row waiting = {.phase = TABLE_QUEUED, .queued_since = last_wake};
	struct table_row changed;

	(void)state;
	assert_true(plan_yields(&running, &waiting, NOON, HOUR, last_wake));
	assert_false(plan_yields(&running, &waiting, NOON - 1, HOUR, last_wake));

	changed = running;
	changed.stage = TABLE_PREPARING;
	assert_true(plan_yields(&changed, &waiting, NOON, HOUR, last_wake));
	changed.stage = TABLE_COMMITTING;
	assert_false(plan_yields(&changed, &waiting, NOON, HOUR, last_wake));
	changed = running;
	changed.phase = TABLE_ENDING;
	assert_false(plan_yields(&changed, &waiting, NOON, HOUR, last_wake));

	changed = waiting;
	changed.queued_since = last_wake + 1;
	assert_false(plan_yields(&running, &changed, NOON, HOUR, last_wake));
	changed.queued_since = 0;
	assert_false(plan_yields(&running, &changed, NOON, HOUR, last_wake));
	changed = waiting;
	changed.phase = TABLE_RESTING;
	assert_false(plan_yields(&running, &changed, NOON, HOUR, last_wake));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_release_date),    cmocka_unit_test(test_due),
	    cmocka_unit_test(test_due_without_any), cmocka_unit_test(test_no_creep),
	    cmocka_unit_test(test_decide),          cmocka_unit_test(test_window_is_local),
	    cmocka_unit_test(test_compare),         cmocka_unit_test(test_backoff),
	    cmocka_unit_test(test_overdue),         cmocka_unit_test(test_retry_at),
	    cmocka_unit_test(test_yields),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
