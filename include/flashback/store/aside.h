// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ASIDE_H
#define FLASHBACK_ASIDE_H

#include <sys/types.h>

#include "flashback/store/store.h"

/*
 * Directories of a spare that are to be removed: moved below .flashback at once, however large they
 * are, and removed later, without the volume's lock.
 */

/** aside_put(v, dir, name, ino): set a directory aside, of this inode number, below the open
 * directory dir.  Return 0, or -1 with errno. */
int aside_put(const struct store_volume *v, int dir, const char *name, ino_t ino);

/**
 * aside_sweep(v, trouble, size):
 * Remove all that was set aside; more may be set aside meanwhile.  v need not be locked.  Return 0,
 * or 1 when something could not be removed, with the first such path and why.
 */
int aside_sweep(const struct store_volume *v, char *trouble, size_t size);

/** aside_dir(v, name): make a directory below .flashback, unless it exists, in place of what is no
 * directory.  Return 0, or -1 with errno. */
int aside_dir(const struct store_volume *v, const char *name);

#endif
