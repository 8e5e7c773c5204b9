// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_WAKE_H
#define FLASHBACK_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/schedule/plan.h"
#include "flashback/schedule/table.h"

/* When a wake begins, and what it decides for each volume. */

struct wake {
	int64_t next;  /* clock_mono */
	int64_t begun; /* clock_wall of this wake; 0: none so far */
	int64_t last;  /* ... and of the one before it */
	int64_t ahead; /* clock_wall minus clock_mono at this wake, in seconds */
	bool waiting;  /* it has begun and waits for the disk to be read */
	bool again;    /* decide again when the prober has ended */
};

/**
 * wake_begin(w, table, interval):
 * Begin a wake; the next one begins after interval seconds.  Return true when the clock requires
 * that all volumes are read again: it was set, or a snapshot that was from the future is so no
 * longer.
 */
bool wake_begin(struct wake *w, struct table *table, int64_t interval);

/** The input of wake_decide. */
struct wake_terms {
	struct plan_now when;
	const char *disk_reason; /* why the disk cannot be used */
	bool only_wanted;        /* only volumes that are operands of --once */
	bool probing;            /* the prober still runs: no other host is probed now */
};

/**
 * wake_decide(w, table, terms):
 * Move each resting row that is due and allowed to PROBING, or to QUEUED if its host need not be
 * probed.
 */
void wake_decide(struct wake *w, struct table *table, const struct wake_terms *terms);

/**
 * wake_withdraw(table, when): move rows that are QUEUED but no longer due or allowed back to
 * RESTING; a slot may become free hours after the decision.
 */
void wake_withdraw(struct table *table, const struct plan_now *when);

#endif
