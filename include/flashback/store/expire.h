// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EXPIRE_H
#define FLASHBACK_EXPIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/store/store.h"

/* Expire snapshots: rename them to .expired.  The purger removes them later. */

#define EXPIRE_MAX                                                                                 \
	3 /* renames per call: a mistyped keep_ option takes days to have its effect, and is       \
	     noticed in time */

/** The series that may lose snapshots. */
struct expire_series {
	bool complete, partial;
};

/**
 * expire_list(stamps, n, keep, series, now, at):
 * Set `at` (room for n) to the indexes of those of the n ascending stamps that keep no longer
 * keeps, in the order in which they expire: oldest first, complete before partial; never the newest
 * of a series; none while a stamp is from the future.  Return how many, or -1 with ENOMEM.
 */
int expire_list(const struct stamp *stamps, size_t n, const struct volume_keep *keep,
                struct expire_series series, int64_t now, size_t *at);

/**
 * expire_foresee(v, keep, made, now, next):
 * Set next to the snapshots that a success which makes the complete snapshot made would expire.
 * Return how many, or -1 with ENOMEM.
 */
int expire_foresee(const struct store_volume *v, const struct volume_keep *keep, struct stamp made,
                   int64_t now, struct stamp next[EXPIRE_MAX]);

/**
 * expire_policy(v, volume, series, now, trouble, size):
 * Rename to .expired what expire_list returns, at most EXPIRE_MAX. v->stamps must be current, and
 * is updated.  Return the number renamed; -1 with the first error in trouble (escaped), after all
 * have been tried.
 */
int expire_policy(struct store_volume *v, const struct volume *volume, struct expire_series series,
                  int64_t now, char *trouble, size_t size);

/**
 * expire_allowed(runs, n):
 * The series that may expire on a full disk, given the runs so far (oldest first): those allowed by
 * the newest run with a result about the source.  Runs stopped by the disk or by flashback have no
 * such result.
 */
struct expire_series expire_allowed(const struct history_run *runs, size_t n);

#endif
