// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_OUTPUT_H
#define FLASHBACK_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/rsync/cause.h"
#include "flashback/rsync/message.h"
#include "flashback/rsync/unreadable.h"
#include "flashback/store/result.h"

/* Parse and collect the output of rsync and ssh for verdict_make; numbers as written under
 * LC_ALL=C with --no-h.  Core: no I/O. */

/** The closing statistics, as in `rsync --stats --no-h` under LC_ALL=C. */
struct output_stats {
	bool seen; /* the line "Number of files: N" was printed */
	int64_t files, transferred;
	int64_t dirs;             /* of the files */
	int64_t bytes, new_bytes; /* total size, transferred file size */
};

/** The state that the lines of --info=progress2 report. */
struct output_progress {
	int percent;       /* files done of all files known; see output_progress */
	int64_t bytes;     /* copied so far */
	int64_t rate;      /* bytes a second */
	int64_t left;      /* seconds, -1 unknown */
	int64_t done, all; /* files */
};

/** The output of one run so far: output_line adds each line of rsync and ssh. */
struct output_words {
	struct output_stats stats;
	/* The first file of the source that was not read, the first one and the first attribute
	 * that could not be written here, each with the reason; escaped. */
	char first_error[MESSAGE_TEXT], first_refusal[MESSAGE_TEXT], first_attribute[MESSAGE_TEXT];
	char last_file[MESSAGE_WHOLE]; /* the last file of the source not read: each counts once */
	char last_error[RESULT_TEXT];  /* the last meaningful line of the error output; escaped */
	char cause[CAUSE_TEXT]; /* the cause in words, with what to do; "" if none was recognised */
	int cause_rank;         /* how specific cause is: a better one replaces it */
	bool no_space, read_only, io_error; /* reported of the receiving side: to be verified */
	bool too_many_links;
	bool source_gone; /* the rsync daemon or rrsync reports that the source does not exist */
	bool bad_option;  /* the far side does not know, or refuses, an option */
	int64_t unreadable, unwritten, vanished; /* files */
	struct unreadable *names;                /* receives the unreadable ones; NULL: none */
};

/**
 * output_line(w, line, len, is_error):
 * Parse one line (without its line end) of standard output, or of standard error (is_error). *w
 * begins as all zero, but for w->names.
 */
void output_line(struct output_words *w, const char *line, size_t len, bool is_error);

/**
 * output_statistic(line, len, stats):
 * Parse a line of the closing statistics.  Return 0, or -1 and *stats untouched when it is another
 * line.
 */
int output_statistic(const char *line, size_t len, struct output_stats *stats);

/**
 * output_progress(line, len, p):
 * Parse a line of --info=progress2.  *p starts with left = -1 and all else zero, and is kept from
 * line to line: a line in the middle of a file has the remaining time but no file counts, the line
 * after a file has the counts but not the time; what a line lacks stays unchanged.  Until files
 * have been counted, percent is rsync's own, of the bytes. Return 0, or -1 and *p untouched when it
 * is another line.
 */
int output_progress(const char *line, size_t len, struct output_progress *p);

#endif
