// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SALVAGE_H
#define FLASHBACK_SALVAGE_H

#include "flashback/store/stamp.h"
#include "flashback/store/store.h"

/*
 * What runs that were cut have left: trees that are bases for the next run, never written into by
 * rsync again.  At most one .interrupted tree stays, with all that came.
 */

/**
 * salvage_interrupted(v, tree):
 * Make the .working tree .interrupted, once it has been synced.  What one that is there already has
 * besides is moved into it, and the rest of that one becomes .expired; so does a tree with nothing
 * in it, or that cannot be synced.  *tree ends as what this tree became.  Return 0, or -1 with
 * errno when it could not be synced or renamed.
 */
int salvage_interrupted(struct store_volume *v, struct stamp *tree);

/**
 * salvage_volume(v, boot, now, doubtful):
 * Deal with every tree that the last runs left.  What was cut before a complete or partial snapshot
 * was made expires.  The .working tree that was noted in this boot (see bootid.h) becomes
 * .interrupted, with a line in the history.  All others may hold right sizes and times over wrong
 * bytes: they become one, returned in *doubtful (when == 0: there is none) to serve as a base with
 * --checksum.  It expires when two runs since have got something and been cut.  Files that were to
 * replace one of ours are removed.  Return 0, or -1 with errno.
 */
int salvage_volume(struct store_volume *v, const char *boot, int64_t now, struct stamp *doubtful);

#endif
