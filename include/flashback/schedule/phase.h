// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PHASE_H
#define FLASHBACK_PHASE_H

#include "flashback/schedule/table.h"

/* The transitions of a volume, in one table.  Core: no I/O. */

enum phase_event {
	PHASE_ASK,       /* due and allowed: its host is asked first */
	PHASE_QUEUE,     /* due and allowed, and there is nothing to ask */
	PHASE_ANSWERED,  /* the host is there */
	PHASE_SILENT,    /* it is not, or its name is unknown */
	PHASE_UNASKED,   /* no right to ask, the prober died or is late: rsync will tell */
	PHASE_NO_NET,    /* no network, or the lookup failed: nothing is known */
	PHASE_WITHDRAWN, /* no longer due, allowed or configured */
	PHASE_STARTED,   /* a slot and the address were free: a worker is at it */
	PHASE_STOPPED,   /* the worker has been told to stop */
	PHASE_ENDED,     /* the worker has exited */
	PHASE_EVENTS
};

/** phase_next(from, event, to): the table.  Return 0, or -1 when event cannot happen in that phase.
 */
int phase_next(enum table_phase from, enum phase_event event, enum table_phase *to);

/** phase_move(row, event): take the row there.  An event that cannot happen is a bug of ours. */
void phase_move(struct table_row *row, enum phase_event event);

#endif
