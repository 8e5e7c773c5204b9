// SPDX-License-Identifier: ISC
#include "unit.h"

/* What the end of a run, and what has been read of a volume, mean for its row (plan). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "flashback/lib/clock.h"
#include "flashback/schedule/plan.h"
#include "rows.h"

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
#define NOON (CLOCK_RELEASE_DATE + 12 * HOUR)
#define WAKE INT64_C(600)

static void
make_table(struct table *table)
{
	struct volume *volumes[] = {rows_volume("a/1", "every=1d", NULL)};

	*table = (struct table){0};
	rows_table(table, volumes, 1, NOON);
}

static void
test_when_it_may_run_again(void **state)
{
	static const struct {
		enum result result;
		unsigned failures;
		int64_t wait; /* 0: it need not */
	} cases[] = {
	    {RESULT_SUCCEEDED, 0, 0},
	    {RESULT_PARTIAL, 0, 0},
	    {RESULT_INTERRUPTED, 0, 0},
	    {RESULT_DISK, 0, 0},
	    {RESULT_NOT_FOUND, 0, 0},
	    {RESULT_FAILED, 0, WAKE}, /* the worker died before it wrote to the history */
	    {RESULT_FAILED, 1, WAKE},
	    {RESULT_NO_SOURCE, 3, 4 * WAKE},
	    {RESULT_FAILED, 30, DAY},
	    {RESULT_FULL, 0, DAY},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct history_run run = {.result = cases[i].result};
		struct table table;

		make_table(&table);
		table.row->retry_at = 1;
		table.row->seen.failures = cases[i].failures;
		plan_settle(table.row, &(struct plan_end){.run = &run}, NOON, WAKE);
		assert_int_equal(table.row->seen.last.result, cases[i].result);
		assert_int_equal(table.row->retry_at, cases[i].wait ? NOON + cases[i].wait : 0);
		assert_int_equal(table.row->fresh, cases[i].result == RESULT_SUCCEEDED);
		table_free(&table);
	}
}

static void
test_what_is_shown(void **state)
{
	struct history_run run = {.result = RESULT_NOT_FOUND, .seconds = 3, .reason = "silent"};
	const struct plan_end end = {.run = &run, .percent = 43, .yielded = true};
	struct table table;
	struct table_row *row;

	(void)state;
	make_table(&table);
	row = table.row;
	plan_settle(row, &end, NOON, WAKE);
	assert_true(!row->again && row->yielded);
	assert_int_equal(row->seen.last.seconds, 3);
	assert_int_equal(row->percent, 43);
	assert_string_equal(row->seen.last.reason, "silent");
	assert_int_equal(row->silent_since, NOON);
	plan_settle(row, &end, NOON + 60, WAKE);
	assert_true(row->again);
	assert_int_equal(row->silent_since, NOON);
	run.reason[0] = 'S';
	plan_settle(row, &end, NOON + 60, WAKE);
	assert_false(row->again);
	run.result = RESULT_SUCCEEDED;
	plan_settle(row, &(struct plan_end){.run = &run}, NOON + 60, WAKE);
	assert_true(!row->again && !row->yielded);
	assert_int_equal(row->silent_since, 0);
	table_free(&table);
}

/* Somebody else has made a run meanwhile: that one is shown. */
static void
test_not_due(void **state)
{
	const struct history_run run = {.result = RESULT_NOT_DUE, .reason = "newer than known"};
	const struct history_run newest = {.result = RESULT_PARTIAL, .reason = "a file"};
	struct plan_end end = {.run = &run};
	struct table table;
	struct table_row *row;

	(void)state;
	make_table(&table);
	row = table.row;
	table_result(row, RESULT_FAILED, "no route");
	row->retry_at = 1;
	plan_settle(row, &end, NOON, WAKE);
	assert_int_equal(row->seen.last.result, RESULT_FAILED);
	assert_int_equal(row->retry_at, 0);
	end.newest = &newest;
	plan_settle(row, &end, NOON, WAKE);
	assert_int_equal(row->seen.last.result, RESULT_PARTIAL);
	assert_string_equal(row->seen.last.reason, "a file");
	table_free(&table);
}

static void
test_adopt(void **state)
{
	struct summary seen = {.partial = NOON - DAY,
	                       .failures = 2,
	                       .last = {.stamp = {.when = NOON - HOUR},
	                                .result = RESULT_FAILED,
	                                .seconds = 60,
	                                .reason = "no route"}};
	struct table table;
	struct table_row *row;

	(void)state;
	make_table(&table);
	row = table.row;
	/* At the start: as whoever made that run has left it, which is no news. */
	assert_false(plan_adopt(row, &seen, WAKE));
	assert_true(row->known);
	assert_int_equal(row->seen.last.result, RESULT_FAILED);
	assert_int_equal(row->notified, RESULT_FAILED);
	assert_string_equal(row->seen.last.reason, "no route");
	assert_int_equal(row->retry_at, NOON - HOUR + 60 + 2 * WAKE);
	/* What this daemon knows stands, though the history has no line of it. */
	table_result(row, RESULT_NOT_FOUND, "silent");
	assert_false(plan_adopt(row, &seen, WAKE));
	assert_int_equal(row->seen.last.result, RESULT_NOT_FOUND);
	/* A --once beside this daemon. */
	seen.last.stamp.when += 60;
	seen.last.result = RESULT_PARTIAL;
	assert_true(plan_adopt(row, &seen, WAKE));
	assert_int_equal(row->seen.last.result, RESULT_PARTIAL);
	/* Somebody has accepted or removed it. */
	seen.partial = 0;
	assert_false(plan_adopt(row, &seen, WAKE));
	assert_int_equal(row->seen.last.result, RESULT_NONE);
	table_free(&table);
}

static void
test_suspect(void **state)
{
	struct summary seen = {.complete = NOON - DAY,
	                       .suspect = NOON - HOUR,
	                       .last = {.stamp = {.when = NOON - HOUR}, .result = RESULT_SUSPECT}};
	struct table table;

	(void)state;
	make_table(&table);
	plan_adopt(table.row, &seen, WAKE);
	assert_int_equal(table.row->seen.last.result, RESULT_SUSPECT);
	seen.complete = seen.suspect; /* renamed */
	seen.suspect = 0;
	plan_adopt(table.row, &seen, WAKE);
	assert_int_equal(table.row->seen.last.result, RESULT_NONE);
	table_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_when_it_may_run_again),
	    cmocka_unit_test(test_what_is_shown),
	    cmocka_unit_test(test_not_due),
	    cmocka_unit_test(test_adopt),
	    cmocka_unit_test(test_suspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
