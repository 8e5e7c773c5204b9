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
#include "flashback/lib/units.h"
#include "flashback/store/growth.h"
#include "flashback/store/marker.h"
#include "flashback/store/store.h"

#define FILE_MAX 8192
#define DAY (24 * 60 * 60)

struct usage {
	int meta; /* .flashback; -1: it cannot be opened */
	char disk[MARKER_DISK_SIZE];
	struct growth_day days[GROWTH_WINDOW + 1];
	size_t n;
};

static void
add(struct usage *u, int64_t day, int64_t used)
{
	if (u->n == GROWTH_WINDOW + 1)
		memmove(u->days, u->days + 1, --u->n * sizeof(u->days[0]));
	u->days[u->n++] = (struct growth_day){day, used};
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

	*u = (struct usage){
	    .meta = openat(store, MARKER_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
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

int64_t
usage_growth(int store, int64_t now)
{
	struct usage u;

	open_usage(&u, store, now);
	file_close(&u.meta);
	return growth_daily(u.days, u.n);
}
