// SPDX-License-Identifier: ISC
#include "flashback/daemon/wake.h"

#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"

#define CLOCK_SET 3600 /* seconds: by less it is merely put right */

/* What was read by a clock that was wrong is read again by one that may be right. */
static bool
clock_was_set(struct wake *w)
{
	int64_t ahead = clock_wall() - clock_mono() / 1000;
	int64_t set = ahead - w->ahead;

	w->ahead = ahead;
	if (w->begun == 0 || (set < CLOCK_SET && set > -CLOCK_SET))
		return false;
	log_say(LOG_LEVEL_INFO, "the clock was set: the snapshots are looked at anew");
	return true;
}

/* Has a snapshot that was from the future become one of the present? */
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

/* The disk and the clock are shown once for all; a wanted volume shows them in its row. */
static void
show_cause(struct table_row *row, enum plan_cause cause, const char *disk_reason)
{
	if (row->wanted && cause == PLAN_DISK)
		table_say(row, RESULT_ABSENT, "%s", disk_reason);
	if (row->wanted && (cause == PLAN_CLOCK || cause == PLAN_AHEAD))
		table_say(row, RESULT_CLOCK, "%s",
		          "the clock is wrong, or its newest snapshot is ahead of it");
}

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
			table_move(row, TABLE_EVENT_ASK);
		else
			w->again = true;
	}
}

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
