// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_REASON_H
#define FLASHBACK_REASON_H

#include <stdbool.h>
#include <stdio.h>

#include "flashback/report/state.h"

/* The state of a volume and its reason in plain words.  Core: to a FILE *. */

/**
 * reason_status(f, row, view, state):
 * The last column of queue.txt: "FAILED (0:09:00), OVERDUE: no rsync on the host; again at 14:10".
 * The words FAILED and SUCCEEDED stand nowhere but at its beginning, whatever the reason holds:
 * scripts count lines with them.
 */
void reason_status(FILE *f, const struct table_row *row, const struct view *view,
                   const struct state *state);

/** reason_text(f, before, row, view, state): what follows the colon, with before in front of it if
 * there is anything. */
void reason_text(FILE *f, const char *before, const struct table_row *row, const struct view *view,
                 const struct state *state);

/** reason_future(f, row, view): its stamp from the future (there must be one) and the mv that mends
 * it. */
void reason_future(FILE *f, const struct table_row *row, const struct view *view);

#endif
