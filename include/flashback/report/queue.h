// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_QUEUE_H
#define FLASHBACK_QUEUE_H

#include <stdbool.h>
#include <stdio.h>

#include "flashback/report/view.h"

/* The table in queue.txt.  Core: to a FILE *. */

/**
 * queue_print(f, view, wanted_only):
 * Write the header and a row for each volume, or only for the wanted ones (--once).  When out of
 * memory, a line says so.
 */
void queue_print(FILE *f, const struct view *view, bool wanted_only);

#endif
