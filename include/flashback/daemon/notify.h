// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_NOTIFY_H
#define FLASHBACK_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/lib/event.h"
#include "flashback/lib/text.h"
#include "flashback/schedule/table.h"

/*
 * Changes for the worse or the better: logged, and passed to the user's `notify` command, which
 * runs for one after the other, never two at once.
 */

#define NOTIFY_WAITING                                                                             \
	100 /* events that may wait; more are dropped, and their number is logged                  \
	     */

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
	bool silent; /* another flashback has the pid file, and notifies */
};

/** notify_add(n, event): queue it.  Words are copied. */
void notify_add(struct notify *n, const struct notify_event *event);

/** notify_log_end(row, run, kind): log how a run of that kind ("": none was begun) has ended. */
void notify_log_end(const struct table_row *row, const struct history_run *run, const char *kind);

/** notify_end(n, row): queue how the last run of a row has ended, if that is a change. */
void notify_end(struct notify *n, struct table_row *row);

/** notify_overdue(n, table, now): log and queue which volumes have become overdue, or no longer
 * are. Return whether any did. */
bool notify_overdue(struct notify *n, struct table *table, int64_t now);

/** notify_step(n, command): see whether the last one has ended, and start the next.  Nothing to do
 * if command is empty. */
void notify_step(struct notify *n, const struct text_list *command);

/** notify_busy(n): is one running or waiting? */
bool notify_busy(const struct notify *n);

/** notify_free(n): end what runs. */
void notify_free(struct notify *n);

#endif
