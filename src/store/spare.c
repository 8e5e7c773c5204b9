// SPDX-License-Identifier: ISC
#include "flashback/store/spare.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/dirattr.h"
#include "flashback/lib/file.h"
#include "flashback/lib/listing.h"
#include "flashback/lib/tree.h"

/* All in .flashback of the volume. */
#define SPARE "spare"
#define ASIDE "spare.old" /* directories that are to be removed, by inode number */
#define ASIDE_PATH ".flashback/" ASIDE "/"
#define DONE "spare.of" /* a symlink, never followed: its target is a snapshot's name */

bool
spare_possible(const struct store *s)
{
	return geteuid() == 0 && s->traits.hard_links && s->traits.d_ino;
}

int
spare_open(const struct store_volume *v)
{
	const struct tree w = {.dev = v->dev};
	struct stat st;

	return tree_enter(&w, v->meta, SPARE, &st);
}

/* Undo spare_note. */
static int
forget(const struct store_volume *v)
{
	return unlinkat(v->meta, DONE, 0) == -1 && errno != ENOENT ? -1 : 0;
}

/* Make a directory below .flashback, unless it exists, in place of what is no directory: a file of
 * that name may have been put there by hand. */
static int
make_dir(const struct store_volume *v, const char *name)
{
	struct stat st;

	if (mkdirat(v->meta, name, S_IRWXU) == 0)
		return 0;
	if (errno != EEXIST || fstatat(v->meta, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	if (unlinkat(v->meta, name, 0) == -1)
		return -1;
	return mkdirat(v->meta, name, S_IRWXU);
}

/* spare_sweep_aside needs no lock and may remove the directory between mkdir and rename: retry on
 * ENOENT.  Trees are named by inode number, which is unique while they exist. */
int
spare_set_aside(const struct store_volume *v, int dir, const char *name, ino_t ino)
{
	char number[32];
	int rc = -1;

	snprintf(number, sizeof(number), "%ju", (uintmax_t)ino);
	for (int tries = 0; tries < 10; tries++) {
		int fd = make_dir(v, ASIDE) == 0 ? openat(v->meta, ASIDE, TREE_DIR) : -1;

		rc = fd == -1 ? -1 : renameat(dir, name, fd, number);
		file_close(&fd);
		if (rc == 0 || errno != ENOENT)
			break;
	}
	return rc;
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
	return spare_set_aside(v, v->meta, SPARE, st.st_ino);
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

/* An error does not keep the other trees from being removed. */
int
spare_sweep_aside(const struct store_volume *v, char *trouble, size_t size)
{
	int dir = openat(v->meta, ASIDE, TREE_DIR), rc = 0;
	struct listing list = {.n = 0};

	if (dir == -1)
		return 0; /* none, or no directory: the next walk replaces it */
	if (size > sizeof(ASIDE_PATH)) {
		trouble += snprintf(trouble, size, ASIDE_PATH);
		size -= sizeof(ASIDE_PATH) - 1;
	}
	if (listing_read(dir, &list) == -1) {
		snprintf(trouble, size, "%s", strerror(errno));
		rc = 1;
	}
	for (size_t i = 0; i < list.n; i++)
		if (tree_remove(dir, list.entry[i]->d_name, v->dev, rc == 0 ? trouble : NULL,
		                rc == 0 ? size : 0) != 0)
			rc = 1;
	listing_free(&list);
	close(dir);
	(void)unlinkat(v->meta, ASIDE, AT_REMOVEDIR); /* fails if a walk has added something */
	return rc;
}

/* ---- the walk ---- */

/* Names, inode numbers and attributes are compared each time, so that a walk may be interrupted
 * anywhere. */
struct walk {
	const struct store_volume *v;
	struct spare_walk *job;
	struct listing to; /* what the directory of the spare had */
	bool stopped;
};

static bool
is_stopped(struct walk *w)
{
	w->stopped = w->job->stop != NULL && w->job->stop(w->job->arg);
	return w->stopped;
}

/* Remove an entry of the spare, if there is one.  A directory is set aside: removing a tree takes
 * long. */
static int
clear(const struct walk *w, int to, const struct dirent *found)
{
	int rc;

	if (found == NULL)
		return 0;
	if (found->d_type == DT_DIR)
		rc = spare_set_aside(w->v, to, found->d_name, found->d_ino);
	else
		rc = unlinkat(to, found->d_name, 0);
	return rc == -1 && errno != ENOENT ? -1 : 0;
}

/* Only the inode number proves that a hard link is right. */
static bool
is_equal(const struct dirent *wanted, const struct dirent *found)
{
	return wanted != NULL && found != NULL && wanted->d_type == found->d_type &&
	       (wanted->d_type == DT_DIR || wanted->d_ino == found->d_ino);
}

/* Make one name equal in both directories; wanted or found may be NULL. */
static int
match(struct walk *w, struct tree_dir *dir, const char *name, const struct dirent *wanted,
      const struct dirent *found)
{
	if (is_equal(wanted, found))
		return 0;
	if (is_stopped(w))
		return 1;
	w->job->changes++;
	dir->entry = name;
	if (clear(w, dir->twin, found) == -1)
		return -1;
	if (wanted == NULL)
		return 0;
	return wanted->d_type == DT_DIR ? mkdirat(dir->twin, name, S_IRWXU)
	                                : linkat(dir->fd, name, dir->twin, name, 0);
}

/* Make all names equal in both directories.  Equal ones are read in the same order on many file
 * systems (ext4, tmpfs): sorting only what follows a difference saves most of the time. */
static int
compare(struct walk *w, struct tree_dir *dir, struct listing *to)
{
	struct listing *from = &dir->entries;
	size_t i = 0, j;
	int rc = 0;

	for (; rc == 0 && i < from->n && i < to->n; i++) {
		if (strcmp(from->entry[i]->d_name, to->entry[i]->d_name) != 0)
			break;
		rc = match(w, dir, from->entry[i]->d_name, from->entry[i], to->entry[i]);
	}
	listing_sort(from, i);
	listing_sort(to, i);
	for (j = i; rc == 0 && (i < from->n || j < to->n);) {
		int order = i == from->n ? 1 : -1;
		const char *name;

		if (i < from->n && j < to->n)
			order = strcmp(from->entry[i]->d_name, to->entry[j]->d_name);
		name = order <= 0 ? from->entry[i]->d_name : to->entry[j]->d_name;
		rc = match(w, dir, name, order <= 0 ? from->entry[i++] : NULL,
		           order >= 0 ? to->entry[j++] : NULL);
	}
	return rc;
}

/* Make a directory of the spare have the entries of that in the snapshot, which must have the inode
 * number that readdir returned: if d_ino is wrong for directories, it is wrong for files too. */
static int
enter(void *arg, struct tree_dir *dir)
{
	struct walk *w = arg;

	if (is_stopped(w))
		return 1;
	if (dir->ino != 0 && dir->ino != dir->st.st_ino) {
		dir->why = "it was moved, or the disk gives wrong inode numbers";
		return -1;
	}
	w->job->entries += dir->entries.n;
	listing_free(&w->to);
	return listing_read(dir->twin, &w->to) == -1 ? -1 : compare(w, dir, &w->to);
}

/* All below a directory is equal: now its attributes, since changing entries changes its times. */
static int
leave(void *arg, struct tree_dir *dir)
{
	struct walk *w = arg;
	struct stat st;
	int same =
	    fstat(dir->twin, &st) == -1 ? -1 : dirattr_same(dir->fd, &dir->st, dir->twin, &st);

	if (same != 0)
		return same == 1 ? 0 : -1;
	w->job->changes++;
	return dirattr_copy(dir->fd, &dir->st, dir->twin);
}

/* The note goes first: the spare is incomplete from here on. */
int
spare_walk(const struct store_volume *v, const char *snapshot, struct spare_walk *job)
{
	struct walk w = {.v = v, .job = job};
	const struct tree walk = {
	    .dev = v->dev,
	    .strict = true,
	    .twin = SPARE,
	    .beside = v->meta,
	    .enter = enter,
	    .leave = leave,
	    .arg = &w,
	    .trouble = job->trouble,
	    .size = sizeof(job->trouble),
	};
	int from = openat(v->fd, snapshot, TREE_DIR), rc;

	job->trouble[0] = '\0';
	job->entries = job->changes = 0;
	if (from == -1 || forget(v) == -1 || make_dir(v, SPARE) == -1) {
		snprintf(job->trouble, sizeof(job->trouble), "%s: %s", snapshot, strerror(errno));
		file_close(&from);
		return -1;
	}
	file_close(&from);
	rc = tree_walk(v->fd, snapshot, &walk) != 0 ? -1 : w.stopped;
	listing_free(&w.to);
	return rc;
}
