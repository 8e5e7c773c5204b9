// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MKSTORE_H
#define FLASHBACK_MKSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "flashback/store/result.h"

struct store;

/* flashback --init: create a store and test its disk. */

/**
 * mkstore_run(data_dir, beside, force, f):
 * Make data_dir a store: create its last component if missing, close it to others (0700), test the
 * properties of the disk, write them into the marker, and print a line for each to f.  Refused are
 * a directory that is neither empty (except lost+found) nor a store, one inside another store, and,
 * without force, a disk that lacks what flashback relies on and the file system of /.  Of a store
 * only the disk is tested again, and with force it is accepted where it is.  beside is that of
 * storewarn_noted.  A refusal leaves nothing behind.  Return 0, or -1 with the reason printed to f.
 */
int mkstore_run(const char *data_dir, const char *beside, bool force, FILE *f);

/**
 * mkstore_retest(data_dir, s, words, size):
 * Before a run: when s is on another file system than the one whose traits are in its marker, test
 * that, and renew the marker and s->traits.  A store that was moved would otherwise be believed to
 * have, say, times of nanoseconds, and each run would copy everything and call that a success.
 * Return RESULT_NONE, with what was found in words ("": nothing was to be done); or how the run
 * ends, with the reason in words: BUSY when another process is testing it, else FAILED.
 */
enum result mkstore_retest(const char *data_dir, struct store *s, char *words, size_t size);

#endif
