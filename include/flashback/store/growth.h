// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_GROWTH_H
#define FLASHBACK_GROWTH_H

#include <stddef.h>
#include <stdint.h>

/* How fast a disk fills up, from how much of it was used on each day.  Core: no I/O. */

#define GROWTH_WINDOW 60 /* days; older ones do not count */

struct growth_day {
	int64_t day;  /* since the epoch */
	int64_t used; /* bytes */
};

/**
 * growth_daily(days, n):
 * Bytes a day, from n ascending days.  0 when the disk does not grow, or when that is not known:
 * the days span less than a week.
 */
int64_t growth_daily(const struct growth_day *days, size_t n);

#endif
