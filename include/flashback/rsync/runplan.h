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
	struct argv_job job; /* what is known of it: the program and what describes the disk */
	int32_t offset;      /* local time, seconds east of UTC */
};

/** runplan_stamp(stamps, n, now, offset): a .working stamp for a run that begins now.  If a
 * snapshot of this second exists, in whatever state, the next free second is used: a name is never
 * used twice. */
struct stamp runplan_stamp(const struct stamp *stamps, size_t n, int64_t now, int32_t offset);

/**
 * runplan_bases(stamps, n, doubtful, now, out):
 * The bases of a run, in order: the doubtful tree of an earlier boot (when == 0: none), the
 * .interrupted tree (else a big file that changes all the time is never copied completely), the
 * newest partial or suspect one if newer than the newest complete one, the newest complete one.
 * Stamps from the future are used only if there are no others.  A pin counts as what it was before.
 * Return how many.
 */
size_t runplan_bases(const struct stamp *stamps, size_t n, const struct stamp *doubtful,
                     int64_t now, struct stamp out[ARGV_BASES]);

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
	char target[STAMP_NAME_SIZE], bases[ARGV_BASES][STAMP_NAME_SIZE];
};

/** runplan_make(c, plan): fill *plan, which must stay where it is while its job is used. */
void runplan_make(const struct runplan_case *c, struct runplan *plan);

#endif
