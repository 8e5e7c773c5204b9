// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SALVAGE_H
#define FLASHBACK_SALVAGE_H

#include "flashback/store/stamp.h"
#include "flashback/store/store.h"

/*
 * What interrupted runs left behind: trees that serve as bases for the next run; rsync never writes
 * into them again.  At most one .interrupted tree remains, with everything that was received.
 */

/**
 * salvage_interrupted(v, tree):
 * Sync the .working tree and rename it to .interrupted.  If an .interrupted tree exists, what only
 * that one has is moved into the new one, and its rest becomes .expired; so does a tree that is
 * empty or cannot be synced.  *tree is updated.  Return 0, or -1 with errno when it could not be
 * synced or renamed.
 */
int salvage_interrupted(struct store_volume *v, struct stamp *tree);

/**
 * salvage_volume(v, boot, now, doubtful):
 * Handle every tree that earlier runs left.  Trees older than a complete or partial snapshot
 * expire. The .working tree that was noted in this boot (see voldir_boot) becomes .interrupted,
 * with a line in the history.  All others may have right sizes and times over wrong bytes: they are
 * merged into one, returned in *doubtful (when == 0: none) to serve as a base with --checksum.  It
 * expires after two interrupted runs that copied something.  Temporaries of file_replace are
 * removed. Return 0, or -1 with errno.
 */
int salvage_volume(struct store_volume *v, const char *boot, int64_t now, struct stamp *doubtful);

/**
 * salvage_foresee(v, boot, now, doubtful):
 * What salvage_volume would do: set the states in v->stamps and *doubtful as they would be
 * afterwards, and change nothing on the disk.  v need not be locked.  Return 0, or -1 with ENOMEM.
 */
int salvage_foresee(struct store_volume *v, const char *boot, int64_t now, struct stamp *doubtful);

#endif
