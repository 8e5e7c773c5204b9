// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MASSCHANGE_H
#define FLASHBACK_MASSCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/store/history.h"

/*
 * Has a run changed or lost far more of the files than the runs before it?  Ransomware and a disk
 * that was wiped and refilled do that, and each day one more such snapshot would take the room of
 * good ones.  Core: no I/O.
 */

#define MASSCHANGE_RUNS 10  /* that a run is compared with */
#define MASSCHANGE_SPAN 3   /* runs over which changes are added up, besides one run by itself */
#define MASSCHANGE_LEAST 50 /* files: fewer are no alarm */

/** How much changed in the last runs that made a snapshot, newest first, as far back as that is
 * known. */
struct masschange {
	size_t n;
	struct masschange_run {
		int64_t when; /* of its snapshot */
		int64_t changed, before;
		bool accepted; /* it was suspect, and somebody has accepted it */
	} run[MASSCHANGE_RUNS + MASSCHANGE_SPAN];
};

/** What is unusual. */
struct masschange_alarm {
	int64_t changed, before, usual; /* files */
	unsigned span;                  /* within so many runs; 0: nothing is */
};

/** masschange_read(runs, n, stamps, nstamps, m): the runs whose snapshots are complete or partial,
 * or were until they expired; a suspect one only once it was accepted. */
void masschange_read(const struct history_run *runs, size_t n, const struct stamp *stamps,
                     size_t nstamps, struct masschange *m);

/**
 * masschange_judge(m, now, span, guard):
 * Judge what has changed within the last span runs, of which the last is not in m: now has the
 * number of changed files, and of how many.  It is unusual if it is more than guard (hundredths of
 * a percent; 0: never), MASSCHANGE_LEAST files or more, at least three runs before the span are
 * known, none of them was accepted within it, and no span of the MASSCHANGE_RUNS before it had half
 * that share.  Return the alarm.
 */
struct masschange_alarm masschange_judge(const struct masschange *m,
                                         const struct masschange_run *now, unsigned span,
                                         int guard);

/** masschange_sum(m, now): what has changed within the last MASSCHANGE_SPAN runs at most, some
 * files perhaps counted twice. */
struct masschange_run masschange_sum(const struct masschange *m, const struct masschange_run *now);

#endif
