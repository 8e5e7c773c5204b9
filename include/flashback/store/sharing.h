// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SHARING_H
#define FLASHBACK_SHARING_H

#include <stdbool.h>

/* Does a new snapshot share files with the one before, and if not, why? */

enum sharing {
	SHARING_SOME,   /* or it is unknown, or the contents differ: nothing to be said */
	SHARING_TIMES,  /* none: the times of one of both lack fractions of a second */
	SHARING_OWNERS, /* none: owners or modes differ */
	SHARING_COPIES  /* none, though the files are equal: they could not be linked */
};

/**
 * sharing_sample(dirfd, tree, base):
 * Compare the first files of the directory tree with those of the same names in base, both below
 * dirfd.  Reads no contents.
 */
enum sharing sharing_sample(int dirfd, const char *tree, const char *base);

/** sharing_is_coarse(dirfd, base): have nearly all of the first files of a directory tree below
 * dirfd times without fractions of a second?  A run after which they do will share nothing with it.
 */
bool sharing_is_coarse(int dirfd, const char *base);

/** sharing_words(sharing): what that means, for people; NULL for SHARING_SOME. */
const char *sharing_words(enum sharing sharing);

#endif
