// SPDX-License-Identifier: ISC
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"

/* The machine that flashback runs on, and the ways in which programs on it end. */

/** machine_start(): start the daemon. */
void machine_start(void);

/** machine_up(): does the daemon run?  machine_since(): mono of its last start.
 * machine_check(): if it has ended, it was told to. */
bool machine_up(void);
int64_t machine_since(void);
void machine_check(void);

/** machine_restart_at(): mono of when the daemon is started again; -1: it runs.
 * machine_restart_in(ms): not then, but in so many. */
int64_t machine_restart_at(void);
void machine_restart_in(int64_t ms);

/** The daemon is told to end; killed. */
void machine_stop(void);
void machine_kill(void);

/** Signals: wake now, and read everything again. */
void machine_wake(void);
void machine_again(void);

/** Ends that may come at any step of a run; p: who is at that step. */
void machine_kill_one(struct process *p);
void machine_kill_daemon(struct process *p);
void machine_kill_all(struct process *p);
void machine_power_cut(struct process *p);

/** machine_rsync(): one that is at work, NULL when there is none.  machine_worker(): the same. */
struct process *machine_rsync(void);
struct process *machine_worker(void);

/** How often it was started, and cut off. */
unsigned machine_starts(void);
unsigned machine_cuts(void);

#endif
