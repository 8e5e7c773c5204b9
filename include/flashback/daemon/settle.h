// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SETTLE_H
#define FLASHBACK_SETTLE_H

#include "flashback/daemon/daemon.h"

/* What the end of a run means: for the volume the next time, and for the exit status of --once. */

/** settle_words(why): why a run was told to stop, in words. */
const char *settle_words(enum daemon_why why);

/** settle_row(d, row, w): the run w becomes the last one of the row, which says when it may run
 * again.  One that we stopped gets our reason. */
void settle_row(struct daemon *d, struct table_row *row, struct daemon_work *w);

/**
 * settle_exit_status(d, result):
 * DAEMON_WENT_WRONG when a run ended as anything but SUCCEEDED; else DAEMON_NOT_NOW when a wanted
 * one could not be done now.
 */
void settle_exit_status(struct daemon *d, enum result result);

#endif
