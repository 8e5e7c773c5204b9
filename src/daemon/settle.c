// SPDX-License-Identifier: ISC
#include "flashback/daemon/settle.h"

#include <string.h>

#include "flashback/lib/clock.h"

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

	if (w->result != RESULT_INTERRUPTED)
		table_say(row, w->result, "%s", w->reason);
	else
		table_say(row, by_disk ? RESULT_DISK : w->result, "%s", settle_words(w->why));
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
	row->fresh = w->result == RESULT_SUCCEEDED;
	row->silent_since = 0;
	say_result(row, w);
	if (result_shown_failed(w->result))
		row->retry_at = now + plan_backoff(row->seen.failures > 0 ? row->seen.failures : 1,
		                                   d->config->wake, every);
	if (w->result == RESULT_NOT_FOUND)
		row->silent_since = silent_since != 0 ? silent_since : now;
	if (w->result == RESULT_FULL)
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
settle_exit_status(struct daemon *d, enum result result)
{
	switch (result) {
	case RESULT_NONE:
	case RESULT_SUCCEEDED:
	case RESULT_NOT_DUE:
		break;
	case RESULT_NOT_FOUND:
	case RESULT_BUSY:
	case RESULT_NOT_NOW:
	case RESULT_ABSENT:
	case RESULT_CLOCK:
		if (d->exit_status == DAEMON_GOOD && d->options->wanted.n > 0)
			d->exit_status = DAEMON_NOT_NOW;
		break;
	case RESULT_PARTIAL:
	case RESULT_SUSPECT:
	case RESULT_FAILED:
	case RESULT_NO_SOURCE:
	case RESULT_INTERRUPTED:
	case RESULT_DISK:
	case RESULT_FULL:
	case RESULT_LINKS:
	case RESULT_RESULTS:
		d->exit_status = DAEMON_WENT_WRONG;
		break;
	}
}
