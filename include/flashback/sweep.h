// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SWEEP_H
#define FLASHBACK_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "flashback/conf.h"

/* The sweeper: removes *.expired at idle priority, through descriptors, never changing a file; and
 * puts `latest` right where a crash or a hand has left it wrong. */

/**
 * sweep_tree(parent, name, dev, trouble, size):
 * Remove the tree name below the directory parent, iteratively (no limit of depth), in inode order,
 * never across a device, never following a link, never changing a file (its inode is shared with
 * other snapshots). Return 0; 1 when something could not be removed, with the first such path and
 * why in trouble (escaped).
 */
int sweep_tree(int parent, const char *name, dev_t dev, char *trouble, size_t size);

/** What the sweeper is to do. */
struct sweep_job {
	const struct config *config;
	bool reclaim; /* the disk is full: then expire what is no longer kept, then .interrupted
	                 trees, until it is not */
};

/**
 * sweep_body(out, arg):
 * The body of the sweeper: arg is a struct sweep_job *.  Writes "volume ID" (before it removes
 * there), "removed ID NAME" (one .expired less), "trouble ID words", and when a reclaim has changed
 * a volume "summary ID packed", which counts what is expired and not removed yet.  Return 0.
 */
int sweep_body(int out, void *arg);

#endif
