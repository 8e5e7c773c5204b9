// SPDX-License-Identifier: ISC
#include "flashback/store/growth.h"

#include <stdlib.h>

#define WEEK 7

static double
rate(const struct growth_day *from, const struct growth_day *to)
{
	return (double)(to->used - from->used) / (double)(to->day - from->day);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * The lower of two rates: the median of those over a week each, and the average of all days.
 * Snapshots that expire once a week leave no trace in the first, but those that expire once a month
 * do: most weeks see only growth.  The average spans two months, but a large file that was added
 * distorts it for as long.
 */
int64_t
growth_daily(const struct growth_day *days, size_t n)
{
	double rates[GROWTH_WINDOW + 1], week, all;
	size_t nrates = 0, from = 0;

	while (n > 0 && days[0].day < days[n - 1].day - GROWTH_WINDOW) {
		days++;
		n--;
	}
	for (size_t i = 1; i < n; i++) {
		while (days[from + 1].day <= days[i].day - WEEK)
			from++;
		if (days[from].day <= days[i].day - WEEK)
			rates[nrates++] = rate(&days[from], &days[i]);
	}
	if (nrates == 0)
		return 0;
	qsort(rates, nrates, sizeof(rates[0]), compare);
	week = rates[(nrates - 1) / 2];
	all = rate(&days[0], &days[n - 1]);
	if (all < week)
		week = all;
	return week > 0 ? (int64_t)week : 0;
}
