// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_REACH_H
#define FLASHBACK_REACH_H

#include "flashback/config/volume.h"
#include "flashback/lib/resolve.h"

/* Which address of an rsync daemon answers.  ssh tries all addresses of a name within its
 * ConnectTimeout; rsync waits two minutes for the first, and with --contimeout never tries the
 * second. */

/**
 * reach_source(volume, signals, address):
 * If the first addresses of the daemon's name do not answer and a later one does, return the source
 * with that in place of the name, in new memory, and copy it to address.  Else NULL: rsync is given
 * the name.  Not used when an option chooses the address.  A signal that can be read from the
 * descriptor signals ends the wait.
 */
char *reach_source(const struct volume *volume, int signals, struct resolve *address);

#endif
