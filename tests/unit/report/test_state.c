// SPDX-License-Identifier: ISC
#include "rows.h"

#include "flashback/lib/clock.h"
#include "flashback/report/state.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WAKE (10 * MINUTE)
#define NOON (CLOCK_RELEASE_DATE + 30 * DAY + 12 * HOUR)
#define NEXT_WAKE (NOON + 4 * MINUTE)

#define STALE .seen = {.complete = NOON - 2 * DAY}
#define FRESH .seen = {.complete = NOON - 4 * HOUR}

/* What a row is called, what it waits for, and when it starts next. */
static const struct shown {
	const char *name;
	const char *option; /* of the volume; NULL: none */
	struct table_row row;
	enum plan_disk disk;
	enum state_word word;
	enum state_wait wait;
	int64_t next;
} cases[] = {
    {"due", NULL, {STALE}, 0, STATE_READY, 0, NEXT_WAKE},
    {"not due", NULL, {FRESH}, 0, STATE_NEXT, 0, NOON + 20 * HOUR},
    {"tried", NULL, {STALE, .tried = true}, 0, STATE_READY, 0, NEXT_WAKE},
    {"asked", NULL, {STALE, .phase = TABLE_PROBING}, 0, STATE_READY, 0, NOON},
    {"queued", NULL, {STALE, .phase = TABLE_QUEUED}, 0, STATE_WAITING, STATE_WAIT_SLOT, NOON},
    {"queued though not due",
     NULL,
     {FRESH, .phase = TABLE_QUEUED, .wanted = true},
     0,
     STATE_WAITING,
     STATE_WAIT_SLOT,
     NOON},
    {"queued, and no longer due",
     NULL,
     {FRESH, .phase = TABLE_QUEUED},
     0,
     STATE_WAITING,
     STATE_WAIT_SLOT,
     NOON},
    {"window",
     "window=22:00-23:00",
     {STALE},
     0,
     STATE_WAITING,
     STATE_WAIT_WINDOW,
     NOON + 10 * HOUR + 4 * MINUTE},
    {"disk", NULL, {STALE}, PLAN_DISK_FULL, STATE_WAITING, STATE_WAIT_DISK, 0},
    {"disk, but not due", NULL, {FRESH}, PLAN_DISK_FULL, STATE_NEXT, 0, NOON + 20 * HOUR},
    {"its run met a full disk",
     NULL,
     {STALE, .seen.last.result = RESULT_DISK, .retry_at = NOON + DAY},
     0,
     STATE_WAITING,
     STATE_WAIT_DISK,
     NOON + DAY + 4 * MINUTE},
    {"the disk went away",
     NULL,
     {STALE, .seen.last.result = RESULT_ABSENT},
     0,
     STATE_WAITING,
     STATE_WAIT_DISK,
     NEXT_WAKE},
    {"ahead",
     NULL,
     {.seen = {.complete = NOON + HOUR}},
     0,
     STATE_WAITING,
     STATE_WAIT_CLOCK,
     NOON + HOUR + 4 * MINUTE},
    {"the worker saw one ahead",
     NULL,
     {STALE, .seen.last.result = RESULT_CLOCK},
     0,
     STATE_WAITING,
     STATE_WAIT_CLOCK,
     NEXT_WAKE},
    {"busy",
     NULL,
     {STALE, .seen.last.result = RESULT_BUSY},
     0,
     STATE_WAITING,
     STATE_WAIT_BUSY,
     NEXT_WAKE},
    {"not now",
     NULL,
     {STALE, .seen.last.result = RESULT_NOT_NOW, .tried = true},
     0,
     STATE_WAITING,
     STATE_WAIT_BUSY,
     NEXT_WAKE},
    {"interrupted",
     NULL,
     {STALE, .seen.last.result = RESULT_INTERRUPTED},
     0,
     STATE_READY,
     0,
     NEXT_WAKE},

    {"succeeded",
     NULL,
     {FRESH, .seen.last.result = RESULT_SUCCEEDED, .fresh = true},
     0,
     STATE_SUCCEEDED,
     0,
     NOON + 20 * HOUR},
    {"partial",
     NULL,
     {.seen = {.complete = NOON - 2 * DAY, .partial = NOON - HOUR}},
     0,
     STATE_PARTIAL,
     0,
     NOON + 23 * HOUR},
    {"suspect",
     NULL,
     {.seen = {.complete = NOON - 2 * DAY, .suspect = NOON - HOUR}},
     0,
     STATE_SUSPECT,
     0,
     NOON + 23 * HOUR},
    {"failed",
     NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .retry_at = NOON + 14 * MINUTE},
     0,
     STATE_FAILED,
     0,
     NEXT_WAKE + WAKE},
    {"failed: the wake nearest to the end of the backoff",
     NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .retry_at = NOON + 9 * MINUTE},
     0,
     STATE_FAILED,
     0,
     NEXT_WAKE},
    {"failed before a suspect tree",
     NULL,
     {.seen = {.suspect = NOON - 2 * DAY}, .seen.last.result = RESULT_LINKS},
     0,
     STATE_FAILED,
     0,
     NEXT_WAKE},
    {"failed, as the history has it",
     NULL,
     {.seen = {.complete = NOON - 2 * DAY, .last = {.result = RESULT_NO_SOURCE}}},
     0,
     STATE_FAILED,
     0,
     NEXT_WAKE},
    {"silent",
     NULL,
     {STALE, .seen.last.result = RESULT_NOT_FOUND, .silent_since = NOON - DAY},
     0,
     STATE_NOT_FOUND,
     0,
     NEXT_WAKE},
    {"silent and asked again",
     NULL,
     {STALE, .silent_since = NOON - DAY, .phase = TABLE_PROBING},
     0,
     STATE_NOT_FOUND,
     0,
     NOON},
    {"a source that comes and goes",
     NULL,
     {STALE, .seen.last.result = RESULT_NOT_FOUND},
     0,
     STATE_NOT_FOUND,
     0,
     NEXT_WAKE},
    {"there again",
     NULL,
     {STALE, .seen.last.result = RESULT_NOT_FOUND, .phase = TABLE_QUEUED},
     0,
     STATE_WAITING,
     STATE_WAIT_SLOT,
     NOON},

    {"running",
     NULL,
     {STALE, .phase = TABLE_RUNNING, .seen.last.result = RESULT_FAILED},
     0,
     STATE_BACKING_UP,
     0,
     NOON},
    {"comparing",
     NULL,
     {STALE, .phase = TABLE_RUNNING, .stage = TABLE_COMPARING},
     0,
     STATE_COMPARING,
     0,
     NOON},
    {"copying",
     NULL,
     {STALE, .phase = TABLE_RUNNING, .stage = TABLE_COPYING, .silent_since = NOON},
     0,
     STATE_BACKING_UP,
     0,
     NOON},
    {"ending",
     NULL,
     {STALE, .phase = TABLE_ENDING, .stage = TABLE_COPYING},
     0,
     STATE_BACKING_UP,
     0,
     NOON},
    {"committing",
     NULL,
     {STALE, .phase = TABLE_RUNNING, .stage = TABLE_COMMITTING},
     0,
     STATE_ROTATING,
     0,
     NOON},
    {"expiring",
     NULL,
     {STALE, .phase = TABLE_RUNNING, .stage = TABLE_EXPIRING},
     0,
     STATE_ROTATING,
     0,
     NOON},
    {"disabled",
     "disabled=yes",
     {.seen = {.suspect = NOON - 9 * DAY}, .seen.last.result = RESULT_FAILED},
     0,
     STATE_DISABLED,
     0,
     0},
};

static void
test_cases(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct shown *c = &cases[i];
		struct view view = {
		    .when = {NOON, 0, WAKE, c->disk}, .life = VIEW_ALIVE, .next_wake = NEXT_WAKE};
		struct table_row row = c->row;
		struct state state = {.next = -1};

		row.volume = rows_volume("a/b", c->option, NULL);
		row.known = true;
		state_of(&row, &view, &state);
		if (state.word != c->word || state.next != c->next ||
		    (c->word == STATE_WAITING && state.wait != c->wait))
			fail_msg("%s: word %d, wait %d, next at NOON%+lld", c->name,
			         (int)state.word, (int)state.wait, (long long)(state.next - NOON));
		assert_int_equal(state.overdue, plan_overdue(&row, NOON));
		volume_free(row.volume);
	}
}

/* Without a next wake (the daemon has ended) nothing is known but what the clock brings. */
static void
test_without_a_next_wake(void **unused)
{
	struct table_row row = {STALE, .volume = rows_volume("a/b", NULL)};
	const struct view view = {.when = {NOON, 0, WAKE, PLAN_DISK_OK}, .life = VIEW_DOWN};
	struct state state;

	(void)unused;
	state_of(&row, &view, &state);
	assert_int_equal(state.word, STATE_READY);
	assert_int_equal(state.next, 0);
	row.seen.last.result = RESULT_FAILED;
	row.retry_at = NOON + HOUR;
	state_of(&row, &view, &state);
	assert_int_equal(state.next, NOON + HOUR - 5 * MINUTE);
	volume_free(row.volume);
}

/* The questions do not hide one another as the words do. */
static void
test_questions(void **unused)
{
	struct table_row row = {.seen = {.complete = 10, .suspect = 20},
	                        .seen.last.result = RESULT_FAILED};

	(void)unused;
	assert_true(state_is_failed(&row));
	assert_true(state_is_suspect(&row));
	assert_false(state_is_partial(&row));
	assert_false(state_is_not_found(&row));

	row.seen.partial = 15;
	assert_false(state_is_partial(&row));
	/* A later partial one passed the guard. */
	row.seen.partial = 30;
	assert_false(state_is_suspect(&row));
	assert_true(state_is_partial(&row));
	row.seen.complete = 40;
	assert_false(state_is_partial(&row));

	row.phase = TABLE_RUNNING;
	assert_false(state_is_failed(&row));
	row.seen.suspect = 50;
	assert_true(state_is_suspect(&row));

	row = (struct table_row){.seen = {.last = {.result = RESULT_NOT_FOUND}}};
	assert_true(state_is_not_found(&row));
	row.seen.last.result = RESULT_SUCCEEDED;
	assert_false(state_is_not_found(&row));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_without_a_next_wake),
	    cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
