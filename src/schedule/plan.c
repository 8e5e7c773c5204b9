// SPDX-License-Identifier: ISC
#include "flashback/schedule/plan.h"

#include <math.h>
#include <string.h>

#include "flashback/lib/clock.h"

#define MINUTE 60
#define DAY_MINUTES (24 * 60)

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When the next run is due; 0: now, because no attempt counts. */
static int64_t
due_at(const struct volume *volume, const struct summary *seen)
{
	int64_t attempt = summary_attempt(seen);

	return attempt == 0 ? 0 : attempt + volume->every;
}

/* The newest stamp, whether or not it is ahead of the clock: the clock may have been set back since
 * the summary was made. */
static int64_t
newest(const struct summary *seen)
{
	return max64(seen->ahead, summary_attempt(seen));
}

/* Was the clock set back since the summary was made, by so much that its newest stamp is now from
 * the future?  The summary does not say what is older than that stamp; the worker reads the
 * directory and decides. */
static bool
is_stale(const struct summary *seen, int64_t now)
{
	return newest(seen) - SUMMARY_AHEAD_MAX > now;
}

bool
plan_is_due(const struct volume *volume, const struct summary *seen, const struct plan_now *when)
{
	/* Without an allowance a daily backup would start later by up to one wake each day. */
	int64_t allowance = min64(when->wake, volume->every / 10) / 2;

	return is_stale(seen, when->now) || when->now >= due_at(volume, seen) - allowance;
}

/* The first instant at or after `at` when the window of a volume is open; 0: never. */
static int64_t
opening(const struct volume *volume, int64_t at, int32_t offset)
{
	int64_t minutes = (at + offset) / MINUTE;
	int minute = (int)(minutes % DAY_MINUTES), wait;

	if (volume_window_open(volume, minute))
		return at;
	wait = volume_window_next(volume, minute);
	return wait == 0 ? 0 : (minutes + wait) * MINUTE - offset;
}

/* An operand of --once is privileged until its run has started; after that its row is like any
 * other. */
static bool
is_wanted(const struct table_row *row)
{
	return row->wanted && !row->tried;
}

/* The last checks for a volume that is due while clock and disk are usable: backoff and window.  An
 * operand of --once skips both. */
static void
decide_due(const struct table_row *row, const struct plan_now *when, struct plan_decision *out)
{
	/* Wakes are not exact: the one nearest to retry_at is accepted, or else a backoff of one
	 * wake would often take two. */
	if (row->retry_at - when->wake / 2 > when->now && !is_wanted(row)) {
		out->cause = PLAN_BACKOFF;
		out->at = opening(row->volume, row->retry_at, when->offset);
		return;
	}
	out->cause = PLAN_RUN;
	out->at = when->now;
	if (is_wanted(row))
		return;
	out->at = opening(row->volume, when->now, when->offset);
	if (out->at != when->now)
		out->cause = PLAN_WINDOW;
}

/* The order of the checks is the order in which causes are reported: a volume that is not due is
 * shown as such even if the disk is absent, because the disk does not delay it.  The clock comes
 * before all that compares times.  A row that was tried since the last wake must not run again
 * before the next one, or a run that fails at once would be repeated in a loop. */
void
plan_decide(const struct table_row *row, const struct plan_now *when, struct plan_decision *out)
{
	const struct volume *volume = row->volume;

	*out = (struct plan_decision){0};
	if (volume->disabled || row->gone) {
		out->cause = PLAN_DISABLED;
	} else if (when->now < CLOCK_RELEASE_DATE) {
		out->cause = PLAN_CLOCK;
	} else if (newest(&row->seen) > when->now && !is_stale(&row->seen, when->now)) {
		out->cause = PLAN_AHEAD;
		out->at = newest(&row->seen);
	} else if (!is_wanted(row) && !plan_is_due(volume, &row->seen, when)) {
		out->cause = PLAN_NOT_DUE;
		out->at = opening(volume, due_at(volume, &row->seen), when->offset);
	} else if (when->disk != PLAN_DISK_OK) {
		out->cause = PLAN_DISK;
	} else {
		decide_due(row, when, out);
	}
	if (row->tried && out->cause == PLAN_RUN)
		*out = (struct plan_decision){.cause = PLAN_NOT_DUE};
}

/* The age of the newest attempt, in units of `every`: a weekly volume two days late is less urgent
 * than an hourly one.  A volume never tried has no backup at all: nothing is more urgent. */
static double
urgency(const struct table_row *row, int64_t now)
{
	int64_t attempt = summary_attempt(&row->seen);

	return attempt == 0 ? HUGE_VAL : (double)(now - attempt) / (double)row->volume->every;
}

/* Rows that gave way go last, or a time slice would be given back to the same run at once.  The
 * name makes the order total. */
int
plan_compare(const struct table_row *a, const struct table_row *b, int64_t now)
{
	double urgency_a = urgency(a, now), urgency_b = urgency(b, now);

	if (a->yielded != b->yielded)
		return a->yielded ? 1 : -1;
	if (urgency_a > urgency_b)
		return -1;
	if (urgency_a < urgency_b)
		return 1;
	return strcmp(a->volume->id, b->volume->id);
}

/* The seconds to wait after so many failures in a row: 1, 2, 4 ... wakes, at most every. */
static int64_t
backoff(unsigned failures, int64_t wake, int64_t every)
{
	int64_t wait = wake;

	while (--failures > 0 && wait < every)
		wait *= 2;
	return min64(wait, every);
}

int64_t
plan_retry_at(const struct summary *seen, int64_t ended, int64_t wake, int64_t every)
{
	/* A failure that could not be written to the history is not counted there. */
	unsigned failures = seen->failures > 0 ? seen->failures : 1;

	switch (result_row(seen->last.result)->retry) {
	case RESULT_RETRY_BACKOFF:
		return ended + backoff(failures, wake, every);
	case RESULT_RETRY_EVERY:
		return ended + every;
	case RESULT_RETRY_WAKE:
		break;
	}
	return 0;
}

/* The age counts from the newest good snapshot.  A volume without one counts from its first run or
 * from when it was configured: a volume that never succeeds must become overdue too.  An instant
 * noted before the release date was noted by a wrong clock and proves nothing. */
bool
plan_overdue(const struct table_row *row, int64_t now)
{
	int64_t since = summary_good(&row->seen);

	if (row->volume->disabled || row->gone)
		return false;
	if (since == 0)
		since = row->seen.first;
	if (since == 0 && row->first_seen < CLOCK_RELEASE_DATE)
		return false;
	if (since == 0)
		since = row->first_seen;
	return now - since > row->volume->overdue;
}

/* Only a run that still copies gives way; one that commits is about to end.  The waiting row
 * must have waited since the previous wake: otherwise runs would be interrupted for a wait of
 * seconds. */
bool
plan_yields(const struct table_row *running, const struct table_row *waiting, int64_t now,
            int64_t slice, int64_t last_wake)
{
	if (running->phase != TABLE_RUNNING || running->stage > TABLE_COPYING)
		return false;
	if (waiting->phase != TABLE_QUEUED || waiting->queued_since == 0)
		return false;
	return now - running->started > slice && waiting->queued_since <= last_wake;
}

/* The order matters: `again` compares with the run before, and plan_retry_at reads the new one.  A
 * run that was not due is no run: the last one of the history is shown instead. */
void
plan_settle(struct table_row *row, const struct plan_end *end, int64_t now, int64_t wake)
{
	const struct history_run before = row->seen.last, *run = end->run;
	int64_t silent_since = row->silent_since;

	row->again = before.result == run->result && strcmp(before.reason, run->reason) == 0;
	row->seen.last = *run;
	row->percent = end->percent;
	row->yielded = end->yielded;
	row->fresh = run->result == RESULT_SUCCEEDED;
	row->silent_since = 0;
	row->retry_at = plan_retry_at(&row->seen, now, wake, row->volume->every);
	if (run->result == RESULT_NOT_FOUND)
		row->silent_since = silent_since != 0 ? silent_since : now;
	if (run->result == RESULT_NOT_DUE)
		row->seen.last = end->newest != NULL ? *end->newest : before;
}

/* Is the suspect snapshot still the newest attempt?  It is not if the user has accepted or removed
 * it, or if another one followed. */
static bool
is_suspect_still(const struct summary *seen)
{
	return seen->suspect != 0 && seen->suspect > seen->complete &&
	       seen->suspect > seen->partial;
}

/* Has the user renamed or removed the flawed snapshot that the row shows? */
static bool
is_dealt_with(const struct table_row *row)
{
	enum result last = row->seen.last.result;

	if (last == RESULT_SUSPECT)
		return !is_suspect_still(&row->seen);
	return last == RESULT_PARTIAL && row->seen.partial == 0;
}

/* The first reading after start restores the backoff and the last notified result from the history:
 * without that a restart would retry failing volumes at once and notify the same failures again. */
bool
plan_adopt(struct table_row *row, const struct summary *seen, int64_t wake)
{
	bool first = !row->known && row->phase == TABLE_RESTING;
	bool was_known = row->known, newer = table_see(row, seen);

	if (first) {
		row->retry_at =
		    plan_retry_at(seen, history_ended(&seen->last), wake, row->volume->every);
		row->notified = seen->last.result; /* notified by the process that made the run */
	}
	if (is_dealt_with(row))
		table_result(row, RESULT_NONE, "%s", "");
	return newer && was_known;
}
