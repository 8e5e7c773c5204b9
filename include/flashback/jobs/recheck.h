// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RECHECK_H
#define FLASHBACK_RECHECK_H

#include "flashback/jobs/copy.h"

/*
 * recheck: rsync looks at size and time, so a bit that has changed by itself, on this disk or on
 * the host's, would be in every later snapshot, too.  Each run therefore compares some of the files
 * that did not change with their source, so that all have been compared after the time that is
 * configured.
 */

/**
 * recheck_run(c):
 * After a run that made a complete or partial snapshot: compare the files that are due.  One whose
 * content differs, though size and time are the same, is copied anew into c->tree, as a new file,
 * so that older snapshots keep what they have; the verdict says so.  Whatever keeps that from being
 * done is logged, ends it, and changes nothing in the verdict; the next run resumes there.
 */
void recheck_run(struct copy *c);

#endif
