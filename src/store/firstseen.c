// SPDX-License-Identifier: ISC
#include "flashback/store/firstseen.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/lib/units.h"
#include "flashback/store/marker.h"
#include "flashback/store/usage.h"

#define FILE_MAX (4 << 20)

void
firstseen_open(struct firstseen *f, int store)
{
	static const char *const replaced[] = {FIRSTSEEN_NAME, USAGE_NAME};
	char *text = NULL;
	size_t len;

	*f = (struct firstseen){.dir = openat(store, MARKER_DIR, TREE_DIR)};
	/* A sweep beside a process that replaces one costs that process its errors only, which are
	 * ignored. */
	if (f->dir != -1)
		file_sweep(f->dir, replaced, sizeof(replaced) / sizeof(replaced[0]));
	if (f->dir != -1 && file_read(f->dir, FIRSTSEEN_NAME, FILE_MAX, &text, &len) == 0) {
		(void)text_list_split(&f->old, text);
		free(text);
	}
}

/* The instant in the file's line of id; 0: it has none.  The search resumes where the last one
 * ended: volumes are asked for in the order of the file, which may have thousands. */
static int64_t
find(struct firstseen *f, const char *id)
{
	size_t lines = f->old.n / 2;
	int64_t since = 0;

	for (size_t k = 0; k < lines; k++) {
		size_t line = (f->next + k) % lines;

		if (strcmp(f->old.item[2 * line + 1], id) != 0)
			continue;
		f->next = line + 1;
		if (units_parse_integer(f->old.item[2 * line], 0, INT64_MAX, &since) == -1)
			since = 0;
		break;
	}
	return since;
}

int64_t
firstseen_of(struct firstseen *f, const char *id, int64_t now)
{
	int64_t since = find(f, id);

	if (f->dir == -1 || now < CLOCK_RELEASE_DATE)
		return 0;
	if (since < CLOCK_RELEASE_DATE || since > now) {
		since = now;
		f->changed = true;
	}
	/* Without memory a restart forgets this volume. */
	(void)text_list_addf(&f->kept, "%" PRId64 " %s", since, id);
	return since;
}

static int
write_lines(FILE *f, void *arg)
{
	const struct text_list *lines = arg;

	for (size_t i = 0; i < lines->n; i++)
		fprintf(f, "%s\n", lines->item[i]);
	return ferror(f) ? -1 : 0;
}

void
firstseen_close(struct firstseen *f)
{
	if (f->dir != -1 && (f->changed || f->kept.n != f->old.n / 2))
		(void)file_replace(f->dir, FIRSTSEEN_NAME, S_IRUSR | S_IWUSR, write_lines, &f->kept,
		                   false);
	file_close(&f->dir);
	text_list_free(&f->old);
	text_list_free(&f->kept);
}
