// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SOURCECHECK_H
#define FLASHBACK_SOURCECHECK_H

#include "flashback/config/volume.h"
#include "flashback/rsync/verdict.h"
#include "flashback/rsync/version.h"

/* Is a removable source present?  Checked before data_dir is opened: a stick that is not plugged in
 * must not spin up the backup disk. */

/**
 * sourcecheck_run(volume, rsync, version, signals, v):
 * Read a local directory, or run rsync (the program, of this version) to list the root of a remote
 * source.  Return 0 when it is there, or rsync will report what is wrong with it; -1 with the
 * verdict when it is absent or empty, a signal has stopped this, or rsync could not be run.
 */
int sourcecheck_run(const struct volume *volume, const char *rsync, const struct version *version,
                    int signals, struct verdict *v);

#endif
