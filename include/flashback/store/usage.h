// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_USAGE_H
#define FLASHBACK_USAGE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How much of the disk was used on each day on which a run ended: the file .flashback/usage of the
 * store.  Its first line names the disk; then a line "EPOCH BYTES" for each of the last 61 days.
 * It is a note for growth_daily: errors are ignored, they cost the estimate.
 */

#define USAGE_NAME "usage"

/**
 * usage_note(store, now, anew):
 * Note for today what is used of the disk of the store with this descriptor, in place of what was
 * noted today before.  Lines of another disk, or later than now (the clock was wrong), are dropped;
 * with anew all are: a first snapshot is no growth.
 */
void usage_note(int store, int64_t now, bool anew);

/** usage_growth(store, now): growth_daily of what is noted. */
int64_t usage_growth(int store, int64_t now);

#endif
