// SPDX-License-Identifier: ISC
#include "flashback/report/health.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"
#include "flashback/report/forecast.h"
#include "flashback/report/reason.h"
#include "flashback/report/state.h"

#define DAY (24 * 60 * 60)

/* Boxes without a clock battery boot in 1970.  Before the release date the time is certainly
 * wrong. */
static bool
clock_is_wrong(const struct view *view)
{
	return view->when.now < CLOCK_RELEASE_DATE;
}

/* Unknown is not a fault yet: after a start the disk has not been checked for a moment. */
static bool
disk_is_unfit(const struct view *view)
{
	return view->when.disk != PLAN_DISK_OK && view->when.disk != PLAN_DISK_UNKNOWN;
}

static void
report_disk(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)row;
	fputs(view->disk_reason != NULL ? view->disk_reason : "the backup disk is not usable", f);
}

static bool
disk_fills_up(const struct view *view)
{
	return forecast_is_short(&view->disk);
}

static void
report_growth(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)row;
	fputs("the backup disk ", f);
	forecast_growth(f, &view->disk);
	fputs("; make room, or lower keep_ options", f);
}

static bool
config_is_broken(const struct view *view)
{
	return view->config_error != NULL;
}

static void
report_config(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)row;
	fprintf(f, "the config has errors and is not used: %s", view->config_error);
}

static bool
has_warnings(const struct view *view)
{
	return view->warnings != NULL && view->warnings->n > 0;
}

/* The first standing warning; the others are only counted, as the reason is one line. */
static void
report_warning(FILE *f, const struct view *view, const struct table_row *row)
{
	size_t n = view->warnings->n;

	(void)row;
	fputs(view->warnings->item[0], f);
	if (n > 1)
		fprintf(f, " (and %zu more warning%s)", n - 1, n == 2 ? "" : "s");
}

static bool
row_is_suspect(const struct table_row *row, const struct view *view)
{
	(void)view;
	return state_is_suspect(row);
}

static bool
row_is_overdue(const struct table_row *row, const struct view *view)
{
	return plan_overdue(row, view->when.now);
}

static bool
row_is_future(const struct table_row *row, const struct view *view)
{
	return state_is_future(row, view->when.now);
}

static bool
row_is_failed(const struct table_row *row, const struct view *view)
{
	(void)view;
	return state_is_failed(row);
}

static bool
row_differs(const struct table_row *row, const struct view *view)
{
	(void)view;
	return row->differs != NULL;
}

static void
report_differs(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)view;
	fprintf(f, "%s: %s", row->volume->id, row->differs);
}

/* A run that met a full disk or a quota. */
static bool
row_is_full(const struct table_row *row, const struct view *view)
{
	(void)view;
	return !table_active(row) && row->seen.last.result == RESULT_FULL;
}

static bool
row_is_partial(const struct table_row *row, const struct view *view)
{
	(void)view;
	return state_is_partial(row);
}

/* Has the name not resolved for a day, and is there no snapshot?  A laptop in .local is unknown
 * while it is away, so only a name that never worked is reported as a probable mistake. */
static bool
row_is_unresolved(const struct table_row *row, const struct view *view)
{
	return row->unresolved_since != 0 && view->when.now - row->unresolved_since >= DAY &&
	       summary_attempt(&row->seen) == 0;
}

/* No backup at all, and a wake has passed since the volume is known: a host that never answers is
 * no host that is away. */
static bool
row_is_never(const struct table_row *row, const struct view *view)
{
	int64_t since = row->seen.first != 0 ? row->seen.first : row->first_seen;

	return state_is_never(row) && view->when.now - since >= view->when.wake;
}

/* Says how old the newest backup is and, after it, why there is no newer one. */
static void
report_overdue(FILE *f, const struct view *view, const struct table_row *row)
{
	int64_t good = summary_good(&row->seen);
	char age[UNITS_TEXT];
	struct state state;

	state_of(row, view, &state);
	fprintf(f, "%s is overdue: ", row->volume->id);
	if (good == 0)
		fputs("no backup yet", f);
	else
		fprintf(f, "its newest backup is %s old",
		        units_format_age(age, view->when.now - good));
	reason_text(f, "; ", row, view, &state);
}

static void
report_future(FILE *f, const struct view *view, const struct table_row *row)
{
	fprintf(f, "%s: ", row->volume->id);
	reason_future(f, row, view);
}

static void
report_unresolved(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)view;
	fprintf(f, "%s: the name %s has not resolved for a day: is it spelt right?",
	        row->volume->id, row->volume->address);
}

static void
report_never(FILE *f, const struct view *view, const struct table_row *row)
{
	struct state state;

	state_of(row, view, &state);
	fprintf(f, "%s has no backup yet", row->volume->id);
	reason_text(f, ": ", row, view, &state);
}

/* Nothing to back up is no success.  Rows that have left the config do not count. */
static bool
has_no_volumes(const struct view *view)
{
	size_t n = 0;

	for (size_t i = 0; i < view->table->n; i++)
		n += !view->table->row[i].gone;
	return view->life == VIEW_ALIVE && n == 0;
}

/* Every cause of WARNING and CRITICAL, worst first: health is the first row that applies.  A cause
 * concerns the whole program (all) or single volumes (row).  It is described by report, or, where
 * that is NULL, by words: those of a volume stand between its name and its reason, the reason that
 * belongs to state: a volume that is being backed up is still suspect, and why is what counts. */
static const struct health_rule {
	enum health_level level;
	bool (*all)(const struct view *view);
	bool (*row)(const struct table_row *row, const struct view *view);
	void (*report)(FILE *f, const struct view *view, const struct table_row *row);
	const char *words;
	enum state_word state;
} rules[] = {
    {HEALTH_CRITICAL, clock_is_wrong, NULL, NULL,
     "the clock is wrong: its date is before the release of flashback; no backup runs until it is "
     "set",
     0},
    {HEALTH_CRITICAL, disk_is_unfit, NULL, report_disk, NULL, 0},
    {HEALTH_CRITICAL, NULL, row_is_suspect, NULL, "is suspect", STATE_SUSPECT},
    {HEALTH_CRITICAL, NULL, row_is_overdue, report_overdue, NULL, 0},
    {HEALTH_WARNING, NULL, row_differs, report_differs, NULL, 0},
    {HEALTH_WARNING, config_is_broken, NULL, report_config, NULL, 0},
    {HEALTH_WARNING, NULL, row_is_failed, NULL, "failed", STATE_FAILED},
    {HEALTH_WARNING, NULL, row_is_full, NULL, "has no space", STATE_WAITING},
    {HEALTH_WARNING, NULL, row_is_partial, NULL, "is partial", STATE_PARTIAL},
    {HEALTH_WARNING, NULL, row_is_future, report_future, NULL, 0},
    {HEALTH_WARNING, NULL, row_is_unresolved, report_unresolved, NULL, 0},
    {HEALTH_WARNING, NULL, row_is_never, report_never, NULL, 0},
    {HEALTH_WARNING, disk_fills_up, NULL, report_growth, NULL, 0},
    {HEALTH_WARNING, has_warnings, NULL, report_warning, NULL, 0},
    {HEALTH_WARNING, has_no_volumes, NULL, NULL, "no volumes are configured: nothing is backed up",
     0},
};

/* Describe a cause that has no function for it. */
static void
report_words(FILE *f, const struct health_rule *rule, const struct view *view,
             const struct table_row *row)
{
	struct state state;

	if (row == NULL) {
		fputs(rule->words, f);
		return;
	}
	state_of(row, view, &state);
	state.word = rule->state;
	fprintf(f, "%s %s", row->volume->id, rule->words);
	reason_text(f, ": ", row, view, &state);
}

/* Count the volumes that a cause applies to; *first is the first of them.  Disabled volumes have no
 * health, nor those that have left the config. */
static size_t
find_rows(const struct health_rule *rule, const struct view *view, const struct table_row **first)
{
	const struct table *table = view->table;
	size_t found = 0;

	for (size_t i = 0; i < table->n; i++) {
		const struct table_row *row = &table->row[i];

		if (row->volume->disabled || row->gone || !rule->row(row, view))
			continue;
		if (found++ == 0)
			*first = row;
	}
	return found;
}

/* No cause applies.  Say more than "all is well" where that could be misread: nothing has run yet,
 * or nothing is backed up at all. */
static void
report_well(FILE *f, const struct view *view)
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

/* Write the first cause that applies, and return its level. */
static enum health_level
report_worst(FILE *f, const struct view *view)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct health_rule *rule = &rules[i];
		const struct table_row *row = NULL;
		size_t found = rule->all != NULL ? rule->all(view) : find_rows(rule, view, &row);

		if (found == 0)
			continue;
		/* Only the worst cause is described; the others show in queue.txt. */
		if (rule->report != NULL)
			rule->report(f, view, row);
		else
			report_words(f, rule, view, row);
		if (found > 1)
			fprintf(f, " (and %zu more volume%s)", found - 1, found == 2 ? "" : "s");
		return rule->level;
	}
	report_well(f, view);
	return HEALTH_OK;
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
