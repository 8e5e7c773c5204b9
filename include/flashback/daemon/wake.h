// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_WAKE_H
#define FLASHBACK_WAKE_H

#include "flashback/daemon/daemon.h"

/* One wake: read the config, look at the disk, decide for each volume, ask the hosts of those that
 * are due. */

/** wake_begin(d): begin a wake; what follows comes with the looker's and the prober's answers. */
void wake_begin(struct daemon *d);

/** wake_hear(d): the looker and the prober have something to say, have ended, or are late. */
void wake_hear(struct daemon *d);

/** wake_forget_backoff(d): the next wake starts all that is due, and reads the store again. */
void wake_forget_backoff(struct daemon *d);

/** wake_when(d): the time and the circumstances of a decision now. */
struct plan_now wake_when(const struct daemon *d);

#endif
