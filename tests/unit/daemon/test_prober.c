// SPDX-License-Identifier: ISC
#include "rows.h"
#include "sender.h"

#include <signal.h>

#include "flashback/daemon/prober.h"

#define NOW (CLOCK_RELEASE_DATE + 12 * INT64_C(3600))

/* Rows that are ASKING; the first two are of one host, which comes once. */
static void
make_table(struct table *table)
{
	struct volume *volumes[] = {
	    rows_volume("a/1", "source=root@a:/1/", NULL),
	    rows_volume("a/2", "source=root@a:/2/", NULL),
	    rows_volume("a/3", "source=root@a:/3/", "probe=tcp", NULL),
	    rows_volume("b/1", "source=root@b:/1/", NULL),
	    rows_volume("c/1", "source=root@c:/1/", NULL),
	    rows_volume("d/1", "source=root@d:/1/", NULL),
	};

	*table = (struct table){0};
	rows_table(table, volumes, LENGTH(volumes), NOW);
	for (size_t i = 0; i < table->n; i++)
		table->row[i].phase = TABLE_PROBING;
}

/* Start p, and put a child that sends these in the place of the real one. */
static void
start(struct prober *p, struct table *table, const struct probe_message *m, size_t n, int status)
{
	prober_start(p, table);
	assert_true(p->child.pid > 0);
	event_kill(&p->child, SIGKILL);
	event_close(&p->child);
	sender_start(&p->child, (struct sender){m, sizeof(*m), n, status});
}

static void
finish(struct prober *p, struct table *table)
{
	while (prober_step(p, table) != PROBER_ENDED)
		sender_wait(&p->child);
	assert_int_equal(p->child.pid, 0);
	assert_true(prober_deadline(p) == INT64_MAX);
}

static void
test_answers(void **state)
{
	static const struct probe_message m[] = {
	    {0, PROBE_UP, "answers"},         {0, PROBE_SILENT, "only the first answer counts"},
	    {1, PROBE_SILENT, "host silent"}, {2, PROBE_UNKNOWN, "no such name"},
	    {3, PROBE_NO_NET, "no network"},  {77, PROBE_UP, "is no host"},
	};
	static const enum table_phase phases[] = {TABLE_QUEUED,  TABLE_QUEUED,  TABLE_RESTING,
	                                          TABLE_RESTING, TABLE_RESTING, TABLE_QUEUED};
	struct prober p = {0};
	struct table table;

	(void)state;
	make_table(&table);
	start(&p, &table, m, LENGTH(m), 0);
	assert_int_equal(p.hosts.n, 5);
	table.row[3].silent_since = NOW;
	finish(&p, &table);
	for (size_t i = 0; i < table.n; i++)
		assert_int_equal(table.row[i].phase, phases[i]);
	assert_int_equal(table.row[2].seen.last.result, RESULT_NOT_FOUND);
	assert_string_equal(table.row[2].seen.last.reason, "host silent");
	assert_true(table.row[2].silent_since > 0 && table.row[2].unresolved_since == 0);
	assert_int_equal(table.row[3].silent_since, NOW);
	assert_true(table.row[3].unresolved_since > 0);
	assert_int_equal(table.row[4].unresolved_since, 0);
	/* Of d/1 nothing came: rsync will tell. */
	assert_true(p.failed && p.logged);
	prober_free(&p);
	table_free(&table);
}

/* The first name that got no turn is the first one of the next wake; where all had one, the order
 * stays. */
static void
test_begins_where_the_last_wake_ended(void **state)
{
	static const struct probe_message m[] = {
	    {0, PROBE_NO_NET, "resolving the name timed out"},
	    {1, PROBE_UP, "answers"},
	    {2, PROBE_NO_NET, "resolving the name timed out"},
	    {3, PROBE_NO_TURN, "not probed yet"},
	    {4, PROBE_NO_TURN, "not probed yet"},
	};
	static const struct probe_message up[] = {
	    {0, PROBE_UP, ""}, {1, PROBE_UP, ""}, {2, PROBE_UP, ""},
	    {3, PROBE_UP, ""}, {4, PROBE_UP, ""},
	};
	static const char *const order[] = {"c", "d", "a", "a", "b"};
	struct prober p = {0};
	struct table table;

	(void)state;
	make_table(&table);
	start(&p, &table, m, LENGTH(m), 0);
	finish(&p, &table);
	assert_int_equal(table.row[4].phase, TABLE_RESTING);
	assert_int_equal(table.row[4].unresolved_since, 0);
	assert_string_equal(table.row[4].seen.last.reason, "not probed yet");
	for (int wake = 0; wake < 2; wake++) {
		for (size_t i = 0; i < table.n; i++)
			table.row[i].phase = TABLE_PROBING;
		start(&p, &table, up, LENGTH(up), 0);
		assert_int_equal(p.hosts.n, LENGTH(order));
		for (size_t i = 0; i < p.hosts.n; i++)
			assert_string_equal(p.hosts.host[i].address, order[i]);
		finish(&p, &table);
		for (size_t i = 0; i < table.n; i++)
			assert_int_equal(table.row[i].phase, TABLE_QUEUED);
	}
	prober_free(&p);
	table_free(&table);
}

static void
test_changed_meanwhile(void **state)
{
	struct probe_message m[5] = {{.answer = PROBE_UP}};
	struct volume *other = rows_volume("b/1", "source=root@elsewhere:/1/", NULL);
	struct prober p = {0};
	struct table table;

	(void)state;
	for (size_t i = 0; i < LENGTH(m); i++)
		m[i].host = i;
	make_table(&table);
	start(&p, &table, m, LENGTH(m), 0);
	volume_free(table.row[3].volume);
	table.row[3].volume = other;
	finish(&p, &table);
	assert_int_equal(table.row[3].phase, TABLE_RESTING); /* until the next wake */
	assert_int_equal(table.row[5].phase, TABLE_QUEUED);
	assert_false(p.logged);
	prober_free(&p);
	table_free(&table);
}

/* A volume moves to a host that has answered already: it is probed at the next wake. */
static void
test_moved_to_an_answered_host(void **state)
{
	struct probe_message m = {.host = 0, .answer = PROBE_UP};
	struct volume *moved = rows_volume("b/1", "source=root@a:/4/", NULL);
	struct prober p = {0};
	struct table table;

	(void)state;
	make_table(&table);
	start(&p, &table, &m, 1, SENDER_STAYS);
	while (table.row[0].phase == TABLE_PROBING) {
		sender_wait(&p.child);
		assert_int_not_equal(prober_step(&p, &table), PROBER_ENDED);
	}
	volume_free(table.row[3].volume);
	table.row[3].volume = moved;
	event_kill(&p.child, SIGKILL);
	finish(&p, &table);
	assert_int_equal(table.row[3].phase, TABLE_RESTING);
	prober_free(&p);
	table_free(&table);
}

static void
test_late(void **state)
{
	struct prober p = {0};
	struct table table;

	(void)state;
	make_table(&table);
	start(&p, &table, NULL, 0, SENDER_STAYS);
	assert_int_equal(prober_step(&p, &table), PROBER_NOTHING);
	assert_true(prober_deadline(&p) < INT64_MAX);
	p.late_at = clock_mono();
	finish(&p, &table);
	for (size_t i = 0; i < table.n; i++)
		assert_int_equal(table.row[i].phase, TABLE_QUEUED);
	prober_start(&p, &table); /* nobody is ASKING */
	assert_int_equal(p.child.pid, 0);
	prober_free(&p);
	table_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_begins_where_the_last_wake_ended),
	    cmocka_unit_test(test_changed_meanwhile),
	    cmocka_unit_test(test_moved_to_an_answered_host),
	    cmocka_unit_test(test_late),
	};

	alarm(60);
	close(event_open()); /* signals stay blocked, as in the daemon */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
