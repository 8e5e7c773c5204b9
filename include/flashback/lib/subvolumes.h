// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SUBVOLUMES_H
#define FLASHBACK_SUBVOLUMES_H

/* The subvolumes of btrfs, which are file systems of their own to rsync -x, but are no mounts. */

/**
 * subvolumes_below(path, visit, arg):
 * Call visit with each subvolume below the directory path (absolute), but not those within another,
 * until it returns anything but 0.  Return that; 0 also when the file system has none, or they
 * cannot be listed; -1 with errno when out of memory.
 */
int subvolumes_below(const char *path, int (*visit)(void *arg, const char *where), void *arg);

#endif
