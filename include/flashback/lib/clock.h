// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CLOCK_H
#define FLASHBACK_CLOCK_H

#include <stdint.h>

/* Two clocks: wall time for schedules, and a monotonic one for sleeping and time-outs. */

/** A clock before this date is wrong: the release date, 2026-11-22 UTC. */
#define CLOCK_RELEASE_DATE INT64_C(1795305600)

/** clock_wall(): seconds since the epoch. */
int64_t clock_wall(void);

/** clock_offset(t): local time at t, seconds east of UTC (whole minutes). */
int32_t clock_offset(int64_t t);

/** clock_mono(): monotonic milliseconds, including time in suspend; the zero is arbitrary. */
int64_t clock_mono(void);

#endif
