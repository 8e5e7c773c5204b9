// SPDX-License-Identifier: ISC
#include "rows.h"

#include "flashback/daemon/wake.h"
#include "flashback/lib/clock.h"

#define NOW (CLOCK_RELEASE_DATE + 12 * INT64_C(3600))
#define WAKE INT64_C(600)

enum { LOCAL, HOST, WANTED, DONE, VOLUMES };

static void
make_table(struct table *table)
{
	struct volume *volumes[VOLUMES] = {
	    [LOCAL] = rows_volume("a/local", NULL),
	    [HOST] = rows_volume("a/host", "source=root@a:/1/", NULL),
	    [WANTED] = rows_volume("a/wanted", NULL),
	    [DONE] = rows_volume("a/done", NULL),
	};

	*table = (struct table){0};
	rows_table(table, volumes, VOLUMES, NOW);
	table->row[WANTED].wanted = true;
	table->row[WANTED].seen.complete = table->row[DONE].seen.complete = NOW - 60;
}

static void
check_phases(const struct table *table, const enum table_phase *phases)
{
	for (size_t i = 0; i < VOLUMES; i++)
		assert_int_equal(table->row[i].phase, phases[i]);
}

static void
test_decide(void **state)
{
	static const enum table_phase all[] = {TABLE_QUEUED, TABLE_PROBING, TABLE_QUEUED,
	                                       TABLE_RESTING},
	                              probing[] = {TABLE_QUEUED, TABLE_RESTING, TABLE_QUEUED,
	                                           TABLE_RESTING},
	                              wanted[] = {TABLE_RESTING, TABLE_RESTING, TABLE_QUEUED,
	                                          TABLE_RESTING};
	struct wake_terms terms = {.when = {NOW, 0, WAKE, PLAN_DISK_OK}};
	struct wake w = {.again = true};
	struct table table;

	(void)state;
	make_table(&table);
	wake_decide(&w, &table, &terms);
	check_phases(&table, all);
	assert_false(w.again);
	table_free(&table);

	make_table(&table);
	terms.probing = true;
	wake_decide(&w, &table, &terms);
	check_phases(&table, probing);
	assert_true(w.again);
	terms.probing = false;
	wake_decide(&w, &table, &terms);
	check_phases(&table, all);
	table_free(&table);

	make_table(&table);
	terms.only_wanted = true;
	wake_decide(&w, &table, &terms);
	check_phases(&table, wanted);
	table_free(&table);
}

/* What holds back a wanted volume is shown in its row; that of the others is shown once for all. */
static void
test_no_disk(void **state)
{
	struct wake_terms terms = {.when = {NOW, 0, WAKE, PLAN_DISK_ABSENT},
	                           .disk_reason = "it is not there"};
	struct wake w = {0};
	struct table table;

	(void)state;
	make_table(&table);
	wake_decide(&w, &table, &terms);
	assert_int_equal(table.row[LOCAL].seen.last.result, RESULT_NONE);
	assert_int_equal(table.row[WANTED].seen.last.result, RESULT_ABSENT);
	assert_string_equal(table.row[WANTED].seen.last.reason, "it is not there");
	terms.when = (struct plan_now){CLOCK_RELEASE_DATE - 1, 0, WAKE, PLAN_DISK_OK};
	wake_decide(&w, &table, &terms);
	assert_int_equal(table.row[WANTED].seen.last.result, RESULT_CLOCK);
	table_free(&table);
}

static void
test_withdraw(void **state)
{
	struct plan_now when = {NOW, 0, WAKE, PLAN_DISK_OK};
	struct table table;

	(void)state;
	make_table(&table);
	for (size_t i = 0; i < VOLUMES; i++)
		table.row[i].phase = i == HOST ? TABLE_RUNNING : TABLE_QUEUED;
	wake_withdraw(&table, &when);
	assert_int_equal(table.row[LOCAL].phase, TABLE_QUEUED);
	assert_int_equal(table.row[DONE].phase, TABLE_RESTING);
	when.disk = PLAN_DISK_FULL;
	wake_withdraw(&table, &when);
	assert_int_equal(table.row[LOCAL].phase, TABLE_RESTING);
	assert_int_equal(table.row[HOST].phase, TABLE_RUNNING);
	table_free(&table);
}

static void
test_begin(void **state)
{
	struct wake w = {0};
	struct table table;
	int64_t first;

	(void)state;
	make_table(&table);
	table.row[DONE].tried = table.row[DONE].fresh = true;
	assert_false(wake_begin(&w, &table, WAKE));
	assert_true(w.waiting && w.begun > 0 && w.last == 0);
	assert_true(w.next > clock_mono() && w.next <= clock_mono() + WAKE * 1000);
	assert_false(table.row[DONE].tried || table.row[DONE].fresh);
	first = w.begun;
	assert_false(wake_begin(&w, &table, WAKE));
	assert_int_equal(w.last, first);

	/* What was from the future, or was read by another clock, must be read again. */
	table.row[HOST].seen.future.when = clock_wall() + SUMMARY_AHEAD_MAX + 100;
	assert_false(wake_begin(&w, &table, WAKE));
	table.row[HOST].seen.future.when -= 101;
	assert_true(wake_begin(&w, &table, WAKE));
	table.row[HOST].seen.future.when = 0;
	w.ahead -= 3000;
	assert_false(wake_begin(&w, &table, WAKE));
	w.ahead += 4000;
	assert_true(wake_begin(&w, &table, WAKE));
	assert_false(wake_begin(&w, &table, WAKE));
	table_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decide),
	    cmocka_unit_test(test_no_disk),
	    cmocka_unit_test(test_withdraw),
	    cmocka_unit_test(test_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
