// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PURGER_H
#define FLASHBACK_PURGER_H

#include "flashback/daemon/daemon.h"

/* The sweeper, as the daemon sees it. */

/** purger_start(d): start it if there is work for it, the disk is there, and none is at work. */
void purger_start(struct daemon *d);

/** purger_hear(d): take what it says, and its end.  What cannot be removed is logged once. */
void purger_hear(struct daemon *d);

#endif
