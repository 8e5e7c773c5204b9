// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SOURCECHECK_H
#define FLASHBACK_SOURCECHECK_H

#include "flashback/config/volume.h"
#include "flashback/lib/resolve.h"
#include "flashback/rsync/verdict.h"
#include "flashback/rsync/version.h"

/* Before a run: is a removable source there, and which address of an rsync daemon answers? */

/**
 * sourcecheck_run(volume, rsync, version, signals, v):
 * Is a removable source there?  Checked before data_dir is opened: a stick that is not plugged in
 * must not spin up the backup disk.  Read a local directory, or run rsync (the program, of this
 * version) to list the root of a remote source.  Return 0 when it is there, or rsync will report
 * what is wrong with it; -1 with the verdict when it is absent or empty, a signal has stopped this,
 * or rsync could not be run.
 */
int sourcecheck_run(const struct volume *volume, const char *rsync, const struct version *version,
                    int signals, struct verdict *v);

/**
 * sourcecheck_address(volume, signals, address):
 * If the first addresses of an rsync daemon's name do not answer and a later one does, return the
 * source with that in place of the name, in new memory, and copy it to address.  Else NULL: rsync
 * is given the name.  ssh tries all addresses of a name within its ConnectTimeout; rsync waits two
 * minutes for the first, and with --contimeout never tries the second.  Not used when an option
 * chooses the address.  A signal that can be read from the descriptor signals ends the wait.
 */
char *sourcecheck_address(const struct volume *volume, int signals, struct resolve *address);

#endif
