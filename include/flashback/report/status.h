// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STATUS_H
#define FLASHBACK_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "flashback/report/view.h"

/* The table as people and scripts read it: status.txt and queue.txt.  Core: to a FILE *. */

/** status_write(f, view): status.txt.  status_queue(f, view): queue.txt. */
void status_write(FILE *f, const struct view *view);
void status_queue(FILE *f, const struct view *view);

#endif
