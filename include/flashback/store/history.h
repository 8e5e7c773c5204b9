// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HISTORY_H
#define FLASHBACK_HISTORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "flashback/store/result.h"
#include "flashback/store/stamp.h"

/*
 * The history of a volume: a line a run, fixed columns for awk, then the reason in words.  It may
 * be lost and costs only convenience.  Core: text to structs and back; FILE * only as a place for
 * text.
 */

/** The columns, as in the file's header line. */
#define HISTORY_HEADER                                                                             \
	"# stamp                  result       code  seconds      files  new-files"                \
	"           bytes       new-bytes  fingerprint       snapshot               "              \
	"             reason"

#define HISTORY_OTHERS 1000 /* lines kept of runs whose snapshot is not there */

struct history_run {
	struct stamp stamp; /* state COMPLETE, whatever became of it: the start of the run */
	enum result result;
	int code;        /* rsync's exit status, 128+n for a signal, -1 if it was not run */
	int64_t seconds; /* how long the run took, -1 unknown */
	int64_t files, new_files, bytes, new_bytes; /* -1 when rsync told no statistics */
	uint64_t fingerprint;
	struct stamp snapshot;    /* what the run left; when == 0 if nothing */
	char reason[RESULT_TEXT]; /* in plain words, "" for a plain success; escaped */
};

/** history_begin(start): a run of which nothing is known but when it began. */
struct history_run history_begin(const struct stamp *start);

/** history_ended(run): the instant at which it ended, as far as is known. */
int64_t history_ended(const struct history_run *run);

/**
 * history_say(run, fmt, ap):
 * Set the reason.  What is put in from outside must have been escaped.  At most 199 bytes, cut with
 * "..."; never with the words FAILED or SUCCEEDED in it, for scripts count lines with these.
 */
void history_say(struct history_run *run, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/**
 * history_parse(line, out):
 * One line, with or without its newline.  Columns are cut at blanks; the reason is made safe to
 * print.  Return 0, or -1 for a comment or anything unreadable, *out untouched.
 */
int history_parse(const char *line, struct history_run *out);

/**
 * history_print(f, run): one line with its newline, whatever the reason holds; no snapshot is "-".
 * Return 0, or -1 when f has an error.
 */
int history_print(FILE *f, const struct history_run *run);

/**
 * history_prune(runs, n, stamps, nstamps):
 * Of the n runs, oldest first, keep the line of every snapshot that is among the stamps (matched by
 * the instant, whatever its state is now) and the last HISTORY_OTHERS others.  Moves what is kept
 * to the front, order unchanged.  Return how many that is.
 */
size_t history_prune(struct history_run *runs, size_t n, const struct stamp *stamps,
                     size_t nstamps);

/**
 * history_failures(runs, n): how many of the newest runs in a row count for the backoff.  Those
 * that were not run (busy, not now, not due, disk absent, clock) neither count nor end the row.
 */
unsigned history_failures(const struct history_run *runs, size_t n);

/**
 * history_files_before(runs, n, stamps, nstamps, fingerprint, until):
 * The number of files of the newest complete snapshot that exists and was made with this
 * fingerprint; while there is no complete snapshot at all, of the newest partial one.  0 if there
 * is none.  Those after the instant until, from the future, take no part: what a person accepts
 * would never be the newest.
 */
int64_t history_files_before(const struct history_run *runs, size_t n, const struct stamp *stamps,
                             size_t nstamps, uint64_t fingerprint, int64_t until);

#endif
