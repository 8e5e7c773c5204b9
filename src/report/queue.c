// SPDX-License-Identifier: ISC
#include "flashback/report/queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flashback/lib/units.h"
#include "flashback/report/reason.h"
#include "flashback/report/state.h"
#include "flashback/store/stamp.h"

/* ---- the cells ---- */

/* A volume whose directory has not been read yet shows "-": "never" would claim that there is no
 * backup. */
static void
format_last(char buf[UNITS_TEXT], const struct table_row *row, const struct view *view)
{
	struct stamp newest = state_newest(row, view);

	if (newest.when != 0)
		stamp_time(&newest, buf);
	else
		snprintf(buf, UNITS_TEXT, row->known ? "never" : "-");
}

static void
format_age(char buf[UNITS_TEXT], const struct table_row *row, const struct view *view)
{
	int64_t good = summary_good(&row->seen);

	if (good != 0)
		units_format_age(buf, view->when.now - good);
	else
		snprintf(buf, UNITS_TEXT, "-");
}

static void
format_cycle(char buf[UNITS_TEXT], const struct table_row *row, const struct view *view)
{
	(void)view;
	units_format_duration(buf, row->volume->every);
}

static void
format_kept(char buf[UNITS_TEXT], const struct table_row *row, const struct view *view)
{
	(void)view;
	if (row->known)
		snprintf(buf, UNITS_TEXT, "%u", row->seen.kept);
	else
		snprintf(buf, UNITS_TEXT, "-");
}

/* Bytes get a unit too, but for 0, where a blank stands, so that the digits line up. */
static void
format_bytes(char buf[UNITS_TEXT], int64_t bytes)
{
	size_t len;

	if (bytes < 0)
		snprintf(buf, UNITS_TEXT, "-");
	else
		units_format_bytes(buf, (uint64_t)bytes);
	len = strlen(buf);
	if (bytes < 1024)
		memcpy(buf + len, bytes > 0 ? "B" : " ", sizeof(" "));
}

static void
format_size(char buf[UNITS_TEXT], const struct table_row *row, const struct view *view)
{
	(void)view;
	format_bytes(buf, row->seen.bytes);
}

static void
format_new(char buf[UNITS_TEXT], const struct table_row *row, const struct view *view)
{
	(void)view;
	format_bytes(buf, row->seen.new_bytes);
}

/*
 * The columns between VOLUME and STATUS.  The usual text is as wide as most rows need, so that the
 * layout does not change with every figure: scripts and people compare columns between two versions
 * of the file.  A column without a title shares that of the column before it.
 */
static const struct column {
	const char *gap, *title, *usual;
	bool left;
	void (*format)(char buf[UNITS_TEXT], const struct table_row *row, const struct view *view);
} columns[] = {
    {"    ", "LAST BACKUP", "2026-11-22 12:01:32", true, format_last},
    {"    ", "AGE / CYCLE", "16h29m", false, format_age},
    {" / ", NULL, "", true, format_cycle},
    {"    ", "KEPT", "KEPT", false, format_kept},
    {"  ", "SIZE", "41.2G", false, format_size},
    {"  ", "NEW", "41.2G", false, format_new},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* ---- the rows ---- */

/* A row of the file, and its place in the order. */
struct line {
	const struct table_row *row;
	struct state state;
	int rank;
};

/* All rows, and the width of each column. */
struct lines {
	struct line *line;
	size_t n;
	int name_width, width[COLUMNS];
};

/* The first key of the order: running volumes, then those that need attention, worst first, then
 * by the next run, disabled ones last. */
static int
rank_of(const struct table_row *row, const struct state *state)
{
	static const int ranks[] = {
	    [STATE_FAILED] = 2,    [STATE_SUSPECT] = 3,   [STATE_PARTIAL] = 4,
	    [STATE_NOT_FOUND] = 5, [STATE_SUCCEEDED] = 6, [STATE_WAITING] = 6,
	    [STATE_READY] = 6,     [STATE_NEXT] = 6,      [STATE_DISABLED] = 7,
	    [STATE_ROTATING] = 0,  [STATE_COMPARING] = 0, [STATE_BACKING_UP] = 0,
	};

	if (table_active(row))
		return 0;
	return state->overdue ? 1 : ranks[state->word];
}

/* By rank, then by the time of the next run. */
static int
compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (x->state.next != y->state.next)
		return x->state.next < y->state.next ? -1 : 1;
	/* As in the config: the rows are in one array. */
	return x->row < y->row ? -1 : 1;
}

static void
widen(int *width, const char *text)
{
	int len = (int)strlen(text);

	if (len > *width)
		*width = len;
}

/* Add a line for a row, and widen the columns to fit it.  The cells are formatted once more when it
 * is printed: memory for those of thousands of rows costs more than that. */
static void
add_line(struct lines *lines, const struct table_row *row, const struct view *view)
{
	struct line *line = &lines->line[lines->n++];
	char cell[UNITS_TEXT];

	line->row = row;
	state_of(row, view, &line->state);
	line->rank = rank_of(row, &line->state);
	widen(&lines->name_width, row->volume->id);
	for (size_t i = 0; i < COLUMNS; i++) {
		columns[i].format(cell, row, view);
		widen(&lines->width[i], cell);
	}
}

static bool
is_joined(size_t i)
{
	return i + 1 < COLUMNS && columns[i + 1].title == NULL;
}

/* The width of the title of a column: that of the column, and of the one that shares the title. */
static int
title_width(const struct lines *lines, size_t i)
{
	if (!is_joined(i))
		return lines->width[i];
	return lines->width[i] + (int)strlen(columns[i + 1].gap) + lines->width[i + 1];
}

static void
measure_titles(struct lines *lines)
{
	widen(&lines->name_width, "VOLUME");
	for (size_t i = 0; i < COLUMNS; i++)
		widen(&lines->width[i], columns[i].usual);
	for (size_t i = 0; i < COLUMNS; i++) {
		int missing =
		    is_joined(i) ? (int)strlen(columns[i].title) - title_width(lines, i) : 0;

		if (missing > 0)
			lines->width[i + 1] += missing;
	}
}

static void
print_cell(FILE *f, const char *gap, bool left, int width, const char *text)
{
	fprintf(f, left ? "%s%-*s" : "%s%*s", gap, width, text);
}

static void
print_line(FILE *f, const struct lines *lines, const struct line *line, const struct view *view)
{
	char cell[UNITS_TEXT];

	print_cell(f, "", true, lines->name_width, line->row->volume->id);
	for (size_t i = 0; i < COLUMNS; i++) {
		columns[i].format(cell, line->row, view);
		print_cell(f, columns[i].gap, columns[i].left, lines->width[i], cell);
	}
	fputs("   ", f);
	reason_status(f, line->row, view, &line->state);
	fputc('\n', f);
}

static void
print_header(FILE *f, const struct lines *lines)
{
	print_cell(f, "", true, lines->name_width, "VOLUME");
	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].title != NULL)
			print_cell(f, columns[i].gap, columns[i].left || is_joined(i),
			           title_width(lines, i), columns[i].title);
	fputs("   STATUS\n", f);
}

/* All rows are measured first, since the widths depend on all of them. */
void
queue_print(FILE *f, const struct view *view, bool wanted_only)
{
	const struct table *table = view->table;
	struct lines lines = {.line = calloc(table->n + 1, sizeof(*lines.line))};

	if (lines.line == NULL) {
		fputs("out of memory: cannot list the volumes\n", f);
		return;
	}
	for (size_t i = 0; i < table->n; i++)
		if (!wanted_only || table->row[i].wanted)
			add_line(&lines, &table->row[i], view);
	measure_titles(&lines);
	qsort(lines.line, lines.n, sizeof(*lines.line), compare_lines);
	print_header(f, &lines);
	for (size_t i = 0; i < lines.n; i++)
		print_line(f, &lines, &lines.line[i], view);
	free(lines.line);
}
