// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RETAIN_H
#define FLASHBACK_RETAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/config/volume.h"
#include "flashback/store/stamp.h"

/* The retention policy.  Core: no I/O, no clock: the present time plays no part, so a month without
 * backups expires nothing. */

/**
 * retain_mark(stamps, n, policy, drop):
 * Set drop[i] for each of the n stamps (one series, in any order) that policy no longer keeps;
 * hours, days, ISO weeks, months and years are those in the names; order is by instant.  The newest
 * is never dropped.  A policy that would keep nothing must be a mistake and drops nothing.  Return
 * the number dropped, or -1 with ENOMEM and nothing dropped.
 */
int retain_mark(const struct stamp *stamps, size_t n, const struct volume_keep *policy, bool *drop);

#endif
