// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VOLDIR_H
#define FLASHBACK_VOLDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "flashback/store/store.h"

/*
 * What a volume's directory contains besides snapshots: the symlink `latest`, the history, and the
 * note in the lock file.  All of it may be lost; only the names of the snapshots count.
 */

/**
 * voldir_latest(v, now):
 * Make `latest` point to the newest complete snapshot, else the newest partial one (stamps from the
 * future are ignored), replacing it by rename; remove it when there is neither.  Return 0, or -1
 * with errno: EEXIST when something that is not a symlink has that name (it is left alone), EPERM
 * on a disk without symlinks.
 */
int voldir_latest(struct store_volume *v, int64_t now);

/** voldir_newest(v, now, buf): the name that `latest` should point to, in buf; NULL: there is none.
 */
char *voldir_newest(const struct store_volume *v, int64_t now, char buf[STAMP_NAME_SIZE]);

/** voldir_foreign(v): `latest` or RESTORE.txt, when something stands in its place that is not ours
 * and cannot be replaced, such as a directory; else NULL. */
#define VOLDIR_RESTORE "RESTORE.txt"
#define VOLDIR_UNREADABLE "unreadable" /* in .flashback: see rsync/unreadable.h */
const char *voldir_foreign(const struct store_volume *v);

/** voldir_latest_is_stale(v, now): does `latest` point to something else, or not exist?  False
 * when it is not a symlink. */
bool voldir_latest_is_stale(const struct store_volume *v, int64_t now);

/**
 * voldir_history(v, run):
 * Add a line, drop those that are no longer kept (v->stamps must be up to date), and replace and
 * sync the file.  A history that could not be read is left alone.  Return 0, or -1 with
 * errno.
 */
int voldir_history(struct store_volume *v, const struct history_run *run);

/** voldir_set_aside(v): rename a history that could not be read, so that a new one can be
 * written.  Return 0, or -1 with errno. */
#define VOLDIR_ASIDE "history.unreadable"
int voldir_set_aside(struct store_volume *v);

/** voldir_is_blind(v): was a history set aside, and has the new one no snapshot yet, so that
 * the shrink guard has nothing to compare with? */
bool voldir_is_blind(const struct store_volume *v);

/** voldir_holders(s, id, buf): which other processes have the lock file of HOST/VOLUME open, as in
 * ": process 1234 (ssh)"; empty where none is seen.  Return buf. */
#define VOLDIR_HOLDERS 128
const char *voldir_holders(const struct store *s, const char *id, char buf[VOLDIR_HOLDERS]);

/**
 * voldir_note_write(v, boot, working), voldir_note_read(v, boot, size, working):
 * The lock file's note: in which boot (see voldir_boot) it was written, and which tree is being
 * built (working NULL: none; reading sets working->when to 0).  Written in place, because the lock
 * is held on this inode, and synced; an incomplete note reads as none.  Reading needs no lock.
 * Return 0; -1 with errno (ENODATA: no complete note).
 */
int voldir_note_write(const struct store_volume *v, const char *boot, const struct stamp *working);
int voldir_note_read(const struct store_volume *v, char *boot, size_t size, struct stamp *working);

/**
 * voldir_find_holders(file, base, out, size):
 * Write the other processes that have the file open, of which st_dev, st_ino and the last component
 * of its path are given: "1234 (rsync), 1240 (ssh)", the first three, then "...".  Their names are
 * escaped.  Processes of other users are seen by root only, and none without /proc.  Return how
 * many there are.
 */
size_t voldir_find_holders(const struct stat *file, const char *base, char *out, size_t size);

/**
 * voldir_boot(fd, buf):
 * An identifier of the period in which data written to the disk of fd cannot have been lost from
 * memory: it changes with a boot, and when the disk is pulled out and put back.  The latter is
 * detected where the disk is a block device (Linux 5.15), or mounts have unique ids (6.8).  Return
 * 0, or -1 with errno.
 */
#define VOLDIR_BOOT 64
int voldir_boot(int fd, char buf[VOLDIR_BOOT]);

#endif
