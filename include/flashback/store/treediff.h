// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TREEDIFF_H
#define FLASHBACK_TREEDIFF_H

#include <stdint.h>

#include "flashback/store/store.h"

/* How much of a snapshot another tree has changed or lacks. */

struct treediff {
	int64_t files;   /* of the snapshot: all that is no directory */
	int64_t changed; /* of these: absent, or of another type, size or content */
};

/**
 * treediff_count(v, snapshot, tree, d):
 * Compare the files of a snapshot with those of the same name in tree.  Owners, modes and times do
 * not count: where only the time differs, the contents are read, at most the first MiB.  Return 0,
 * or -1 when some of either could not be read.
 */
int treediff_count(const struct store_volume *v, const char *snapshot, const char *tree,
                   struct treediff *d);

#endif
