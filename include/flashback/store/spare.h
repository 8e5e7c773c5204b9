// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SPARE_H
#define FLASHBACK_SPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/store/store.h"

/*
 * The spare of a volume, .flashback/spare: a tree of hard links to the entries of a snapshot, whose
 * directories have the attributes of their namesakes there.  A quick run patches it into the next
 * snapshot.  It holds no data of its own and may be missing, incomplete or damaged at any time:
 * every user walks it first.  All functions but spare_claim, spare_is_noted and spare_sweep_aside
 * need the lock of the volume.  Spares need root, and a disk with hard links and d_ino
 * (spare_possible).
 *
 * No file is ever changed, no snapshot gets or loses an entry: only names and directories of the
 * spare change.  Directories that are to be removed are set aside: moved elsewhere below .flashback
 * at once, however large they are, and removed later, without the volume's lock.
 */

/** Relative to the volume's directory. */
#define SPARE_PATH ".flashback/spare"

/** What a quick run works with, below .flashback: its list of names, and a directory with the
 * attributes of the source's root directory. */
#define SPARE_LIST "quick.list"
#define SPARE_TOP "quick.top"

#define SPARE_TROUBLE 512

/** Parameters and results of a walk. */
struct spare_walk {
	/* Called before each directory and each change: must the walk stop?  NULL: never. */
	bool (*stop)(void *arg);
	void *arg;
	char trouble[SPARE_TROUBLE]; /* after -1: the first path and the cause, escaped */
	uint64_t entries;            /* names read in the snapshot */
	uint64_t changes; /* names made or removed, directories whose attributes were set */
};

/** spare_possible(s): can volumes of this store have spares? */
bool spare_possible(const struct store *s);

/**
 * spare_open(v):
 * Open the spare.  Return its descriptor; -1 with errno: ENOENT when it does not exist, ENOTDIR or
 * ELOOP when it is no directory, EXDEV when it is a mount point.
 */
int spare_open(const struct store_volume *v);

/**
 * spare_walk(v, snapshot, w):
 * Make the spare equal to a snapshot, creating it if needed: one walk over both trees that compares
 * names, inode numbers as returned by readdir, and the attributes of directories.  An entry in the
 * way is removed; a directory in the way is set aside.  Undoes spare_note.  Memory is needed for
 * the names of one directory and for the subdirectories on the path to it.  Return 0 when the spare
 * is equal; 1 when stop returned true; -1 with errno and w->trouble: EMLINK when a file has as many
 * links as the disk allows.  After 1 and -1 the next walk resumes from there.
 */
int spare_walk(const struct store_volume *v, const char *snapshot, struct spare_walk *w);

/**
 * spare_recycle(v, expired): rename an expired tree to become the spare, if there is none; it must
 * be walked afterwards.  Return 0, or -1 with errno (EWOULDBLOCK: another process is removing it).
 */
int spare_recycle(const struct store_volume *v, const char *expired);

/**
 * spare_claim(v, expired):
 * Lock an expired tree before removing it: the removal uses descriptors and would continue in a
 * tree that spare_recycle has renamed meanwhile.  Return a descriptor that holds the lock while it
 * is open; -1 with errno: EWOULDBLOCK when another process holds it; on any other error it cannot
 * be locked, and so not be recycled either.
 */
int spare_claim(const struct store_volume *v, const char *expired);

/** spare_drop(v): set the spare aside, in constant time.  Return 0, also when there is none, or -1
 * with errno. */
int spare_drop(const struct store_volume *v);

/** spare_set_aside(v, dir, name, ino): set a directory aside, of this inode number, below the open
 * directory dir.  Return 0, or -1 with errno. */
int spare_set_aside(const struct store_volume *v, int dir, const char *name, ino_t ino);

/**
 * spare_sweep_aside(v, trouble, size):
 * Remove all that was set aside; more may be set aside meanwhile.  v need not be locked.  Return 0,
 * or 1 when something could not be removed, with the first such path and why.
 */
int spare_sweep_aside(const struct store_volume *v, char *trouble, size_t size);

/** spare_sweep(v): remove SPARE_LIST and SPARE_TOP, which a killed run has left, or are done. */
void spare_sweep(const struct store_volume *v);

/**
 * spare_note(v, snapshot): record that the spare for this snapshot is as complete as possible.
 * Return 0, or -1 with errno, which costs a walk. spare_is_noted(v, snapshot): was it recorded, and
 * no walk begun since?
 */
int spare_note(const struct store_volume *v, const char *snapshot);
bool spare_is_noted(const struct store_volume *v, const char *snapshot);

#endif
