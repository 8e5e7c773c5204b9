// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_WORKERS_H
#define FLASHBACK_WORKERS_H

#include "flashback/daemon/daemon.h"

/* The workers and the sweeper: started, heard, stopped; and what their end means for the volume. */

/** workers_start(d): start the runs that are queued, as far as slots and addresses are free; and
 * the sweeper. */
void workers_start(struct daemon *d);

/** workers_hear(d): take what workers and the sweeper say, and their ends. */
void workers_hear(struct daemon *d);

/** workers_watch(d): stop runs whose window has closed or whose slice is over; kill those that do
 * not end. */
void workers_watch(struct daemon *d);

/** workers_stop_youngest(d): the disk is filling up. */
void workers_stop_youngest(struct daemon *d);

/** workers_stop(d, why): stop all; workers_kill(d): those that were told to and still have not
 * ended. */
void workers_stop(struct daemon *d, enum daemon_why why);
void workers_kill(struct daemon *d);

/** workers_abandon(d): what still runs hangs in the kernel: its runs have ended as far as we go. */
void workers_abandon(struct daemon *d);

/** workers_active(d): how many runs go on? */
unsigned workers_active(const struct daemon *d);

#endif
