// SPDX-License-Identifier: ISC
#include "flashback/lib/clock.h"

#include <time.h>

#define DAY (24 * 60 * 60)

int64_t
clock_wall(void)
{
	return time(NULL);
}

int32_t
clock_offset(int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	/* The time zone may change while the daemon runs (a laptop that travels); localtime_r
	 * alone would not reread it. */
	tzset();
	if (localtime_r(&when, &tm) == NULL)
		return 0;
	/* TZ may say more than a day; names of snapshots, and the world, have no such offset. */
	if (tm.tm_gmtoff <= -DAY || tm.tm_gmtoff >= DAY)
		return 0;
	return (int32_t)(tm.tm_gmtoff - tm.tm_gmtoff % 60);
}

int64_t
clock_mono(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
