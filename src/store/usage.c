// SPDX-License-Identifier: ISC
#include "flashback/store/usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/lib/units.h"
#include "flashback/store/marker.h"
#include "flashback/store/store.h"

#define FILE_MAX 8192
#define DAY (24 * 60 * 60)
#define WEEK 7 /* days */

struct usage {
	int meta; /* .flashback; -1: it cannot be opened */
	char disk[MARKER_DISK_SIZE];
	struct usage_day days[USAGE_WINDOW + 1];
	size_t n;
};

static void
add(struct usage *u, int64_t day, int64_t used)
{
	if (u->n == USAGE_WINDOW + 1)
		memmove(u->days, u->days + 1, --u->n * sizeof(u->days[0]));
	u->days[u->n++] = (struct usage_day){day, used};
}

/* Take the lines of this disk up to today.  One that is damaged is left out. */
static void
take(struct usage *u, char *text, int64_t today)
{
	char *line = strsep(&text, "\n");

	if (strcmp(line, u->disk) != 0)
		return;
	while ((line = strsep(&text, "\n")) != NULL) {
		const char *rest = line;
		int64_t when, used;

		if (units_read_integer(&rest, 0, INT64_MAX, &when) == 0 &&
		    units_read_integer(&rest, 0, INT64_MAX, &used) == 0 && when / DAY <= today &&
		    (u->n == 0 || when / DAY > u->days[u->n - 1].day))
			add(u, when / DAY, used);
	}
}

static void
open_usage(struct usage *u, int store, int64_t now)
{
	char *text;
	size_t len;

	*u = (struct usage){.meta = openat(store, MARKER_DIR, TREE_DIR)};
	if (u->meta == -1 || store_disk(store, u->disk) == -1 ||
	    file_read(u->meta, USAGE_NAME, FILE_MAX, &text, &len) == -1)
		return;
	take(u, text, now / DAY);
	free(text);
}

static int
write_lines(FILE *f, void *arg)
{
	const struct usage *u = arg;

	fprintf(f, "%s\n", u->disk);
	for (size_t i = 0; i < u->n; i++)
		fprintf(f, "%" PRId64 " %" PRId64 "\n", u->days[i].day * DAY, u->days[i].used);
	return ferror(f) ? -1 : 0;
}

/* The last run of a day is noted, not its first: on the first day of a store many follow. */
void
usage_note(int store, int64_t now, bool anew)
{
	struct usage u;
	struct statvfs fs;

	open_usage(&u, store, now);
	if (u.meta == -1 || fstatvfs(store, &fs) == -1) {
		file_close(&u.meta);
		return;
	}
	if (anew)
		u.n = 0;
	else if (u.n > 0 && u.days[u.n - 1].day == now / DAY)
		u.n--;
	add(&u, now / DAY, (int64_t)((fs.f_blocks - fs.f_bfree) * fs.f_frsize));
	(void)file_replace(u.meta, USAGE_NAME, S_IRUSR | S_IWUSR, write_lines, &u, false);
	file_close(&u.meta);
}

static double
rate(const struct usage_day *from, const struct usage_day *to)
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
usage_daily(const struct usage_day *days, size_t n)
{
	double rates[USAGE_WINDOW + 1], week, all;
	size_t nrates = 0, from = 0;

	while (n > 0 && days[0].day < days[n - 1].day - USAGE_WINDOW) {
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

int64_t
usage_growth(int store, int64_t now)
{
	struct usage u;

	open_usage(&u, store, now);
	file_close(&u.meta);
	return usage_daily(u.days, u.n);
}
