// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RUNPLAN_H
#define FLASHBACK_RUNPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/rsync/argv.h"
#include "flashback/rsync/scan.h"
#include "flashback/store/history.h"
#include "flashback/store/linkdest.h"
#include "flashback/store/stamp.h"

/*
 * What a run does, decided from the volume and what is on the disk: quick or full, the tree that it
 * builds, its bases, the arguments of rsync.  The run and --dry-run both use this, so that what is
 * printed is what is executed.  A quick run scans for what differs from the newest snapshot and
 * copies that; where this might not give the tree of a full run, a full run is made.  Pure: no I/O.
 */

/** What the plan depends on. */
struct runplan_case {
	const struct volume *volume;
	const struct stamp *stamps; /* ascending, as in struct store_volume */
	size_t nstamps;
	const struct history_run *runs; /* oldest first */
	size_t nruns;
	enum result last;      /* of the newest run, as it was before the salvage */
	struct stamp doubtful; /* a tree of an earlier boot; when == 0: none */
	int64_t now;
	bool as_root; /* flashback runs as root */
	bool spare;   /* the disk can hold a spare */
	/* What follows is for runplan_make alone. */
	const char *program; /* rsync: an absolute path */
	struct version version;
	const char *root;   /* real path of the volume's directory */
	bool whole_seconds; /* the disk keeps no nanoseconds */
	bool dates;         /* the disk does not hold all dates */
	/* extended attributes that the disk adds, and that it refuses; NULL: none */
	const char *added, *refused;
	int32_t offset; /* local time, seconds east of UTC */
};

/** runplan_base(stamps, n, now): the newest complete or partial snapshot that is not from the
 * future; when == 0: there is none. */
struct stamp runplan_base(const struct stamp *stamps, size_t n, int64_t now);

/** runplan_why_full(c): the reason why the run must be a full one; NULL: it may be quick. */
const char *runplan_why_full(const struct runplan_case *c);

/** runplan_why_full_now(v, s, files): the same after the scan of a source with this number of
 * files. */
const char *runplan_why_full_now(const struct volume *v, const struct scan *s, int64_t files);

/** runplan_is_touched(s, files): of a source with this number of files, do more than half differ,
 * and nearly all of them only in their time? */
bool runplan_is_touched(const struct scan *s, int64_t files);

/**
 * runplan_surplus(s, entries, files):
 * How many names more than the source a spare with this number of entries would have after the
 * patch, as far as s tells: the names that it has as another type, which are listed as new and
 * replaced; and those that the scan has left out.
 */
int64_t runplan_surplus(const struct scan *s, int64_t entries, int64_t files);

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
