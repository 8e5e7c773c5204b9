// SPDX-License-Identifier: ISC
#include "flashback/store/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/store/bootid.h"
#include "flashback/store/resume.h"
#include "flashback/store/summary.h"
#include "flashback/store/voldir.h"

/* How many runs a doubtful tree serves. */
#define SERVES 2

/* The one .interrupted tree; NULL when there is none. */
static struct stamp *
find_interrupted(struct store_volume *v)
{
	for (size_t i = 0; i < v->nstamps; i++)
		if (v->stamps[i].state == STAMP_INTERRUPTED)
			return &v->stamps[i];
	return NULL;
}

/* Did the run make nothing in its tree? */
static bool
is_empty(const struct store_volume *v, const char *name)
{
	int fd = openat(v->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool empty = fd >= 0 && tree_is_empty(fd);

	if (fd >= 0)
		close(fd);
	return empty;
}

int
salvage_interrupted(struct store_volume *v, struct stamp *tree)
{
	char name[STAMP_NAME_SIZE], other_name[STAMP_NAME_SIZE];
	struct stamp *other = find_interrupted(v);

	if (is_empty(v, stamp_format(tree, name)))
		return store_rename(v, tree, STAMP_EXPIRED);
	resume_keep(v->fd, name, v->dev);
	if (other != NULL)
		resume_join(v->fd, stamp_format(other, other_name), name, v->dev);
	if (syncfs(v->fd) != 0) {
		int error = errno;

		/* The kernel says so once; who asks again would be told that all is well. */
		(void)store_rename(v, tree, STAMP_EXPIRED);
		errno = error;
		return -1;
	}
	if (other != NULL && store_rename(v, other, STAMP_EXPIRED) != 0)
		return -1;
	return store_rename(v, tree, STAMP_INTERRUPTED);
}

/* A run that nobody judged has no more to tell than that it was cut. */
static int
add_line(struct store_volume *v, const struct stamp *tree)
{
	struct history_run run = {
	    .stamp = *tree,
	    .result = RESULT_INTERRUPTED,
	    .code = -1,
	    .seconds = -1,
	    .files = -1,
	    .new_files = -1,
	    .bytes = -1,
	    .new_bytes = -1,
	    .reason = "it was cut short; the next run goes on from there",
	};

	run.stamp.state = STAMP_COMPLETE;
	if (tree->state == STAMP_INTERRUPTED)
		run.snapshot = *tree;
	return voldir_history(v, &run);
}

static int
newest_first(const void *a, const void *b)
{
	return stamp_compare(b, a);
}

/* The .working trees in new memory, newest first: renaming changes the list they come from. */
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
	qsort(found, *n, sizeof(*found), newest_first);
	return found;
}

/* Two trees that are doubtful anyway become one. */
static int
join(struct store_volume *v, struct stamp *from, const struct stamp *to)
{
	char from_name[STAMP_NAME_SIZE], to_name[STAMP_NAME_SIZE];

	resume_join(v->fd, stamp_format(from, from_name), stamp_format(to, to_name), v->dev);
	return store_rename(v, from, STAMP_EXPIRED);
}

/* How many runs since then have got something. */
static unsigned
count_since(const struct store_volume *v, int64_t when)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->nruns; i++)
		n += v->runs[i].stamp.when > when && v->runs[i].snapshot.when != 0;
	return n;
}

/* A run that compares by checksum reads all of the source.  If that is always cut before its end,
 * it must go on without at last. */
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

/* Remove one of the files that were to replace one of ours; arg is the descriptor of its directory.
 */
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

/* A snapshot newer than what was cut has all that was good in it. */
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

int
salvage_volume(struct store_volume *v, const char *boot, int64_t now, struct stamp *doubtful)
{
	struct stamp trusted = {.when = 0}, *working;
	char noted_boot[BOOTID_SIZE];
	size_t n;
	int rc = 0;

	memset(doubtful, 0, sizeof(*doubtful));
	(void)tree_names(v->fd, remove_temporary, &v->fd);
	(void)tree_names(v->meta, remove_temporary, &v->meta);
	if (expire_outlived(v, now) != 0)
		return -1;
	working = find_working(v, &n);
	if (working == NULL)
		return -1;
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
	if (rc == 0 && n > 0)
		rc = store_volume_list(v);
	return rc;
}
