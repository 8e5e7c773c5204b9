// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SHOW_H
#define FLASHBACK_SHOW_H

#include <stdio.h>

#include "flashback/conf.h"

/* What flashback --check prints of a good config. */

/**
 * show_check(f, c):
 * Print the program's options, each volume with its own, with where each value came from; then the
 * volumes in data_dir that hold snapshots and are listed no longer.  Return 0, or -1 with errno
 * when f has an error.
 */
int show_check(FILE *f, const struct config *c);

/**
 * show_hints(f, c):
 * Print, as comments, what is wrong now without being wrong in the config: there are no volumes;
 * data_dir is no store, or is open to others; rsync is missing, or a risk.
 */
void show_hints(FILE *f, const struct config *c);

/**
 * show_load(file):
 * Load a config, or print all that is wrong with it to standard error, as FILE:LINE: words.  Return
 * it, to be freed with conf_free, or NULL.
 */
struct config *show_load(const char *file);

/** show_unknown(c, operand): say on standard error that operand is no host or volume, and which may
 * have been meant. */
void show_unknown(const struct config *c, const char *operand);

#endif
