// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_QUICK_H
#define FLASHBACK_QUICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/rsync/scan.h"
#include "flashback/store/history.h"
#include "flashback/store/stamp.h"

/*
 * Decide whether a run may be quick.  A quick run scans for what differs from the newest snapshot
 * and copies that; where this might not give the tree of a full run, a full run is made.  Core: no
 * I/O.
 */

/** What is known before the run. */
struct quick_case {
	const struct volume *volume;
	const struct stamp *stamps; /* ascending, as in struct store_volume */
	size_t nstamps;
	const struct history_run *runs; /* oldest first */
	size_t nruns;
	enum result last;      /* of the newest run, as it was before the salvage */
	struct stamp doubtful; /* a tree of an earlier boot; when == 0: none */
	int64_t now;
	bool root;  /* flashback runs as root */
	bool spare; /* the disk can hold a spare */
};

/** quick_base(stamps, n, now): the newest complete or partial snapshot that is not from the future;
 * when == 0: there is none. */
struct stamp quick_base(const struct stamp *stamps, size_t n, int64_t now);

/** quick_why_full(c): the reason why the run must be a full one; NULL: it may be quick. */
const char *quick_why_full(const struct quick_case *c);

/** quick_why_full_now(s, files): the same after the scan of a source with this number of files. */
const char *quick_why_full_now(const struct scan *s, int64_t files);

/** quick_is_touched(s, files): of a source with this number of files, do more than half differ, and
 * nearly all of them only in their time? */
bool quick_is_touched(const struct scan *s, int64_t files);

/**
 * quick_surplus(s, entries, files):
 * How many names more than the source a spare with this number of entries would have after the
 * patch, as far as s tells: the names that it has as another type, which are listed as new and
 * replaced; and those that the scan has left out.
 */
int64_t quick_surplus(const struct scan *s, int64_t entries, int64_t files);

#endif
