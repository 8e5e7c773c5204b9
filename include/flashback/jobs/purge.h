// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PURGE_H
#define FLASHBACK_PURGE_H

#include <stdbool.h>

#include "flashback/config/config.h"
#include "flashback/config/volume.h"
#include "flashback/store/summary.h"

/*
 * The purger: removes *.expired trees at idle priority, through descriptors, without changing a
 * file; makes the spares for quick runs (see spares.h); and repairs `latest` after a crash or a
 * change by hand.
 */

/** What the purger is to do. */
struct purge_job {
	const struct config *config;
	bool again;   /* also walk spares that are noted to match */
	bool reclaim; /* the disk is full: expire what the policy no longer keeps, then .interrupted
	                 trees, until min_free is met */
};

enum purge_kind {
	PURGE_REMOVED, /* an expired tree was removed */
	PURGE_TROUBLE,
	PURGE_SUMMARY /* a reclaim has changed the volume: expired trees are not removed yet */
};

/** What the purger sends. */
struct purge_message {
	enum purge_kind kind;
	char id[VOLUME_ID_SIZE];
	union {
		struct summary seen;
		char words[1200]; /* the name that was removed, or what failed; escaped */
	};
};

/** purge_body(out, arg): the body of the purger; arg is a struct purge_job *.  Return 0. */
int purge_body(int out, void *arg);

#endif
