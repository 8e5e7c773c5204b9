// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LINKDEST_H
#define FLASHBACK_LINKDEST_H

#include <stddef.h>

#include "flashback/store/stamp.h"

/* The name of the next snapshot, and the trees that it may share files with.  Core: no I/O. */

#define LINKDEST_MAX 4 /* bases of a run: rsync takes up to 20 */

/** linkdest_stamp(stamps, n, now, offset): a .working stamp for a run that begins now.  Two runs
 * may begin in one second, and a name is never used twice, in whatever state: then it is the next
 * free second. */
struct stamp linkdest_stamp(const struct stamp *stamps, size_t n, int64_t now, int32_t offset);

/**
 * linkdest_choose(stamps, n, doubtful, now, out):
 * The bases of a run, in order: the doubtful tree of an earlier boot (when == 0: none), what was
 * interrupted (else a big file that is rewritten each time never arrives), the newest partial or
 * suspect if newer than the last complete one, the last complete one.  What is from the future is
 * taken only where there is nothing else.  Return how many.
 */
size_t linkdest_choose(const struct stamp *stamps, size_t n, const struct stamp *doubtful,
                       int64_t now, struct stamp out[LINKDEST_MAX]);

#endif
