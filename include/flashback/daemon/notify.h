// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_NOTIFY_H
#define FLASHBACK_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/lib/event.h"
#include "flashback/lib/text.h"

/* The user's `notify` command, run for one change after the other, never two at once. */

#define NOTIFY_WAITING 100 /* events that may wait; more are dropped, and their number is told */

/** A change for the worse or the better. */
struct notify_event {
	const char
	    *event; /* "failed" "recovered" "overdue" "partial" "suspect" "disk" "config" "start" */
	const char *volume; /* HOST/VOLUME, or "" */
	const char *state;
	const char *reason;
};

struct notify {
	struct event_child child;
	struct text_list waiting; /* packed events */
	unsigned dropped;
};

/** notify_add(n, event): queue it.  Words are copied. */
void notify_add(struct notify *n, const struct notify_event *event);

/** notify_step(n, command): see whether the last one has ended, and start the next.  Nothing to do
 * if command is empty. */
void notify_step(struct notify *n, const struct text_list *command);

/** notify_busy(n): is one running or waiting? */
bool notify_busy(const struct notify *n);

/** notify_free(n): end what runs. */
void notify_free(struct notify *n);

#endif
