// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SPARE_H
#define FLASHBACK_SPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/store/store.h"

/*
 * The spare of a volume, .flashback/spare: a tree in which each entry that is no directory is a
 * hard link to the entry of the same name in a snapshot, and each directory has the attributes of
 * its namesake there.  A quick run patches it into the next snapshot.  It has no data of its own
 * and may be missing, incomplete or damaged at any time: whoever needs it walks it first.  All but
 * spare_sweep and spare_is_noted need the volume's lock.  Only for root, on a disk with hard links
 * and d_ino (see spare_possible).
 *
 * No file is ever changed, no snapshot gets or loses an entry: only names and directories of the
 * spare change.
 */

/** Below the volume's directory. */
#define SPARE_PATH ".flashback/spare"

#define SPARE_TROUBLE 512

/** Parameters and results of a walk. */
struct spare_walk {
	/* Called before each directory and each change: should the walk end here?  NULL: never. */
	bool (*stop)(void *arg);
	void *arg;
	char trouble[SPARE_TROUBLE]; /* of -1: the first path and why, escaped */
	uint64_t entries;            /* names seen in the snapshot */
	uint64_t changes; /* names made or removed, directories whose attributes were set */
};

/** spare_possible(s): can volumes of this store have spares at all? */
bool spare_possible(const struct store *s);

/**
 * spare_open(v):
 * Open the spare.  Return its descriptor; -1 with errno: ENOENT when there is none, ENOTDIR or
 * ELOOP when something else has its name, EXDEV when something is mounted there.
 */
int spare_open(const struct store_volume *v);

/**
 * spare_walk(v, snapshot, w):
 * Make the spare, or bring it, to the snapshot of that name: one walk over the two trees that
 * compares names and inode numbers as readdir returns them, and the attributes of directories. What
 * is in its way is removed, or set aside for spare_sweep when it is a directory.  It takes
 * back spare_note.  Memory is that for the names of
 * one directory, and of the subdirectories on the way to it.  Return 0 when the spare is right, 1
 * when stop returned true, -1 with errno and w->trouble: EMLINK when a file has as many links as
 * the disk allows.  After 1 and -1 the next walk continues from there.
 */
int spare_walk(const struct store_volume *v, const char *snapshot, struct spare_walk *w);

/** spare_recycle(v, expired): make the expired tree of that name the spare, when there is none; it
 * must then be walked.  Return 0, or -1 with errno (EWOULDBLOCK: another is removing it). */
int spare_recycle(const struct store_volume *v, const char *expired);

/**
 * spare_claim(v, expired):
 * Lock an expired tree, to remove it: that goes by descriptors, and would go on in a tree that
 * spare_recycle has renamed meanwhile.  Return a descriptor that holds the lock while it is open;
 * -1 with errno: EWOULDBLOCK when another process holds it; else it cannot be locked, and so not be
 * recycled either.
 */
int spare_claim(const struct store_volume *v, const char *expired);

/** spare_drop(v): take the spare away, at once, however large it is; spare_sweep removes it.
 * Return 0, also when there is none, or -1 with errno. */
int spare_drop(const struct store_volume *v);

/** spare_sweep(v, trouble, size): remove what a walk or spare_drop has set aside.  Needs no lock.
 * Return 0, or 1 when something could not be removed, with the first such path and why. */
int spare_sweep(const struct store_volume *v, char *trouble, size_t size);

/** spare_note(v, snapshot): note that all that can be done to have a spare for this snapshot is
 * done; return 0, or -1 with errno, which costs a walk.  spare_is_noted(v, snapshot): was it, and
 * no walk begun since? */
int spare_note(const struct store_volume *v, const char *snapshot);
bool spare_is_noted(const struct store_volume *v, const char *snapshot);

#endif
