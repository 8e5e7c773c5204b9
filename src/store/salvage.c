// SPDX-License-Identifier: ISC
#include "flashback/store/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/store/bootid.h"
#include "flashback/store/resume.h"
#include "flashback/store/summary.h"
#include "flashback/store/voldir.h"

/* For how many runs a doubtful tree is used as a base. */
#define SERVES 2

/* The .interrupted tree; NULL when there is none. */
static struct stamp *
find_interrupted(struct store_volume *v)
{
	for (size_t i = 0; i < v->nstamps; i++)
		if (v->stamps[i].state == STAMP_INTERRUPTED)
			return &v->stamps[i];
	return NULL;
}

/* Is the tree empty?  Such a tree holds nothing worth keeping, and would displace an .interrupted
 * one that does. */
static bool
is_empty(const struct store_volume *v, const char *name)
{
	int fd = openat(v->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool empty = fd != -1 && tree_is_empty(fd);

	if (fd != -1)
		close(fd);
	return empty;
}

/* Keep what an interrupted run has copied.  Half-transferred files are given names under which
 * rsync finds them; the other .interrupted tree is merged into this one, so that files that either
 * had are not transferred again; all is synced, since a base is trusted by size and time; only
 * then is it renamed. */
int
salvage_interrupted(struct store_volume *v, struct stamp *tree)
{
	char name[STAMP_NAME_SIZE], other_name[STAMP_NAME_SIZE];
	struct stamp *other = find_interrupted(v);

	if (is_empty(v, stamp_format(tree, name)))
		return store_rename(v, tree, STAMP_EXPIRED);
	/* Partial files, then the other tree, then sync, then rename: see above. */
	resume_keep(v->fd, name, v->dev);
	if (other != NULL)
		resume_join(v->fd, stamp_format(other, other_name), name, v->dev);
	if (syncfs(v->fd) != 0) {
		int error = errno;

		/* The kernel reports a write error once; a second syncfs would succeed. */
		(void)store_rename(v, tree, STAMP_EXPIRED);
		errno = error;
		return -1;
	}
	/* Two .interrupted trees must not exist, not even after a crash: the old one goes first. */
	if (other != NULL && store_rename(v, other, STAMP_EXPIRED) != 0)
		return -1;
	return store_rename(v, tree, STAMP_INTERRUPTED);
}

/* Add a line to the history for a run that ended without a verdict: all that is known is that it
 * was interrupted. */
static int
add_line(struct store_volume *v, const struct stamp *tree)
{
	struct history_run run = history_begin(tree);

	run.result = RESULT_INTERRUPTED;
	snprintf(run.reason, sizeof(run.reason), "interrupted; the next run resumes from there");
	if (tree->state == STAMP_INTERRUPTED)
		run.snapshot = *tree;
	return voldir_history(v, &run);
}

static int
compare_newest_first(const void *a, const void *b)
{
	return stamp_compare(b, a);
}

/* The .working trees in new memory, newest first.  A copy, because renaming changes the list that
 * they are in. */
static struct stamp *
find_working(const struct store_volume *v, size_t *n)
{
	struct stamp *found = calloc(v->nstamps + 1, sizeof(*found));

	*n = 0;
	if (found == NULL)
		return NULL;
	for (size_t i = 0; i < v->nstamps; i++)
		if (v->stamps[i].state == STAMP_WORKING)
			found[(*n)++] = v->stamps[i];
	qsort(found, *n, sizeof(*found), compare_newest_first);
	return found;
}

/* Merge a doubtful tree into another: both are compared by checksum anyway. */
static int
join(struct store_volume *v, struct stamp *from, const struct stamp *to)
{
	char from_name[STAMP_NAME_SIZE], to_name[STAMP_NAME_SIZE];

	resume_join(v->fd, stamp_format(from, from_name), stamp_format(to, to_name), v->dev);
	return store_rename(v, from, STAMP_EXPIRED);
}

/* How many runs since then have copied something. */
static unsigned
count_since(const struct store_volume *v, int64_t when)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->nruns; i++)
		n += v->runs[i].stamp.when > when && v->runs[i].snapshot.when != 0;
	return n;
}

/* A tree of an earlier boot may have right sizes and times over wrong bytes, so it serves as a
 * base with --checksum.  Such a run reads the whole source; if it is interrupted each time before
 * its end, the volume would never get a snapshot, so after SERVES runs the tree expires. */
static int
salvage_doubtful(struct store_volume *v, struct stamp *tree, struct stamp *doubtful)
{
	char name[STAMP_NAME_SIZE];

	if (count_since(v, tree->when) >= SERVES)
		return store_rename(v, tree, STAMP_EXPIRED);
	resume_keep(v->fd, stamp_format(tree, name), v->dev);
	if (doubtful->when != 0)
		return join(v, tree, doubtful);
	*doubtful = *tree;
	return 0;
}

/* Remove a temporary that a killed file_replace left behind; arg is the descriptor of its
 * directory. */
static int
remove_temporary(void *arg, const struct dirent *entry)
{
	static const char *const replaced[] = {"RESTORE.txt", "history", ".flashback-write-test"};
	const int *dir = arg;

	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++)
		if (file_is_temporary(entry->d_name, replaced[i]))
			(void)unlinkat(*dir, entry->d_name, 0); /* it does no harm if it stays */
	return 0;
}

/* Expire trees of interrupted runs that are older than a good snapshot, which contains all that
 * was worth keeping. */
static int
expire_outlived(struct store_volume *v, int64_t now)
{
	struct summary seen;

	summary_make(v->stamps, v->nstamps, NULL, 0, now, &seen);
	for (size_t i = 0; i < v->nstamps; i++) {
		struct stamp *s = &v->stamps[i];

		if ((s->state == STAMP_INTERRUPTED || s->state == STAMP_WORKING) &&
		    s->when < summary_good(&seen) && store_rename(v, s, STAMP_EXPIRED) != 0)
			return -1;
	}
	return 0;
}

/* Bring the volume into a state that a run can start from.  The note in the lock file tells which
 * tree was being built in which boot: only that one, in this boot, has all of its data at least in
 * memory.  Any other .working tree is doubtful. */
int
salvage_volume(struct store_volume *v, const char *boot, int64_t now, struct stamp *doubtful)
{
	struct stamp trusted = {.when = 0}, *working;
	char noted_boot[BOOTID_SIZE];
	size_t n;
	int rc = 0;

	memset(doubtful, 0, sizeof(*doubtful));
	/* 1. Temporaries of killed writers, and trees that a good snapshot has made obsolete. */
	(void)tree_names(v->fd, remove_temporary, &v->fd);
	(void)tree_names(v->meta, remove_temporary, &v->meta);
	if (expire_outlived(v, now) != 0)
		return -1;
	/* 2. Trees that runs have left, newest first. */
	working = find_working(v, &n);
	if (working == NULL)
		return -1;
	/* Only the tree that the note names, written in this boot, is trusted. */
	if (voldir_note_read(v, noted_boot, sizeof(noted_boot), &trusted) != 0 || boot[0] == '\0' ||
	    strcmp(noted_boot, boot) != 0)
		trusted.when = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (working[i].when != trusted.when)
			rc = salvage_doubtful(v, &working[i], doubtful);
		else if (salvage_interrupted(v, &working[i]) != 0 || add_line(v, &working[i]) != 0)
			rc = -1;
	}
	free(working);
	/* 3. Names have changed: read them again, for what comes next relies on them. */
	if (rc == 0 && n > 0)
		rc = store_volume_list(v);
	return rc;
}
