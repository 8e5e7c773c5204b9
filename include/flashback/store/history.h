// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HISTORY_H
#define FLASHBACK_HISTORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "flashback/store/result.h"
#include "flashback/store/stamp.h"

/* The history of a volume: one line per run, fixed columns for awk, then the reason in words.
 * Losing it costs only convenience.  Core: text to structs and back; FILE * only as a destination
 * of text. */

/** The file's header line. */
#define HISTORY_HEADER                                                                             \
	"# stamp                  result       code  seconds      files  new-files"                \
	"           bytes       new-bytes  fingerprint       snapshot               "              \
	"             reason, after changed/before/differ"

#define HISTORY_OTHERS 1000 /* lines kept of runs whose snapshot does not exist */

struct history_run {
	struct stamp stamp; /* the start of the run; its state is always COMPLETE */
	enum result result;
	int code;        /* rsync's exit status, 128+n for a signal, -1 if it was not started */
	int64_t seconds; /* how long the run took, -1 unknown */
	int64_t files, new_files, bytes, new_bytes; /* -1 when rsync printed no statistics */
	uint64_t fingerprint;
	struct stamp snapshot; /* made by the run; when == 0: none */
	/* Of the files of the snapshot before, all that is no directory, so many are changed or
	 * gone; before == 0: unknown. */
	int64_t changed, before;
	int64_t fresh;   /* files that could not be read and that the run before could; not in the
	                    file */
	int64_t differ;  /* files whose content was not that of their source, though size and time
	                    were */
	bool uncompared; /* recheck could not compare all that it should, as the reason says; not in
	                    the file */
	char reason[RESULT_TEXT]; /* in words, "" for a success without remarks; escaped */
};

/** history_begin(start): a run with nothing but its start filled in. */
struct history_run history_begin(const struct stamp *start);

/** history_ended(run): the instant at which it ended; its start if that is unknown. */
int64_t history_ended(const struct history_run *run);

/**
 * history_reason(run, fmt, ap):
 * Set the reason.  Text from outside must have been escaped.  At most 199 bytes, truncated with
 * "..."; the words FAILED and SUCCEEDED are altered, because scripts count lines that contain them.
 */
void history_reason(struct history_run *run, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/**
 * history_parse(line, out):
 * Parse one line, with or without its newline.  Columns are separated by blanks; the reason is made
 * safe to print.  Return 0, or -1 for a comment or an invalid line, with *out unchanged.
 */
int history_parse(const char *line, struct history_run *out);

/**
 * history_print(f, run):
 * Print one line with its newline, whatever the reason contains; "-" for no snapshot.  Return 0, or
 * -1 when f has an error.
 */
int history_print(FILE *f, const struct history_run *run);

/**
 * history_prune(runs, n, stamps, nstamps):
 * Of the n runs, oldest first, keep the line of every snapshot among the stamps (matched by
 * instant, in whatever state) and the last HISTORY_OTHERS others.  Kept lines are moved to the
 * front in the same order.  Return their number.
 */
size_t history_prune(struct history_run *runs, size_t n, const struct stamp *stamps,
                     size_t nstamps);

/**
 * history_failures(runs, n):
 * The number of newest runs in a row that count for the backoff.  Skipped runs (busy, not now, not
 * due, disk absent, clock) neither count nor end the series.
 */
unsigned history_failures(const struct history_run *runs, size_t n);

/**
 * history_pinned(runs, n, pin):
 * The state that the snapshot had when its run ended: COMPLETE, PARTIAL or SUSPECT; PINNED when
 * that is unknown.
 */
enum stamp_state history_pinned(const struct history_run *runs, size_t n, const struct stamp *pin);

/** history_made(runs, n, snapshot): the newest run that made the snapshot; NULL: unknown. */
const struct history_run *history_made(const struct history_run *runs, size_t n,
                                       const struct stamp *snapshot);

/** history_is_alike(runs, n, snapshot, fingerprint): was the snapshot made by a run with this
 * fingerprint?  Not if that is unknown. */
bool history_is_alike(const struct history_run *runs, size_t n, const struct stamp *snapshot,
                      uint64_t fingerprint);

/**
 * history_files_before(runs, n, stamps, nstamps, fingerprint, until):
 * The number of files of the newest complete snapshot that exists and was made with this
 * fingerprint; of the newest partial one while no complete snapshot exists.  A pin counts as what
 * it was before. 0: none.  Snapshots
 * after the instant until (from the future) are ignored: they would stay the newest even after the
 * user has accepted a later one.
 */
int64_t history_files_before(const struct history_run *runs, size_t n, const struct stamp *stamps,
                             size_t nstamps, uint64_t fingerprint, int64_t until);

#endif
