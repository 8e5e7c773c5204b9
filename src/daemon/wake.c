// SPDX-License-Identifier: ISC
#include "flashback/daemon/wake.h"

#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"

#define CLOCK_SET 3600 /* seconds; smaller steps are corrections by NTP */

/* Was the wall clock set since the last wake?  It has moved against the monotonic clock then.  What
 * was read while the clock was wrong may be classified wrongly (due, from the future): read it
 * again. */
static bool
clock_was_set(struct wake *w)
{
	int64_t ahead = clock_wall() - clock_mono() / 1000;
	int64_t set = ahead - w->ahead;

	w->ahead = ahead;
	if (w->begun == 0 || (set < CLOCK_SET && set > -CLOCK_SET))
		return false;
	log_say(LOG_LEVEL_INFO, "the clock was set: all snapshots are read again");
	return true;
}

/* Is a snapshot that was from the future no longer so?  It counts as an attempt then: the summary
 * of its volume must be made again. */
static bool
future_has_come(const struct table *table)
{
	int64_t until = clock_wall() + SUMMARY_AHEAD_MAX;

	for (size_t i = 0; i < table->n; i++) {
		int64_t when = table->row[i].seen.future.when;

		if (when != 0 && when <= until)
			return true;
	}
	return false;
}

/* The next wake is set when this one begins, so that a slow disk does not shift all later ones. */
bool
wake_begin(struct wake *w, struct table *table, int64_t interval)
{
	bool set = clock_was_set(w);

	w->last = w->begun;
	w->begun = clock_wall();
	w->next = clock_mono() + interval * 1000;
	w->waiting = true;
	table_wake(table, w->begun);
	return set || future_has_come(table);
}

/* Causes that hold for all volumes are shown once, not in each row.  A row shows them only if it is
 * an operand of --once: its user needs the reason why nothing ran. */
static void
show_cause(struct table_row *row, enum plan_cause cause, const char *disk_reason)
{
	if (row->wanted && cause == PLAN_DISK)
		table_result(row, RESULT_ABSENT, "%s", disk_reason);
	if (row->wanted && (cause == PLAN_CLOCK || cause == PLAN_AHEAD))
		table_result(row, RESULT_CLOCK, "%s",
		             "the clock is wrong, or its newest snapshot is ahead of it");
}

/* Decide for each resting row.  Rows that are probed, queued or running are left alone: their
 * decision stands.  While a prober runs no second one can start: such rows are decided again when
 * it has ended. */
void
wake_decide(struct wake *w, struct table *table, const struct wake_terms *terms)
{
	struct plan_decision decision;

	w->again = false;
	for (size_t i = 0; i < table->n; i++) {
		struct table_row *row = &table->row[i];

		if (row->phase != TABLE_RESTING || (terms->only_wanted && !row->wanted))
			continue;
		plan_decide(row, &terms->when, &decision);
		if (decision.cause != PLAN_RUN)
			show_cause(row, decision.cause, terms->disk_reason);
		else if (row->volume->probe == VOLUME_PROBE_NONE)
			table_move(row, TABLE_EVENT_QUEUE);
		else if (!terms->probing)
			table_move(row, TABLE_EVENT_PROBE);
		else
			w->again = true;
	}
}

/* A row may stay in the queue for hours.  Decide again before it starts: its window may have
 * closed, the disk may be absent, or --once may have made its backup. */
void
wake_withdraw(struct table *table, const struct plan_now *when)
{
	struct plan_decision decision;

	for (size_t i = 0; i < table->n; i++) {
		struct table_row *row = &table->row[i];

		if (row->phase != TABLE_QUEUED)
			continue;
		plan_decide(row, when, &decision);
		if (decision.cause != PLAN_RUN)
			table_move(row, TABLE_EVENT_WITHDRAWN);
	}
}
