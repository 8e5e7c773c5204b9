// SPDX-License-Identifier: ISC
#include "flashback/jobs/emptied.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/rsync/scan.h"

/* The search.  In a list the names come directory by directory, the contents of each before itself;
 * a walk enters each directory before its contents. */
struct emptied {
	int top;       /* a walk: of the tree with which the walked one is compared */
	dev_t dev;     /* a walk: of both */
	char *parent;  /* of the last name; a walk: the present directory, NULL before the first */
	char *dir;     /* the empty directory that this is, or was below; NULL: none */
	int64_t files; /* what that has lost so far, directories aside */
	size_t n;      /* empty directories so far */
	char *most;    /* the one that has lost most, and how many */
	int64_t lost;
};

/* As getdelim(3) has it. */
struct buffer {
	char *text;
	size_t size;
};

/* The present directory is over: does it count? */
static void
flush(struct emptied *e)
{
	if (e->dir != NULL && e->files > 0)
		e->n++;
	if (e->dir != NULL && e->files > e->lost) {
		free(e->most);
		e->most = e->dir;
		e->lost = e->files;
		e->dir = NULL;
	}
	free(e->dir);
	e->dir = NULL;
	e->files = 0;
}

/* Of path, and what is above it, the deepest directory that still exists, if it is empty: new
 * memory, or NULL.  The top is not reported: an empty source is a case of its own. */
static char *
find_empty(const struct emptied *e, const char *path)
{
	char *dir = strdup(path), *slash;
	bool empty;
	int fd = -1;

	while (dir != NULL && *dir != '\0' && (fd = tree_open(e->top, dir)) < 0) {
		slash = strrchr(dir, '/');
		*(slash != NULL ? slash : dir) = '\0';
	}
	empty = fd >= 0 && tree_is_empty(fd);
	file_close(&fd);
	if (empty)
		return dir;
	free(dir);
	return NULL;
}

/* Take over the directory of the next name. */
static void
enter(struct emptied *e, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *parent = strndup(name, slash != NULL ? (size_t)(slash - name) : 0), *dir;

	if (parent != NULL && e->parent != NULL && strcmp(parent, e->parent) == 0) {
		free(parent);
		return;
	}
	free(e->parent);
	e->parent = parent;
	dir = parent != NULL ? find_empty(e, parent) : NULL;
	if (dir == NULL || e->dir == NULL || strcmp(dir, e->dir) != 0) {
		flush(e);
		e->dir = dir;
	} else {
		free(dir);
	}
}

/* Is name the directory that the name before it was in? */
static bool
is_parent(const char *name, const char *before)
{
	size_t len = strlen(name);

	return before != NULL && strncmp(before, name, len) == 0 && before[len] == '/';
}

static void
say(const struct emptied *e, struct history_run *run)
{
	char *safe = text_escaped(e->most), more[48] = "";
	size_t len = strlen(run->reason);

	if (e->n > 1)
		snprintf(more, sizeof(more), " (and %zu more director%s)", e->n - 1,
		         e->n == 2 ? "y" : "ies");
	if (safe != NULL)
		snprintf(run->reason + len, sizeof(run->reason) - len,
		         "%s%s/ is empty now, it had %" PRId64 " file%s%s", len > 0 ? "; " : "",
		         safe, e->lost, e->lost == 1 ? "" : "s", more);
	free(safe);
}

static void
finish(struct emptied *e, struct history_run *run)
{
	if (e->most != NULL)
		say(e, run);
	free(e->parent);
	free(e->most);
	file_close(&e->top);
}

void
emptied_note(int volume, const char *tree, FILE *gone, struct history_run *run)
{
	struct emptied e = {.top = tree_open(volume, tree)};
	struct buffer name = {NULL, 0}, before = {NULL, 0}, swap;

	rewind(gone);
	while (e.top >= 0 && getdelim(&name.text, &name.size, '\0', gone) > 0) {
		enter(&e, scan_listed(name.text));
		e.files += !is_parent(name.text, before.text);
		swap = before;
		before = name;
		name = swap;
	}
	flush(&e);
	free(name.text);
	free(before.text);
	finish(&e, run);
}

static int
count_file(void *arg, int dirfd, const char *name, bool is_dir)
{
	int64_t *files = arg;

	(void)dirfd;
	(void)name;
	*files += !is_dir;
	return 0;
}

/* The files below the directory name in that of e->parent, both of the tree e->top. */
static int64_t
count_files(const struct emptied *e, const char *name)
{
	int64_t files = 0;
	struct tree w = {.dev = e->dev, .visit = count_file, .arg = &files};
	int above = tree_open(e->top, e->parent);

	if (above >= 0) {
		(void)tree_walk(above, name, &w);
		close(above);
	}
	return files;
}

/* A directory of the new tree, before what is in it; e->parent is the path of the one above. */
static int
enter_dir(void *arg, int dirfd, const char *name, int fd)
{
	struct emptied *e = arg;
	char *path = e->parent != NULL
	                 ? text_format("%s%s%s", e->parent, *e->parent != '\0' ? "/" : "", name)
	                 : strdup("");

	(void)dirfd;
	if (path == NULL)
		return -1;
	if (e->parent != NULL && tree_is_empty(fd) && (e->files = count_files(e, name)) > 0) {
		e->dir = strdup(path);
		flush(e);
	}
	free(e->parent);
	e->parent = path;
	return 0;
}

static int
leave_dir(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct emptied *e = arg;
	char *slash = is_dir ? strrchr(e->parent, '/') : NULL;

	(void)dirfd;
	(void)name;
	if (is_dir)
		*(slash != NULL ? slash : e->parent) = '\0';
	return 0;
}

/* Only directories are read, and of the base only those whose counterparts are empty. */
void
emptied_compare(int volume, const char *base, const char *tree, dev_t dev, struct history_run *run)
{
	struct emptied e = {.top = tree_open(volume, base), .dev = dev};
	struct tree w = {.dev = dev, .visit = leave_dir, .enter = enter_dir, .arg = &e};

	if (e.top >= 0)
		(void)tree_walk(volume, tree, &w);
	finish(&e, run);
}
