// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PLAN_H
#define FLASHBACK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/schedule/table.h"

/*
 * What is due, in what order, and why not: pure functions of the table and the time.
 * Core: no I/O.
 */

/** What the disk is fit for. */
enum plan_disk {
	PLAN_DISK_OK,
	PLAN_DISK_UNKNOWN,
	PLAN_DISK_ABSENT,
	PLAN_DISK_FULL,
	PLAN_DISK_BROKEN
};

/** The time and the circumstances of a decision. */
struct plan_now {
	int64_t now;    /* seconds since the epoch */
	int32_t offset; /* local time, seconds east of UTC */
	int64_t wake;   /* seconds between wakes */
	enum plan_disk disk;
};

enum plan_cause {
	PLAN_RUN,      /* due and allowed */
	PLAN_NOT_DUE,  /* until at; 0: has been tried, not before the next wake */
	PLAN_DISABLED, /* by its option, or it left the config */
	PLAN_CLOCK,    /* the clock is before the release date */
	PLAN_AHEAD,    /* a snapshot is ahead of the clock, until at */
	PLAN_DISK,     /* absent, full, broken: see plan_now.disk */
	PLAN_WINDOW,   /* due, but its window opens at at */
	PLAN_BACKOFF   /* failed: again at the wake nearest to at */
};

struct plan_decision {
	enum plan_cause cause;
	int64_t at; /* the instant of the next start as people are shown it: of the opening of the
	             * window when that is closed then; 0: unknown */
};

/**
 * plan_decide(row, when, out):
 * May this volume start now, and if not, why and until when?  A wanted row waits neither until it
 * is due nor for its window or backoff, but for clock and disk like any other; once it has been
 * tried it is like any other.
 */
void plan_decide(const struct table_row *row, const struct plan_now *when,
                 struct plan_decision *out);

/**
 * plan_is_due(volume, seen, when):
 * Is the newest attempt that counts `every` old, less min(wake, every/10)/2?  (People are shown the
 * time without that allowance.)  The worker asks again with what it found.
 */
bool plan_is_due(const struct volume *volume, const struct summary *seen,
                 const struct plan_now *when);

/**
 * plan_compare(a, b, now):
 * <0 when row a goes before b: what we interrupted ourselves goes last, then the most overdue in
 * proportion to `every` first, then by name.
 */
int plan_compare(const struct table_row *a, const struct table_row *b, int64_t now);

/**
 * plan_backoff(failures, wake, every):
 * Seconds to wait after so many failures in a row: 1, 2, 4 ... wakes, at most every.
 */
int64_t plan_backoff(unsigned failures, int64_t wake, int64_t every);

/**
 * plan_retry_at(seen, ended, wake, every):
 * Until when does a volume wait whose last run ended then, because that failed or found no room?
 * 0: it does not.
 */
int64_t plan_retry_at(const struct summary *seen, int64_t ended, int64_t wake, int64_t every);

/**
 * plan_overdue(row, now):
 * Is its newest complete or partial snapshot (or else the first line of its history, or else the
 * moment we first knew of it) too old?  Never for a disabled volume or one that left the config.
 */
bool plan_overdue(const struct table_row *row, int64_t now);

/**
 * plan_yields(running, waiting, now, slice, last_wake):
 * Must the running row give way?  Yes when it is at work (not about to end) for longer than slice
 * and the other is queued since last_wake, the wake before this one, or longer.  Whether the other
 * waits for just this slot or address is for the caller to know.
 */
bool plan_yields(const struct table_row *running, const struct table_row *waiting, int64_t now,
                 int64_t slice, int64_t last_wake);

/** How a run has ended. */
struct plan_end {
	const struct history_run *run;
	const struct history_run *newest; /* the last one of the history; NULL: not known */
	int percent;                      /* how far it got */
	bool yielded;                     /* it was stopped for one that waited */
};

/**
 * plan_settle(row, end, now, wake):
 * A run becomes the last one of its volume, and says when that may run again.  One that was not due
 * leaves the newest one of the history, which somebody else has made.
 */
void plan_settle(struct table_row *row, const struct plan_end *end, int64_t now, int64_t wake);

/**
 * plan_adopt(row, seen, wake):
 * Take over what has been read of the volume's directory.  Return true when its history has a run
 * that is newer than those known, which another flashback has made.
 */
bool plan_adopt(struct table_row *row, const struct summary *seen, int64_t wake);

#endif
