// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CHANGES_H
#define FLASHBACK_CHANGES_H

#include <stdio.h>

#include "flashback/jobs/copy.h"

/* What has changed since the snapshot before, and what a person should know of that. */

/**
 * changes_run(c):
 * After a run that made a snapshot: note in its verdict how much has changed, and make it SUSPECT
 * if that is too much (change_guard).  Say in the reason, and in the log, when the disk cannot hold
 * its dates; after a full run, too, when it shares nothing with the one before for a cause that is
 * known, and which directories are empty now.
 */
void changes_run(struct copy *c);

/**
 * changes_emptied(volume, tree, gone, run):
 * Add to the reason of the run the directory of its tree (a name below the descriptor volume) that
 * has lost most of the names in gone and is empty, and how many others there are: a disk that is
 * not mounted, or was lost.  gone is as in struct scan.
 */
void changes_emptied(int volume, const char *tree, FILE *gone, struct history_run *run);

#endif
