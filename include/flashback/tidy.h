// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TIDY_H
#define FLASHBACK_TIDY_H

#include "flashback/daemon.h"

/* The sweeper, as the daemon sees it. */

/** tidy_start(d): start it if there is work for it, the disk is there, and none is at work. */
void tidy_start(struct daemon *d);

/** tidy_hear(d): take what it says, and its end.  What cannot be removed is logged once. */
void tidy_hear(struct daemon *d);

#endif
