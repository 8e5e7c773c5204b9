// SPDX-License-Identifier: ISC
#include "flashback/cli/versions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/columns.h"
#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/lib/units.h"
#include "flashback/report/restore.h"
#include "flashback/rsync/argv.h"

/* An inode, and the snapshots that hold it.  A directory is never shared between snapshots: all
 * that follow one another count as one. */
struct held {
	struct stamp first, last;
	struct stat st;
};

struct versions {
	const struct versions_case *c;
	struct held *held;
	size_t n;
	struct stamp newest;  /* the newest snapshot that was looked into, */
	bool there;           /* ... and is the path in it? */
	struct stamp blocked; /* in this one something on the way is not a directory; when == 0:
	                         nowhere */
};

static int
complain(const struct versions *vs, const char *words)
{
	fprintf(stderr, "flashback: %s: %s\n", vs->c->shown, words);
	return -1;
}

char *
versions_name(const struct stamp *s, char buf[VERSIONS_NAME])
{
	char name[STAMP_NAME_SIZE];

	stamp_format(s, name);
	return text_escape(buf, VERSIONS_NAME, name, strlen(name));
}

bool
versions_is_snapshot(const struct stamp *s)
{
	return s->state != STAMP_WORKING && s->state != STAMP_INTERRUPTED &&
	       s->state != STAMP_EXPIRED;
}

/* ---- finding ---- */

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return (S_ISDIR(a->st_mode) && S_ISDIR(b->st_mode)) ||
	       (a->st_ino == b->st_ino && a->st_dev == b->st_dev);
}

static void
add_held(struct versions *vs, const struct stamp *s, const struct stat *st)
{
	vs->there = true;
	if (vs->n == 0 || !is_same(st, &vs->held[vs->n - 1].st))
		vs->held[vs->n++].first = *s;
	vs->held[vs->n - 1].last = *s;
	vs->held[vs->n - 1].st = *st;
}

/* Look for path, whose last component is name, in one snapshot.  One that vanishes meanwhile, or
 * lacks the path, adds nothing. */
static int
look_into(struct versions *vs, int fd, const struct stamp *s, const char *way, const char *name)
{
	char snapshot[STAMP_NAME_SIZE];
	struct stat st;
	int top = tree_open(fd, stamp_format(s, snapshot)), dir = -1, rc = -1;

	if (top != -1) {
		vs->newest = *s;
		vs->there = false;
		dir = tree_open(top, way);
		if (dir == -1 && errno == ENOTDIR)
			vs->blocked = *s;
	}
	if (dir != -1)
		rc = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
	if (rc == 0)
		add_held(vs, s, &st);
	file_close(&dir);
	file_close(&top);
	return rc == 0 || errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

static int
find_all(struct versions *vs, const struct store_volume *v)
{
	const char *path = vs->c->path, *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char *way = strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
	int rc = -1;

	vs->held = calloc(v->nstamps + 1, sizeof(*vs->held));
	if (way != NULL && vs->held != NULL)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < v->nstamps; i++)
		if (versions_is_snapshot(&v->stamps[i]))
			rc = look_into(vs, v->fd, &v->stamps[i], way, name);
	free(way);
	return rc;
}

/* ---- printing ---- */

static const char *
slash_of(const struct held *h)
{
	return S_ISDIR(h->st.st_mode) ? "/" : "";
}

/* The path in the newest snapshot that holds it, which will be there longest: new memory, or NULL.
 */
static char *
copy_from(const struct versions *vs, const struct held *h)
{
	char name[STAMP_NAME_SIZE];

	return text_format("%s/%s/%s/%s%s", vs->c->config->data_dir, vs->c->volume->id,
	                   stamp_format(&h->last, name), vs->c->path, slash_of(h));
}

/* A word as a shell reads it back: new memory, or NULL. */
static char *
shell_word(const char *word)
{
	struct text_list argv = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	if (text_list_add(&argv, word) == 0)
		argv_print(f, &argv);
	text_list_free(&argv);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int
add_cells(const struct held *h, const char *from, struct text_list *cells)
{
	char first[VERSIONS_NAME], last[VERSIONS_NAME], size[UNITS_TEXT] = "-", at[STAMP_TIME_SIZE];
	struct stamp changed = {.when = h->st.st_mtim.tv_sec};
	char *word = shell_word(from);
	int rc = -1;

	changed.offset = clock_offset(changed.when);
	if (!S_ISDIR(h->st.st_mode))
		units_format_bytes(size, (uint64_t)h->st.st_size);
	if (word != NULL)
		rc = text_list_add(cells, versions_name(&h->first, first)) |
		     text_list_add(cells, versions_name(&h->last, last)) |
		     text_list_add(cells, size) | text_list_add(cells, stamp_time(&changed, at)) |
		     text_list_add(cells, word);
	free(word);
	return rc;
}

static int
print_table(FILE *f, const struct versions *vs)
{
	static const char *const titles[] = {"FIRST", "LAST", " SIZE", "TIME", "COPY FROM", NULL};
	struct text_list cells = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < vs->n; i++) {
		char *from = copy_from(vs, &vs->held[i]);

		rc = from != NULL ? add_cells(&vs->held[i], from, &cells) : -1;
		free(from);
	}
	if (rc == 0)
		columns_print(f, titles, &cells);
	text_list_free(&cells);
	return rc;
}

/* What the table does not say: that it is about a directory, or that the path has gone; and how the
 * last version is put beside the present one, with which people want to compare it. */
static int
print_rest(FILE *f, const struct versions *vs)
{
	const struct held *last = &vs->held[vs->n - 1];
	char name[STAMP_NAME_SIZE], shown[VERSIONS_NAME], *from = copy_from(vs, last);
	char *to =
	    text_format("%s.%s%s", vs->c->path, stamp_format(&last->last, name), slash_of(last));
	int rc = -1;

	if (S_ISDIR(last->st.st_mode))
		fputs("\nA directory: these snapshots hold it; what has changed in it is not "
		      "compared.\n",
		      f);
	if (!vs->there)
		fprintf(f, "\nIt is not in the newest snapshot, %s.\n",
		        versions_name(&vs->newest, shown));
	if (vs->c->volume->source == NULL) {
		fputs("\nThe volume is not in hosts.conf, so where a restore goes is unknown.\n",
		      f);
		free(to);
		free(from);
		return 0;
	}
	fputs("\nThe last of these, beside the present one; for another one replace the name of "
	      "the snapshot, twice:\n\n",
	      f);
	if (from != NULL && to != NULL)
		rc = restore_beside(f, vs->c->volume, vs->c->config->rsync, from, to);
	free(to);
	free(from);
	return rc;
}

static int
not_found(const struct versions *vs)
{
	char name[VERSIONS_NAME];

	if (vs->blocked.when == 0)
		return complain(vs, "no snapshot contains it");
	fprintf(stderr,
	        "flashback: %s: in %s, something on the way to it is not a directory; symbolic "
	        "links are not followed\n",
	        vs->c->shown, versions_name(&vs->blocked, name));
	return -1;
}

int
versions_print(FILE *f, const struct versions_case *c, const struct store_volume *v)
{
	struct versions vs = {.c = c};
	int rc = -1;

	if (find_all(&vs, v) != 0)
		complain(&vs, strerror(errno));
	else if (vs.n == 0)
		not_found(&vs);
	else if (print_table(f, &vs) != 0 || print_rest(f, &vs) != 0)
		complain(&vs, strerror(ENOMEM));
	else
		rc = 0;
	free(vs.held);
	return rc;
}
