// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TREEDIFF_H
#define FLASHBACK_TREEDIFF_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "flashback/store/store.h"

/* How a tree differs from another one. */

struct treediff {
	bool names_only; /* given: look for emptied directories, and at no file */
	int64_t files;   /* of the snapshot: all that is no directory */
	int64_t changed; /* of these: absent, or of another type, size or content */
	/* Directories of the tree that are empty and had files in the snapshot, the tree itself
	 * aside; the one that has lost most, and how many. */
	size_t emptied;
	char most[PATH_MAX];
	int64_t lost;
	int64_t before; /* during the count */
};

/**
 * treediff_count(v, snapshot, tree, d):
 * Compare the files of a snapshot with those of the same name in tree.  Owners, modes and times do
 * not count: where only the time differs, the contents are read, at most the first MiB.  Return 0,
 * or -1 when some of either could not be read.
 */
int treediff_count(const struct store_volume *v, const char *snapshot, const char *tree,
                   struct treediff *d);

/** Does a new snapshot share files with the one before, and if not, why? */
enum sharing {
	SHARING_SOME,   /* or it is unknown, or the contents differ: nothing to be said */
	SHARING_TIMES,  /* none: the times of one of both lack fractions of a second */
	SHARING_OWNERS, /* none: owners or modes differ */
	SHARING_COPIES  /* none, though the files are equal: they could not be linked */
};

/** treediff_sharing(v, tree, base): compare some files of tree with those of the same names in
 * base.  Reads no contents. */
enum sharing treediff_sharing(const struct store_volume *v, const char *tree, const char *base);

/** treediff_is_coarse(v, base): have nearly all of some files of a tree times without fractions of
 * a second?  A run after which they do will share nothing with it. */
bool treediff_is_coarse(const struct store_volume *v, const char *base);

/** treediff_words(sharing): what that means, for people; NULL for SHARING_SOME. */
const char *treediff_words(enum sharing sharing);

#endif
