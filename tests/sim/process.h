// SPDX-License-Identifier: ISC
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/conf.h"
#include "flashback/config/volume.h"
#include "flashback/lib/event.h"

/*
 * Pretend processes: each runs the product's own code on a stack of its own until it waits, and may
 * be killed wherever it waits or touches the disk.  Which of those that can go on does is up to the
 * dice.  What a killed one had allocated is lost: a simulation is short.
 */

enum process_kind {
	PROCESS_DAEMON,
	PROCESS_WORKER,
	PROCESS_LOOKER,
	PROCESS_SWEEPER,
	PROCESS_PROBER,
	PROCESS_RSYNC
};

/** What a process has done to snapshots so far, for the checks. */
struct process_deeds {
	unsigned expired;            /* snapshots, of the volume below */
	const struct volume *volume; /* where they were */
	bool completed, partial;     /* has made a complete, a partial snapshot */
	bool full;                   /* has found the disk full */
	bool judged;                 /* has come as far as a line in the history */
};

struct process {
	int pid;
	enum process_kind kind;
	struct process *parent;       /* NULL: it has died, or is the machine itself */
	const struct volume *volume;  /* of a worker or an rsync */
	const struct config *config;  /* of a worker or the sweeper */
	bool careful;                 /* it reads its signals: TERM does not end it */
	struct event_signals pending; /* signals */
	bool ended;
	int status;
	char *pipe; /* what it has sent and nobody has read yet */
	size_t pipe_len, pipe_max;
	int64_t began; /* mono */
	struct process_deeds deeds;
	struct process_inside *inside;
};

/**
 * process_start(kind, body, arg): a child of the running process (of the machine, outside of all
 * processes).  body(arg) is its status as from waitpid.
 */
struct process *process_start(enum process_kind kind, int (*body)(void *), void *arg);

/** process_self(): the running one; NULL outside. */
struct process *process_self(void);

/** process_find(pid): NULL when there is none.  process_next(p): all of them, from NULL to NULL. */
struct process *process_find(int pid);
struct process *process_next(struct process *p);

/** process_wait(until): let others go on until this mono (-1: for ever) or process_wake. */
void process_wait(int64_t until);
void process_wake(struct process *p);

/** process_kill(p, status): KILL, not to the running one; its children get TERM.
 * process_term(p): TERM. */
void process_kill(struct process *p, int status);
void process_term(struct process *p);

/** process_forget(p): the parent has reaped it, or no longer cares. */
void process_forget(struct process *p);

/** process_stop_here(act): the running process goes no further: act is called with it from outside,
 * and should kill it. */
void process_stop_here(void (*act)(struct process *));

/** process_run(until): let all go on until this mono. */
void process_run(int64_t until);

#endif
