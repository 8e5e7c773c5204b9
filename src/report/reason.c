// SPDX-License-Identifier: ISC
#include "flashback/report/reason.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flashback/lib/text.h"
#include "flashback/lib/units.h"
#include "flashback/rsync/argv.h"
#include "flashback/store/stamp.h"

#define DAY (24 * 60 * 60)
#define TIME_SIZE 48                 /* date and time, whatever the year */
#define WORDS_SIZE (4 * RESULT_TEXT) /* holds every reason, even if all of it is escaped */

/* A reason of several phrases: where it is written, of what, and what separates the next phrase
 * from what is there. */
struct phrases {
	FILE *f;
	const struct state *state;
	const struct table_row *row; /* that of state */
	const char *before;
};

/* Start another phrase. */
static FILE *
phrase(struct phrases *p)
{
	fputs(p->before, p->f);
	p->before = "; ";
	return p->f;
}

/* Write text from a host, the disk or the history: escaped, and with the words that scripts count
 * in lower case. */
static void
put_words(FILE *f, const char *words)
{
	char text[WORDS_SIZE];

	text_clean(text, sizeof(text), words, strlen(words));
	(void)text_hush(text);
	fputs(text, f);
}

/* "14:10" if that is today, else "2026-11-20 14:10". */
static void
put_time(FILE *f, int64_t at, const struct plan_now *when)
{
	const struct stamp stamp = {.when = at, .offset = when->offset};
	char text[TIME_SIZE];
	struct tm tm;

	stamp_local(&stamp, &tm);
	if ((at + when->offset) / DAY == (when->now + when->offset) / DAY)
		strftime(text, sizeof(text), "%H:%M", &tm);
	else
		strftime(text, sizeof(text), "%F %H:%M", &tm);
	fputs(text, f);
}

/* The reason of a run; other words, which may be NULL, where it has none. */
static const char *
reason_of(const struct history_run *run, const char *other)
{
	return run->reason[0] != '\0' ? run->reason : other;
}

/* The same of the run that left this snapshot, whatever came after it. */
static const char *
reason_left(const struct table_row *row, int64_t snapshot, const char *other)
{
	const struct history_run *run = &row->seen.flawed;

	return run->snapshot.when == snapshot ? reason_of(run, other) : other;
}

/* When it is tried again: "again at 14:10", or what has to happen first.  After --once nobody may
 * be there to keep the promise of a time. */
static void
put_when(FILE *f, const char *verb, const struct state *state)
{
	const struct table_row *row = state->row;

	if (row->phase == TABLE_QUEUED) {
		fprintf(f, "%s when a slot is free", verb);
	} else if (row->phase == TABLE_PROBING) {
		fprintf(f, "%s when the host answers", verb);
	} else if (state->view->once) {
		fprintf(f, "%s with the next run of flashback", verb);
	} else if (state->plan.cause == PLAN_DISK) {
		fprintf(f, "%s when the disk is usable", verb);
	} else if (state->plan.cause == PLAN_CLOCK) {
		fprintf(f, "%s when the clock is right", verb);
	} else if (state->next == 0) {
		fprintf(f, "%s at the next wake", verb);
	} else {
		fprintf(f, "%s at ", verb);
		put_time(f, state->next, &state->view->when);
	}
}

/* "cd /backup/kimono/home && mv FROM TO", ready to be pasted.  Without the cd where the path
 * contains a word that scripts count, since a path cannot be written in lower case. */
static void
put_rename(FILE *f, const struct view *view, const struct table_row *row, const char *from,
           const char *to)
{
	char *dir = text_format("%s/%s", view->data_dir, row->volume->id);
	char *words[] = {dir, NULL};
	const struct text_list list = {.item = words, .n = 1};

	if (dir != NULL && !text_hush(dir)) {
		fputs("cd ", f);
		argv_print(f, &list);
		fputs(" && ", f);
	}
	fprintf(f, "mv %s %s", from, to);
	free(dir);
}

/* Why the snapshot is suspect, and the command that accepts it.  If the newest suspect one is not
 * that of the last run, its full name is not known here. */
static void
put_suspect(struct phrases *p)
{
	const struct table_row *row = p->row;
	struct stamp stamp = row->seen.flawed.snapshot;
	char from[STAMP_NAME_SIZE], to[STAMP_NAME_SIZE];

	put_words(phrase(p), reason_left(row, row->seen.suspect,
	                                 "far fewer files than before, or too many changes"));
	fputs("; look at it; to accept it: ", p->f);
	/* The command must name the snapshot exactly, or it would rename another one. */
	if (stamp.when != row->seen.suspect) {
		fputs("take .suspect off its name", p->f);
		return;
	}
	stamp.state = STAMP_SUSPECT;
	stamp_format(&stamp, from);
	stamp.state = STAMP_COMPLETE;
	put_rename(p->f, p->state->view, row, from, stamp_format(&stamp, to));
}

static void
put_interrupted(struct phrases *p)
{
	fputs("interrupted", phrase(p));
	if (p->row->percent > 0)
		fprintf(p->f, " at %d%%", p->row->percent);
	put_when(p->f, ", resumes", p->state);
}

/* Why no run can start. */
static const char *
disk_words(enum plan_disk disk)
{
	static const char *const words[] = {
	    [PLAN_DISK_OK] = "the backup disk was not usable",
	    [PLAN_DISK_UNKNOWN] = "the backup disk has not been checked yet",
	    [PLAN_DISK_ABSENT] = "the backup disk is absent",
	    [PLAN_DISK_FULL] = "the backup disk has too little free space",
	    [PLAN_DISK_BROKEN] = "the backup disk cannot be written",
	};

	return words[disk];
}

/* Due and not started: why, and when it will start.  Clock and disk come first, since they hold
 * back everything, whatever the volume waits for besides. */
static void
put_waiting(struct phrases *p)
{
	const struct state *state = p->state;
	const struct plan_now *when = &state->view->when;
	const struct history_run *last = &p->row->seen.last;

	if (state->plan.cause == PLAN_CLOCK) {
		fputs("the clock is wrong: its date is before the release of flashback", phrase(p));
		return;
	}
	if (state->plan.cause == PLAN_DISK) {
		fputs(disk_words(when->disk), phrase(p));
		return;
	}
	switch (state->wait) {
	case STATE_WAIT_SLOT:
		fputs("other volumes are being backed up", phrase(p));
		return;
	case STATE_WAIT_WINDOW:
		fputs("its window opens at ", phrase(p));
		put_time(p->f, state->plan.at, when);
		return;
	case STATE_WAIT_CLOCK:
		fputs("its newest snapshot is ahead of the clock", phrase(p));
		break;
	case STATE_WAIT_DISK:
		put_words(phrase(p), reason_of(last, disk_words(PLAN_DISK_OK)));
		break;
	case STATE_WAIT_BUSY:
		put_words(phrase(p), reason_of(last, "busy"));
		break;
	case STATE_WAIT_NOT:
		break;
	}
	put_when(phrase(p), "again", state);
}

/* The host is silent, or a removable source is absent: since when. */
static void
put_not_found(struct phrases *p)
{
	const struct history_run *last = &p->row->seen.last;
	bool tells = result_row(last->result)->count == RESULT_COUNT_NOT_FOUND;

	put_words(phrase(p), tells ? reason_of(last, "host silent") : "host silent");
	if (p->row->silent_since != 0) {
		fputs(" since ", p->f);
		put_time(p->f, p->row->silent_since, &p->state->view->when);
	}
}

/* A reason that may be missing. */
static void
put_plain(struct phrases *p, const char *reason)
{
	if (reason != NULL)
		put_words(phrase(p), reason);
}

static void
put_ready(struct phrases *p)
{
	if (p->row->phase == TABLE_PROBING)
		fputs("probing the host", phrase(p));
	else
		put_when(phrase(p), "starts", p->state);
}

/* What a run does, where the progress figures do not show that. */
static void
put_running(struct phrases *p)
{
	static const char *const words[] = {
	    [TABLE_PREPARING] = "preparing",
	    [TABLE_COMPARING] = NULL,
	    [TABLE_COPYING] = NULL,
	    [TABLE_COMMITTING] = "syncing the disk",
	    [TABLE_EXPIRING] = "expiring old snapshots",
	};

	if (p->row->gone)
		fputs("no longer in the config; this row ends with the run", phrase(p));
	if (p->row->phase == TABLE_ENDING)
		fputs("being stopped", phrase(p));
	else if (words[p->row->stage] != NULL)
		fputs(words[p->row->stage], phrase(p));
}

/* The reason for each state.  An interrupted run is not a failure, so its reason is shown with
 * whatever state the volume has meanwhile; so is why --once could not run a volume that is not
 * due. */
static void
put_reason(struct phrases *p)
{
	const struct table_row *row = p->row;
	const struct state *state = p->state;

	switch (state->word) {
	case STATE_DISABLED:
		if (table_active(row))
			fputs("its last run has not ended yet", phrase(p));
		break;
	case STATE_COMPARING:
	case STATE_BACKING_UP:
	case STATE_ROTATING:
		put_running(p);
		break;
	case STATE_NOT_FOUND:
		put_not_found(p);
		break;
	case STATE_FAILED:
		put_plain(p, reason_of(&row->seen.last, NULL));
		put_when(phrase(p), "again", state);
		break;
	case STATE_SUSPECT:
		put_suspect(p);
		break;
	case STATE_PARTIAL:
		put_plain(
		    p, reason_left(row, row->seen.partial, "some of the source could not be read"));
		break;
	case STATE_SUCCEEDED:
		put_plain(p, reason_of(&row->seen.last, NULL));
		break;
	case STATE_WAITING:
	case STATE_READY:
	case STATE_NEXT:
		if (row->seen.last.result == RESULT_INTERRUPTED)
			put_interrupted(p);
		else if (state->word == STATE_WAITING)
			put_waiting(p);
		else if (state->word == STATE_READY)
			put_ready(p);
		else if (state->view->once &&
		         result_row(row->seen.last.result)->wait == RESULT_WAIT_BUSY)
			put_plain(p, reason_of(&row->seen.last, "busy"));
		break;
	}
}

void
reason_future(FILE *f, const struct table_row *row, const struct view *view)
{
	char from[STAMP_NAME_SIZE], to[2 * STAMP_NAME_SIZE];

	stamp_format(&row->seen.future, from);
	snprintf(to, sizeof(to), "%s.from-the-future", from);
	fprintf(f, "%s is from the future: ", from);
	put_rename(f, view, row, from, to);
}

/* The reason, then a stamp from the future if there is one: as long as that is there, nothing of
 * the volume expires, whatever its state. */
void
reason_text(FILE *f, const char *before, const struct state *state)
{
	const struct table_row *row = state->row;
	struct phrases p = {.f = f, .state = state, .row = row, .before = before};

	put_reason(&p);
	/* A second problem, independent of the state: it stops expiry. */
	if (state_is_future(row, state->view->when.now) && !row->volume->disabled)
		reason_future(phrase(&p), row, state->view);
}

/* " 43% 12.3M/s 0:07:12", as far as known; during a comparison the number of files compared. */
static void
put_progress(FILE *f, const struct table_row *row)
{
	const struct output_progress *progress = &row->progress;
	char text[UNITS_TEXT];

	if (row->stage == TABLE_COMPARING && progress->done > 0)
		fprintf(f, " %" PRId64 " files", progress->done);
	if (row->stage != TABLE_COPYING || (progress->all <= 0 && progress->bytes <= 0))
		return;
	fprintf(f, " %d%% %s/s", progress->percent,
	        units_format_bytes(text, (uint64_t)(progress->rate > 0 ? progress->rate : 0)));
	if (progress->left >= 0)
		fprintf(f, " %s", units_format_clock(text, progress->left));
}

/* How long the last run took. */
static void
put_took(FILE *f, const struct table_row *row)
{
	int64_t took = row->seen.last.seconds;
	char text[UNITS_TEXT];

	if (took >= 0)
		fprintf(f, " (%s)", units_format_clock(text, took));
}

/* What follows the word directly. */
static void
put_detail(FILE *f, const struct state *state)
{
	static const char *const waits[] = {
	    [STATE_WAIT_NOT] = "",      [STATE_WAIT_WINDOW] = "window", [STATE_WAIT_SLOT] = "slot",
	    [STATE_WAIT_DISK] = "disk", [STATE_WAIT_CLOCK] = "clock",   [STATE_WAIT_BUSY] = "busy",
	};
	char text[UNITS_TEXT];

	if (state->word == STATE_BACKING_UP || state->word == STATE_COMPARING)
		put_progress(f, state->row);
	else if (state->word == STATE_FAILED || state->word == STATE_SUCCEEDED)
		put_took(f, state->row);
	else if (state->word == STATE_WAITING)
		fprintf(f, " (%s)", waits[state->wait]);
	else if (state->word == STATE_NEXT)
		fprintf(f, " %s", units_format_clock(text, state->next - state->view->when.now));
}

void
reason_status(FILE *f, const struct state *state)
{
	static const char *const words[] = {
	    [STATE_DISABLED] = "DISABLED",     [STATE_COMPARING] = "COMPARING",
	    [STATE_BACKING_UP] = "BACKING UP", [STATE_ROTATING] = "ROTATING",
	    [STATE_NOT_FOUND] = "NOT FOUND",   [STATE_FAILED] = "FAILED",
	    [STATE_SUSPECT] = "SUSPECT",       [STATE_PARTIAL] = "PARTIAL",
	    [STATE_SUCCEEDED] = "SUCCEEDED",   [STATE_WAITING] = "WAITING",
	    [STATE_READY] = "READY",           [STATE_NEXT] = "NEXT RUN IN",
	};

	fputs(words[state->word], f);
	put_detail(f, state);
	if (state->overdue)
		fputs(", OVERDUE", f);
	reason_text(f, ": ", state);
}
