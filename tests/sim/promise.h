// SPDX-License-Identifier: ISC
#ifndef PROMISE_H
#define PROMISE_H

#include "world.h"

/* What must come true in time: that nothing is stuck for ever, and nothing stops without a word. */

/** promise_begin(): the daemon starts; it has told nothing yet. */
void promise_begin(void);

/** promise_again(): it has been told to read everything again. */
void promise_again(void);

/** promise_told(line): what it says. */
void promise_told(const char *line);

/** promise_check(calm_since): look at all volumes; calm_since: mono since when nothing has stood in
 * the way of any backup, -1: it does. */
void promise_check(int64_t calm_since);

/** promise_empty(v): from now on the source of v is empty, for a hundred runs;
 * promise_empty_over(v): nothing was lost by that. */
void promise_empty(struct world_volume *v);
void promise_empty_over(struct world_volume *v);

#endif
