// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MKSTORE_H
#define FLASHBACK_MKSTORE_H

#include <stdbool.h>
#include <stdio.h>

/* flashback --init: create a store and test its disk. */

/**
 * mkstore_run(data_dir, force, f):
 * Make data_dir a store: create its last component if missing, close it to others (0700), test the
 * properties of the disk, write them into the marker, and print a line for each to f.  Refused are
 * a directory that is neither empty (except lost+found) nor a store, one inside another store, and,
 * without force, a disk that lacks what flashback relies on.  A store is left unchanged.  A refusal
 * leaves nothing behind.  Return 0, or -1 with the reason printed to f.
 */
int mkstore_run(const char *data_dir, bool force, FILE *f);

#endif
