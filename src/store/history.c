// SPDX-License-Identifier: ISC
#include "flashback/store/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/text.h"
#include "flashback/lib/units.h"

#define CODE_MAX 255
#define FINGERPRINT_DIGITS 16
#define WORD_SIZE 48   /* longer than every column */
#define REASON_MAX 200 /* with its NUL: a line of queue.txt */

struct history_run
history_begin(const struct stamp *start)
{
	return (struct history_run){
	    .stamp = {.when = start->when, .offset = start->offset, .state = STAMP_COMPLETE},
	    .code = -1,
	    .seconds = -1,
	    .files = -1,
	    .new_files = -1,
	    .bytes = -1,
	    .new_bytes = -1,
	};
}

int64_t
history_ended(const struct history_run *run)
{
	return run->stamp.when + (run->seconds > 0 ? run->seconds : 0);
}

void
history_reason(struct history_run *run, const char *fmt, va_list ap)
{
	char text[4 * RESULT_TEXT];

	vsnprintf(text, sizeof(text), fmt, ap);
	(void)text_hush(text);
	text_fit(run->reason, REASON_MAX, text, strlen(text));
}

static int
read_result(const char **line, enum result *out)
{
	char word[WORD_SIZE];

	if (text_word(line, word, sizeof(word)) == -1 || result_parse(word, out) == -1)
		return -1;
	return *out != RESULT_NONE ? 0 : -1;
}

/* Exactly 16 lower case hexadecimal digits: strtoull alone would accept signs and blanks. */
static int
read_fingerprint(const char **line, uint64_t *out)
{
	char word[WORD_SIZE];

	if (text_word(line, word, sizeof(word)) == -1 || strlen(word) != FINGERPRINT_DIGITS ||
	    strspn(word, "0123456789abcdef") != FINGERPRINT_DIGITS)
		return -1;
	*out = strtoull(word, NULL, 16);
	return 0;
}

static int
read_stamp(const char **line, struct stamp *out)
{
	char word[WORD_SIZE];

	if (text_word(line, word, sizeof(word)) == -1 || stamp_parse(word, out) == -1)
		return -1;
	return out->state != STAMP_PINNED ? 0 : -1;
}

/* "-" in this column: the run left no snapshot. */
static int
read_snapshot(const char **line, struct stamp *out)
{
	const char *rest = *line;
	char word[WORD_SIZE];

	if (text_word(&rest, word, sizeof(word)) == -1 || strcmp(word, "-") != 0)
		return read_stamp(line, out);
	*line = rest;
	*out = (struct stamp){0};
	return 0;
}

/* CHANGED/BEFORE, or CHANGED/BEFORE/DIFFER.  Lines of older versions lack it, and anything else is
 * the reason. */
static void
read_changes(const char **line, struct history_run *run)
{
	int64_t number[3] = {0, 0, 0};
	const char *rest = *line;
	char word[WORD_SIZE], *next = word;
	size_t n = 0;

	if (text_word(&rest, word, sizeof(word)) == -1)
		return;
	while (next != NULL && n < 3) {
		char *text = strsep(&next, "/");

		if (units_parse_integer(text, 0, INT64_MAX, &number[n++]) == -1)
			return;
	}
	if (next != NULL || n < 2 || (number[1] == 0 && number[2] == 0))
		return;
	run->changed = number[0];
	run->before = number[1];
	run->differ = number[2];
	*line = rest;
}

/* The file may have been edited by hand or damaged: every column is checked, and *out is set only
 * if all are valid.  Control characters in the reason are replaced, because it is printed to
 * terminals. */
int
history_parse(const char *line, struct history_run *out)
{
	struct history_run run = {0};
	int64_t code;

	if (read_stamp(&line, &run.stamp) == -1 || run.stamp.state != STAMP_COMPLETE ||
	    read_result(&line, &run.result) == -1 ||
	    units_read_integer(&line, -1, CODE_MAX, &code) == -1 ||
	    units_read_integer(&line, -1, INT64_MAX, &run.seconds) == -1 ||
	    units_read_integer(&line, -1, INT64_MAX, &run.files) == -1 ||
	    units_read_integer(&line, -1, INT64_MAX, &run.new_files) == -1 ||
	    units_read_integer(&line, -1, INT64_MAX, &run.bytes) == -1 ||
	    units_read_integer(&line, -1, INT64_MAX, &run.new_bytes) == -1 ||
	    read_fingerprint(&line, &run.fingerprint) == -1 ||
	    read_snapshot(&line, &run.snapshot) == -1)
		return -1;
	run.code = (int)code;
	read_changes(&line, &run);
	line += strspn(line, " ");
	text_clean(run.reason, sizeof(run.reason), line, strcspn(line, "\r\n"));
	*out = run;
	return 0;
}

/* The reason is cleaned again when written: a newline in it would begin a line of its own.  Widths
 * are minimums; columns are separated by blanks whatever their length. */
int
history_print(FILE *f, const struct history_run *run)
{
	char stamp[STAMP_NAME_SIZE], snapshot[STAMP_NAME_SIZE] = "-", reason[RESULT_TEXT];
	bool known = run->before > 0 || run->differ > 0;

	stamp_format(&run->stamp, stamp);
	if (run->snapshot.when != 0)
		stamp_format(&run->snapshot, snapshot);
	text_clean(reason, sizeof(reason), run->reason, strnlen(run->reason, sizeof(run->reason)));
	fprintf(f, "%-24s %-11s %5d %8" PRId64 " %10" PRId64 " %10" PRId64, stamp,
	        result_row(run->result)->name, run->code, run->seconds, run->files, run->new_files);
	fprintf(f, " %15" PRId64 " %15" PRId64 "  %016" PRIx64, run->bytes, run->new_bytes,
	        run->fingerprint);
	fprintf(f, known || reason[0] != '\0' ? "  %-34s" : "  %s", snapshot);
	if (known)
		fprintf(f, "  %" PRId64 "/%" PRId64, run->changed, run->before);
	if (run->differ > 0)
		fprintf(f, "/%" PRId64, run->differ);
	fprintf(f, reason[0] != '\0' ? "  %s\n" : "%s\n", reason);
	return ferror(f) ? -1 : 0;
}

/* Does the snapshot of a run exist, in whatever state?  A run without one has the instant 0, which
 * no stamp has. */
static bool
is_there(const struct history_run *run, const struct stamp *stamps, size_t nstamps)
{
	for (size_t i = 0; i < nstamps; i++)
		if (stamps[i].when == run->snapshot.when)
			return true;
	return false;
}

/* Lines of existing snapshots are kept: they hold the fingerprint and the number of files that
 * later runs compare with.  Of the others the oldest are dropped first, or the file would grow
 * without limit. */
size_t
history_prune(struct history_run *runs, size_t n, const struct stamp *stamps, size_t nstamps)
{
	size_t others = 0, surplus, kept = 0;

	for (size_t i = 0; i < n; i++)
		others += !is_there(&runs[i], stamps, nstamps);
	surplus = others > HISTORY_OTHERS ? others - HISTORY_OTHERS : 0;
	for (size_t i = 0; i < n; i++) {
		if (surplus > 0 && !is_there(&runs[i], stamps, nstamps))
			surplus--;
		else
			runs[kept++] = runs[i];
	}
	return kept;
}

/* Skipped runs in between do not end the series: a host that is busy now and then would otherwise
 * never reach a long backoff. */
unsigned
history_failures(const struct history_run *runs, size_t n)
{
	unsigned failures = 0;

	while (n-- > 0) {
		const struct result_row *row = result_row(runs[n].result);

		if (row->retry == RESULT_RETRY_BACKOFF)
			failures++;
		else if (!row->skipped)
			break;
	}
	return failures;
}

/* An interrupted tree that was pinned stays what the user calls it: unlike the others it would be a
 * base for ever. */
enum stamp_state
history_pinned(const struct history_run *runs, size_t n, const struct stamp *pin)
{
	while (n-- > 0)
		if (runs[n].snapshot.when == pin->when && (stamp_is_good(runs[n].snapshot.state) ||
		                                           runs[n].snapshot.state == STAMP_SUSPECT))
			return runs[n].snapshot.state;
	return STAMP_PINNED;
}

const struct history_run *
history_made(const struct history_run *runs, size_t n, const struct stamp *snapshot)
{
	while (n-- > 0)
		if (runs[n].snapshot.when == snapshot->when)
			return &runs[n];
	return NULL;
}

bool
history_is_alike(const struct history_run *runs, size_t n, const struct stamp *snapshot,
                 uint64_t fingerprint)
{
	const struct history_run *run = history_made(runs, n, snapshot);

	return run != NULL && run->fingerprint == fingerprint;
}

/* The number of files of the run that made a snapshot with this fingerprint; 0: unknown. */
static int64_t
files_of(const struct history_run *runs, size_t n, const struct stamp *snapshot,
         uint64_t fingerprint)
{
	while (n-- > 0)
		if (runs[n].snapshot.when == snapshot->when && runs[n].fingerprint == fingerprint &&
		    runs[n].files > 0)
			return runs[n].files;
	return 0;
}

/* What a new run is compared with to detect a source that has shrunk.  Only snapshots with the
 * same fingerprint count: after a change of source or filters the number of files may
 * legitimately drop. */
int64_t
history_files_before(const struct history_run *runs, size_t n, const struct stamp *stamps,
                     size_t nstamps, uint64_t fingerprint, int64_t until)
{
	enum stamp_state wanted = STAMP_PARTIAL;
	int64_t newest = 0, files = 0;

	for (size_t i = 0; i < nstamps; i++)
		if (stamp_kind(&stamps[i]) == STAMP_COMPLETE && stamps[i].when <= until)
			wanted = STAMP_COMPLETE;
	for (size_t i = 0; i < nstamps; i++) {
		int64_t found;

		if (stamp_kind(&stamps[i]) != wanted || stamps[i].when <= newest ||
		    stamps[i].when > until)
			continue;
		found = files_of(runs, n, &stamps[i], fingerprint);
		if (found == 0)
			continue;
		newest = stamps[i].when;
		files = found;
	}
	return files;
}
