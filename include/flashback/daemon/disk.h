// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DISK_H
#define FLASHBACK_DISK_H

#include <stdbool.h>

#include "flashback/daemon/daemon.h"

/* What the daemon knows of the disk and of the snapshots on it, as the looker tells it. */

/** disk_look(d): start the looker, unless one is at work. */
void disk_look(struct daemon *d);

/** disk_is_looking(d): is the looker at work?  Not one that hangs in the kernel and has been given
 * up. */
bool disk_is_looking(const struct daemon *d);

/** disk_is_watched(d): is anybody at work for whose sake the disk is looked at again and again? */
bool disk_is_watched(const struct daemon *d);

/** disk_hear(d): the looker has something to say, has ended, or is late.  Return true when a wake
 * that waits for it may go on. */
bool disk_hear(struct daemon *d);

/** disk_watch(d): when a run met trouble with the disk, look at it; and now and then while runs go
 * on, for its free space. */
void disk_watch(struct daemon *d);

#endif
