// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STORE_H
#define FLASHBACK_STORE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "flashback/lib/text.h"
#include "flashback/store/history.h"
#include "flashback/store/marker.h"
#include "flashback/store/stamp.h"

/*
 * The store on the disk, always through descriptors: data_dir and its marker, the directories of
 * volumes, the names of snapshots and their renames.
 */

/** Of a volume, below its directory. */
#define STORE_HISTORY ".flashback/history"

/** An open store: data_dir, whose marker was read below this descriptor. */
struct store {
	int fd;
	dev_t dev;
	ino_t ino;
	struct marker traits; /* properties of the disk that --init tested */
	bool known;           /* ... and this is that disk */
};

/** An open directory of a volume; locked, unless opened only for reading. */
struct store_volume {
	int fd;   /* HOST/VOLUME */
	int meta; /* HOST/VOLUME/.flashback; -1 when opened only for reading and it does not exist
	           */
	int lock; /* .flashback/lock; -1 when opened only for reading */
	int held; /* holds the lock while it is open: lock itself, or its substitute */
	struct timespec locked; /* modification time of the lock file then: see store_wanted */
	dev_t dev;
	struct stamp *stamps; /* every snapshot-like directory, ascending; pins included */
	size_t nstamps;
	struct text_list pins;    /* suffixes that stamps of pins point to */
	struct history_run *runs; /* the history, oldest first */
	size_t nruns;
	int unread; /* errno if the history could not be read: then there are no runs, and it is
	             * not overwritten; 0 if it was read or does not exist */
};

/**
 * store_open(data_dir, s, why):
 * Open data_dir and read the marker below that descriptor.  On another disk than that which was
 * tested, s->known is false and s->traits.d_ino as well.  Return 0; or -1 with *why in words (new
 * memory, NULL when out of memory) and errno: ENOENT when data_dir or the marker does not exist.
 */
int store_open(const char *data_dir, struct store *s, char **why);

/** store_disk(fd, disk): name the file system of fd, in letters, digits and dashes; another name is
 * another file system.  Return 0, or -1 with errno. */
int store_disk(int fd, char disk[MARKER_DISK_SIZE]);

/** store_is_copy(fd, s): does the directory fd have the marker of this store? */
bool store_is_copy(int fd, const struct store *s);

/** store_same(data_dir, s): is data_dir still this store (device, inode, and the id in the
 * marker)?  Return 0; -1 with errno (ESTALE: it is another one). */
int store_same(const char *data_dir, const struct store *s);

/** store_close(s): s may have been closed already. */
void store_close(struct store *s);

/**
 * store_volume_open(s, host, name, make, v):
 * Open HOST/VOLUME without following symlinks (ENOTDIR when one is a symlink); with make, create
 * what is missing (0700) and take the lock (EWOULDBLOCK: held by another process; on a disk without
 * locks, according to its marker, only processes of this user on this machine count, and ENOLCK:
 * its own place for locks, /run/flashback or ~/.flashback, can be written by others or not at all).
 * Reads names and history (see unread).  Return 0, or -1 with errno (ENOENT: the volume does not
 * exist, without make).
 */
int store_volume_open(const struct store *s, const char *host, const char *name, bool make,
                      struct store_volume *v);

/**
 * store_wanted(v):
 * Has another process tried to lock the locked volume meanwhile?  Who fails to lock it touches the
 * lock file, and so does voldir_note_write: this is for holders that do not write to it, and
 * release the lock then.
 */
bool store_wanted(const struct store_volume *v);

/** store_volume_list(v): read the names again.  Only directories are snapshots.  Return 0, or
 * -1 with errno and the names unchanged. */
int store_volume_list(struct store_volume *v);

/** store_volume_close(v): release the lock, unless a child still holds it.  v may have been
 * closed already. */
void store_volume_close(struct store_volume *v);

/**
 * store_rename(v, stamp, state):
 * Rename a snapshot to another state; stamp is updated, and so is its entry in v->stamps (it may be
 * that entry), whose order is kept.  Never over an existing name (EEXIST).  The rename is durable
 * once v->fd is synced.  Return 0, or -1 with errno.
 */
int store_rename(struct store_volume *v, struct stamp *stamp, enum stamp_state state);

/** store_writable(dirfd): write, sync and remove a small file.  Return 0, or -1 with errno (ENOSPC,
 * EROFS, EIO, ...). */
int store_writable(int dirfd);

#endif
