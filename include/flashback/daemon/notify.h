// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_NOTIFY_H
#define FLASHBACK_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/lib/event.h"
#include "flashback/lib/text.h"
#include "flashback/schedule/table.h"

/* Changes of state: logged, and passed to the user's `notify` command, one call for each event, one
 * after the other. */

#define NOTIFY_WAITING                                                                             \
	100 /* events that may wait; more are dropped, and their number is logged                  \
	     */

/** A change of state. */
struct notify_event {
	const char
	    *event; /* "failed" "recovered" "overdue" "partial" "suspect" "disk" "config" "start" */
	const char *volume; /* HOST/VOLUME, or "" */
	const char *state;
	const char *reason;
};

struct notify {
	struct event_child child;
	struct text_list env[NOTIFY_WAITING]; /* the events that wait, each as an environment */
	size_t waiting;
	unsigned dropped;
	bool silent; /* another flashback has the pid file and notifies */
};

/** notify_add(n, event): queue a copy of the event. */
void notify_add(struct notify *n, const struct notify_event *event);

/**
 * notify_log_end(row, run, kind): log how a run has ended; kind is "quick ..." or "full ..." in
 * words, "" if rsync was not started.
 */
void notify_log_end(const struct table_row *row, const struct history_run *run, const char *kind);

/**
 * notify_end(n, row): queue the result of the last run, if it differs from the one last notified,
 * or if more files could not be read.
 */
void notify_end(struct notify *n, struct table_row *row);

/**
 * notify_overdue(n, table, now): log and queue which volumes have become overdue, or are so no
 * longer.  Return whether any has changed.
 */
bool notify_overdue(struct notify *n, struct table *table, int64_t now);

/**
 * notify_step(n, command): if the last command has ended, start the next.  An empty command
 * discards the queue.
 */
void notify_step(struct notify *n, const struct text_list *command);

/** notify_busy(n): is a command running, or an event waiting? */
bool notify_busy(const struct notify *n);

/** notify_free(n): kill the command that runs, and free. */
void notify_free(struct notify *n);

#endif
