// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESULT_H
#define FLASHBACK_RESULT_H

#include <stdbool.h>

#include "flashback/lib/log.h"

/*
 * The result of a run, and all that follows from it: one table, a row a result.  Who wants to know
 * asks for the row; nothing else in the program lists results (tests/lint/results).  Pure: no I/O.
 */

#define RESULT_TEXT 256

enum result {
	RESULT_NONE,        /* no run yet */
	RESULT_SUCCEEDED,   /* a complete snapshot */
	RESULT_PARTIAL,     /* some of the source could not be read */
	RESULT_SUSPECT,     /* empty, or far smaller than before */
	RESULT_FAILED,      /* no snapshot: network, host, config */
	RESULT_NO_SOURCE,   /* the source is not there: shown as FAILED */
	RESULT_NOT_FOUND,   /* the host is silent, or a removable source is absent */
	RESULT_INTERRUPTED, /* we stopped it */
	RESULT_DISK,        /* our disk: gone, read-only, broken */
	RESULT_FULL,        /* our disk: there is no room for this volume */
	RESULT_LINKS,       /* too many links: shown as FAILED; the next run has no bases */
	RESULT_BUSY,        /* not run: another flashback or rsync works on this volume */
	RESULT_NOT_NOW,     /* not run: `before` exited 75 */
	RESULT_NOT_DUE,     /* not run: what is on the disk is newer than was known */
	RESULT_ABSENT,      /* not run: the disk is not there (no marker) */
	RESULT_CLOCK,       /* not run: the clock is wrong, or a snapshot is ahead of it */
	RESULT_RESULTS
};

/** When its volume may run again, if it is due. */
enum result_retry { RESULT_RETRY_WAKE, RESULT_RETRY_BACKOFF, RESULT_RETRY_EVERY };

/** What its volume waits for after it. */
enum result_wait { RESULT_WAIT_NOT, RESULT_WAIT_DISK, RESULT_WAIT_CLOCK, RESULT_WAIT_BUSY };

/** As what its volume counts in status.txt; the counts of snapshots come from their names. */
enum result_count { RESULT_COUNT_NOT, RESULT_COUNT_FAILED, RESULT_COUNT_NOT_FOUND };

/** What it makes of the exit status of --once. */
enum result_exit {
	RESULT_EXIT_GOOD,
	RESULT_EXIT_NOT_NOW, /* a volume that was named could not be backed up now */
	RESULT_EXIT_WRONG
};

struct result_row {
	const char *name;  /* in the history */
	const char *shown; /* to people: "FAILED" for all that is shown so */
	const char *words; /* in the log, */
	enum log_level level;
	const char *event; /* of notify; NULL: nothing is sent */
	enum result_retry retry;
	enum result_wait wait;
	enum result_count count;
	enum result_exit exit;
	bool lasting;   /* may come at each wake for months: logged when it begins */
	bool skipped;   /* nothing was tried: neither a failure nor the end of failures in a row */
	bool recorded;  /* gets a line in the history even if rsync was not started */
	bool silent;    /* tells nothing of the source: what may expire without room, the run before
	                 * it decides */
	bool complete;  /* complete snapshots may expire after it, */
	bool partial;   /* ... and partial ones */
	bool disk_lost; /* the disk may be gone, or another one: look at it */
};

/** result_row(r): what follows from it; never NULL. */
const struct result_row *result_row(enum result r);

/** result_parse(s, out): back from a name.  Return 0, or -1 and *out untouched. */
int result_parse(const char *s, enum result *out);

/** result_of_errno(error): what a run ends as whose own writing failed with this errno: FULL or
 * DISK. */
enum result result_of_errno(int error);

#endif
