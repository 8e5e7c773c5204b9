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
#include "flashback/store/resume.h"
#include "flashback/store/round.h"
#include "flashback/store/spare.h"
#include "flashback/store/summary.h"
#include "flashback/store/voldir.h"

/* For how many runs a doubtful tree is used as a base. */
#define RUNS_SERVED 2

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
	int fd = openat(v->fd, name, TREE_DIR);
	bool empty = fd != -1 && tree_is_empty(fd);

	file_close(&fd);
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

/* What becomes of a tree. */
enum fate {
	STAYS,
	EXPIRES,
	RESUMED, /* .interrupted, the base of the next run; takes in another that is */
	EMPTY,   /* as RESUMED, but there is nothing in it */
	SERVES,  /* stays .working, as a base that is compared by checksum */
	JOINS    /* is merged into the one that serves */
};

/* Which tree was being built in this boot, as the note in the lock file has it: only that one has
 * all of its data at least in memory.  0: none. */
static int64_t
find_trusted(const struct store_volume *v, const char *boot)
{
	char noted_boot[VOLDIR_BOOT];
	struct stamp trusted;

	if (voldir_note_read(v, noted_boot, sizeof(noted_boot), &trusted) != 0 || boot[0] == '\0' ||
	    strcmp(noted_boot, boot) != 0)
		return 0;
	return trusted.when;
}

/*
 * Decide on every tree; fate has room for all of v->stamps.  Those that a good snapshot has
 * outlived hold nothing that it has not.  Any .working tree but the trusted one may have right
 * sizes and times over wrong bytes, so it serves as a base with --checksum.  Such a run reads the
 * whole source; if it is interrupted each time before its end, the volume would never get a
 * snapshot, so after RUNS_SERVED runs that copied something (what is resumed here is one of them)
 * the tree expires.
 */
static void
decide(const struct store_volume *v, const char *boot, int64_t now, enum fate *fate)
{
	int64_t trusted = find_trusted(v, boot), resumed = 0;
	bool serves = false;
	struct summary seen;
	char name[STAMP_NAME_SIZE];

	summary_make(v->stamps, v->nstamps, NULL, 0, now, &seen);
	for (size_t i = v->nstamps; i-- > 0;) {
		const struct stamp *s = &v->stamps[i];

		fate[i] = STAYS;
		if (s->state != STAMP_WORKING && s->state != STAMP_INTERRUPTED)
			continue;
		if (s->when < summary_good(&seen)) {
			fate[i] = EXPIRES;
		} else if (s->state == STAMP_INTERRUPTED) {
			continue;
		} else if (s->when == trusted) {
			fate[i] = is_empty(v, stamp_format(s, name)) ? EMPTY : RESUMED;
			resumed = fate[i] == RESUMED ? trusted : 0;
		} else if (count_since(v, s->when) + (resumed > s->when) >= RUNS_SERVED) {
			fate[i] = EXPIRES;
		} else {
			fate[i] = serves ? JOINS : SERVES;
			serves = true;
		}
	}
}

/* Do it to one of them. */
static int
carry_out(struct store_volume *v, struct stamp *s, enum fate fate, struct stamp *doubtful)
{
	char name[STAMP_NAME_SIZE];

	switch (fate) {
	case STAYS:
		break;
	case EXPIRES:
		return store_rename(v, s, STAMP_EXPIRED);
	case RESUMED:
	case EMPTY:
		return salvage_interrupted(v, s) == 0 ? add_line(v, s) : -1;
	case SERVES:
		resume_keep(v->fd, stamp_format(s, name), v->dev);
		*doubtful = *s;
		break;
	case JOINS:
		resume_keep(v->fd, stamp_format(s, name), v->dev);
		return join(v, s, doubtful);
	}
	return 0;
}

/* Newest first, so that the tree that serves is known before others join it; but what expires goes
 * before all else: no two trees may be .interrupted. */
int
salvage_volume(struct store_volume *v, const char *boot, int64_t now, struct stamp *doubtful)
{
	static const char *const replaced[] = {VOLDIR_RESTORE, "history", ROUND_NAME,
	                                       VOLDIR_UNREADABLE, ".flashback-write-test"};
	enum fate *fate = calloc(v->nstamps + 1, sizeof(*fate));
	bool any = false;
	int rc = 0;

	memset(doubtful, 0, sizeof(*doubtful));
	if (fate == NULL)
		return -1;
	/* 1. Temporaries of killed writers, of killed quick runs, of killed comparisons. */
	spare_sweep(v);
	(void)tree_remove(v->meta, ROUND_WORK, v->dev, NULL, 0);
	file_sweep(v->fd, replaced, sizeof(replaced) / sizeof(replaced[0]));
	file_sweep(v->meta, replaced, sizeof(replaced) / sizeof(replaced[0]));
	/* 2. Trees that runs have left. */
	decide(v, boot, now, fate);
	for (size_t i = 0; i < v->nstamps && rc == 0; i++)
		if (fate[i] == EXPIRES)
			rc = carry_out(v, &v->stamps[i], fate[i], doubtful);
	for (size_t i = v->nstamps; i-- > 0 && rc == 0;) {
		any |= fate[i] != STAYS;
		if (fate[i] != EXPIRES)
			rc = carry_out(v, &v->stamps[i], fate[i], doubtful);
	}
	free(fate);
	/* 3. Names have changed: read them again, for what comes next relies on them. */
	return rc == 0 && any ? store_volume_list(v) : rc;
}

int
salvage_foresee(struct store_volume *v, const char *boot, int64_t now, struct stamp *doubtful)
{
	enum fate *fate = calloc(v->nstamps + 1, sizeof(*fate));
	struct stamp *other = find_interrupted(v);

	memset(doubtful, 0, sizeof(*doubtful));
	if (fate == NULL)
		return -1;
	decide(v, boot, now, fate);
	for (size_t i = 0; i < v->nstamps; i++) {
		struct stamp *s = &v->stamps[i];

		if (fate[i] == SERVES)
			*doubtful = *s;
		else if (fate[i] == RESUMED)
			s->state = STAMP_INTERRUPTED;
		else if (fate[i] != STAYS)
			s->state = STAMP_EXPIRED;
		if (fate[i] == RESUMED && other != NULL)
			other->state = STAMP_EXPIRED;
	}
	free(fate);
	return 0;
}
