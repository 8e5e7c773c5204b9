// SPDX-License-Identifier: ISC
#include "flashback/report/health.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"
#include "flashback/report/reason.h"
#include "flashback/report/state.h"

#define DAY (24 * 60 * 60)

static bool
clock_is_wrong(const struct view *view)
{
	return view->when.now < CLOCK_RELEASE_DATE;
}

static void
say_clock(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)view;
	(void)row;
	fputs("the clock is wrong: it is before the release of flashback; nothing runs until it is "
	      "set",
	      f);
}

static bool
disk_is_unfit(const struct view *view)
{
	return view->when.disk != PLAN_DISK_OK && view->when.disk != PLAN_DISK_UNKNOWN;
}

static void
say_disk(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)row;
	fputs(view->disk_reason != NULL ? view->disk_reason : "the backup disk is not fit", f);
}

static bool
config_is_broken(const struct view *view)
{
	return view->config_error != NULL;
}

static void
say_config(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)row;
	fprintf(f, "the config is not in force: %s", view->config_error);
}

static bool
has_warnings(const struct view *view)
{
	return view->warnings != NULL && view->warnings->n > 0;
}

static void
say_warning(FILE *f, const struct view *view, const struct table_row *row)
{
	size_t n = view->warnings->n;

	(void)row;
	fputs(view->warnings->item[0], f);
	if (n > 1)
		fprintf(f, " (and %zu more warning%s)", n - 1, n == 2 ? "" : "s");
}

static bool
row_is_suspect(const struct table_row *row, int64_t now)
{
	(void)now;
	return state_is_suspect(row);
}

static bool
row_is_failed(const struct table_row *row, int64_t now)
{
	(void)now;
	return state_is_failed(row);
}

static bool
row_is_full(const struct table_row *row, int64_t now)
{
	(void)now;
	return !table_active(row) && state_result(row) == RESULT_FULL;
}

static bool
row_is_partial(const struct table_row *row, int64_t now)
{
	(void)now;
	return state_is_partial(row);
}

/* Has its name been unknown for a day, and is there nothing to show that it ever was right? */
static bool
row_is_unresolved(const struct table_row *row, int64_t now)
{
	return row->unresolved_since != 0 && now - row->unresolved_since >= DAY &&
	       summary_attempt(&row->seen) == 0;
}

/* The row under a word of our choice, with the reason that belongs to it. */
static void
say_as(FILE *f, const struct view *view, const struct table_row *row, const char *is,
       enum state_word word)
{
	struct state state;

	state_of(row, view, &state);
	state.word = word;
	fprintf(f, "%s %s", row->volume->id, is);
	reason_text(f, ": ", row, view, &state);
}

static void
say_suspect(FILE *f, const struct view *view, const struct table_row *row)
{
	say_as(f, view, row, "is suspect", STATE_SUSPECT);
}

static void
say_failed(FILE *f, const struct view *view, const struct table_row *row)
{
	say_as(f, view, row, "failed", STATE_FAILED);
}

static void
say_full(FILE *f, const struct view *view, const struct table_row *row)
{
	say_as(f, view, row, "has no room", STATE_WAITING);
}

static void
say_partial(FILE *f, const struct view *view, const struct table_row *row)
{
	say_as(f, view, row, "is partial", STATE_PARTIAL);
}

static void
say_overdue(FILE *f, const struct view *view, const struct table_row *row)
{
	int64_t good = summary_good(&row->seen);
	char age[UNITS_TEXT];
	struct state state;

	state_of(row, view, &state);
	fprintf(f, "%s is overdue: ", row->volume->id);
	if (good == 0)
		fputs("there is no backup yet", f);
	else
		fprintf(f, "its newest backup is %s old",
		        units_format_age(age, view->when.now - good));
	reason_text(f, "; ", row, view, &state);
}

static void
say_future(FILE *f, const struct view *view, const struct table_row *row)
{
	fprintf(f, "%s: ", row->volume->id);
	reason_future(f, row, view);
}

static void
say_unresolved(FILE *f, const struct view *view, const struct table_row *row)
{
	(void)view;
	fprintf(f, "%s: the name %s has not been known for a day: is it right?", row->volume->id,
	        row->volume->address);
}

/* The rule: worst first.  A cause is about all of it, or about a volume that is not disabled. */
static const struct rule {
	enum health_level level;
	bool (*all)(const struct view *view);
	bool (*row)(const struct table_row *row, int64_t now);
	void (*say)(FILE *f, const struct view *view, const struct table_row *row);
} rules[] = {
    {HEALTH_CRITICAL, clock_is_wrong, NULL, say_clock},
    {HEALTH_CRITICAL, disk_is_unfit, NULL, say_disk},
    {HEALTH_CRITICAL, NULL, row_is_suspect, say_suspect},
    {HEALTH_CRITICAL, NULL, plan_overdue, say_overdue},
    {HEALTH_WARNING, config_is_broken, NULL, say_config},
    {HEALTH_WARNING, NULL, row_is_failed, say_failed},
    {HEALTH_WARNING, NULL, row_is_full, say_full},
    {HEALTH_WARNING, NULL, row_is_partial, say_partial},
    {HEALTH_WARNING, NULL, state_is_future, say_future},
    {HEALTH_WARNING, NULL, row_is_unresolved, say_unresolved},
    {HEALTH_WARNING, has_warnings, NULL, say_warning},
};

/* How many volumes the cause holds for; *first is the first of them. */
static size_t
find_rows(const struct rule *rule, const struct view *view, const struct table_row **first)
{
	const struct table *table = view->table;
	size_t found = 0;

	for (size_t i = 0; i < table->n; i++) {
		const struct table_row *row = &table->row[i];

		if (row->volume->disabled || row->gone || !rule->row(row, view->when.now))
			continue;
		if (found++ == 0)
			*first = row;
	}
	return found;
}

static void
say_well(FILE *f, const struct view *view)
{
	struct health_counts counts;

	health_count(view->table, view->when.now, &counts);
	if (view->life == VIEW_PRESTART)
		fputs("not yet started", f);
	else if (view->life == VIEW_DOWN)
		fputs("stopped", f);
	else if (counts.total == 0)
		fputs("there are no volumes", f);
	else if (counts.total == counts.disabled)
		fputs("all volumes are disabled", f);
	else if (counts.notfound > 0)
		fprintf(f, "all is well (%u of %u volumes not found)", counts.notfound,
		        counts.total);
	else
		fputs("all is well", f);
}

/* Write the first cause that holds, and return how bad it is. */
static enum health_level
say_worst(FILE *f, const struct view *view)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		const struct table_row *row = NULL;
		size_t found = rule->all != NULL ? rule->all(view) : find_rows(rule, view, &row);

		if (found == 0)
			continue;
		rule->say(f, view, row);
		if (found > 1)
			fprintf(f, " (and %zu more volume%s)", found - 1, found == 2 ? "" : "s");
		return rule->level;
	}
	say_well(f, view);
	return HEALTH_OK;
}

void
health_judge(const struct view *view, struct health_verdict *out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	*out = (struct health_verdict){HEALTH_CRITICAL, "out of memory"};
	if (f == NULL)
		return;
	out->level = say_worst(f, view);
	if (fclose(f) == 0)
		text_fit(out->reason, HEALTH_REASON, text, len);
	free(text);
}

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
		out->ok += !(failed || partial || suspect || overdue || notfound);
	}
}

const char *
health_name(enum health_level level)
{
	static const char *const names[] = {
	    [HEALTH_OK] = "OK", [HEALTH_WARNING] = "WARNING", [HEALTH_CRITICAL] = "CRITICAL"};

	return names[level];
}
