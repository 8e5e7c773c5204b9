// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HOLDER_H
#define FLASHBACK_HOLDER_H

#include <stddef.h>
#include <sys/stat.h>

/* Which processes have a file open. */

/**
 * holder_find(file, base, out, size):
 * Write the other processes that have the file open, of which st_dev, st_ino and the last component
 * of its path are given: "1234 (rsync), 1240 (ssh)", the first three, then "...".  Their names are
 * escaped.  Processes of other users are seen by root only, and none without /proc.  Return how
 * many there are.
 */
size_t holder_find(const struct stat *file, const char *base, char *out, size_t size);

#endif
