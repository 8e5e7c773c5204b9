// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EMPTIED_H
#define FLASHBACK_EMPTIED_H

#include <stdio.h>
#include <sys/types.h>

#include "flashback/store/history.h"

/* Directories that had files and are empty now: a disk that is not mounted, or was lost. */

/**
 * emptied_note(volume, tree, gone, run):
 * Add to the reason of the run the directory of its tree (a name below the descriptor volume) that
 * has lost most of the names in gone and is empty, and how many others there are.  gone is as in
 * struct scan.
 */
void emptied_note(int volume, const char *tree, FILE *gone, struct history_run *run);

/**
 * emptied_compare(volume, base, tree, dev, run):
 * The same where no names are known: the empty directories of tree are looked up in base, both
 * below the descriptor volume and on the device dev.
 */
void emptied_compare(int volume, const char *base, const char *tree, dev_t dev,
                     struct history_run *run);

#endif
