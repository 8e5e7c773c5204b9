// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_WAKE_H
#define FLASHBACK_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/schedule/plan.h"
#include "flashback/schedule/table.h"

/* When a wake comes, and what it decides for each volume. */

struct wake {
	int64_t next;  /* clock_mono */
	int64_t begun; /* clock_wall of this wake; 0: none so far */
	int64_t last;  /* ... and of the one before it */
	int64_t ahead; /* of clock_mono is clock_wall, in seconds, at this wake */
	bool waiting;  /* it has begun and waits for the disk to be read */
	bool again;    /* decide again when the prober has ended */
};

/**
 * wake_begin(w, table, interval):
 * A wake begins; the next one comes after interval seconds.  Return true when the snapshots must be
 * read again because of the clock: it was set, or what was from the future no longer is.
 */
bool wake_begin(struct wake *w, struct table *table, int64_t interval);

/** What wake_decide goes by. */
struct wake_terms {
	struct plan_now when;
	const char *disk_reason; /* why the disk is not fit */
	bool only_wanted;        /* no volume that is not an operand of --once */
	bool probing;            /* the prober still runs: hosts are not probed now */
};

/**
 * wake_decide(w, table, terms):
 * Take each resting row that is due and allowed to ASKING, or to QUEUED where no host is to be
 * probed.
 */
void wake_decide(struct wake *w, struct table *table, const struct wake_terms *terms);

/** wake_withdraw(table, when): a slot may come hours after the decision: take those that are QUEUED
 * and no longer due or allowed back to RESTING. */
void wake_withdraw(struct table *table, const struct plan_now *when);

#endif
