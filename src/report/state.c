// SPDX-License-Identifier: ISC
#include "flashback/report/state.h"

#include "flashback/lib/clock.h"

/* What the newest run counts as; it may be one that could not write to the history. */
static enum result_count
count_of(const struct table_row *row)
{
	return result_row(row->seen.last.result)->count;
}

bool
state_is_failed(const struct table_row *row)
{
	return !table_active(row) && count_of(row) == RESULT_COUNT_FAILED;
}

/* Until a good snapshot is newer than the suspect one, or that is renamed or removed. */
bool
state_is_suspect(const struct table_row *row)
{
	return row->seen.suspect > summary_good(&row->seen);
}

bool
state_is_partial(const struct table_row *row)
{
	return row->seen.partial > row->seen.complete && row->seen.partial > row->seen.suspect;
}

bool
state_is_never(const struct table_row *row)
{
	return summary_good(&row->seen) == 0;
}

struct stamp
state_newest(const struct table_row *row, const struct view *view)
{
	struct stamp newest = {.when = summary_good(&row->seen), .offset = view->when.offset};

	if (row->seen.latest.when == newest.when)
		newest.offset = row->seen.latest.offset;
	return newest;
}

/* The host did not answer, or the last run found no source.  Not while a run is active or queued:
 * then the host has answered since. */
bool
state_is_not_found(const struct table_row *row)
{
	if (table_active(row) || row->phase == TABLE_QUEUED)
		return false;
	return row->silent_since != 0 || count_of(row) == RESULT_COUNT_NOT_FOUND;
}

/* Judged only by a plausible clock: after a boot in 1970 every stamp would be from the future. */
bool
state_is_future(const struct table_row *row, int64_t now)
{
	return now >= CLOCK_RELEASE_DATE && row->seen.future.when > now + SUMMARY_AHEAD_MAX;
}

/* What a volume that is due waits for.  What holds at this moment (a slot, the clock, the disk, its
 * window) comes before why its last attempt ended. */
static enum state_wait
wait_of(const struct table_row *row, enum plan_cause cause)
{
	if (row->phase == TABLE_QUEUED)
		return STATE_WAIT_SLOT;
	if (cause == PLAN_CLOCK || cause == PLAN_AHEAD)
		return STATE_WAIT_CLOCK;
	if (cause == PLAN_DISK)
		return STATE_WAIT_DISK;
	if (cause == PLAN_WINDOW)
		return STATE_WAIT_WINDOW;
	return (enum state_wait)result_row(row->seen.last.result)->wait;
}

/* The first wake at or after an instant, since nothing starts between wakes. */
static int64_t
wake_at(const struct view *view, int64_t at)
{
	int64_t wake = view->when.wake, late = at - view->next_wake;

	if (view->next_wake == 0 || wake <= 0)
		return at > view->when.now ? at : 0;
	return view->next_wake + (late > 0 ? (late + wake - 1) / wake * wake : 0);
}

/* When the next run starts, as far as it is known; 0 when it depends on something else than
 * time. */
static int64_t
next_start(const struct table_row *row, const struct view *view, const struct plan_decision *plan)
{
	if (row->phase != TABLE_RESTING)
		return view->when.now;
	switch (plan->cause) {
	case PLAN_NOT_DUE:
		return plan->at > 0 ? plan->at : wake_at(view, 0);
	case PLAN_BACKOFF:
		/* A backoff counts in wakes; half a wake is subtracted so that rounding does not
		 * add another. */
		return wake_at(view, plan->at - view->when.wake / 2);
	case PLAN_RUN:
	case PLAN_AHEAD:
	case PLAN_WINDOW:
		return wake_at(view, plan->at);
	case PLAN_DISABLED:
	case PLAN_CLOCK:
	case PLAN_DISK:
		break;
	}
	return 0;
}

/* The first word that applies, in the order of enum state_word: what the user has decided, what
 * goes on now, what is wrong, and only then when it runs next. */
static enum state_word
word_of(const struct state *state)
{
	const struct table_row *row = state->row;

	if (row->volume->disabled)
		return STATE_DISABLED;
	if (table_active(row) && row->stage == TABLE_COMPARING)
		return STATE_COMPARING;
	if (table_active(row))
		return row->stage <= TABLE_COPYING ? STATE_BACKING_UP : STATE_ROTATING;
	if (state_is_not_found(row))
		return STATE_NOT_FOUND;
	if (state_is_failed(row))
		return STATE_FAILED;
	if (state_is_suspect(row))
		return STATE_SUSPECT;
	if (state_is_partial(row))
		return STATE_PARTIAL;
	if (row->fresh)
		return STATE_SUCCEEDED;
	if (row->phase == TABLE_RESTING && state->plan.cause == PLAN_NOT_DUE && state->plan.at > 0)
		return STATE_NEXT;
	return state->wait != STATE_WAIT_NOT ? STATE_WAITING : STATE_READY;
}

void
state_of(const struct table_row *row, const struct view *view, struct state *out)
{
	out->row = row;
	out->view = view;
	plan_decide(row, &view->when, &out->plan);
	out->overdue = plan_overdue(row, view->when.now);
	out->next = next_start(row, view, &out->plan);
	out->wait = wait_of(row, out->plan.cause);
	out->word = word_of(out);
}
