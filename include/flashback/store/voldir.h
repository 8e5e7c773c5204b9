// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VOLDIR_H
#define FLASHBACK_VOLDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/store/store.h"

/*
 * What a volume's directory tells besides the names of its snapshots: the symlink `latest`, the
 * history, and the note in the lock file.  All of it may be lost; the names are the truth.
 */

/**
 * voldir_latest(v, now):
 * Make `latest` name what it should (the newest complete snapshot, else the newest partial; stamps
 * from the future take no part), swapped by rename; remove it when there is nothing to name; leave
 * it when it is right. Return 0, or -1 with errno: EEXIST when something that is not a symlink has
 * that name (it is left alone), EPERM on a disk without symlinks.
 */
int voldir_latest(struct store_volume *v, int64_t now);

/** voldir_latest_is_stale(v, now): does `latest` name something else, or nothing?  Not if it is no
 * symlink. */
bool voldir_latest_is_stale(const struct store_volume *v, int64_t now);

/**
 * voldir_history(v, run):
 * Add a line, drop the lines that are no longer kept (v->stamps must be up to date), replace the
 * file and sync it.  A history that could not be read is left as it is.  Return 0, or -1 with
 * errno.
 */
int voldir_history(struct store_volume *v, const struct history_run *run);

/** voldir_set_aside(v): give a history that could not be read this name, beside it, so that a new
 * one can begin.  Return 0, or -1 with errno. */
#define VOLDIR_ASIDE "history.unreadable"
int voldir_set_aside(struct store_volume *v);

/** voldir_is_blind(v): was a history set aside, and does the new one tell of no snapshot yet, so
 * that the shrink guard has nothing to compare with? */
bool voldir_is_blind(const struct store_volume *v);

/**
 * voldir_note_write(v, boot, working), voldir_note_read(v, boot, size, working):
 * The lock file's note: in which boot (see bootid.h) it was written, and which tree is being built
 * (working NULL: none; reading sets working->when to 0).  Written in place, for the lock is held on
 * that very inode, and synced; a write that was cut short reads as no note at all.  Return 0; -1
 * with errno (ENODATA: nothing readable there).
 */
int voldir_note_write(const struct store_volume *v, const char *boot, const struct stamp *working);
int voldir_note_read(const struct store_volume *v, char *boot, size_t size, struct stamp *working);

#endif
