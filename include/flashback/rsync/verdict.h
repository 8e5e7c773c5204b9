// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VERDICT_H
#define FLASHBACK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/rsync/output.h"
#include "flashback/store/history.h"

/*
 * What rsync said and how it ended: the result of a run, and its cause in plain words.  The exit
 * status alone is not enough: without the closing line "Number of files: N" a run is never a
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

/** Why we ended the run ourselves. */
enum verdict_stop {
	VERDICT_STOP_NO,
	VERDICT_STOP_ASKED, /* the daemon ends, the window closes, the slice is over */
	VERDICT_STOP_ROOM,  /* the disk was filling up */
	VERDICT_STOP_STALL  /* no sign of life for long */
};

/** What verdict_make needs to know besides. */
struct verdict_case {
	int status; /* as from waitpid */
	enum verdict_stop stop;
	bool removable;
	bool disk_broken;     /* verified: we cannot write a file ourselves */
	bool disk_full;       /* ... for lack of room */
	int shrink_guard;     /* hundredths of a percent */
	int64_t files_before; /* of the newest comparable snapshot; 0: nothing to compare with */
	int64_t patience;     /* seconds of silence that were the end */
};

struct verdict {
	struct history_run run; /* how the run ended */
	enum verdict_tree tree;
};

/**
 * verdict_give_up(v, result, fmt, ...):
 * The verdict on a run that ended before there was anything to judge; a tree, if any, is left.
 * Fills in what verdict_make does.  Return -1.
 */
int verdict_give_up(struct verdict *v, enum result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * verdict_make(c, w, v):
 * Fill *v by the first row that holds of the table in verdict.c: result, code, figures and reason
 * (as history_say has it).  What else a run has is for the caller, before or after.
 */
void verdict_make(const struct verdict_case *c, const struct output_words *w, struct verdict *v);

#endif
