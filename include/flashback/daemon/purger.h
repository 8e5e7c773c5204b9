// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PURGER_H
#define FLASHBACK_PURGER_H

#include <stdbool.h>

#include "flashback/config/config.h"
#include "flashback/lib/event.h"
#include "flashback/lib/text.h"
#include "flashback/schedule/table.h"

/* The child that removes expired snapshots and makes spares, and the list of what it could not
 * remove. */

struct purger {
	struct event_child child;
	bool wanted;                  /* something has expired, or a spare must be made */
	bool again;                   /* ... and spares known to be right are compared again */
	bool reclaim;                 /* ... and the disk is full */
	bool clearing;                /* ... and runs wait until it has ended */
	struct text_list trouble;     /* "ID: words": what could not be removed, */
	struct text_list trouble_now; /* ... and the same of the child that runs, so far */
};

/**
 * purger_start(p, config): start the child if it is wanted and does not run.  The disk must be
 * mounted.
 */
void purger_start(struct purger *p, const struct config *config);

/**
 * purger_step(p, table):
 * Read the messages and the end of the child, and update in the rows how many expired trees are
 * left.  What cannot be removed is logged once.  Return whether anything changed.
 */
bool purger_step(struct purger *p, struct table *table);

/**
 * purger_is_clearing(p): must runs wait because one has filled the disk and its tree is not removed
 * yet?
 */
bool purger_is_clearing(struct purger *p);

void purger_free(struct purger *p);

#endif
