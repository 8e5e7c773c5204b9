// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESULT_H
#define FLASHBACK_RESULT_H

#include <stdbool.h>

#include "flashback/lib/log.h"

/* The result of a run and all its consequences: one table, a row for each result.  Other modules
 * look up the row; none of them lists results (tests/lint/results).  Pure: no I/O. */

#define RESULT_TEXT 256

enum result {
	RESULT_NONE,        /* no run yet */
	RESULT_SUCCEEDED,   /* a complete snapshot */
	RESULT_PARTIAL,     /* part of the source could not be read */
	RESULT_SUSPECT,     /* far fewer files than before, or too many changes */
	RESULT_FAILED,      /* no snapshot: network, host, config */
	RESULT_NO_SOURCE,   /* the source does not exist: shown as FAILED */
	RESULT_NOT_FOUND,   /* the host does not answer, or a removable source is absent */
	RESULT_INTERRUPTED, /* stopped by flashback */
	RESULT_DISK,        /* the backup disk: absent, read-only, broken */
	RESULT_FULL,        /* the backup disk has no room for this volume */
	RESULT_LINKS,       /* too many links: shown as FAILED; the next run keeps no hard links */
	RESULT_BUSY,        /* not run: another flashback or rsync has locked this volume */
	RESULT_NOT_NOW,     /* not run: `before` exited 75 */
	RESULT_NOT_DUE,     /* not run: the disk has a newer snapshot than the daemon knew */
	RESULT_ABSENT,      /* not run: the disk is absent (no marker) */
	RESULT_CLOCK,       /* not run: the clock is wrong, or a snapshot is ahead of it */
	RESULT_RESULTS
};

/** When the volume may run again, if it is due. */
enum result_retry { RESULT_RETRY_WAKE, RESULT_RETRY_BACKOFF, RESULT_RETRY_EVERY };

/** What the volume waits for after this result. */
enum result_wait { RESULT_WAIT_NOT, RESULT_WAIT_DISK, RESULT_WAIT_CLOCK, RESULT_WAIT_BUSY };

/** How the volume is counted in status.txt; snapshots are counted by their names. */
enum result_count { RESULT_COUNT_NOT, RESULT_COUNT_FAILED, RESULT_COUNT_NOT_FOUND };

/** The effect on the exit status of --once. */
enum result_exit {
	RESULT_EXIT_GOOD,
	RESULT_EXIT_NOT_NOW, /* an operand could not be backed up now */
	RESULT_EXIT_WRONG
};

struct result_row {
	const char *name;  /* in the history */
	const char *shown; /* in status.txt and queue.txt */
	const char *words; /* in the log, */
	enum log_level level;
	const char *event; /* of notify; NULL: nothing is sent */
	enum result_retry retry;
	enum result_wait wait;
	enum result_count count;
	enum result_exit exit;
	bool lasting;  /* may repeat at each wake for months: logged only when it begins */
	bool skipped;  /* nothing was tried: neither counts as a failure nor ends a series of
	                  failures */
	bool recorded; /* recorded in the history even if rsync was not started */
	bool silent; /* says nothing about the source: the run before it decides what may expire on
	                a full disk */
	bool complete;  /* complete snapshots may expire after it, */
	bool partial;   /* ... and partial ones */
	bool disk_lost; /* the disk may be absent or another one: inspect it */
};

/** result_row(r): the row of a result; never NULL. */
const struct result_row *result_row(enum result r);

/** result_parse(s, out): parse a name.  Return 0, or -1 with *out unchanged. */
int result_parse(const char *s, enum result *out);

/**
 * result_of_errno(error): FULL or DISK, the result of a run of which a write to the backup disk
 * failed with this errno.
 */
enum result result_of_errno(int error);

#endif
