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

/*
 * The table of volumes: a row each, what is configured beside what is known.  The daemon's
 * transitions change it; plan and report read it.  Core: no I/O.
 */

enum table_phase {
	TABLE_RESTING, /* not due, not allowed, or done */
	TABLE_ASKING,  /* its host is being probed */
	TABLE_QUEUED,  /* its host is there: waits for a slot and its address */
	TABLE_RUNNING, /* a worker is at it */
	TABLE_ENDING   /* the worker has been told to stop */
};

enum table_event {
	TABLE_EVENT_ASK,      /* due and allowed: its host is probed first */
	TABLE_EVENT_QUEUE,    /* due and allowed, and there is nothing to probe */
	TABLE_EVENT_ANSWERED, /* the host answers */
	TABLE_EVENT_SILENT,   /* it does not, or its name is unknown */
	TABLE_EVENT_UNASKED,  /* no permission to probe, the prober died or is late: rsync will tell
	                       */
	TABLE_EVENT_NO_NET,   /* no network, or the lookup failed: nothing is known */
	TABLE_EVENT_WITHDRAWN, /* no longer due, allowed or configured */
	TABLE_EVENT_STARTED,   /* a slot and the address were free: a worker runs */
	TABLE_EVENT_STOPPED,   /* the worker must stop */
	TABLE_EVENT_ENDED,     /* the worker has exited */
	TABLE_EVENTS
};

/** What a worker is doing. */
enum table_stage {
	TABLE_PREPARING,  /* lock, look, salvage, `before` */
	TABLE_COMPARING,  /* the scan of a quick run */
	TABLE_COPYING,    /* rsync */
	TABLE_COMMITTING, /* sync, rename */
	TABLE_EXPIRING    /* expire, `after` */
};

struct table_row {
	struct volume *volume; /* a reference of the row's own */
	bool known;            /* seen has been filled in */
	struct summary seen;   /* with the newest run, also one that is not in the history */
	int64_t first_seen;    /* since when the daemon knows of this volume; before
	                        * CLOCK_RELEASE_DATE: by a clock that was wrong */

	enum table_phase phase;
	enum table_stage stage;
	struct output_progress progress;
	int64_t started; /* of the run in progress or the last one */

	bool fresh;       /* it succeeded since the last wake */
	bool again;       /* the newest run ended like the one before, for the same reason */
	int64_t retry_at; /* backoff: not before this instant; 0: none */
	bool yielded;     /* interrupted by ourselves: behind all that are ready */
	int percent;      /* how far the interrupted run had got */

	int64_t silent_since;     /* NOT FOUND since; 0: it is not */
	int64_t unresolved_since; /* its name has not resolved since; 0: it has */
	int64_t queued_since;     /* waits for a slot or address since; 0: it does not */
	bool wanted;              /* an operand of --once: due or not */
	bool tried;               /* has started since the last wake */
	bool overdue;             /* as last told */
	enum result told;         /* the kind of result as last told to notify; NONE: nothing yet */
	bool gone;                /* left the config while running: dropped when the run ends */
};

struct table {
	struct table_row *row; /* in the order of the config; those that are gone come last */
	size_t n;
	struct table_row **by_id; /* the same, ascending by id: for table_find */
};

/**
 * table_update(table, volumes, n, now):
 * Make the table match a new config: rows of volumes that stay keep what is known (matched by id),
 * new ones begin RESTING with first_seen = now, those that left are dropped, or marked gone while a
 * worker is at them.  Takes references of its own.  The only way to fill a table; one that is all
 * zero is empty.  Pointers to rows are good until the next table_update or table_drop_gone.
 * Return 0, or -1 with ENOMEM and the table as it was.
 */
int table_update(struct table *table, struct volume *const *volumes, size_t n, int64_t now);

/** table_find(table, id): the row, or NULL. */
struct table_row *table_find(struct table *table, const char *id);

/**
 * table_wake(table, now):
 * A wake begins: nothing has been tried or has succeeded since.  What was noted by a clock that was
 * wrong (before CLOCK_RELEASE_DATE, ahead of now) counts from now; a backoff longer than any is
 * over.
 */
void table_wake(struct table *table, int64_t now);

/** table_drop_gone(table): drop the rows that are gone and no longer running. */
void table_drop_gone(struct table *table);

/**
 * table_see(row, seen):
 * Take over what was seen in the volume's directory, its last run only if that began after the one
 * that is known.  Return whether it did.
 */
bool table_see(struct table_row *row, const struct summary *seen);

/**
 * table_say(row, result, fmt, ...):
 * No run was made, for this reason: that is its last result now.  Words from outside have been
 * escaped (history_say).
 */
void table_say(struct table_row *row, enum result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void table_free(struct table *table);

/** table_next(from, event, to): the transitions of a volume.  Return 0, or -1 when event cannot
 * happen in that phase. */
int table_next(enum table_phase from, enum table_event event, enum table_phase *to);

/** table_move(row, event): take the row there.  An event that cannot happen is a bug of ours. */
void table_move(struct table_row *row, enum table_event event);

/** table_active(row): is a worker at it (RUNNING or ENDING)? */
bool table_active(const struct table_row *row);

#endif
