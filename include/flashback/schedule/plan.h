// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PLAN_H
#define FLASHBACK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/schedule/table.h"

/* Which volumes are due, in what order, and why others are not: pure functions of the table and the
 * time.  Core: no I/O. */

/** The state of the disk. */
enum plan_disk {
	PLAN_DISK_OK,
	PLAN_DISK_UNKNOWN,
	PLAN_DISK_ABSENT,
	PLAN_DISK_FULL,
	PLAN_DISK_BROKEN
};

/** The time and the state of the disk at a decision. */
struct plan_now {
	int64_t now;    /* seconds since the epoch */
	int32_t offset; /* local time, seconds east of UTC */
	int64_t wake;   /* seconds between wakes */
	enum plan_disk disk;
};

enum plan_cause {
	PLAN_RUN,      /* due and allowed */
	PLAN_NOT_DUE,  /* until at; 0: already tried, not before the next wake */
	PLAN_DISABLED, /* by its option, or no longer in the config */
	PLAN_CLOCK,    /* the clock is before the release date */
	PLAN_AHEAD,    /* a snapshot is ahead of the clock, until at */
	PLAN_DISK,     /* absent, full, broken: see plan_now.disk */
	PLAN_WINDOW,   /* due, but the window opens at `at` */
	PLAN_BACKOFF   /* failed: retried at the wake nearest to `at` */
};

struct plan_decision {
	enum plan_cause cause;
	int64_t at; /* the instant of the next start, as shown; if the window is closed then, the
	               instant when it opens; 0: unknown */
};

/**
 * plan_decide(row, when, out):
 * May this volume start now, and if not, why and until when?  A wanted row ignores due time, window
 * and backoff, but not the clock and the disk; once tried it is like any other.
 */
void plan_decide(const struct table_row *row, const struct plan_now *when,
                 struct plan_decision *out);

/**
 * plan_is_due(volume, seen, when):
 * Is the newest attempt that counts at least `every` old, less an allowance of min(wake,
 * every/10)/2? (Times are shown without the allowance.)  The worker calls this again with what it
 * has read.
 */
bool plan_is_due(const struct volume *volume, const struct summary *seen,
                 const struct plan_now *when);

/**
 * plan_compare(a, b, now):
 * <0 when row a runs before b: runs that flashback interrupted go last; then the most overdue in
 * proportion to `every` goes first; then by name.
 */
int plan_compare(const struct table_row *a, const struct table_row *b, int64_t now);

/**
 * plan_retry_at(seen, ended, wake, every):
 * The instant until which a volume waits after its last run, which ended at `ended`: 1, 2, 4 ...
 * wakes, at most every, after so many failures in a row; every after a full disk.  0: it does not
 * wait.
 */
int64_t plan_retry_at(const struct summary *seen, int64_t ended, int64_t wake, int64_t every);

/**
 * plan_overdue(row, now):
 * Is the newest complete or partial snapshot too old?  Without one the age counts from the first
 * line of the history, or else from first_seen.  Never true for a disabled volume or one that is no
 * longer in the config.
 */
bool plan_overdue(const struct table_row *row, int64_t now);

/**
 * plan_yields(running, waiting, now, slice, last_wake):
 * Must the running row give way?  Yes when it has run for longer than slice and is not about to
 * end, and the other has been queued since last_wake (the wake before this one) or longer.  The
 * caller must know that the other waits for this slot or address.
 */
bool plan_yields(const struct table_row *running, const struct table_row *waiting, int64_t now,
                 int64_t slice, int64_t last_wake);

/** The end of a run. */
struct plan_end {
	const struct history_run *run;
	const struct history_run *newest; /* the last run of the history; NULL: unknown */
	int percent;                      /* progress at its end */
	bool yielded;                     /* it was stopped for a waiting row */
};

/**
 * plan_settle(row, end, now, wake):
 * Make a run the last one of its volume and set when the volume may run again.  After a run that
 * was not due the last one is the newest of the history, made by another process.
 */
void plan_settle(struct table_row *row, const struct plan_end *end, int64_t now, int64_t wake);

/**
 * plan_adopt(row, seen, wake):
 * Take over the summary of the volume's directory.  Return true when its history has a newer run
 * than the row, made by another flashback.
 */
bool plan_adopt(struct table_row *row, const struct summary *seen, int64_t wake);

#endif
