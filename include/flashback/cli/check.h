// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CHECK_H
#define FLASHBACK_CHECK_H

#include <stdio.h>

#include "flashback/config/conf.h"

/* What flashback --check prints of a good config. */

/**
 * check_print(f, c):
 * Print the program's options, each volume with its own, with where each value came from; then the
 * volumes in data_dir that hold snapshots and are listed no longer.  Return 0, or -1 with errno
 * when f has an error.
 */
int check_print(FILE *f, const struct config *c);

/**
 * check_hints(f, c):
 * Print, as comments, what is wrong now without being wrong in the config: there are no volumes;
 * data_dir is no store, or is open to others; rsync is missing, or a risk.
 */
void check_hints(FILE *f, const struct config *c);

#endif
