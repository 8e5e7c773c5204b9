// SPDX-License-Identifier: ISC
#include "flashback/report/queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flashback/lib/units.h"
#include "flashback/report/reason.h"
#include "flashback/report/state.h"
#include "flashback/store/stamp.h"

/* The columns between the name and the status.  AGE and CYCLE share one title. */
enum column { LAST, AGE, CYCLE, KEPT, SIZE, NEW, COLUMNS };

#define LAST_TITLE "LAST BACKUP"
#define AGE_TITLE "AGE / CYCLE"
#define KEPT_TITLE "KEPT"
#define SIZE_TITLE "SIZE"
#define NEW_TITLE "NEW"
#define SLASH " / "

/* A row of the file, its cells formatted, and its place in the order. */
struct line {
	const struct table_row *row;
	struct state state;
	int rank;
	char cell[COLUMNS][UNITS_TEXT];
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

/* Local time with the offset at which the snapshot was made, so that it agrees with its name. */
static void
format_last(char buf[UNITS_TEXT], int64_t at, int32_t offset)
{
	const struct stamp stamp = {.when = at, .offset = offset};
	struct tm tm;

	stamp_local(&stamp, &tm);
	if (strftime(buf, UNITS_TEXT, "%F %T", &tm) == 0)
		buf[0] = '\0';
}

/* A size, with a blank where others have their unit, so that the digits line up. */
static void
format_size(char buf[UNITS_TEXT], int64_t bytes)
{
	size_t len;

	if (bytes < 0)
		snprintf(buf, UNITS_TEXT, "-");
	else
		units_format_bytes(buf, (uint64_t)bytes);
	len = strlen(buf);
	if (bytes < 1024)
		memcpy(buf + len, " ", sizeof(" "));
}

/* Format the cells of a row.  A volume whose directory has not been read yet shows "-": "never"
 * would claim that there is no backup. */
static void
fill_line(struct line *line, const struct table_row *row, const struct view *view)
{
	int64_t good = summary_good(&row->seen);

	line->row = row;
	state_of(row, view, &line->state);
	line->rank = rank_of(row, &line->state);
	if (good != 0) {
		format_last(line->cell[LAST], good,
		            row->seen.latest.when == good ? row->seen.latest.offset
		                                          : view->when.offset);
		units_format_age(line->cell[AGE], view->when.now - good);
	} else {
		snprintf(line->cell[LAST], UNITS_TEXT, row->known ? "never" : "-");
		snprintf(line->cell[AGE], UNITS_TEXT, "-");
	}
	units_format_duration(line->cell[CYCLE], row->volume->every);
	if (row->known)
		snprintf(line->cell[KEPT], UNITS_TEXT, "%u", row->seen.kept);
	else
		snprintf(line->cell[KEPT], UNITS_TEXT, "-");
	format_size(line->cell[SIZE], row->seen.bytes);
	format_size(line->cell[NEW], row->seen.new_bytes);
}

static void
widen(int *width, const char *text)
{
	int len = (int)strlen(text);

	if (len > *width)
		*width = len;
}

/* Widen the columns to fit a row. */
static void
measure(struct lines *lines, const struct line *line)
{
	widen(&lines->name_width, line->row->volume->id);
	for (size_t i = 0; i < COLUMNS; i++)
		widen(&lines->width[i], line->cell[i]);
}

/* Start from the widths that most rows need, so that the layout does not change with every figure:
 * scripts and people compare columns between two versions of the file. */
static void
measure_titles(struct lines *lines)
{
	int spare;

	widen(&lines->width[AGE], "16h29m");
	widen(&lines->name_width, "VOLUME");
	widen(&lines->width[LAST], "2026-11-22 12:01:32");
	widen(&lines->width[KEPT], KEPT_TITLE);
	widen(&lines->width[SIZE], "41.2G");
	widen(&lines->width[NEW], "41.2G");
	spare = (int)strlen(AGE_TITLE) - (int)strlen(SLASH) - lines->width[AGE];
	if (lines->width[CYCLE] < spare)
		lines->width[CYCLE] = spare;
}

static void
print_line(FILE *f, const struct lines *lines, const struct line *line)
{
	const int *width = lines->width;

	fprintf(f, "%-*s    %-*s    %*s%s%-*s    %*s  %*s  %*s   ", lines->name_width,
	        line->row->volume->id, width[LAST], line->cell[LAST], width[AGE], line->cell[AGE],
	        SLASH, width[CYCLE], line->cell[CYCLE], width[KEPT], line->cell[KEPT], width[SIZE],
	        line->cell[SIZE], width[NEW], line->cell[NEW]);
}

static void
print_header(FILE *f, const struct lines *lines)
{
	const int *width = lines->width;

	fprintf(f, "%-*s    %-*s    %-*s    %*s  %*s  %*s   STATUS\n", lines->name_width, "VOLUME",
	        width[LAST], LAST_TITLE, width[AGE] + (int)strlen(SLASH) + width[CYCLE], AGE_TITLE,
	        width[KEPT], KEPT_TITLE, width[SIZE], SIZE_TITLE, width[NEW], NEW_TITLE);
}

/* All rows are formatted first, since the widths depend on all of them. */
void
queue_print(FILE *f, const struct view *view, bool wanted_only)
{
	const struct table *table = view->table;
	struct lines lines = {.line = calloc(table->n + 1, sizeof(*lines.line))};

	if (lines.line == NULL) {
		fputs("out of memory: cannot list the volumes\n", f);
		return;
	}
	for (size_t i = 0; i < table->n; i++) {
		if (wanted_only && !table->row[i].wanted)
			continue;
		fill_line(&lines.line[lines.n], &table->row[i], view);
		measure(&lines, &lines.line[lines.n++]);
	}
	measure_titles(&lines);
	qsort(lines.line, lines.n, sizeof(*lines.line), compare_lines);
	print_header(f, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		const struct line *line = &lines.line[i];

		print_line(f, &lines, line);
		reason_status(f, line->row, view, &line->state);
		fputc('\n', f);
	}
	free(lines.line);
}
