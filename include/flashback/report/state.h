// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STATE_H
#define FLASHBACK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/report/view.h"

/*
 * The state of a volume as queue.txt shows it, and the same as predicates for counting.
 * Core: no I/O.
 */

/** The words, in order: the first that applies is shown. */
enum state_word {
	STATE_DISABLED,
	STATE_COMPARING, /* the first step of a quick run */
	STATE_BACKING_UP,
	STATE_ROTATING,
	STATE_NOT_FOUND,
	STATE_FAILED,
	STATE_SUSPECT,
	STATE_PARTIAL,
	STATE_SUCCEEDED, /* since the last wake */
	STATE_WAITING,   /* due; state.wait is what it waits for */
	STATE_READY,
	STATE_NEXT /* not due */
};

/** What a volume that is due waits for: why its last attempt ended, or what holds now. */
enum state_wait {
	STATE_WAIT_NOT = RESULT_WAIT_NOT,
	STATE_WAIT_DISK = RESULT_WAIT_DISK,
	STATE_WAIT_CLOCK = RESULT_WAIT_CLOCK,
	STATE_WAIT_BUSY = RESULT_WAIT_BUSY, /* locked by another, or `before` said not now */
	STATE_WAIT_WINDOW,
	STATE_WAIT_SLOT
};

struct state {
	const struct table_row *row; /* of this row */
	const struct view *view;
	enum state_word word;
	bool overdue;
	enum state_wait wait; /* of WAITING */
	struct plan_decision plan;
	int64_t next; /* instant of the next start as shown to people; 0: unknown */
};

/** state_of(row, view, out): the state of a row. */
void state_of(const struct table_row *row, const struct view *view, struct state *out);

/**
 * The result of its newest attempt, whatever the volume does now: a suspect snapshot remains
 * suspect while the volume is being backed up.
 */
bool state_is_failed(const struct table_row *row);
bool state_is_suspect(const struct table_row *row);
bool state_is_partial(const struct table_row *row);
bool state_is_not_found(const struct table_row *row);

/** state_is_never(row): is there no complete or partial snapshot, as far as is known? */
bool state_is_never(const struct table_row *row);

/** state_newest(row, view): when its newest backup was made, with the offset of that time as in its
 * name, so that the two agree; when is 0: it has none. */
struct stamp state_newest(const struct table_row *row, const struct view *view);

/** state_is_future(row, now): does it have a stamp from the future?  Judged anew by the present
 * clock, if that is plausible. */
bool state_is_future(const struct table_row *row, int64_t now);

#endif
