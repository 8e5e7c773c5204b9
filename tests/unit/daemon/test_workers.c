// SPDX-License-Identifier: ISC
#include "rows.h"
#include "sender.h"

#include <signal.h>

#include "flashback/daemon/workers.h"
#include "flashback/jobs/backup.h"
#include "flashback/lib/clock.h"

#define HOUR INT64_C(3600)
#define NOON (CLOCK_RELEASE_DATE + 12 * HOUR)
#define VOLUMES 4

/* a/1 and a/2 are at one address; b/1 has a window. */
struct place {
	struct table table;
	struct workers w;
	struct workers_limits limits;
};

static void
make_place(struct place *p)
{
	struct volume *volumes[VOLUMES] = {
	    rows_volume("a/1", "source=root@a:/1/", NULL),
	    rows_volume("a/2", "source=root@a:/2/", NULL),
	    rows_volume("b/1", "source=root@b:/1/", "window=08:00-13:00", NULL),
	    rows_volume("c/1", "source=root@c:/1/", NULL),
	};

	*p = (struct place){
	    .limits = {.now = NOON, .parallel = 2, .slice = HOUR, .last_wake = NOON - 600}};
	rows_table(&p->table, volumes, VOLUMES, NOON);
	p->w.table = &p->table;
}

static void
free_place(struct place *p)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		event_kill(&p->w.run[i].child, SIGKILL);
		event_close(&p->w.run[i].child);
		volume_free(p->w.run[i].volume);
	}
	table_free(&p->table);
}

static struct table_row *
row(struct place *p, const char *id)
{
	struct table_row *found = table_find(&p->table, id);

	assert_non_null(found);
	return found;
}

/* Let a run of this volume, without a process, have gone on for so many seconds. */
static struct workers_run *
run(struct place *p, size_t slot, const char *id, int64_t age)
{
	struct workers_run *r = &p->w.run[slot];

	*r = (struct workers_run){.volume = volume_ref(row(p, id)->volume),
	                          .started = clock_mono() - age * 1000,
	                          .kill_at = -1};
	row(p, id)->phase = TABLE_RUNNING;
	row(p, id)->stage = TABLE_COPYING;
	row(p, id)->started = NOON - age;
	return r;
}

static void
queue(struct place *p, const char *id, int64_t since)
{
	row(p, id)->phase = TABLE_QUEUED;
	row(p, id)->queued_since = since;
}

static void
test_who_yields(void **state)
{
	struct place p;
	struct workers_run *old, *young;

	(void)state;
	make_place(&p);
	young = run(&p, 0, "a/1", HOUR + 1);
	assert_null(workers_yielder(&p.w, &p.limits)); /* nobody waits */
	queue(&p, "c/1", NOON - 600);
	assert_null(workers_yielder(&p.w, &p.limits)); /* a slot is free */
	old = run(&p, 1, "b/1", 2 * HOUR);
	assert_ptr_equal(workers_yielder(&p.w, &p.limits), old);

	/* The one at the address of the one that waits, even if it is not the oldest. */
	row(&p, "c/1")->phase = TABLE_RESTING;
	queue(&p, "a/2", NOON - 600);
	assert_ptr_equal(workers_yielder(&p.w, &p.limits), young);
	p.limits.parallel = 9;
	assert_ptr_equal(workers_yielder(&p.w, &p.limits), young);
	p.limits.slice = HOUR + 1;
	assert_null(workers_yielder(&p.w, &p.limits));
	p.limits.slice = HOUR;
	row(&p, "a/2")->queued_since = NOON - 599; /* since this wake only */
	assert_null(workers_yielder(&p.w, &p.limits));

	row(&p, "a/2")->queued_since = NOON - 600;
	assert_true(workers_watch(&p.w, &p.limits));
	assert_int_equal(row(&p, "a/1")->phase, TABLE_ENDING);
	assert_int_equal(young->why, WORKERS_SLICE);
	assert_false(workers_watch(&p.w, &p.limits));
	free_place(&p);
}

static void
test_windows(void **state)
{
	struct place p;
	struct workers_run *r;

	(void)state;
	make_place(&p);
	r = run(&p, 3, "b/1", 60);
	assert_false(workers_watch(&p.w, &p.limits));
	p.limits.now += 2 * HOUR;
	p.limits.offset = -2 * HOUR; /* it is local time that counts */
	assert_false(workers_watch(&p.w, &p.limits));
	p.limits.offset = 0;
	row(&p, "b/1")->wanted = true;
	assert_false(workers_watch(&p.w, &p.limits));
	row(&p, "b/1")->wanted = false;
	assert_true(workers_watch(&p.w, &p.limits));
	assert_int_equal(r->why, WORKERS_WINDOW);
	assert_true(r->kill_at > clock_mono());
	assert_int_equal(row(&p, "b/1")->phase, TABLE_ENDING);
	assert_false(workers_watch(&p.w, &p.limits));
	free_place(&p);
}

static void
test_the_youngest_gives_room(void **state)
{
	struct place p;
	struct workers_run *r;

	(void)state;
	make_place(&p);
	assert_false(workers_stop_largest(&p.w));
	(void)run(&p, 0, "a/1", 90);
	r = run(&p, 1, "b/1", 30);
	(void)run(&p, 2, "c/1", 60);
	assert_true(workers_stop_largest(&p.w)); /* nothing is known of any */
	assert_int_equal(r->why, WORKERS_ROOM);
	assert_int_equal(row(&p, "b/1")->phase, TABLE_ENDING);
	assert_false(workers_stop_largest(&p.w)); /* until that has ended */
	assert_int_equal(workers_active(&p.w), 3);
	free_place(&p);
}

/* Whoever fills the disk is stopped, not who came last. */
static void
test_the_largest_gives_room(void **state)
{
	struct place p;
	struct workers_run *r;

	(void)state;
	make_place(&p);
	r = run(&p, 0, "a/1", 90);
	(void)run(&p, 1, "b/1", 30);
	(void)run(&p, 2, "c/1", 60);
	row(&p, "a/1")->progress.bytes = 2000;
	row(&p, "b/1")->progress.bytes = 10;
	row(&p, "c/1")->progress.bytes = 1999;
	assert_true(workers_stop_largest(&p.w));
	assert_int_equal(r->why, WORKERS_ROOM);
	free_place(&p);
}

/* The next event but WORKERS_NOTHING. */
static enum workers_news
next(struct place *p, struct workers_run *r, struct workers_event *e)
{
	enum workers_news news;

	while ((news = workers_next(&p->w, e)) == WORKERS_NOTHING)
		sender_wait(&r->child);
	return news;
}

static void
test_a_whole_run(void **state)
{
	struct backup_message m[] = {
	    {.kind = BACKUP_PROGRESS, .progress = {.percent = 99, .bytes = 5}},
	    {.kind = BACKUP_STAGE, .stage = TABLE_COMMITTING},
	    {.kind = BACKUP_PROGRESS, .progress = {.percent = 43}},
	    {.kind = BACKUP_NOTE, .note = "something is wrong besides"},
	    {.kind = BACKUP_RESULT,
	     .result = {.run = {.result = RESULT_PARTIAL, .seconds = 7, .reason = "a file"},
	                .kind = "full run: because",
	                .percent = 99,
	                .listed = true,
	                .seen = {.partial = NOON, .expired = 2},
	                .purge = true}},
	};
	struct workers_event e;
	struct workers_run *r;
	struct place p;

	(void)state;
	make_place(&p);
	r = run(&p, 5, "a/1", 8);
	sender_start(&r->child, (struct sender){m, sizeof(m[0]), LENGTH(m), 0});
	assert_int_equal(next(&p, r, &e), WORKERS_CHANGED);
	assert_int_equal(row(&p, "a/1")->stage, TABLE_COMMITTING);
	assert_int_equal(row(&p, "a/1")->progress.percent, 0); /* of the stage before */
	assert_int_equal(row(&p, "a/1")->progress.left, -1);
	assert_int_equal(next(&p, r, &e), WORKERS_ENDED);
	assert_int_equal(row(&p, "a/1")->progress.percent, 43);
	assert_true(row(&p, "a/1")->known && row(&p, "a/1")->seen.partial == NOON);
	assert_ptr_equal(e.row, row(&p, "a/1"));
	assert_true(e.run->reported && e.run->result.purge && e.run->why == WORKERS_NO_REASON);
	assert_int_equal(e.run->result.run.result, RESULT_PARTIAL);
	assert_int_equal(e.run->result.run.seconds, 7);
	assert_string_equal(e.run->result.run.reason, "a file");
	assert_string_equal(e.run->result.kind, "full run: because");
	assert_int_equal(e.run->result.percent, 99);
	assert_int_equal(workers_active(&p.w), 0);
	assert_int_equal(workers_next(&p.w, &e), WORKERS_NOTHING);
	free_place(&p);
}

/* A worker that sends no result: of what it died, or why it was stopped. */
static void
test_ends_without_a_result(void **state)
{
	static const struct {
		enum workers_why why;
		int status; /* SENDER_STAYS: it is killed */
		enum result result;
		const char *words;
	} cases[] = {
	    {WORKERS_NO_REASON, 3, RESULT_FAILED, "its worker ended without a result"},
	    {WORKERS_NO_REASON, SENDER_STAYS, RESULT_FAILED,
	     "its worker was killed by signal 9; was the machine out of memory?"},
	    {WORKERS_WINDOW, SENDER_STAYS, RESULT_INTERRUPTED, "its window closed"},
	    {WORKERS_DAEMON_ENDS, 0, RESULT_INTERRUPTED, "flashback was stopped"},
	    {WORKERS_GONE, 0, RESULT_DISK, "the disk was lost during the run"},
	    {WORKERS_HANGS, SENDER_STAYS, RESULT_DISK, "the disk stopped answering"},
	};
	struct workers_event e;
	struct workers_run *r;
	struct place p;

	(void)state;
	make_place(&p);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		r = run(&p, 0, "c/1", 5);
		r->why = cases[i].why;
		sender_start(&r->child, (struct sender){.status = cases[i].status});
		if (cases[i].status == SENDER_STAYS)
			event_kill(&r->child, SIGKILL);
		assert_int_equal(next(&p, r, &e), WORKERS_ENDED);
		assert_false(e.run->reported);
		assert_int_equal(e.run->result.run.result, cases[i].result);
		assert_string_equal(e.run->result.run.reason, cases[i].words);
		assert_true(e.run->result.run.seconds >= 5);
		assert_int_equal(e.run->why, cases[i].why);
	}
	free_place(&p);
}

/* The daemon does not wait for a worker that hangs in the kernel. */
static void
test_abandoned(void **state)
{
	struct workers_event e;
	struct workers_run *r;
	struct place p;
	pid_t pid;

	(void)state;
	make_place(&p);
	r = run(&p, 0, "a/1", 5);
	sender_start(&r->child, (struct sender){.status = SENDER_STAYS});
	pid = r->child.pid;
	workers_stop(&p.w, WORKERS_DAEMON_ENDS);
	workers_abandon(&p.w);
	assert_int_equal(workers_next(&p.w, &e), WORKERS_ENDED);
	assert_int_equal(e.run->result.run.result, RESULT_INTERRUPTED);
	assert_int_equal(workers_next(&p.w, &e), WORKERS_NOTHING);
	kill(pid, SIGKILL);
	free_place(&p);
}

/* A volume that left the config while it ran. */
static void
test_no_row(void **state)
{
	struct workers_event e;
	struct workers_run *r;
	struct place p;

	(void)state;
	make_place(&p);
	r = run(&p, 0, "a/1", 5);
	sender_start(&r->child, (struct sender){.status = 0});
	row(&p, "a/1")->phase = TABLE_RESTING;
	assert_int_equal(table_update(&p.table, NULL, 0, NOON), 0);
	assert_int_equal(next(&p, r, &e), WORKERS_ENDED);
	assert_null(e.row);
	free_place(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_yields),
	    cmocka_unit_test(test_windows),
	    cmocka_unit_test(test_the_youngest_gives_room),
	    cmocka_unit_test(test_the_largest_gives_room),
	    cmocka_unit_test(test_a_whole_run),
	    cmocka_unit_test(test_ends_without_a_result),
	    cmocka_unit_test(test_abandoned),
	    cmocka_unit_test(test_no_row),
	};

	alarm(60);
	close(event_open()); /* signals stay blocked, as in the daemon */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
