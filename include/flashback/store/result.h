// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESULT_H
#define FLASHBACK_RESULT_H

#include <stdbool.h>

/*
 * The result of a run, and what follows from it.  Pure: no I/O.
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

/** result_name(r): "SUCCEEDED" "NOTFOUND" ... as in history; never NULL. */
const char *result_name(enum result r);

/** result_parse(s, out): back from a name.  Return 0, or -1 and *out untouched. */
int result_parse(const char *s, enum result *out);

/** result_of_errno(error): what a run ends as whose own writing failed with this errno: FULL or
 * DISK. */
enum result result_of_errno(int error);

/** result_shown_failed(r): is r shown as FAILED, and does it count for the backoff? */
bool result_shown_failed(enum result r);

/** result_shown_name(r): as people are told it: "FAILED" for all that is shown so. */
const char *result_shown_name(enum result r);

#endif
