// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SUMMARY_H
#define FLASHBACK_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "flashback/store/history.h"
#include "flashback/store/stamp.h"

/* A volume's directory and history, reduced to what scheduling and the status files need.  The
 * daemon keeps this and not the lists, and so stays small.  Core: no I/O. */

/** A stamp further ahead of now than this is "from the future" and is never a basis. */
#define SUMMARY_AHEAD_MAX (INT64_C(26) * 3600)

struct summary {
	/* instants, 0 for none; stamps from the future are ignored */
	int64_t complete, partial, suspect; /* the newest of each */
	int64_t ahead;                      /* the newest stamp that is ahead of now, up to 26 h */
	struct stamp future;                /* the newest stamp from the future; when == 0: none */
	struct stamp latest;                /* what `latest` should name; when == 0: nothing */
	unsigned kept;                      /* the number of complete and partial snapshots */
	unsigned expired;
	/* from the history, without lines from the future at its end */
	int64_t first;             /* instant of its first line that is not from
	                              the future, or since when a volume without
	                              any run is known (firstseen); 0: unknown */
	unsigned failures;         /* in a row */
	struct history_run last;   /* the newest run; result NONE if there is none */
	struct history_run flawed; /* the run that made the newest snapshot, if that is partial or
	                              suspect and has a line; else result NONE */
	/* of the newest run that has statistics; -1: unknown */
	int64_t files, bytes, new_bytes, seconds;
};

/**
 * summary_make(stamps, n, runs, nruns, now, out):
 * Summarize stamps and runs, both in ascending order.  Pinned and expired trees count neither as
 * ahead nor as from the future: they affect no decision.
 */
void summary_make(const struct stamp *stamps, size_t n, const struct history_run *runs,
                  size_t nruns, int64_t now, struct summary *out);

/** summary_attempt(s): the newest attempt that counts (complete, partial, suspect); 0: none. */
int64_t summary_attempt(const struct summary *s);

/** summary_good(s): the newest complete or partial snapshot; 0: none. */
int64_t summary_good(const struct summary *s);

#endif
