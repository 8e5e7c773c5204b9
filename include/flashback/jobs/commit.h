// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_COMMIT_H
#define FLASHBACK_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/rsync/unreadable.h"
#include "flashback/rsync/verdict.h"
#include "flashback/store/store.h"

/* The end of a run: rename the tree as the verdict has it; only after that expire others. */

struct commit {
	const char *data_dir;
	const char *rsync; /* the program, for RESTORE.txt */
	const struct store *store;
	struct store_volume *v;
	const struct volume *volume;
	int64_t now, began;            /* clock_wall, and clock_mono at the start of the run */
	bool linked;                   /* `latest` points to the newest snapshot */
	bool blind;                    /* voldir_is_blind: nothing expires by policy */
	struct stamp tree;             /* the .working tree; afterwards what it became */
	struct unreadable *unreadable; /* files of the source */
	struct verdict verdict;        /* changed to DISK or FULL when the tree cannot be stored */
	char trouble[RESULT_TEXT];     /* a problem that does not change the verdict; "": none */
};

/**
 * commit_run(c):
 * Sync, check that data_dir is still this store, rename the tree, sync the directory, update
 * `latest`, RESTORE.txt, the history and the list of unreadable files, expire.  A tree whose sync
 * fails is no snapshot.  When data_dir is no longer this store, nothing more is written.
 */
void commit_run(struct commit *c);

#endif
