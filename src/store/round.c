// SPDX-License-Identifier: ISC
#include "flashback/store/round.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/lib/units.h"

#define RECORD_MAX 4096
#define PART (ROUND_END / ROUND_PARTS + 1) /* of the places */
#define HEADER "# begun, oldest, done, held, tries, found, parts\n"
#define FIGURES (sizeof(struct round) / sizeof(int64_t))

/* MurmurHash3's last step, on 63 bits: every bit of the number counts for each of the place, so
 * that files that were made one after the other are due at different times. */
int64_t
round_place(ino_t ino)
{
	uint64_t h = (uint64_t)ino & INT64_MAX;

	h ^= h >> 33;
	h = (h * UINT64_C(0xff51afd7ed558ccd)) & INT64_MAX;
	h ^= h >> 33;
	h = (h * UINT64_C(0xc4ceb9fe1a85ec53)) & INT64_MAX;
	h ^= h >> 33;
	return h != 0 ? (int64_t)h : 1;
}

int64_t
round_due(struct round *r, int64_t now, int64_t span)
{
	if (r->begun <= 0 || r->begun > now || r->oldest > r->begun)
		*r = (struct round){.begun = now, .found = r->found, .entered = {now}};
	if (now - r->begun >= span)
		return ROUND_END;
	return (int64_t)((double)(now - r->begun) / (double)span * 0x1p63);
}

/* A round may stand still for months while a host is away.  How old a comparison is follows from
 * when its part of the places was entered. */
void
round_reach(struct round *r, int64_t place, int64_t now)
{
	for (int64_t i = r->done / PART + 1; i <= place / PART; i++) {
		r->oldest = r->entered[i];
		r->entered[i] = now;
	}
	r->done = place;
	r->held = r->tries = 0;
	if (place == ROUND_END) {
		r->oldest = r->begun;
		r->begun = r->entered[0] = now;
		r->done = 0;
	}
}

int64_t
round_interrupted(struct round *r, int64_t place)
{
	r->tries = r->held == place && r->tries < INT64_MAX ? r->tries + 1 : 1;
	r->held = place;
	return r->tries;
}

char *
round_words(const struct round *r, int64_t now)
{
	int percent = (int)((double)r->done / 0x1p63 * 100);
	char age[UNITS_TEXT], oldest[UNITS_TEXT];

	if (r->begun <= 0)
		return text_format("no file has been compared with its source yet");
	units_format_age(age, now - r->begun);
	if (r->oldest <= 0)
		return text_format("%d%% of the files compared with their source in %s, the others "
		                   "not yet",
		                   percent, age);
	return text_format("%d%% of the files compared with their source in %s, the oldest "
	                   "comparison is about %s old",
	                   percent, age, units_format_age(oldest, now - r->oldest));
}

/* The record is the figures of the struct, in their order. */
static int
parse(const char *line, struct round *r)
{
	int64_t figure[FIGURES];

	if (strncmp(line, HEADER, strlen(HEADER)) != 0)
		return -1;
	line += strlen(HEADER);
	for (size_t i = 0; i < FIGURES; i++)
		if (units_read_integer(&line, i == 0, INT64_MAX, &figure[i]) != 0)
			return -1;
	memcpy(r, figure, sizeof(*r));
	return *line == '\n' ? 0 : -1;
}

void
round_read(int meta, struct round *r)
{
	char *text = NULL;
	size_t len;

	if (file_read(meta, ROUND_NAME, RECORD_MAX, &text, &len) != 0 || parse(text, r) != 0)
		*r = (struct round){.begun = 0};
	free(text);
}

static int
print_record(FILE *f, void *arg)
{
	int64_t figure[FIGURES];

	memcpy(figure, arg, sizeof(figure));
	fputs(HEADER, f);
	for (size_t i = 0; i < FIGURES; i++)
		fprintf(f, i == 0 ? "%" PRId64 : " %" PRId64, figure[i]);
	fputc('\n', f);
	return ferror(f) ? -1 : 0;
}

/* Not synced: what a power failure takes is compared again. */
int
round_write(int meta, const struct round *r)
{
	struct round copy = *r;

	return file_replace(meta, ROUND_NAME, S_IRUSR | S_IWUSR, print_record, &copy, false);
}

void
round_reported(int meta)
{
	struct round r;

	round_read(meta, &r);
	r.found = 0;
	if (r.begun != 0)
		(void)round_write(meta, &r);
}

/* ---- the files that are due ---- */

struct walk {
	struct round_files *d;
	size_t max;   /* files that d->file has memory for */
	size_t bytes; /* of their names */
};

static int
by_place(const void *a, const void *b)
{
	const struct round_file *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* Sort the files, and keep one name of each. */
static void
settle(struct walk *w)
{
	struct round_files *d = w->d;
	size_t kept = 0;

	if (d->n > 0)
		qsort(d->file, d->n, sizeof(*d->file), by_place);
	w->bytes = 0;
	for (size_t i = 0; i < d->n; i++) {
		if (kept > 0 && d->file[kept - 1].ino == d->file[i].ino) {
			free(d->file[i].path);
			continue;
		}
		d->file[kept++] = d->file[i];
		w->bytes += strlen(d->file[i].path) + 1;
	}
	d->n = kept;
}

/* No room: drop the files with the highest places, half of all.  They come when those before them
 * are done. */
static void
make_room(struct walk *w)
{
	struct round_files *d = w->d;

	settle(w);
	while (w->bytes > d->room / 2 && d->n > 1 && d->file[d->n - 1].place != d->file[0].place) {
		int64_t last = d->file[d->n - 1].place;

		while (d->file[d->n - 1].place == last) {
			w->bytes -= strlen(d->file[--d->n].path) + 1;
			free(d->file[d->n].path);
		}
		d->upto = last - 1;
	}
}

static int
add(struct walk *w, const char *path, const struct stat *st, int64_t place)
{
	struct round_files *d = w->d;
	size_t max = w->max != 0 ? w->max * 2 : 64;
	struct round_file f = {place, st->st_ino, st->st_size, st->st_mtim, NULL};

	if (d->n == w->max) {
		struct round_file *more = reallocarray(d->file, max, sizeof(*more));

		if (more == NULL)
			return -1;
		d->file = more;
		w->max = max;
	}
	f.path = strdup(path);
	if (f.path == NULL)
		return -1;
	d->file[d->n++] = f;
	w->bytes += strlen(path) + 1;
	if (w->bytes > d->room)
		make_room(w);
	return 0;
}

/* A file with a single link was received by this run.  What is deeper than a path can be is not
 * compared: rsync cannot name it either. */
static int
enter(void *arg, struct tree_dir *dir)
{
	struct walk *w = arg;
	char path[PATH_MAX];
	struct stat st;

	listing_sort_inodes(&dir->entries);
	for (size_t i = 0; i < dir->entries.n; i++) {
		const struct dirent *entry = dir->entries.entry[i];
		int64_t place;

		if (entry->d_type == DT_DIR)
			continue;
		if (fstatat(dir->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
		place = round_place(st.st_ino);
		if (S_ISREG(st.st_mode) && st.st_nlink > 1 && st.st_size > 0 &&
		    place > w->d->after && place <= w->d->upto &&
		    tree_path(dir, entry->d_name, path) == 0 && add(w, path, &st, place) != 0)
			return -1;
	}
	return 0;
}

int
round_find(const struct store_volume *v, const char *tree, struct round_files *d)
{
	struct walk w = {.d = d};
	const struct tree walk = {.dev = v->dev, .strict = true, .enter = enter, .arg = &w};
	int rc;

	d->file = NULL;
	d->n = 0;
	rc = tree_walk(v->fd, tree, &walk) == 0 ? 0 : -1;
	settle(&w);
	return rc;
}

void
round_free(struct round_files *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->file[i].path);
	free(d->file);
	d->file = NULL;
	d->n = 0;
}
