// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_WORK_H
#define FLASHBACK_WORK_H

#include "flashback/daemon.h"

/* The workers and the sweeper: started, heard, stopped; and what their end means for the volume. */

/** work_start(d): start the runs that are queued, as far as slots and addresses are free; and the
 * sweeper. */
void work_start(struct daemon *d);

/** work_hear(d): take what workers and the sweeper say, and their ends. */
void work_hear(struct daemon *d);

/** work_watch(d): stop runs whose window has closed or whose slice is over; kill those that do not
 * end. */
void work_watch(struct daemon *d);

/** work_stop_youngest(d): the disk is filling up. */
void work_stop_youngest(struct daemon *d);

/** work_stop(d, why): stop all; work_kill(d): those that were told to and still have not ended. */
void work_stop(struct daemon *d, enum daemon_why why);
void work_kill(struct daemon *d);

/** work_abandon(d): what still runs hangs in the kernel: its runs have ended as far as we go. */
void work_abandon(struct daemon *d);

/** work_active(d): how many runs go on? */
unsigned work_active(const struct daemon *d);

#endif
