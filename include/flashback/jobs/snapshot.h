// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SNAPSHOT_H
#define FLASHBACK_SNAPSHOT_H

#include "flashback/jobs/copy.h"

/* Make the tree of the next snapshot.  A quick run scans for what differs from the newest
 * snapshot and copies only that; a full run is made where a quick one could not give the same
 * tree. */

/**
 * snapshot_run(c):
 * Make the tree, fill it, judge it.  If a quick run proves impossible after it has begun, a full
 * run follows.  Return 0 with the verdict on the tree; or -1 when there is nothing to judge, with
 * the reason in the verdict, and a tree that was made left .working.
 */
int snapshot_run(struct copy *c);

#endif
