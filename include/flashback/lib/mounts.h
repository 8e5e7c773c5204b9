// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MOUNTS_H
#define FLASHBACK_MOUNTS_H

/* Where else a directory is to be seen: bind mounts, and a disk that is mounted twice. */

/**
 * mounts_each(path, visit, arg):
 * Call visit for each other place at which path (absolute, without links) or a part of it is to be
 * seen, until that returns anything but 0.  Return that; 0 too when the kernel does not tell; -1
 * with errno when there is no memory.
 */
int mounts_each(const char *path, int (*visit)(void *arg, const char *where), void *arg);

#endif
