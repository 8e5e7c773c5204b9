// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_REASON_H
#define FLASHBACK_REASON_H

#include <stdio.h>

#include "flashback/report/state.h"

/* The state of a volume and its reason in plain words.  Core: to a FILE *. */

/**
 * reason_status(f, state):
 * The last column of queue.txt: "FAILED (0:09:00), OVERDUE: no rsync on the host; again at 14:10".
 * The words FAILED and SUCCEEDED occur only at its beginning, whatever the reason contains: scripts
 * count lines by them.
 */
void reason_status(FILE *f, const struct state *state);

/** reason_text(f, before, state): the reason, preceded by before; nothing if there is no reason. */
void reason_text(FILE *f, const char *before, const struct state *state);

/** reason_future(f, row, view): write its stamp from the future (there must be one) and the mv
 * command that repairs it. */
void reason_future(FILE *f, const struct table_row *row, const struct view *view);

#endif
