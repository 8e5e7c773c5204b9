// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RUNPLAN_H
#define FLASHBACK_RUNPLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/rsync/argv.h"
#include "flashback/rsync/quick.h"
#include "flashback/store/linkdest.h"
#include "flashback/store/stamp.h"

/*
 * What a run does, decided from the volume and what is on the disk: quick or full, the tree that it
 * builds, its bases, the arguments of rsync.  The run and --dry-run both use this, so that what is
 * printed is what is executed.  Pure: no I/O.
 */

/** What the plan depends on. */
struct runplan_case {
	struct quick_case known;
	const char *program; /* rsync: an absolute path */
	struct version version;
	const char *root;   /* real path of the volume's directory */
	bool whole_seconds; /* the disk keeps no nanoseconds */
	/* extended attributes that the disk adds, and that it refuses; NULL: none */
	const char *added, *refused;
	int32_t offset; /* local time, seconds east of UTC */
};

struct runplan {
	const char *full;    /* why it is a full run, in words; NULL: it is a quick one */
	struct stamp base;   /* what a quick run compares the source with */
	struct stamp tree;   /* the next snapshot, while it is built */
	struct argv_job job; /* of the full run; its strings belong to the case and the plan */
	int64_t patience;    /* argv_patience */
	char target[STAMP_NAME_SIZE], bases[LINKDEST_MAX][STAMP_NAME_SIZE];
};

/** runplan_make(c, plan): fill *plan, which must stay where it is while its job is used. */
void runplan_make(const struct runplan_case *c, struct runplan *plan);

#endif
