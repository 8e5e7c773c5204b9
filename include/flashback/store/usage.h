// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_USAGE_H
#define FLASHBACK_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How much of the disk was used on each day on which a run ended: the file .flashback/usage of the
 * store.  Its first line names the disk; then a line "EPOCH BYTES" for each of the last 61 days.
 * It is a note for an estimate of how fast the disk fills up, and errors only cost that: they are
 * ignored.
 */

#define USAGE_NAME "usage"

/**
 * usage_note(store, now, anew):
 * Note for today what is used of the disk of the store with this descriptor, in place of what was
 * noted today before.  Lines of another disk, or later than now (the clock was wrong), are dropped;
 * with anew all are: a first snapshot is no growth.
 */
void usage_note(int store, int64_t now, bool anew);

#define USAGE_WINDOW 60 /* days; older ones do not count */

struct usage_day {
	int64_t day;  /* since the epoch */
	int64_t used; /* bytes */
};

/**
 * usage_daily(days, n):
 * Bytes a day, from n ascending days.  0 when the disk does not grow, or when that is not known:
 * the days span less than a week.
 */
int64_t usage_daily(const struct usage_day *days, size_t n);

/** usage_growth(store, now): usage_daily of what is noted. */
int64_t usage_growth(int store, int64_t now);

#endif
