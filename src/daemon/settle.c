// SPDX-License-Identifier: ISC
#include "flashback/daemon/settle.h"

#include <stdio.h>
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
explain_stop(struct daemon_work *w)
{
	if (w->run.result != RESULT_INTERRUPTED)
		return;
	if (w->why == DAEMON_DISK || w->why == DAEMON_HANGS)
		w->run.result = RESULT_DISK;
	snprintf(w->run.reason, sizeof(w->run.reason), "%s", settle_words(w->why));
}

void
settle_row(struct daemon *d, struct table_row *row, struct daemon_work *w)
{
	const struct history_run *before = &row->seen.last, *run = &w->run;
	int64_t now = clock_wall(), silent_since = row->silent_since;

	explain_stop(w);
	row->again = before->result == run->result && strcmp(before->reason, run->reason) == 0;
	row->seen.last = *run;
	row->percent = w->percent;
	row->yielded = w->why == DAEMON_SLICE;
	row->fresh = run->result == RESULT_SUCCEEDED;
	row->silent_since = 0;
	row->retry_at = plan_retry_at(&row->seen, now, d->config->wake, row->volume->every);
	if (run->result == RESULT_NOT_FOUND)
		row->silent_since = silent_since != 0 ? silent_since : now;
	if (run->result == RESULT_NOT_DUE)
		row->seen.last = w->newest;
}

void
settle_exit_status(struct daemon *d, enum result result)
{
	switch (result_row(result)->exit) {
	case RESULT_EXIT_GOOD:
		break;
	case RESULT_EXIT_NOT_NOW:
		if (d->exit_status == DAEMON_GOOD && d->options->wanted.n > 0)
			d->exit_status = DAEMON_NOT_NOW;
		break;
	case RESULT_EXIT_WRONG:
		d->exit_status = DAEMON_WENT_WRONG;
		break;
	}
}
