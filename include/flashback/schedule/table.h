// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TABLE_H
#define FLASHBACK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/rsync/verdict.h"
#include "flashback/store/result.h"
#include "flashback/store/summary.h"

/* The table of volumes, a row each: the configuration and the state.  The daemon changes it; plan
 * and report read it.  Core: no I/O. */

enum table_phase {
	TABLE_RESTING, /* not due, not allowed, or done */
	TABLE_PROBING, /* its host is being probed */
	TABLE_QUEUED,  /* its host answers: it waits for a slot and its address */
	TABLE_RUNNING, /* a worker runs */
	TABLE_ENDING   /* the worker was sent TERM */
};

enum table_event {
	TABLE_EVENT_PROBE,     /* due and allowed: its host is probed first */
	TABLE_EVENT_QUEUE,     /* due and allowed, without a host to probe */
	TABLE_EVENT_ANSWERED,  /* the host answers */
	TABLE_EVENT_SILENT,    /* the host does not answer, or its name is unknown */
	TABLE_EVENT_UNPROBED,  /* no permission to probe, or the prober failed: rsync finds out */
	TABLE_EVENT_NO_NET,    /* no network, or the lookup failed: the host is unknown */
	TABLE_EVENT_WITHDRAWN, /* no longer due, allowed or configured */
	TABLE_EVENT_STARTED,   /* a slot and the address were free: a worker runs */
	TABLE_EVENT_STOPPED,   /* the worker must stop */
	TABLE_EVENT_ENDED,     /* the worker has exited */
	TABLE_EVENTS
};

/** What a worker is doing. */
enum table_stage {
	TABLE_PREPARING,  /* lock, read the directory, salvage, `before` */
	TABLE_COMPARING,  /* the scan of a quick run */
	TABLE_COPYING,    /* rsync */
	TABLE_COMMITTING, /* sync, rename */
	TABLE_EXPIRING    /* expire, `after` */
};

struct table_row {
	struct volume *volume; /* a reference owned by the row */
	bool known;            /* seen has been filled in */
	struct summary seen;   /* its last run may be one that is not in the history */
	int64_t first_seen;    /* when the volume was first configured in this process; before
	                          CLOCK_RELEASE_DATE: noted by a wrong clock */

	enum table_phase phase;
	enum table_stage stage;
	struct output_progress progress;
	int64_t started; /* of the run in progress or the last one */

	bool fresh;       /* it succeeded since the last wake */
	bool again;       /* the last two runs have the same result and reason */
	int64_t retry_at; /* backoff: not before this instant; 0: none */
	bool yielded;     /* interrupted for another: goes behind all others in the queue */
	int percent;      /* progress of the interrupted run */

	int64_t silent_since;     /* not found since; 0: found */
	int64_t unresolved_since; /* its name does not resolve since; 0: it does */
	int64_t queued_since;     /* waits for a slot or address since; 0: not waiting */
	bool wanted;              /* an operand of --once: due or not */
	bool tried;               /* a run was started since the last wake */
	bool overdue;             /* as last reported */
	enum result notified;     /* the result last passed to notify; NONE: none yet */
	char *differs;            /* the reason of the last run that found files that differ from
	                             their source though size and time are the same; NULL: none */
	bool gone;                /* no longer in the config: dropped when the run ends */
};

struct table {
	struct table_row *row; /* in the order of the config, rows that are gone last */
	size_t n;
	struct table_row **by_id; /* the same rows, sorted by id, for table_find */
};

/**
 * table_update(table, volumes, n, now):
 * Make the table match a new config.  Rows of volumes that stay keep their state (matched by id);
 * new ones start RESTING with first_seen = now; others are dropped, or marked gone while a worker
 * runs.  Takes its own references.  This is the only way to fill a table; one that is all zero is
 * empty.  Pointers to rows are valid until the next table_update or table_drop_gone.  Return 0, or
 * -1 with ENOMEM and the table unchanged.
 */
int table_update(struct table *table, struct volume *const *volumes, size_t n, int64_t now);

/** table_find(table, id): the row, or NULL. */
struct table_row *table_find(struct table *table, const char *id);

/**
 * table_wake(table, now):
 * A wake begins: clear what holds only since the last one (tried, fresh).  Instants noted by a
 * wrong clock (before CLOCK_RELEASE_DATE, or ahead of now) count from now; a backoff longer than
 * possible ends.
 */
void table_wake(struct table *table, int64_t now);

/** table_drop_gone(table): drop the rows that are gone and no longer running. */
void table_drop_gone(struct table *table);

/**
 * table_see(row, seen):
 * Take over the summary of the volume's directory; its last run only if that began after the known
 * one.  Return whether it did.
 */
bool table_see(struct table_row *row, const struct summary *seen);

/**
 * table_result(row, result, fmt, ...):
 * Set a result without a run, with its reason.  Text from outside must have been escaped
 * (history_reason).
 */
void table_result(struct table_row *row, enum result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void table_free(struct table *table);

/**
 * table_next(from, event, to): look up a transition.  Return 0, or -1 when event cannot happen in
 * that phase.
 */
int table_next(enum table_phase from, enum table_event event, enum table_phase *to);

/**
 * table_move(row, event): change the phase of the row.  An event that cannot happen is a
 * programming error.
 */
void table_move(struct table_row *row, enum table_event event);

/** table_active(row): does it have a worker (RUNNING or ENDING)? */
bool table_active(const struct table_row *row);

#endif
