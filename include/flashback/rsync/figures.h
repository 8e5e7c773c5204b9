// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_FIGURES_H
#define FLASHBACK_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "flashback/rsync/verdict.h"

/* The lines of rsync that are numbers, as written under LC_ALL=C with --no-h.  Core: no I/O. */

/**
 * figures_statistic(line, len, stats):
 * Take in a line of the closing statistics.  Return 0, or -1 and *stats untouched when it is no
 * such line.
 */
int figures_statistic(const char *line, size_t len, struct verdict_stats *stats);

/**
 * figures_progress(line, len, p):
 * Take in a line of --info=progress2.  *p begins with left = -1 and all else zero, and is kept from
 * line to line: a line in the middle of a file has the time that is left but no numbers of files,
 * the line after a file has these but not the time; what a line does not say stays as it was. Until
 * files have been counted percent is rsync's own, of the bytes.
 * Return 0, or -1 and *p untouched when it is no such line.
 */
int figures_progress(const char *line, size_t len, struct verdict_progress *p);

#endif
