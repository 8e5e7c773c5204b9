// SPDX-License-Identifier: ISC
#include "flashback/report/health.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"
#include "flashback/report/reason.h"
#include "flashback/report/state.h"

#define DAY (24 * 60 * 60)
#define SHORT 30       /* days until the disk is full */
#define LEAST 1024     /* bytes a day; less is none */
#define FAR (10 * 365) /* days that are not counted */

/* ---- the growth of the disk ---- */

/* Days until only min_free is left; 0 when it is. */
static uint64_t
days_left(const struct view_disk *disk)
{
	uint64_t left = disk->free > disk->least ? disk->free - disk->least : 0;

	return left / (uint64_t)disk->growth;
}

static bool
grows(const struct view_disk *disk)
{
	return disk->known && disk->mounted && disk->growth >= LEAST;
}

/* Two digits: more would claim too much. */
static uint64_t
rounded(uint64_t days)
{
	uint64_t unit = 1;

	while (days / unit >= 100)
		unit *= 10;
	return (days + unit / 2) / unit * unit;
}

void
health_growth(FILE *f, const char *before, const struct view_disk *disk, const char *after)
{
	char text[UNITS_TEXT];
	uint64_t days;

	if (!grows(disk))
		return;
	days = days_left(disk);
	units_format_bytes(text, (uint64_t)disk->growth);
	fprintf(f, "%sgrows %s a day: full ", before, text);
	if (days > FAR)
		fputs("in more than 10 years", f);
	else if (days == 0)
		fputs("within a day", f);
	else
		fprintf(f, "in about %" PRIu64 " day%s", rounded(days), days == 1 ? "" : "s");
	fputs(after, f);
}

void
health_disk(FILE *f, const struct view_disk *disk)
{
	char free[UNITS_TEXT], total[UNITS_TEXT];
	double share = disk->total > 0 ? (double)disk->free / (double)disk->total : 0;

	if (!disk->known)
		return;
	if (!disk->mounted) {
		fputs("\ndisk: absent\n", f);
		return;
	}
	fprintf(f, "\ndisk: %s of %s free (%d %%)", units_format_bytes(free, disk->free),
	        units_format_bytes(total, disk->total), (int)(share * 100 + 0.5));
	health_growth(f, "; ", disk, "");
	fputc('\n', f);
}

/* ---- the faults ---- */

/* Every fault, of the program or of a volume, worst first: health is the worst that there is. */
enum fault {
	CLOCK,
	DISK,
	SUSPECT,
	OVERDUE, /* CRITICAL up to this one */
	DIFFERS,
	CONFIG,
	FAILED,
	FULL,
	PARTIAL,
	FUTURE,
	UNRESOLVED,
	NEVER,
	GROWTH,
	WARNINGS,
	NO_VOLUMES,
	NONE
};

/* A laptop in .local is unknown while it is away, so only a name that never worked is reported as a
 * probable mistake: it has not resolved for a day, and there is no snapshot. */
static bool
is_unresolved(const struct table_row *row, int64_t now)
{
	return row->unresolved_since != 0 && now - row->unresolved_since >= DAY &&
	       summary_attempt(&row->seen) == 0;
}

/* No backup at all, and a wake has passed since the volume is known: a host that never answers is
 * no host that is away. */
static bool
has_none(const struct table_row *row, const struct plan_now *when)
{
	int64_t since = row->seen.first != 0 ? row->seen.first : row->first_seen;

	return state_is_never(row) && when->now - since >= when->wake;
}

/* Rows that have left the config do not count. */
static bool
has_volumes(const struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (!table->row[i].gone)
			return true;
	return false;
}

/* The worst fault of the program as a whole. */
static enum fault
program_fault(const struct view *view)
{
	const struct plan_now *when = &view->when;

	/* Boxes without a clock battery boot in 1970. */
	if (when->now < CLOCK_RELEASE_DATE)
		return CLOCK;
	/* Unknown is not a fault yet: after a start the disk has not been checked for a moment. */
	if (when->disk != PLAN_DISK_OK && when->disk != PLAN_DISK_UNKNOWN)
		return DISK;
	if (view->config_error != NULL)
		return CONFIG;
	if (grows(&view->disk) && days_left(&view->disk) < SHORT)
		return GROWTH;
	if (view->warnings != NULL && view->warnings->n > 0)
		return WARNINGS;
	/* Nothing to back up is no success. */
	return view->life == VIEW_ALIVE && !has_volumes(view->table) ? NO_VOLUMES : NONE;
}

/* The worst fault of a volume.  Disabled volumes have no health, nor those that have left the
 * config. */
static enum fault
row_fault(const struct table_row *row, const struct plan_now *when)
{
	if (row->volume->disabled || row->gone)
		return NONE;
	if (state_is_suspect(row))
		return SUSPECT;
	if (plan_overdue(row, when->now))
		return OVERDUE;
	if (row->differs != NULL)
		return DIFFERS;
	if (state_is_failed(row))
		return FAILED;
	/* A run has met a full disk or a quota. */
	if (!table_active(row) && row->seen.last.result == RESULT_FULL)
		return FULL;
	if (state_is_partial(row))
		return PARTIAL;
	if (state_is_future(row, when->now))
		return FUTURE;
	if (is_unresolved(row, when->now))
		return UNRESOLVED;
	return has_none(row, when) ? NEVER : NONE;
}

/* ---- their words ---- */

/* What is wrong with a volume, and the reason that belongs to that, whatever the volume does now:
 * one that is being backed up is still suspect, and why is what counts. */
static void
put_wrong(FILE *f, const char *words, enum state_word word, struct state *state)
{
	state->word = word;
	fputs(words, f);
	reason_text(f, ": ", state);
}

/* How old the newest backup is and, after it, why there is no newer one. */
static void
put_overdue(FILE *f, const struct state *state)
{
	int64_t good = summary_good(&state->row->seen);
	char age[UNITS_TEXT];

	fputs(" is overdue: ", f);
	if (good == 0)
		fputs("no backup yet", f);
	else
		fprintf(f, "its newest backup is %s old",
		        units_format_age(age, state->view->when.now - good));
	reason_text(f, "; ", state);
}

/* The first standing warning; the others are only counted, as the reason is one line. */
static void
put_warning(FILE *f, const struct text_list *warnings)
{
	size_t n = warnings->n;

	fputs(warnings->item[0], f);
	if (n > 1)
		fprintf(f, " (and %zu more warning%s)", n - 1, n == 2 ? "" : "s");
}

/* There is no fault.  Say more than "all is well" where that could be misread: nothing has run yet,
 * or nothing is backed up at all. */
static void
put_well(FILE *f, const struct view *view)
{
	struct health_counts counts;

	health_count(view->table, view->when.now, &counts);
	if (view->life == VIEW_PRESTART)
		fputs("not yet started", f);
	else if (view->life == VIEW_DOWN)
		fputs("stopped", f);
	else if (counts.total == counts.disabled)
		fputs("all volumes are disabled", f);
	else if (counts.notfound > 0)
		fprintf(f, "all is well (%u of %u volumes not found)", counts.notfound,
		        counts.total);
	else
		fputs("all is well", f);
}

/* Describe a fault, after the name of the volume if it is one of a volume: else state has no row.
 */
static void
put_fault(FILE *f, enum fault fault, struct state *state)
{
	const struct view *view = state->view;

	switch (fault) {
	case CLOCK:
		fprintf(f, "the clock is wrong: its date is before the release of flashback; no "
		           "backup runs until it is set");
		break;
	case DISK:
		fputs(view->disk_reason != NULL ? view->disk_reason
		                                : "the backup disk is not usable",
		      f);
		break;
	case SUSPECT:
		put_wrong(f, " is suspect", STATE_SUSPECT, state);
		break;
	case OVERDUE:
		put_overdue(f, state);
		break;
	case DIFFERS:
		fprintf(f, ": %s", state->row->differs);
		break;
	case CONFIG:
		fprintf(f, "the config has errors and is not used: %s", view->config_error);
		break;
	case FAILED:
		put_wrong(f, " failed", STATE_FAILED, state);
		break;
	case FULL:
		put_wrong(f, " has no space", STATE_WAITING, state);
		break;
	case PARTIAL:
		put_wrong(f, " is partial", STATE_PARTIAL, state);
		break;
	case FUTURE:
		fputs(": ", f);
		reason_future(f, state->row, view);
		break;
	case UNRESOLVED:
		fprintf(f, ": the name %s has not resolved for a day: is it spelt right?",
		        state->row->volume->address);
		break;
	case NEVER:
		put_wrong(f, " has no backup yet", state->word, state);
		break;
	case GROWTH:
		health_growth(f, "the backup disk ", &view->disk,
		              "; make room, or lower keep_ options");
		break;
	case WARNINGS:
		put_warning(f, view->warnings);
		break;
	case NO_VOLUMES:
		fputs("no volumes are configured: nothing is backed up", f);
		break;
	case NONE:
		put_well(f, view);
	}
}

/* ---- the verdict ---- */

/* Write the worst fault, and return its level.  Only that is described, for the first volume that
 * has it; the others show in queue.txt. */
static enum health_level
report_worst(FILE *f, const struct view *view)
{
	enum fault worst = program_fault(view);
	const struct table_row *first = NULL;
	struct state state = {.view = view};
	size_t more = 0;

	for (size_t i = 0; i < view->table->n; i++) {
		const struct table_row *row = &view->table->row[i];
		enum fault fault = row_fault(row, &view->when);

		if (fault < worst) {
			worst = fault;
			first = row;
			more = 0;
		} else if (fault == worst) {
			more++;
		}
	}
	if (first != NULL) {
		state_of(first, view, &state);
		fputs(first->volume->id, f);
	}
	put_fault(f, worst, &state);
	if (first != NULL && more > 0)
		fprintf(f, " (and %zu more volume%s)", more, more == 1 ? "" : "s");
	if (worst == NONE)
		return HEALTH_OK;
	return worst <= OVERDUE ? HEALTH_CRITICAL : HEALTH_WARNING;
}

/* Out of memory is CRITICAL: without the rules nothing is known, and unknown is not healthy. */
void
health_judge(const struct view *view, struct health_verdict *out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	*out = (struct health_verdict){HEALTH_CRITICAL, "out of memory"};
	if (f == NULL)
		return;
	out->level = report_worst(f, view);
	if (fclose(f) == 0)
		text_fit(out->reason, HEALTH_REASON, text, len);
	free(text);
}

/* A volume may be counted in several states (failed and overdue), so the numbers need not add up
 * to the total.  Running is also counted for volumes that have left the config. */
void
health_count(const struct table *table, int64_t now, struct health_counts *out)
{
	*out = (struct health_counts){0};
	for (size_t i = 0; i < table->n; i++) {
		const struct table_row *row = &table->row[i];
		bool failed, partial, suspect, overdue, notfound;

		out->running += table_active(row);
		if (row->gone)
			continue;
		out->total++;
		if (row->volume->disabled) {
			out->disabled++;
			continue;
		}
		out->failed += failed = state_is_failed(row);
		out->partial += partial = state_is_partial(row);
		out->suspect += suspect = state_is_suspect(row);
		out->overdue += overdue = plan_overdue(row, now);
		out->notfound += notfound = state_is_not_found(row);
		out->ok +=
		    !(failed || partial || suspect || overdue || notfound || state_is_never(row));
	}
}

const char *
health_name(enum health_level level)
{
	static const char *const names[] = {
	    [HEALTH_OK] = "OK", [HEALTH_WARNING] = "WARNING", [HEALTH_CRITICAL] = "CRITICAL"};

	return names[level];
}
