// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LINKDEST_H
#define FLASHBACK_LINKDEST_H

#include <stddef.h>

#include "flashback/store/stamp.h"

/* The name of the next snapshot, and its bases for --link-dest.  Core: no I/O. */

#define LINKDEST_MAX 4 /* bases of a run: rsync accepts up to 20 */

/** linkdest_stamp(stamps, n, now, offset): a .working stamp for a run that begins now.  If a
 * snapshot of this second exists, in whatever state, the next free second is used: a name is never
 * used twice. */
struct stamp linkdest_stamp(const struct stamp *stamps, size_t n, int64_t now, int32_t offset);

/**
 * linkdest_choose(stamps, n, doubtful, now, out):
 * The bases of a run, in order: the doubtful tree of an earlier boot (when == 0: none), the
 * .interrupted tree (else a big file that changes all the time is never copied completely), the
 * newest partial or suspect one if newer than the newest complete one, the newest complete one.
 * Stamps from the future are used only if there are no others.  A pin counts as what it was before.
 * Return how many.
 */
size_t linkdest_choose(const struct stamp *stamps, size_t n, const struct stamp *doubtful,
                       int64_t now, struct stamp out[LINKDEST_MAX]);

#endif
