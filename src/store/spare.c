// SPDX-License-Identifier: ISC
#include "flashback/store/spare.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/dirattr.h"
#include "flashback/lib/file.h"
#include "flashback/lib/listing.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/store/aside.h"

/* The walk keeps two directories open, one of the snapshot and its namesake in the spare.  It
 * returns to their parents by "..", and accepts those only with the inode numbers noted on the way
 * down: depth and path length have no limit.  Names, inode numbers and attributes are compared each
 * time, so that a walk may be interrupted anywhere. */

/* All in .flashback of the volume. */
#define SPARE "spare"
#define DONE "spare.of" /* a symlink, never followed: its target is a snapshot's name */

/* A directory on the path from the top to the current one. */
struct level {
	const char *name;
	struct stat from; /* the directory in the snapshot */
	ino_t to;         /* inode number of its namesake in the spare */
	bool differs;     /* attributes differ, or entries in the spare were changed */
	struct listing dirs;
	size_t at; /* the subdirectory entered last, or next */
};

struct walk {
	const struct store_volume *v;
	struct spare_walk *job;
	struct level *level;
	size_t depth;
	int from, to; /* of level[depth - 1] */
};

/* Reading a directory must not write its access time to the disk. */
static int
open_dir(int dir, const char *name)
{
	int fd = openat(dir, name, TREE_DIR | O_NOATIME);

	return fd == -1 && errno == EPERM ? openat(dir, name, TREE_DIR) : fd;
}

bool
spare_possible(const struct store *s)
{
	return geteuid() == 0 && s->traits.hard_links && s->traits.d_ino;
}

/* Is an open directory on another file system, or a mount point?  True if unknown. */
static bool
is_mounted(int fd, dev_t dev)
{
	struct statx found;

	return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &found) == -1 ||
	       makedev(found.stx_dev_major, found.stx_dev_minor) != dev ||
	       (found.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int
spare_open(const struct store_volume *v)
{
	int fd = open_dir(v->meta, SPARE);

	if (fd != -1 && is_mounted(fd, v->dev)) {
		file_close(&fd);
		errno = EXDEV;
	}
	return fd;
}

/* Undo spare_note. */
static int
forget(const struct store_volume *v)
{
	return unlinkat(v->meta, DONE, 0) == -1 && errno != ENOENT ? -1 : 0;
}

/* The note goes first: a note without a spare would skip the walk. */
int
spare_drop(const struct store_volume *v)
{
	struct stat st;

	if (forget(v) == -1)
		return -1;
	if (fstatat(v->meta, SPARE, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(v->meta, SPARE, 0);
	return aside_put(v, v->meta, SPARE, st.st_ino);
}

void
spare_sweep(const struct store_volume *v)
{
	(void)unlinkat(v->meta, SPARE_LIST, 0);
	(void)tree_remove(v->meta, SPARE_TOP, v->dev, NULL, 0);
}

int
spare_claim(const struct store_volume *v, const char *expired)
{
	int fd = openat(v->fd, expired, TREE_DIR);

	if (fd != -1 && file_lock(fd) == -1)
		file_close(&fd);
	return fd;
}

int
spare_recycle(const struct store_volume *v, const char *expired)
{
	int fd = spare_claim(v, expired), rc = -1;

	if (fd != -1 && forget(v) == 0)
		rc = renameat(v->fd, expired, v->meta, SPARE);
	file_close(&fd);
	return rc;
}

int
spare_note(const struct store_volume *v, const char *snapshot)
{
	return forget(v) == -1 ? -1 : symlinkat(snapshot, v->meta, DONE);
}

bool
spare_is_noted(const struct store_volume *v, const char *snapshot)
{
	char target[NAME_MAX + 1];
	ssize_t len = readlinkat(v->meta, DONE, target, sizeof(target));

	return len == (ssize_t)strlen(snapshot) && memcmp(target, snapshot, (size_t)len) == 0;
}

/* ---- the walk ---- */

/* Report errno for an entry of the current directory, or ("") for itself.  Return -1. */
static int
fail(const struct walk *w, const char *name)
{
	int error = errno;
	const char *why = error == EXDEV    ? "something is mounted there"
	                  : error == ESTALE ? "it was moved, or the disk gives wrong inode numbers"
	                                    : strerror(error);
	char path[SPARE_TROUBLE] = "", *text = w->job->trouble;
	size_t used = 0, size = sizeof(w->job->trouble), least = strlen(why) + 3;

	for (size_t i = 0; i < w->depth && used < sizeof(path); i++)
		used += (size_t)snprintf(path + used, sizeof(path) - used, "%s/", w->level[i].name);
	if (used < sizeof(path))
		snprintf(path + used, sizeof(path) - used, "%s", name);
	text_escape(text, size - least, path, strlen(path));
	used = strlen(text);
	snprintf(text + used, size - used, ": %s", why);
	errno = error;
	return -1;
}

static bool
is_stopped(const struct walk *w)
{
	return w->job->stop != NULL && w->job->stop(w->job->arg);
}

/* Remove an entry of the spare.  A directory is set aside: removing a tree takes long. */
static int
clear(struct walk *w, const struct dirent *found)
{
	int rc;

	if (found->d_type == DT_DIR)
		rc = aside_put(w->v, w->to, found->d_name, found->d_ino);
	else
		rc = unlinkat(w->to, found->d_name, 0);
	return rc == -1 && errno != ENOENT ? fail(w, found->d_name) : 0;
}

/* Make an entry of the spare. */
static int
make(struct walk *w, const struct dirent *wanted)
{
	int rc;

	if (wanted->d_type == DT_DIR)
		rc = mkdirat(w->to, wanted->d_name, S_IRWXU);
	else
		rc = linkat(w->from, wanted->d_name, w->to, wanted->d_name, 0);
	return rc == -1 ? fail(w, wanted->d_name) : 0;
}

/* Make one name equal in both directories; wanted or found may be NULL.  Only the inode number
 * proves that a hard link is right. */
static int
match(struct walk *w, const struct dirent *wanted, const struct dirent *found)
{
	if (wanted != NULL && found != NULL && wanted->d_type == found->d_type &&
	    (wanted->d_type == DT_DIR || wanted->d_ino == found->d_ino))
		return 0;
	if (is_stopped(w))
		return 1;
	w->level[w->depth - 1].differs = true;
	w->job->changes++;
	if (found != NULL && clear(w, found) == -1)
		return -1;
	return wanted != NULL ? make(w, wanted) : 0;
}

/* Make all names equal in both directories.  Equal ones are read in the same order on many file
 * systems (ext4, tmpfs): sorting only what follows a difference saves most of the time. */
static int
compare(struct walk *w, struct listing *from, struct listing *to)
{
	size_t i = 0, j;
	int rc = 0;

	for (; rc == 0 && i < from->n && i < to->n; i++) {
		if (strcmp(from->entry[i]->d_name, to->entry[i]->d_name) != 0)
			break;
		rc = match(w, from->entry[i], to->entry[i]);
	}
	listing_sort(from, i);
	listing_sort(to, i);
	for (j = i; rc == 0 && (i < from->n || j < to->n);) {
		int order = i == from->n ? 1 : -1;

		if (i < from->n && j < to->n)
			order = strcmp(from->entry[i]->d_name, to->entry[j]->d_name);
		rc = match(w, order <= 0 ? from->entry[i++] : NULL,
		           order >= 0 ? to->entry[j++] : NULL);
	}
	return rc;
}

/* Compare the current directories and list the subdirectories to enter. */
static int
visit(struct walk *w)
{
	struct level *top = &w->level[w->depth - 1];
	struct listing from = {.n = 0}, to = {.n = 0};
	int rc, error;

	if (listing_read(w->from, &from) == -1 || listing_read(w->to, &to) == -1)
		rc = fail(w, "");
	else
		rc = compare(w, &from, &to);
	error = errno;
	w->job->entries += from.n;
	listing_keep_dirs(&from);
	listing_sort(&from, 0);
	listing_free(&to);
	top->dirs = from;
	errno = error;
	return rc;
}

/* Check two open directories, and record what step_up needs.  The entries of a mount point do not
 * belong to the volume and cannot be linked. */
static int
look(const struct walk *w, int from, int to, struct level *level)
{
	struct stat st;
	int same;

	if (from == -1 || to == -1 || fstat(from, &level->from) == -1 || fstat(to, &st) == -1)
		return -1;
	if (level->from.st_dev != w->v->dev || is_mounted(to, w->v->dev)) {
		errno = EXDEV;
		return -1;
	}
	same = dirattr_same(from, &level->from, to, &st);
	level->to = st.st_ino;
	level->differs = same == 0;
	return same == -1 ? -1 : 0;
}

/* Make room for one more level. */
static int
make_room(struct walk *w)
{
	struct level *more = reallocarray(w->level, w->depth + 1, sizeof(*more));

	if (more != NULL)
		w->level = more;
	return more != NULL ? 0 : -1;
}

/* Make two open directories (-1: errno says why not) the current level.  The one in the snapshot
 * must have the inode number that readdir returned, unless ino is 0: if d_ino is wrong for
 * directories, it is wrong for files too. */
static int
enter(struct walk *w, int from, int to, const char *name, ino_t ino)
{
	struct level level = {.name = name};
	bool good = look(w, from, to, &level) == 0;

	if (good && ino != 0 && level.from.st_ino != ino) {
		good = false; /* do not trust d_ino on this disk */
		errno = ESTALE;
	}
	good = good && make_room(w) == 0;
	if (!good) {
		fail(w, name);
		file_close(&from);
		file_close(&to);
		return -1;
	}
	file_close(&w->from);
	file_close(&w->to);
	w->from = from;
	w->to = to;
	w->level[w->depth++] = level;
	return visit(w);
}

/* Enter the next subdirectory. */
static int
step_down(struct walk *w)
{
	struct level *top = &w->level[w->depth - 1];
	const struct dirent *entry = top->dirs.entry[top->at];
	int from, to;

	if (is_stopped(w))
		return 1;
	from = open_dir(w->from, entry->d_name);
	to = from == -1 ? -1 : open_dir(w->to, entry->d_name);
	return enter(w, from, to, entry->d_name, entry->d_ino);
}

/* Replace *fd by its parent directory, which must have the inode number ino. */
static int
ascend(const struct walk *w, int *fd, ino_t ino)
{
	int up = open_dir(*fd, "..");
	struct stat st;

	if (up == -1 || fstat(up, &st) == -1) {
		file_close(&up);
		return -1;
	}
	close(*fd);
	*fd = up;
	if (st.st_dev == w->v->dev && st.st_ino == ino)
		return 0;
	errno = ESTALE;
	return -1;
}

/* All below the current level is equal: copy the attributes of its directory, last because changing
 * entries changes its times, and leave it. */
static int
step_up(struct walk *w)
{
	struct level *top = &w->level[w->depth - 1], *up = top - 1;

	if (top->differs) {
		w->job->changes++;
		if (dirattr_copy(w->from, &top->from, w->to) == -1)
			return fail(w, "");
	}
	if (w->depth > 1) {
		if (ascend(w, &w->from, up->from.st_ino) == -1 || ascend(w, &w->to, up->to) == -1)
			return fail(w, "..");
		up->at++;
	}
	listing_free(&top->dirs);
	w->depth--;
	return 0;
}

/* Open both trees, making the spare if needed.  The note goes first: the spare is incomplete from
 * here on. */
static int
begin(struct walk *w, const char *snapshot)
{
	int from = open_dir(w->v->fd, snapshot), to = -1;

	if (from != -1 && forget(w->v) == 0 && aside_dir(w->v, SPARE) == 0)
		to = spare_open(w->v);
	return enter(w, from, to, snapshot, 0);
}

int
spare_walk(const struct store_volume *v, const char *snapshot, struct spare_walk *job)
{
	struct walk w = {.v = v, .job = job, .from = -1, .to = -1};
	int rc, error;

	job->trouble[0] = '\0';
	job->entries = job->changes = 0;
	rc = begin(&w, snapshot);
	while (rc == 0 && w.depth > 0) {
		const struct level *top = &w.level[w.depth - 1];

		rc = top->at < top->dirs.n ? step_down(&w) : step_up(&w);
	}
	error = errno;
	while (w.depth > 0)
		listing_free(&w.level[--w.depth].dirs);
	free(w.level);
	file_close(&w.from);
	file_close(&w.to);
	errno = error;
	return rc;
}
