// SPDX-License-Identifier: ISC
#include "flashback/jobs/emptied.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"

/* The search: the names come directory by directory, the contents of each before itself. */
struct emptied {
	int top;
	char *parent;  /* of the last name */
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
	if (fd >= 0)
		close(fd);
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

void
emptied_note(int volume, const char *tree, FILE *gone, struct history_run *run)
{
	struct emptied e = {.top = tree_open(volume, tree)};
	struct buffer name = {NULL, 0}, before = {NULL, 0}, swap;

	rewind(gone);
	while (e.top >= 0 && getdelim(&name.text, &name.size, '\0', gone) > 0) {
		enter(&e, name.text);
		e.files += !is_parent(name.text, before.text);
		swap = before;
		before = name;
		name = swap;
	}
	flush(&e);
	if (e.most != NULL)
		say(&e, run);
	free(name.text);
	free(before.text);
	free(e.parent);
	free(e.most);
	if (e.top >= 0)
		close(e.top);
}
