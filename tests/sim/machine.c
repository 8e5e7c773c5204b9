// SPDX-License-Identifier: ISC
#include "machine.h"

#include <signal.h>
#include <stdlib.h>

#include "flashback/daemon/daemon.h"

#include "check.h"
#include "drive.h"
#include "promise.h"
#include "sim.h"

#define MINUTE_MS 60000
#define LONGEST_END_MS                                                                             \
	40000 /* of a daemon that is told to end: promised are 15 s, and it may be late */

static struct {
	int pid;
	bool ended; /* by itself */
	int status;
	int64_t told_at;    /* mono: told to end; -1: not */
	int64_t restart_at; /* mono; -1: it runs */
	int64_t since;      /* mono of its last start */
	unsigned starts, cuts;
} machine = {.told_at = -1, .restart_at = -1};

static int
main_of_daemon(void *arg)
{
	static const struct daemon_options options = {.config_file = "/etc/flashback.conf"};

	(void)arg;
	machine.status = daemon_run(&options);
	machine.ended = true;
	return machine.status << 8;
}

static struct process *
daemon_of(void)
{
	return process_find(machine.pid);
}

bool
machine_up(void)
{
	return machine.restart_at < 0 && machine.told_at < 0;
}

int64_t
machine_since(void)
{
	return machine.since;
}

void
machine_start(void)
{
	sim_say("flashback is started");
	machine.ended = false;
	machine.told_at = machine.restart_at = -1;
	machine.since = sim_mono();
	machine.starts++;
	machine.pid = process_start(PROCESS_DAEMON, main_of_daemon, NULL)->pid;
	promise_begin();
}

void
machine_check(void)
{
	if (machine.restart_at >= 0)
		return;
	if (machine.ended && machine.told_at < 0)
		sim_broken("the daemon has ended by itself, with status %d", machine.status);
	if (machine.ended && machine.status != 0)
		sim_broken("the daemon was told to end, and did with status %d", machine.status);
	/* One that is told before it reads signals is ended by that. */
	if (machine.ended || (machine.told_at >= 0 && daemon_of() == NULL))
		machine_restart_in(sim_range(0, 10 * MINUTE_MS));
	else if (machine.told_at >= 0 && sim_mono() > machine.told_at + LONGEST_END_MS)
		sim_broken("the daemon was told to end, and does not");
}

int64_t
machine_restart_at(void)
{
	return machine.restart_at;
}

void
machine_restart_in(int64_t ms)
{
	machine.restart_at = sim_mono() + ms;
	machine.told_at = -1;
}

void
machine_stop(void)
{
	struct process *p = daemon_of();

	if (p == NULL || machine.told_at >= 0)
		return;
	sim_say("flashback is told to stop");
	machine.told_at = sim_mono();
	process_term(p);
}

void
machine_kill(void)
{
	struct process *p = daemon_of();

	if (p == NULL)
		return;
	sim_say("flashback is killed");
	machine.cuts++;
	process_kill(p, SIGKILL);
	machine_restart_in(sim_chance(1, 2) ? 100 : sim_range(1, 10) * MINUTE_MS);
}

void
machine_wake(void)
{
	struct process *p = daemon_of();

	if (p == NULL)
		return;
	p->pending.wake = true;
	process_wake(p);
}

void
machine_again(void)
{
	struct process *p = daemon_of();

	if (p == NULL)
		return;
	promise_again();
	p->pending.again = true;
	process_wake(p);
}

void
machine_kill_one(struct process *p)
{
	sim_say("process %d is killed", p->pid);
	machine.cuts++;
	process_kill(p, SIGKILL);
}

void
machine_kill_daemon(struct process *p)
{
	(void)p;
	machine_kill();
}

static void
end_all(void)
{
	struct process *p = daemon_of();

	/* Whoever is the parent goes first, so that nobody is told. */
	while (p != NULL) {
		process_kill(p, SIGKILL);
		p = process_next(NULL);
		while (p != NULL && p->ended)
			p = process_next(p);
	}
}

void
machine_kill_all(struct process *p)
{
	(void)p;
	sim_say("flashback and all that it started are killed");
	machine.cuts++;
	end_all();
	machine_restart_in(sim_range(0, 10) * MINUTE_MS);
}

void
machine_power_cut(struct process *p)
{
	(void)p;
	sim_say("the power fails");
	machine.cuts++;
	end_all();
	drive_power_cut();
	check_disk();
	if (sim_chance(1, 5))
		sim_set_clock(sim_range(0, SIM_DAY)); /* no battery: it is 1970 again */
	machine_restart_in(sim_range(1, 60) * MINUTE_MS);
}

static struct process *
find(enum process_kind kind)
{
	struct process *found = NULL;
	int n = 0;

	for (struct process *p = process_next(NULL); p != NULL; p = process_next(p))
		if (p->kind == kind && !p->ended && sim_roll(++n) == 0)
			found = p;
	return found;
}

struct process *
machine_rsync(void)
{
	return find(PROCESS_RSYNC);
}

struct process *
machine_worker(void)
{
	return find(PROCESS_WORKER);
}

unsigned
machine_starts(void)
{
	return machine.starts;
}

unsigned
machine_cuts(void)
{
	return machine.cuts;
}
