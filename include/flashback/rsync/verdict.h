// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VERDICT_H
#define FLASHBACK_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/rsync/output.h"
#include "flashback/store/history.h"
#include "flashback/store/masschange.h"

/*
 * Determine the result of a run, and its cause in words, from rsync's output and exit status.  The
 * exit status alone is not enough: without the closing line "Number of files: N" a run is never a
 * snapshot. Core: no I/O.
 */

/** What becomes of the tree. */
enum verdict_tree {
	VERDICT_TREE_COMPLETE,
	VERDICT_TREE_PARTIAL,
	VERDICT_TREE_SUSPECT,
	VERDICT_TREE_INTERRUPTED,
	VERDICT_TREE_EXPIRED,
	VERDICT_TREE_LEFT /* stays .working: the next run salvages it */
};

/** Why flashback itself ended the run. */
enum verdict_stop {
	VERDICT_STOP_NO,
	VERDICT_STOP_SIGNAL, /* the daemon ends, the window closes, the slice is over */
	VERDICT_STOP_ROOM,   /* the disk was filling up */
	VERDICT_STOP_STALL   /* no progress for too long */
};

/** The rest of what verdict_make needs. */
struct verdict_case {
	int status; /* as from waitpid */
	enum verdict_stop stop;
	bool removable;
	bool disk_broken;     /* verified: a write test failed */
	bool disk_full;       /* verified: the disk is full */
	bool disk_able;       /* the disk was found to hold owners and xattrs */
	int64_t received;     /* bytes so far */
	int64_t needed;       /* bytes of what was to be copied; 0: unknown */
	int shrink_guard;     /* hundredths of a percent */
	int64_t files_before; /* of the newest comparable snapshot; 0: nothing to compare with */
	struct masschange_alarm alarm;
	int64_t fresh;           /* files that could not be read and are new among these */
	const char *fresh_first; /* the first of them; "" or NULL: only their number is known */
	int64_t patience;        /* seconds without progress after which the run was aborted */
	const char *unlinked;    /* the file because of which hard links are not kept; "" or NULL */
};

struct verdict {
	struct history_run run; /* how the run ended */
	enum verdict_tree tree;
};

/**
 * verdict_give_up(v, result, fmt, ...):
 * Set the verdict on a run that ended before there was anything to judge; a tree, if any, is left
 * .working. Fills in what verdict_make does.  Return -1.
 */
int verdict_give_up(struct verdict *v, enum result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * verdict_make(c, w, v):
 * Fill *v by the first row of the table in verdict.c that holds: result, code, figures and reason
 * (formatted by history_reason).  The caller sets the other fields of the run, before or after.
 */
void verdict_make(const struct verdict_case *c, const struct output_words *w, struct verdict *v);

#endif
