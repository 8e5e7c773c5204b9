// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RETAIN_H
#define FLASHBACK_RETAIN_H

#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/store/stamp.h"

/* The retention policy.  Core: no I/O, no clock: the present time plays no part, so a month without
 * backups expires nothing. */

/**
 * retain_rank(stamps, n, policy, rank):
 * For each of the n stamps (in any order) and each number of the policy, the place of the stamp
 * among those that it keeps, the newest being 1; 0: it does not keep this one.  Complete and
 * partial ones are numbered apart, others not at all.  Hours, days, ISO weeks, months and years are
 * those in the names; order is by instant.  Return 0, or -1 with ENOMEM.
 */
int retain_rank(const struct stamp *stamps, size_t n, const struct volume_keep *policy,
                struct volume_keep *rank);

/** retain_why(rank): a rank or a policy in words, as in "last 2, daily 3, weekly 1", or "" if it is
 * all 0: new memory, or NULL with ENOMEM. */
char *retain_why(const struct volume_keep *rank);

/**
 * retain_last_needed(policy, every, period):
 * The keep_last with which every snapshot stays until the shortest period that policy keeps one of
 * is over, when one is made each `every` seconds; *period is its name.  0: keep_last suffices, or
 * no period is kept.
 */
unsigned retain_last_needed(const struct volume_keep *policy, int64_t every, const char **period);

#endif
