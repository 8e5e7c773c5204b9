// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STATE_H
#define FLASHBACK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/report/view.h"

/*
 * What a volume is called in queue.txt, and the same as yes-or-no questions for counting.
 * Core: no I/O.
 */

/** The words, in their order: the first that holds is shown. */
enum state_word {
	STATE_DISABLED,
	STATE_BACKING_UP,
	STATE_ROTATING,
	STATE_NOT_FOUND,
	STATE_FAILED,
	STATE_SUSPECT,
	STATE_PARTIAL,
	STATE_SUCCEEDED, /* since the last wake */
	STATE_WAITING,   /* due, and for what it waits is in state.wait */
	STATE_READY,
	STATE_NEXT /* not due */
};

/** What a volume that is due waits for. */
enum state_wait {
	STATE_WAIT_NOT,
	STATE_WAIT_WINDOW,
	STATE_WAIT_SLOT,
	STATE_WAIT_DISK,
	STATE_WAIT_CLOCK,
	STATE_WAIT_BUSY /* another works on it, or its `before` said not now */
};

struct state {
	enum state_word word;
	bool overdue;
	enum state_wait wait; /* of WAITING */
	struct plan_decision plan;
	int64_t next; /* instant of the next start as people are shown it; 0: unknown */
};

/** state_of(row, view, out): what a row is called. */
void state_of(const struct table_row *row, const struct view *view, struct state *out);

/** state_result(row): the result of its newest run, by this daemon or as the history has it. */
enum result state_result(const struct table_row *row);

/**
 * What its newest attempt was, whatever else it is now: a suspect tree that nobody has looked at is
 * suspect also while the volume is being backed up.
 */
bool state_is_failed(const struct table_row *row);
bool state_is_suspect(const struct table_row *row);
bool state_is_partial(const struct table_row *row);
bool state_is_not_found(const struct table_row *row);

/** state_is_future(row, now): is a stamp of it from the future?  By a clock that is right, at least
 * so far as can be told; what was seen by another one is judged anew. */
bool state_is_future(const struct table_row *row, int64_t now);

#endif
