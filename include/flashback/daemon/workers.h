// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_WORKERS_H
#define FLASHBACK_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/config.h"
#include "flashback/jobs/backup.h"
#include "flashback/lib/event.h"
#include "flashback/rsync/version.h"
#include "flashback/schedule/table.h"

/* The workers: which run starts, which must stop, and how each has ended. */

#define WORKERS_MAX 64 /* the largest `parallel` */

/** Why a run was stopped. */
enum workers_why {
	WORKERS_NO_REASON, /* it was not stopped */
	WORKERS_DAEMON_ENDS,
	WORKERS_WINDOW,
	WORKERS_SLICE,
	WORKERS_ROOM, /* the disk is filling up */
	WORKERS_GONE, /* the disk is absent */
	WORKERS_HANGS /* the disk does not answer */
};

struct workers_run {
	struct volume *volume; /* a reference, so that a reload does not affect a run; NULL: this
	                          slot is free */
	struct event_child child;
	int64_t started; /* clock_mono */
	bool reported;   /* the worker has sent its result: */
	struct backup_result result;
	enum workers_why why;
	int64_t kill_at; /* clock_mono; -1: not stopping, or already killed */
};

struct workers {
	struct table *table; /* stages and progress are shown in its rows */
	struct workers_run run[WORKERS_MAX];
	size_t at; /* the slot that workers_next reads next */
};

enum workers_news {
	WORKERS_NOTHING,
	WORKERS_CHANGED, /* what a row shows */
	WORKERS_ENDED
};

struct workers_event {
	struct table_row *row;         /* NULL: its volume is no longer in the table */
	const struct workers_run *run; /* of ENDED; valid until the next workers_start */
};

/** workers_active(w): the number of runs. */
unsigned workers_active(const struct workers *w);

/**
 * workers_start(w, slots, config, rsync):
 * Start QUEUED rows in the order of plan_compare, while addresses are free and fewer than slots
 * run.  A run whose process cannot be started has ended (workers_next).  Return whether any was
 * started.
 */
bool workers_start(struct workers *w, unsigned slots, const struct config *config,
                   const struct version *rsync);

/**
 * workers_next(w, e):
 * The next event of any run.  Call it until it returns WORKERS_NOTHING.  After WORKERS_ENDED the
 * slot is free, and the row is still RUNNING or ENDING.
 */
enum workers_news workers_next(struct workers *w, struct workers_event *e);

/** The input of workers_watch. */
struct workers_limits {
	int64_t now;    /* clock_wall */
	int32_t offset; /* local time, seconds east of UTC */
	unsigned parallel;
	int64_t slice;     /* seconds */
	int64_t last_wake; /* clock_wall of the wake before this one */
};

/**
 * workers_watch(w, limits):
 * Stop runs whose window has closed, and one that has used up its slice while another waits for its
 * slot or address; kill those that do not end in time.  Return whether any was stopped.
 */
bool workers_watch(struct workers *w, const struct workers_limits *limits);

/** workers_yielder(w, limits): the run that must give way to a waiting row; NULL: none. */
struct workers_run *workers_yielder(struct workers *w, const struct workers_limits *limits);

/**
 * workers_stop_largest(w): stop the run that has copied most because the disk is filling up; its
 * end may free enough.  Return whether one was stopped.
 */
bool workers_stop_largest(struct workers *w);

/** workers_stop(w, why): stop all runs. workers_kill(w): kill those that have not ended since. */
void workers_stop(struct workers *w, enum workers_why why);
void workers_kill(struct workers *w);

/**
 * workers_abandon(w): give up on runs that hang in the kernel; workers_next reports them as ended.
 */
void workers_abandon(struct workers *w);

#endif
