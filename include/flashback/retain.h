// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RETAIN_H
#define FLASHBACK_RETAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/stamp.h"

/* What to keep.  Core: no I/O, no clock: "now" plays no part, so a month away loses nothing. */

/** hourly = 5 keeps the newest snapshot of each of the last 5 hours that have one; and so on. */
struct retain_policy {
	unsigned last, hourly, daily, weekly, monthly, yearly;
};

/** retain_keeps_any(p): is any of the numbers above zero? */
bool retain_keeps_any(const struct retain_policy *p);

/**
 * retain_mark(stamps, n, policy, drop):
 * Set drop[i] for each of the n stamps (one series, in any order) that policy no longer keeps;
 * hours, days, ISO weeks, months and years are those written in the names, new ones before old ones
 * by the instant.  The newest is never dropped.  A policy that keeps nothing at all must be a
 * mistake and drops nothing.  Return the number dropped, or -1 with ENOMEM and nothing dropped.
 */
int retain_mark(const struct stamp *stamps, size_t n, const struct retain_policy *policy,
                bool *drop);

#endif
