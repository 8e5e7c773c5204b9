// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_COMMIT_H
#define FLASHBACK_COMMIT_H

#include "flashback/jobs/copy.h"

/* The end of a run: rename the tree as the verdict has it; only after that expire others. */

/**
 * commit_run(c):
 * Sync, check that data_dir is still this store, rename the tree, sync the directory, update
 * `latest`, RESTORE.txt, the history and the list of unreadable files, expire.  c->tree becomes
 * what it was renamed to.  A tree whose sync fails is no snapshot: the verdict changes to DISK or
 * FULL.  When data_dir is no longer this store, nothing more is written.
 */
void commit_run(struct copy *c);

#endif
