// SPDX-License-Identifier: ISC
#ifndef SIM_RSYNC_H
#define SIM_RSYNC_H

#include "flashback/rsync/argv.h"
#include "flashback/store/stamp.h"

#include "drive.h"
#include "world.h"

/* A pretend rsync: a process that copies a source into a tree, file by file, while the world goes
 * on. */

struct rsync {
	/* what it is told */
	struct world_volume *volume;
	uint64_t fingerprint;
	struct stamp base[ARGV_BASES];
	size_t bases;
	bool checksum, unlinked;
	char target[STAMP_NAME_SIZE];
	int fd; /* a handle of its own: the lock */

	/* what it says */
	char out[512], err[8192];
	int percent;
	int64_t alive; /* mono of its last sign of life */
	bool stuck;    /* no signal ends it */

	/* at work */
	struct drive_tree *tree;
	struct world_file *file; /* the list that it began with */
	size_t n;
	size_t transferred, unreadable, vanished;
	uint64_t meant;
};

/** rsync_body(r): its body as a process: from start to end.  Returns its status as from waitpid. */
int rsync_body(void *r);

/** rsync_free(r): r may be NULL. */
void rsync_free(struct rsync *r);

#endif
