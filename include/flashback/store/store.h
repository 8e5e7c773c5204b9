// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STORE_H
#define FLASHBACK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "flashback/store/history.h"
#include "flashback/store/marker.h"
#include "flashback/store/stamp.h"

/*
 * What is on the disk, always through descriptors: data_dir and its marker, the directories of
 * volumes, the names of snapshots and their renames.
 */

/** Of a volume, below its directory. */
#define STORE_HISTORY ".flashback/history"

/** An open store: data_dir with its marker seen below this very descriptor. */
struct store {
	int fd;
	dev_t dev;
	ino_t ino;
	struct marker traits; /* what --init found out about the disk */
};

/** An open directory of a volume; locked, unless opened only to look. */
struct store_volume {
	int fd;   /* HOST/VOLUME */
	int meta; /* HOST/VOLUME/.flashback; -1 when opened only to look and there is none */
	int lock; /* .flashback/lock; -1 when opened only to look */
	int held; /* what has the lock while it is open: lock, or what stands in for it */
	dev_t dev;
	struct stamp *stamps; /* every snapshot-like directory, ascending; pins included */
	size_t nstamps;
	struct history_run *runs; /* the history, oldest first */
	size_t nruns;
	int unread; /* why the history could not be read, an errno: then there are no runs, and
	             * nothing is written over it; 0 if it was read or there is none */
};

/**
 * store_open(data_dir, s, why):
 * Open data_dir and look at the marker below that descriptor.  Return 0; or -1 with *why in words
 * (new memory, NULL if there was none) and errno: ENOENT when there is no data_dir or no marker.
 */
int store_open(const char *data_dir, struct store *s, char **why);

/**
 * store_warning(data_dir, s):
 * What is wrong with an open store without being a reason to refuse it: it belongs to somebody
 * else, or is open to others.  Return words in new memory, or NULL when nothing is.
 */
char *store_warning(const char *data_dir, const struct store *s);

/** store_same(data_dir, s): is data_dir still this store (device, inode, marker and its id)?
 * Return 0; -1 with errno (ESTALE: it is another one). */
int store_same(const char *data_dir, const struct store *s);

/** store_close(s): s may have been closed already. */
void store_close(struct store *s);

/**
 * store_volume_open(s, host, name, make, v):
 * Walk down without following links (a HOST or VOLUME that is one is refused: ENOTDIR); with make,
 * create what is missing (0700) and take the lock (EWOULDBLOCK: held by another; on a disk that has
 * no locks, as its marker says, by another on this machine).  Reads names and history (see unread).
 * Return 0, or -1 with errno (ENOENT: without make, there is no such volume).
 */
int store_volume_open(const struct store *s, const char *host, const char *name, bool make,
                      struct store_volume *v);

/** store_volume_list(v): read the names anew.  What is not a directory is not a snapshot.
 * Return 0, or -1 with errno and the names as they were. */
int store_volume_list(struct store_volume *v);

/** store_volume_close(v): gives the lock back, unless a child still holds it.  v may have been
 * closed already. */
void store_volume_close(struct store_volume *v);

/**
 * store_rename(v, stamp, state):
 * Rename a snapshot to another state; stamp is updated, and so is its entry in v->stamps, in its
 * place (it may be that entry).  Never over an existing name (EEXIST).  It lasts once v->fd is
 * synced.  Return 0, or -1 with errno.
 */
int store_rename(struct store_volume *v, struct stamp *stamp, enum stamp_state state);

/** store_writable(dirfd): write, sync and remove a small file.  Return 0, or -1 with errno (ENOSPC,
 * EROFS, EIO, ...). */
int store_writable(int dirfd);

#endif
