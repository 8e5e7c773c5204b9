// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DAEMON_H
#define FLASHBACK_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "flashback/config/conf.h"
#include "flashback/daemon/notify.h"
#include "flashback/jobs/inspect.h"
#include "flashback/jobs/probe.h"
#include "flashback/lib/event.h"
#include "flashback/report/status.h"
#include "flashback/rsync/argv.h"
#include "flashback/schedule/table.h"

/*
 * The daemon: one process that schedules, and never touches the disk.  wake.c decides and asks,
 * disk.c knows the disk, workers.c starts workers and hears them, publish.c writes the two files,
 * notify.c tells of changes; this is the state that they share, and the loop.
 */

#define DAEMON_WORKERS 64 /* the largest `parallel` */

/** What daemon_run returns.  The last two are for --once: a run ended as anything but SUCCEEDED;
 * one could not be done now (EX_TEMPFAIL, as in sysexits.h). */
enum daemon_exit {
	DAEMON_GOOD = 0,
	DAEMON_CANNOT_START = 1,
	DAEMON_WENT_WRONG = 2,
	DAEMON_NOT_NOW = 75
};

/** Why a run was told to stop. */
enum daemon_why {
	DAEMON_RUNNING,
	DAEMON_ENDS,
	DAEMON_WINDOW,
	DAEMON_SLICE,
	DAEMON_ROOM, /* the disk is filling up */
	DAEMON_DISK, /* the disk is gone */
	DAEMON_HANGS /* it does not answer */
};

/** A run: a worker and what it has said. */
struct daemon_work {
	struct event_child child; /* pid 0: this slot is free */
	struct volume *volume;    /* a reference of its own: a reload does not disturb a run */
	int64_t started;          /* clock_mono */
	bool told;                /* it has told how it ended, which is: */
	struct history_run run;
	int percent;
	struct history_run newest; /* what the history ends with, after NOTDUE */
	enum daemon_why why;
	int64_t kill_at; /* clock_mono; -1: it need not end, or has been killed */
};

/** The hosts that the prober has been given. */
struct daemon_asked {
	struct text_list addresses; /* by number, and so are the next two */
	struct probe_hosts hosts;
	bool *answered;
	bool failed; /* one of them could not be asked */
};

struct daemon_options {
	const char *config_file;
	bool once, verbose;
	struct text_list wanted; /* operands: HOST or HOST/VOLUME */
};

struct daemon {
	const struct daemon_options *options;
	struct config *config;
	char *config_error; /* the first error of a config that broke; NULL: it is good */
	struct table table;
	int signals;
	int pid_fd;     /* -1: another flashback has the pid file, and we write no files */
	bool ending;    /* TERM has come */
	int64_t end_at; /* clock_mono: by then all children are killed */

	struct event_child looker, prober, sweeper;
	int64_t look_until, probe_until; /* clock_mono: when they are late */
	int64_t hangs_since; /* clock_mono: since when no look has had an answer; 0: the last had */
	struct daemon_asked asked;
	struct daemon_work work[DAEMON_WORKERS];

	struct inspect_disk disk;
	enum plan_disk disk_state;
	char disk_reason[256];
	char store_id[MARKER_ID_SIZE]; /* of the store last seen */
	bool look_told;                /* the looker has told of the disk */
	bool look_volumes;             /* the next look reads all volumes, */
	bool looking_at_volumes;       /* ... and this one does */
	bool look_again;               /* ... and of some could not tell: the next wake does too */
	bool doubt;                    /* a run met trouble with the disk: look at it soon */
	bool decide_again;             /* a wake came while the prober was at work */
	bool waking;                   /* a wake has begun and waits for its look */
	bool sweep, reclaim;           /* there is work for the sweeper, */
	bool clearing;                 /* ... and what it frees is wanted by those who wait */

	int64_t next_wake;  /* clock_mono */
	int64_t ahead;      /* of clock_mono is clock_wall, in seconds, at this wake */
	int64_t last_wake;  /* clock_wall of the wake before this one, */
	int64_t this_wake;  /* ... and of this one */
	int64_t next_room;  /* clock_mono: look at the free space again */
	int64_t next_write; /* clock_mono: write the two files again */
	bool dirty;         /* something has changed that they show */
	bool ready;         /* the service manager has been told */
	bool cannot_ask;    /* hosts could not be asked, which has been said */
	char *write_error;  /* why they could not be written, as last said; NULL: they were */

	struct version rsync;
	struct stat rsync_file;       /* the program of which that was the version */
	struct text_list held;        /* options whose change waits for a restart, in words */
	struct text_list standing;    /* what is wrong with the way that we run */
	struct text_list seen;        /* warnings of the last look, */
	struct text_list seen_logged; /* ... and those that have been logged */
	struct text_list warnings;    /* both, with those of the volumes: what is shown */
	struct text_list trouble;     /* "ID: words": what could not be removed, */
	struct text_list trouble_now; /* ... and what the sweeper at work has met so far */
	struct notify notify;
	int exit_status; /* of --once */
};

/** daemon_run(options): until it is told to end, or one wake.  Return the exit status. */
int daemon_run(const struct daemon_options *options);

#endif
