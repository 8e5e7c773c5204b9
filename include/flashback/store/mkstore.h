// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MKSTORE_H
#define FLASHBACK_MKSTORE_H

#include <stdbool.h>
#include <stdio.h>

/* flashback --init: make a store and test the disk under it. */

/**
 * mkstore_run(data_dir, force, f):
 * Make data_dir a store: make its last component if need be, close it to others (0700), test what
 * the disk can do, write that into the marker, and tell f in plain words, a line each.  A directory
 * that is neither empty (lost+found aside) nor a store is refused, and so is one inside another
 * store, and without force, a disk that lacks what flashback builds on. A store is left as it is.
 * Nothing is left behind by a refusal.  Return 0, or -1 with the reason told to f.
 */
int mkstore_run(const char *data_dir, bool force, FILE *f);

#endif
