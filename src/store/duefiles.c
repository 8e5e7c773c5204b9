// SPDX-License-Identifier: ISC
#include "flashback/store/duefiles.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flashback/lib/tree.h"
#include "flashback/store/round.h"

struct walk {
	struct duefiles *d;
	size_t max;   /* files that d->file has memory for */
	size_t bytes; /* of their names */
};

static int
by_place(const void *a, const void *b)
{
	const struct duefiles_file *x = a, *y = b;

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
	struct duefiles *d = w->d;
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
	struct duefiles *d = w->d;

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
	struct duefiles *d = w->d;
	size_t max = w->max != 0 ? w->max * 2 : 64;
	struct duefiles_file f = {place, st->st_ino, st->st_size, st->st_mtim, NULL};

	if (d->n == w->max) {
		struct duefiles_file *more = reallocarray(d->file, max, sizeof(*more));

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
duefiles_find(const struct store_volume *v, const char *tree, struct duefiles *d)
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
duefiles_free(struct duefiles *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->file[i].path);
	free(d->file);
	d->file = NULL;
	d->n = 0;
}
