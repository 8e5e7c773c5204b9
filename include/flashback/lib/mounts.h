// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MOUNTS_H
#define FLASHBACK_MOUNTS_H

#include <stdbool.h>

#include "flashback/lib/text.h"

/* Other paths to the same directory: bind mounts, and a disk that is mounted twice; and what is
 * mounted below a directory. */

/**
 * mounts_each(path, found):
 * Append each other place at which path (absolute, without symlinks) or a part of it is mounted;
 * none when the mount table cannot be read.  Return 0, or -1 with ENOMEM.
 */
int mounts_each(const char *path, struct text_list *found);

/**
 * mounts_below(path, found):
 * Append each file system with files of its own that is mounted below path (absolute, without
 * symlinks); not those that the kernel makes up (proc and the like), nor another part of the same
 * file system.  Return as mounts_each does.
 */
int mounts_below(const char *path, struct text_list *found);

/**
 * mounts_subvolumes(path, found):
 * Append each subvolume of btrfs below the directory path (absolute), but not those within another;
 * none when they cannot be listed.  They are file systems of their own to rsync -x, but no mounts.
 * Return as mounts_each does.
 */
int mounts_subvolumes(const char *path, struct text_list *found);

/** mounts_on_root(path): is it on the file system of /, where a disk that is not mounted leaves its
 * mount point?  Yes also when it does not exist. */
bool mounts_on_root(const char *path);

/** mounts_listed(path): the mount point in /etc/fstab, other than /, that path is or lies below:
 * new memory; NULL for none. */
char *mounts_listed(const char *path);

/**
 * mounts_on_demand(path):
 * Is path (absolute, without symlinks) on a file system that an automounter would mount now, or
 * that it unmounts after a time without use?  Only the mount table is read: nothing is mounted, and
 * that time does not begin anew.
 */
bool mounts_on_demand(const char *path);

#endif
