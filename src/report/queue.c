// SPDX-License-Identifier: ISC
#include "flashback/report/queue.h"

#include <stdlib.h>
#include <string.h>

#include "flashback/lib/units.h"
#include "flashback/report/reason.h"
#include "flashback/report/state.h"

/* A row of the file, and its place in the order. */
struct line {
	struct state state;
	int rank;
};

/* All rows, and the widths of the cells that may be wider than usual. */
struct lines {
	struct line *line;
	size_t n;
	int name, age, cycle, kept;
};

/* The first key of the order: running volumes, then those that need attention, worst first, then
 * by the next run, disabled ones last. */
static int
rank_of(const struct state *state)
{
	static const int ranks[] = {
	    [STATE_FAILED] = 2,    [STATE_SUSPECT] = 3,   [STATE_PARTIAL] = 4,
	    [STATE_NOT_FOUND] = 5, [STATE_SUCCEEDED] = 6, [STATE_WAITING] = 6,
	    [STATE_READY] = 6,     [STATE_NEXT] = 6,      [STATE_DISABLED] = 7,
	    [STATE_ROTATING] = 0,  [STATE_COMPARING] = 0, [STATE_BACKING_UP] = 0,
	};

	if (table_active(state->row))
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
	return x->state.row < y->state.row ? -1 : 1;
}

static void
widen(int *width, const char *text)
{
	int len = (int)strlen(text);

	if (len > *width)
		*width = len;
}

static const char *
format_age(char buf[UNITS_TEXT], const struct table_row *row, int64_t now)
{
	int64_t good = summary_good(&row->seen);

	return good != 0 ? units_format_age(buf, now - good) : "-";
}

/* A volume whose directory has not been read yet shows "-": 0 would claim that there is no
 * backup. */
static const char *
format_kept(char buf[UNITS_TEXT], const struct table_row *row)
{
	snprintf(buf, UNITS_TEXT, "%u", row->seen.kept);
	return row->known ? buf : "-";
}

/* Add a line for a row.  The cells are formatted once more when it is printed: memory for those of
 * thousands of rows costs more than that. */
static void
add_line(struct lines *lines, const struct table_row *row, const struct view *view)
{
	struct line *line = &lines->line[lines->n++];
	char text[UNITS_TEXT];

	state_of(row, view, &line->state);
	line->rank = rank_of(&line->state);
	widen(&lines->name, row->volume->id);
	widen(&lines->age, format_age(text, row, view->when.now));
	widen(&lines->cycle, units_format_duration(text, row->volume->every));
	widen(&lines->kept, format_kept(text, row));
}

/* Bytes get a unit too, but for 0, where a blank stands, so that the digits line up. */
static const char *
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
	return buf;
}

/* Print a row.  The cells without a width of their own never need more than what is written here.
 */
static void
print_line(FILE *f, const struct lines *lines, const struct line *line)
{
	const struct table_row *row = line->state.row;
	struct stamp newest = state_newest(row, line->state.view);
	char last[STAMP_TIME_SIZE], age[UNITS_TEXT], cycle[UNITS_TEXT], kept[UNITS_TEXT];
	char size[UNITS_TEXT], new[UNITS_TEXT];

	if (newest.when != 0)
		stamp_time(&newest, last);
	else
		snprintf(last, sizeof(last), row->known ? "never" : "-");
	fprintf(f, "%-*s    %-19s    %*s / %-*s    %*s  %5s  %5s   ", lines->name, row->volume->id,
	        last, lines->age, format_age(age, row, line->state.view->when.now), lines->cycle,
	        units_format_duration(cycle, row->volume->every), lines->kept,
	        format_kept(kept, row), format_bytes(size, row->seen.bytes),
	        format_bytes(new, row->seen.new_bytes));
	reason_status(f, &line->state);
	fputc('\n', f);
}

/* All rows are measured first, since the widths depend on all of them.  They are at least what
 * most rows need, so that the layout does not change with every figure: scripts and people compare
 * columns between two versions of the file. */
void
queue_print(FILE *f, const struct view *view, bool wanted_only)
{
	const struct table *table = view->table;
	struct lines lines = {.line = calloc(table->n + 1, sizeof(*lines.line)),
	                      .name = sizeof("VOLUME") - 1,
	                      .age = sizeof("16h29m") - 1,
	                      .cycle = sizeof("1d") - 1,
	                      .kept = sizeof("KEPT") - 1};

	if (lines.line == NULL) {
		fputs("out of memory: cannot list the volumes\n", f);
		return;
	}
	for (size_t i = 0; i < table->n; i++)
		if (!wanted_only || table->row[i].wanted)
			add_line(&lines, &table->row[i], view);
	qsort(lines.line, lines.n, sizeof(*lines.line), compare_lines);
	fprintf(f, "%-*s    %-19s    %-*s    %*s  %5s  %5s   STATUS\n", lines.name, "VOLUME",
	        "LAST BACKUP", lines.age + 3 + lines.cycle, "AGE / CYCLE", lines.kept, "KEPT",
	        "SIZE", "NEW");
	for (size_t i = 0; i < lines.n; i++)
		print_line(f, &lines, &lines.line[i]);
	free(lines.line);
}
