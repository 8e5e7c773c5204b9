// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STATUS_H
#define FLASHBACK_STATUS_H

#include <stdio.h>

#include "flashback/report/view.h"

/* Write status.txt and queue.txt.  Core: to a FILE *. */

/** status_write(f, view): write status.txt.  status_queue(f, view): write queue.txt. */
void status_write(FILE *f, const struct view *view);
void status_queue(FILE *f, const struct view *view);

/** status_progress(f, view): the state of the volume that is busiest, without a newline: what
 * --once does now.  Nothing if no volume is probed, queued or running. */
void status_progress(FILE *f, const struct view *view);

#endif
