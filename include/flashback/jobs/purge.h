// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PURGE_H
#define FLASHBACK_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "flashback/config/conf.h"
#include "flashback/config/volume.h"
#include "flashback/store/summary.h"

/* The sweeper: removes *.expired at idle priority, through descriptors, never changing a file; lays
 * out the spares for quick runs (see spares.h); and puts `latest` right where a crash or a hand has
 * left it wrong. */

/** What the sweeper is to do. */
struct purge_job {
	const struct config *config;
	bool again;   /* walk spares that are known to be right, too */
	bool reclaim; /* the disk is full: then expire what is no longer kept, then .interrupted
	                 trees, until it is not */
};

enum purge_kind {
	PURGE_REMOVED, /* one expired tree less */
	PURGE_TROUBLE,
	PURGE_SUMMARY /* a reclaim has changed the volume: expired trees are not removed yet */
};

/** What the sweeper sends. */
struct purge_message {
	enum purge_kind kind;
	char id[VOLUME_ID_SIZE];
	union {
		struct summary seen;
		char words[1200]; /* the name of what was removed; what went wrong; escaped */
	};
};

/** purge_body(out, arg): the body of the sweeper; arg is a struct purge_job *.  Return 0. */
int purge_body(int out, void *arg);

#endif
