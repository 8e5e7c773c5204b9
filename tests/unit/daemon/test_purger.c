// SPDX-License-Identifier: ISC
#include "rows.h"
#include "sender.h"

#include "flashback/daemon/purger.h"
#include "flashback/jobs/purge.h"

static void
purge(struct purger *p, struct table *table, const struct purge_message *m, size_t n)
{
	sender_start(&p->child, (struct sender){m, sizeof(*m), n, 0});
	while (p->child.pid != 0) {
		(void)purger_step(p, table);
		sender_wait(&p->child);
	}
}

static void
make_table(struct table *table)
{
	struct volume *volumes[] = {rows_volume("a/1", NULL), rows_volume("a/2", NULL)};

	*table = (struct table){0};
	rows_table(table, volumes, LENGTH(volumes), 1);
}

static void
test_what_rows_know(void **state)
{
	static const struct purge_message m[] = {
	    {PURGE_REMOVED, "a/1", .words = "2026-11-10T000000+0000.expired"},
	    {PURGE_SUMMARY, "a/2", .seen = {.kept = 4, .expired = 3}},
	    {PURGE_REMOVED, "a/2", .words = "2026-11-10T000000+0000.expired"},
	    {PURGE_REMOVED, "gone/1", .words = "2026-11-10T000000+0000.expired"},
	};
	struct purger p = {0};
	struct table table;

	(void)state;
	make_table(&table);
	purge(&p, &table, m, LENGTH(m));
	assert_int_equal(table.row[1].seen.kept, 0); /* of what nobody has read */
	table.row[1].known = true;
	purge(&p, &table, m, LENGTH(m));
	assert_int_equal(table.row[0].seen.expired, 0); /* it did not know of any */
	assert_int_equal(table.row[1].seen.expired, 2);
	assert_int_equal(table.row[1].seen.kept, 4);
	/* What a run does may be newer. */
	table.row[1].phase = TABLE_RUNNING;
	table.row[1].seen = (struct summary){.kept = 9};
	purge(&p, &table, m + 1, 1);
	assert_int_equal(table.row[1].seen.kept, 9);
	assert_false(purger_step(&p, &table));
	purger_free(&p);
	table_free(&table);
}

static void
test_trouble(void **state)
{
	static const struct purge_message m[] = {
	    {PURGE_TROUBLE, "a/1", .words = "cannot remove x"},
	    {PURGE_TROUBLE, "a/2", .words = "cannot be locked"},
	};
	struct purger p = {0};
	struct table table;

	(void)state;
	make_table(&table);
	purge(&p, &table, m, 2);
	assert_int_equal(p.trouble.n, 2);
	assert_string_equal(p.trouble.item[0], "a/1: cannot remove x");
	purge(&p, &table, m + 1, 1); /* the other could be removed now */
	assert_int_equal(p.trouble.n, 1);
	assert_string_equal(p.trouble.item[0], "a/2: cannot be locked");
	purge(&p, &table, m, 0);
	assert_int_equal(p.trouble.n, 0);
	purger_free(&p);
	table_free(&table);
}

static void
test_clearing(void **state)
{
	struct purger p = {.clearing = true, .wanted = true};

	(void)state;
	assert_true(purger_is_clearing(&p));
	p.wanted = false;
	p.child.pid = 1;
	assert_true(purger_is_clearing(&p));
	p.child.pid = 0;
	assert_false(purger_is_clearing(&p));
	p.wanted = true; /* of another occasion */
	assert_false(purger_is_clearing(&p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_rows_know),
	    cmocka_unit_test(test_trouble),
	    cmocka_unit_test(test_clearing),
	};

	alarm(60);
	close(event_open()); /* signals stay blocked, as in the daemon */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
