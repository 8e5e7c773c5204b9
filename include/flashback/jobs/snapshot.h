// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SNAPSHOT_H
#define FLASHBACK_SNAPSHOT_H

#include "flashback/jobs/copy.h"

/*
 * The heart of a run: the tree of the next snapshot.  A quick run compares the source with the
 * newest snapshot and copies what differs; where it cannot give the same tree as a full run, a full
 * run is made.
 */

/**
 * snapshot_run(c):
 * Make the tree, fill it, judge.  A quick run that turns out to be impossible on its way goes over
 * into a full one.  Return 0 with the verdict on the tree; -1 when there is nothing to judge, with
 * the verdict saying why, and a tree that was made left .working.
 */
int snapshot_run(struct copy *c);

#endif
