// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STORE_H
#define FLASHBACK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "flashback/history.h"
#include "flashback/stamp.h"

/*
 * What is on the disk, always through descriptors: data_dir and its marker, the directories of volumes,
 * the names of snapshots and their renames.
 */

/** What --init found out about the disk, from the marker. */
struct store_traits {
	bool hard_links, owners, modes, symlinks, case_kept, xattrs, nanoseconds;
	char id[40];
};

/** An open store: data_dir with its marker seen below this very descriptor. */
struct store {
	int fd;
	dev_t dev;
	ino_t ino;
	struct store_traits traits;
};

/** An open directory of a volume, locked. */
struct store_volume {
	int fd;   /* HOST/VOLUME */
	int meta; /* HOST/VOLUME/.flashback */
	int lock; /* .flashback/lock; -1 when opened only to look */
	struct stamp *stamps; /* every snapshot-like name, ascending; pins included */
	size_t nstamps;
	struct history_run *runs; /* the history, oldest first */
	size_t nruns;
};

/** store_open(data_dir, s, why): return 0; -1 with *why in words (absent, no marker, not ours); errno ENOENT when there is no marker. */
int store_open(const char *data_dir, struct store *s, char **why);

/** store_same(data_dir, s): is data_dir still this store (device, inode, marker)?  Return 0/-1. */
int store_same(const char *data_dir, const struct store *s);
void store_close(struct store *s);

/** store_init(data_dir, force, f): make it a store, test the disk, tell f what was found.  Return 0/-1. */
int store_init(const char *data_dir, bool force, FILE *f);

/** store_volume_open(s, host, name, make, v): walk down without following links; with make, create what is missing
 * (0700) and take the lock (EWOULDBLOCK: held by another).  Reads names and history.  Return 0/-1 with errno. */
int store_volume_open(const struct store *s, const char *host, const char *name, bool make,
    struct store_volume *v);

/** store_volume_list(v): read the names anew.  Return 0/-1. */
int store_volume_list(struct store_volume *v);
void store_volume_close(struct store_volume *v);

/** store_rename(v, stamp, state): rename to another state; stamp is updated.  Never over an existing name.  Return 0/-1. */
int store_rename(struct store_volume *v, struct stamp *stamp, enum stamp_state state);

/** store_latest(v): make `latest` name the newest complete snapshot not ahead of now, else the newest partial.  Return 0/-1. */
int store_latest(struct store_volume *v, int64_t now);

/** store_history_add(v, run): add a line, prune, replace the file.  Return 0/-1. */
int store_history_add(struct store_volume *v, const struct history_run *run);

/** The lock file's note: which boot, and which tree is being built. */
int store_note_write(const struct store_volume *v, const char *boot, const struct stamp *working);
int store_note_read(const struct store_volume *v, char *boot, size_t size, struct stamp *working);

/** store_boot_id(buf, size): of this boot. */
int store_boot_id(char *buf, size_t size);

/** store_writable(dirfd): write, sync and remove a small file.  Return 0, or -1 with errno (ENOSPC, EROFS, EIO, ...). */
int store_writable(int dirfd);

#endif
