// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CHECK_H
#define FLASHBACK_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "flashback/config/config.h"

/* The output of flashback --check for a config without errors. */

/**
 * check_print(f, c, verbose):
 * Print a line for each volume; when verbose, the global options and each volume with its options,
 * each with its origin; then the volumes in data_dir that hold snapshots but are not in the config.
 * Return 0, or -1 with errno when f has an error.
 */
int check_print(FILE *f, const struct config *c, bool verbose);

/** check_unlisted(f, c): print, as comments, the volumes in data_dir that hold snapshots but are
 * not in the config.  They are never expired. */
void check_unlisted(FILE *f, const struct config *c);

/**
 * check_hints(f, c):
 * Print, as comments, problems that are not errors in the config: it has no volumes; data_dir is no
 * store, or is open to others; rsync is missing, or has known defects.  Then the verdict: how many
 * hosts, volumes and hints there are.  Return 0, or -1 with errno when f has an error.
 */
int check_hints(FILE *f, const struct config *c);

#endif
