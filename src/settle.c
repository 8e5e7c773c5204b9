// SPDX-License-Identifier: ISC
#include "flashback/settle.h"

#include <string.h>

#include "flashback/clock.h"

const char *
settle_words(enum daemon_why why)
{
	switch (why) {
	case DAEMON_WINDOW:
		return "its window closed";
	case DAEMON_SLICE:
		return "it gave way to others";
	case DAEMON_ROOM:
		return "the disk was filling up";
	case DAEMON_DISK:
		return "the disk went away during the run";
	case DAEMON_HANGS:
		return "the disk did not answer any more";
	case DAEMON_ENDS:
	case DAEMON_RUNNING:
		break;
	}
	return "flashback was told to stop";
}

/* Of a run that we stopped the worker knows no more than that. */
static void
say_result(struct table_row *row, const struct daemon_work *w)
{
	bool by_disk = w->why == DAEMON_DISK || w->why == DAEMON_HANGS;

	if (w->result != JUDGE_INTERRUPTED)
		table_say(row, w->result, "%s", w->reason);
	else
		table_say(row, by_disk ? JUDGE_DISK : w->result, "%s", settle_words(w->why));
}

/* Did the run before this one end like it, for the same reason? */
static bool
is_repeated(const struct table_row *row, const struct daemon_work *w)
{
	return row->last == w->result &&
	       strcmp(row->reason != NULL ? row->reason : "", w->reason) == 0;
}

void
settle_row(struct daemon *d, struct table_row *row, const struct daemon_work *w)
{
	int64_t now = clock_wall();
	int64_t every = row->volume->every, silent_since = row->silent_since;

	row->again = is_repeated(row, w);
	row->took = w->seconds;
	row->percent = w->percent;
	row->retry_at = 0;
	row->yielded = w->why == DAEMON_SLICE;
	row->fresh = w->result == JUDGE_SUCCEEDED;
	row->silent_since = 0;
	say_result(row, w);
	if (judge_shown_failed(w->result))
		row->retry_at = now + plan_backoff(row->seen.failures > 0 ? row->seen.failures : 1,
		                                   d->config->wake, every);
	if (w->result == JUDGE_NOT_FOUND)
		row->silent_since = silent_since != 0 ? silent_since : now;
	if (w->result == JUDGE_FULL)
		row->retry_at = now + every;
}

void
settle_adopt(struct table_row *row)
{
	const struct history_run *last = &row->seen.last;

	table_say(row, last->result, "%s", last->reason);
	row->took = last->seconds;
	row->percent = 0;
	row->silent_since = 0;
}

void
settle_exit_status(struct daemon *d, enum judge_result result)
{
	switch (result) {
	case JUDGE_NONE:
	case JUDGE_SUCCEEDED:
	case JUDGE_NOT_DUE:
		break;
	case JUDGE_NOT_FOUND:
	case JUDGE_BUSY:
	case JUDGE_NOT_NOW:
	case JUDGE_ABSENT:
	case JUDGE_CLOCK:
		if (d->exit_status == DAEMON_GOOD && d->options->wanted.n > 0)
			d->exit_status = DAEMON_NOT_NOW;
		break;
	case JUDGE_PARTIAL:
	case JUDGE_SUSPECT:
	case JUDGE_FAILED:
	case JUDGE_NO_SOURCE:
	case JUDGE_INTERRUPTED:
	case JUDGE_DISK:
	case JUDGE_FULL:
	case JUDGE_LINKS:
	case JUDGE_RESULTS:
		d->exit_status = DAEMON_WENT_WRONG;
		break;
	}
}
