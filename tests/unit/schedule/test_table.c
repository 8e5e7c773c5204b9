// SPDX-License-Identifier: ISC
#include "rows.h"

#include <time.h>

#include "flashback/lib/clock.h"
#include "flashback/schedule/table.h"

#define NOW (CLOCK_RELEASE_DATE + 1000000)

/* A table of kimono/home, kimono/etc and here/etc. */
static void
make_three(struct table *table)
{
	struct volume *volumes[] = {rows_volume("kimono/home", NULL),
	                            rows_volume("kimono/etc", NULL), rows_volume("here/etc", NULL)};

	rows_table(table, volumes, 3, NOW);
}

static void
test_new_rows(void **state)
{
	struct table table = {0};

	(void)state;
	assert_null(table_find(&table, "kimono/home"));
	make_three(&table);
	assert_int_equal(table.n, 3);
	assert_string_equal(table.row[0].volume->id, "kimono/home");
	assert_string_equal(table.row[1].volume->id, "kimono/etc");
	assert_string_equal(table.row[2].volume->id, "here/etc");
	for (size_t i = 0; i < table.n; i++) {
		const struct table_row *row = &table.row[i];

		assert_ptr_equal(table_find(&table, row->volume->id), row);
		assert_int_equal(row->phase, TABLE_RESTING);
		assert_int_equal(row->seen.last.result, RESULT_NONE);
		assert_int_equal(row->first_seen, NOW);
		assert_int_equal(row->seen.last.seconds, -1);
		assert_int_equal(row->seen.bytes, -1);
		assert_false(row->known);
	}
	assert_null(table_find(&table, "kimono/hom"));
	assert_null(table_find(&table, "kimono/homes"));
	table_free(&table);
	assert_int_equal(table.n, 0);
}

/* The volume that has come is new, the ones that stay keep all but their options and their place.
 */
static void
test_update_keeps_what_is_known(void **state)
{
	struct table table = {0};
	struct volume *volumes[3];
	struct table_row *row;

	(void)state;
	make_three(&table);
	row = table_find(&table, "kimono/etc");
	row->known = true;
	row->seen.complete = NOW - 5;
	row->retry_at = NOW + 60;
	row->phase = TABLE_RUNNING;
	table_result(row, RESULT_FAILED, "no %s", "luck");
	volumes[0] = rows_volume("nas/music", NULL);
	volumes[1] = rows_volume("kimono/etc", "every=7d", NULL);
	volumes[2] = rows_volume("kimono/home", NULL);
	rows_table(&table, volumes, 3, NOW + 100);

	assert_int_equal(table.n, 3);
	assert_null(table_find(&table, "here/etc"));
	assert_ptr_equal(table_find(&table, "nas/music"), &table.row[0]);
	assert_int_equal(table.row[0].first_seen, NOW + 100);
	assert_ptr_equal(table_find(&table, "kimono/etc"), &table.row[1]);
	row = &table.row[1];
	assert_int_equal(row->volume->every, 7 * 86400);
	assert_int_equal(row->first_seen, NOW);
	assert_true(row->known);
	assert_int_equal(row->seen.complete, NOW - 5);
	assert_int_equal(row->retry_at, NOW + 60);
	assert_int_equal(row->phase, TABLE_RUNNING);
	assert_int_equal(row->seen.last.result, RESULT_FAILED);
	assert_string_equal(row->seen.last.reason, "no luck");
	table_free(&table);
}

static void
test_gone_while_running(void **state)
{
	struct table table = {0};
	struct volume *volumes[2];
	struct table_row *row;

	(void)state;
	make_three(&table);
	table_find(&table, "kimono/home")->phase = TABLE_ENDING;
	table_find(&table, "here/etc")->phase = TABLE_PROBING;
	volumes[0] = rows_volume("kimono/etc", NULL);
	rows_table(&table, volumes, 1, NOW);
	assert_int_equal(table.n, 2);
	row = table_find(&table, "kimono/home");
	assert_ptr_equal(row, &table.row[1]);
	assert_true(row->gone);
	assert_false(table.row[0].gone);
	table_drop_gone(&table);
	assert_int_equal(table.n, 2);

	/* It comes back while its run still goes on. */
	volumes[0] = rows_volume("kimono/home", NULL);
	volumes[1] = rows_volume("kimono/etc", NULL);
	rows_table(&table, volumes, 2, NOW);
	assert_int_equal(table.n, 2);
	assert_false(table.row[0].gone);
	assert_int_equal(table.row[0].phase, TABLE_ENDING);

	/* It leaves for good, and its run ends. */
	assert_int_equal(table_update(&table, NULL, 0, NOW), 0);
	assert_int_equal(table.n, 1);
	table.row[0].phase = TABLE_RESTING;
	table_drop_gone(&table);
	assert_int_equal(table.n, 0);
	assert_null(table_find(&table, "kimono/home"));
	table_free(&table);
}

static void
test_drop_gone_keeps_the_rest(void **state)
{
	struct table table = {0};

	(void)state;
	make_three(&table);
	table_find(&table, "kimono/etc")->gone = true;
	table_drop_gone(&table);
	assert_int_equal(table.n, 2);
	assert_ptr_equal(table_find(&table, "kimono/home"), &table.row[0]);
	assert_ptr_equal(table_find(&table, "here/etc"), &table.row[1]);
	table_free(&table);
}

/* A box without a clock battery boots in 1970: since then is not how long we know a volume. */
static void
test_first_seen_by_a_wrong_clock(void **state)
{
	struct table table = {0};
	struct volume *volume = rows_volume("kimono/home", NULL);

	(void)state;
	assert_int_equal(table_update(&table, &volume, 1, 100), 0);
	table_wake(&table, 700);
	table_wake(&table, NOW);
	assert_int_equal(table.row[0].first_seen, NOW);
	table_wake(&table, NOW + 100);
	assert_int_equal(table.row[0].first_seen, NOW);
	volume_free(volume);
	table_free(&table);
}

static void
test_wake(void **state)
{
	struct table table = {0};

	(void)state;
	make_three(&table);
	table.row[1].tried = true;
	table.row[2].tried = table.row[2].fresh = true;
	table_wake(&table, NOW);
	for (size_t i = 0; i < table.n; i++)
		assert_false(table.row[i].tried || table.row[i].fresh);
	table_free(&table);
}

/* What was noted in 1970, or by a clock that ran years ahead, must not hold for years. */
static void
test_wake_after_a_wrong_clock(void **state)
{
	static const struct {
		int64_t noted, now_is, later_is;
	} cases[] = {{0, 0, 0}, {700, NOW, NOW}, {NOW - 5, NOW - 5, NOW - 5}, {NOW + 5, NOW, NOW}};
	struct table table = {0};

	(void)state;
	make_three(&table);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table_row *row = &table.row[i % table.n];

		row->silent_since = row->unresolved_since = row->queued_since = row->started =
		    cases[i].noted;
		table_wake(&table, NOW);
		assert_int_equal(row->silent_since, cases[i].now_is);
		table_wake(&table, NOW + 9);
		assert_int_equal(row->silent_since, cases[i].later_is);
		assert_int_equal(row->unresolved_since, cases[i].later_is);
		assert_int_equal(row->queued_since, cases[i].later_is);
		assert_int_equal(row->started, cases[i].later_is);
	}
	table.row[0].first_seen = NOW + 5;
	table.row[0].retry_at = NOW + table.row[0].volume->every;
	table.row[1].retry_at = NOW + table.row[1].volume->every + 1;
	table_wake(&table, NOW);
	assert_int_equal(table.row[0].first_seen, NOW);
	assert_int_equal(table.row[0].retry_at, NOW + table.row[0].volume->every);
	assert_int_equal(table.row[1].retry_at, 0);
	table_free(&table);
}

static void
test_say(void **state)
{
	struct table_row row = {0};

	(void)state;
	table_result(&row, RESULT_PARTIAL, "%d files of %s", 3, "100%");
	assert_int_equal(row.seen.last.result, RESULT_PARTIAL);
	assert_string_equal(row.seen.last.reason, "3 files of 100%");
	table_result(&row, RESULT_SUCCEEDED, "%s", row.seen.last.reason);
	assert_string_equal(row.seen.last.reason, "3 files of 100%");
	assert_int_equal(row.seen.last.result, RESULT_SUCCEEDED);
}

/* The newest run is the last one, whoever made it: what the history ends with, or what only this
 * daemon knows of. */
static void
test_see(void **state)
{
	struct table_row row = {.percent = 43, .silent_since = 5};
	struct summary seen = {.complete = NOW - 9, .last = {.stamp = {.when = NOW - 9}}};

	(void)state;
	table_result(&row, RESULT_ABSENT, "no disk");
	assert_false(table_see(&row, &seen));
	assert_true(row.known);
	assert_int_equal(row.seen.complete, NOW - 9);
	assert_int_equal(row.seen.last.result, RESULT_ABSENT);

	row.known = false;
	seen.last.result = RESULT_FAILED;
	seen.last.stamp.when = 0;
	assert_true(table_see(&row, &seen));
	assert_int_equal(row.seen.last.result, RESULT_FAILED);
	assert_int_equal(row.percent, 0);
	assert_int_equal(row.silent_since, 0);

	table_result(&row, RESULT_BUSY, "busy");
	assert_false(table_see(&row, &seen));
	assert_int_equal(row.seen.last.result, RESULT_BUSY);
	seen.last.stamp.when = NOW - 9;
	assert_true(table_see(&row, &seen));
	assert_int_equal(row.seen.last.result, RESULT_FAILED);
}

/* A run that began by a clock that was ahead does not hide those that come after it. */
static void
test_last_from_the_future(void **state)
{
	struct summary seen = {.last = {.stamp = {.when = NOW + 60}, .result = RESULT_PARTIAL}};
	struct table table = {0};

	(void)state;
	make_three(&table);
	table.row[0].seen.last.stamp.when = NOW + 86400;
	table.row[0].known = true;
	table_wake(&table, NOW);
	assert_true(table_see(&table.row[0], &seen));
	table_free(&table);
}

static void
test_active(void **state)
{
	struct table_row row = {0};

	(void)state;
	for (row.phase = TABLE_RESTING; row.phase <= TABLE_ENDING; row.phase++)
		assert_int_equal(table_active(&row),
		                 row.phase == TABLE_RUNNING || row.phase == TABLE_ENDING);
}

/* 10,000 volumes in reverse: with a comparison of each with each this takes many seconds. */
static void
test_many(void **state)
{
	enum { MANY = 10000 };
	struct volume **volumes = calloc(MANY, sizeof(*volumes));
	struct table table = {0};
	clock_t begin;

	(void)state;
	assert_non_null(volumes);
	for (int i = 0; i < MANY; i++) {
		char id[64];

		snprintf(id, sizeof(id), "host%d/volume%d", i / 2, i);
		volumes[i] = rows_volume(id, NULL);
	}
	begin = clock();
	assert_int_equal(table_update(&table, volumes, MANY, NOW), 0);
	for (int i = 0; i < MANY / 2; i++) {
		struct volume *volume = volumes[i];

		volumes[i] = volumes[MANY - 1 - i];
		volumes[MANY - 1 - i] = volume;
	}
	assert_int_equal(table_update(&table, volumes, MANY, NOW), 0);
	assert_true(clock() - begin < CLOCKS_PER_SEC / 2);
	for (size_t i = 0; i < MANY; i++) {
		assert_ptr_equal(table.row[i].volume, volumes[i]);
		assert_ptr_equal(table_find(&table, volumes[i]->id), &table.row[i]);
		volume_free(volumes[i]);
	}
	free(volumes);
	table_free(&table);
}

/* What can happen in each phase; all else must be refused. */
static const struct {
	enum table_phase from;
	enum table_event event;
	enum table_phase to;
} legal[] = {
    {TABLE_RESTING, TABLE_EVENT_PROBE, TABLE_PROBING},
    {TABLE_RESTING, TABLE_EVENT_QUEUE, TABLE_QUEUED},
    {TABLE_PROBING, TABLE_EVENT_ANSWERED, TABLE_QUEUED},
    {TABLE_PROBING, TABLE_EVENT_SILENT, TABLE_RESTING},
    {TABLE_PROBING, TABLE_EVENT_UNPROBED, TABLE_QUEUED},
    {TABLE_PROBING, TABLE_EVENT_NO_NET, TABLE_RESTING},
    {TABLE_PROBING, TABLE_EVENT_WITHDRAWN, TABLE_RESTING},
    {TABLE_QUEUED, TABLE_EVENT_STARTED, TABLE_RUNNING},
    {TABLE_QUEUED, TABLE_EVENT_WITHDRAWN, TABLE_RESTING},
    {TABLE_RUNNING, TABLE_EVENT_STOPPED, TABLE_ENDING},
    {TABLE_RUNNING, TABLE_EVENT_ENDED, TABLE_RESTING},
    {TABLE_ENDING, TABLE_EVENT_ENDED, TABLE_RESTING},
};

static int
expected(enum table_phase from, enum table_event event)
{
	for (size_t i = 0; i < sizeof(legal) / sizeof(legal[0]); i++)
		if (legal[i].from == from && legal[i].event == event)
			return (int)legal[i].to;
	return -1;
}

static void
test_every_pair(void **state)
{
	(void)state;
	for (int from = TABLE_RESTING; from <= TABLE_ENDING; from++) {
		for (int event = 0; event < TABLE_EVENTS; event++) {
			enum table_phase to = TABLE_RESTING;
			int rc = table_next((enum table_phase)from, (enum table_event)event, &to);
			int want = expected((enum table_phase)from, (enum table_event)event);

			assert_int_equal(rc, want < 0 ? -1 : 0);
			if (want >= 0)
				assert_int_equal(to, want);
		}
	}
}

static void
test_a_whole_run(void **state)
{
	struct table_row row = {.phase = TABLE_RESTING};

	(void)state;
	table_move(&row, TABLE_EVENT_PROBE);
	table_move(&row, TABLE_EVENT_ANSWERED);
	table_move(&row, TABLE_EVENT_STARTED);
	assert_int_equal(row.phase, TABLE_RUNNING);
	table_move(&row, TABLE_EVENT_STOPPED);
	table_move(&row, TABLE_EVENT_ENDED);
	assert_int_equal(row.phase, TABLE_RESTING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new_rows),
	    cmocka_unit_test(test_update_keeps_what_is_known),
	    cmocka_unit_test(test_gone_while_running),
	    cmocka_unit_test(test_drop_gone_keeps_the_rest),
	    cmocka_unit_test(test_first_seen_by_a_wrong_clock),
	    cmocka_unit_test(test_wake),
	    cmocka_unit_test(test_wake_after_a_wrong_clock),
	    cmocka_unit_test(test_say),
	    cmocka_unit_test(test_see),
	    cmocka_unit_test(test_last_from_the_future),
	    cmocka_unit_test(test_active),
	    cmocka_unit_test(test_every_pair),
	    cmocka_unit_test(test_a_whole_run),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
