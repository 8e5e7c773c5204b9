// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PURGE_H
#define FLASHBACK_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "flashback/config/conf.h"

/* The sweeper: removes *.expired at idle priority, through descriptors, never changing a file; and
 * puts `latest` right where a crash or a hand has left it wrong. */

/** What the sweeper is to do. */
struct purge_job {
	const struct config *config;
	bool reclaim; /* the disk is full: then expire what is no longer kept, then .interrupted
	                 trees, until it is not */
};

/**
 * purge_body(out, arg):
 * The body of the sweeper: arg is a struct purge_job *.  Writes "volume ID" (before it removes
 * there), "removed ID NAME" (one .expired less), "trouble ID words", and when a reclaim has changed
 * a volume "summary ID packed", which counts what is expired and not removed yet.  Return 0.
 */
int purge_body(int out, void *arg);

#endif
