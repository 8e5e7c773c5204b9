// SPDX-License-Identifier: ISC
#include "happen.h"

#include <string.h>

#include "check.h"
#include "machine.h"
#include "person.h"
#include "process.h"
#include "promise.h"
#include "sim.h"
#include "world.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define LOOK_MS (6 * HOUR_MS) /* how often the promises are looked at */

static struct {
	bool calm;
	int64_t since, until; /* mono, of this weather */
	int64_t next, look;   /* mono: the next thing, the next look at the promises */
	unsigned looks;
} weather;

static struct world_volume *
any_volume(void)
{
	return &world()->volume[sim_roll((int64_t)world()->volumes)];
}

static struct world_host *
any_host(void)
{
	return &world()->host[sim_roll((int64_t)world()->hosts)];
}

/* ---- hosts and sources ---- */

static void
host_comes_or_goes(void)
{
	struct world_host *h = any_host();

	h->up = !h->up;
	h->known = h->up || h->known;
	sim_say("%s is %s", h->name, h->up ? "there" : "gone");
}

static void
host_unknown(void)
{
	struct world_host *h = any_host();

	h->known = !h->known;
	sim_say("the name %s is %s", h->name, h->known ? "known" : "unknown");
}

static void
host_troubled(void)
{
	struct world_host *h = any_host();

	h->trouble = (enum world_trouble)sim_roll(WORLD_TROUBLES);
	h->way = (size_t)sim_roll(100);
	sim_say("%s is in trouble %d, way %zu", h->name, h->trouble, h->way);
}

static void
host_well(void)
{
	any_host()->trouble = WORLD_FINE;
}

static void
network_changes(void)
{
	world()->network = !world()->network;
	sim_say("the network %s", world()->network ? "is back" : "is down");
}

static void
source_changes(void)
{
	struct world_volume *v = any_volume();

	if (v->empty_until != 0)
		return;
	v->source = sim_chance(1, 2) ? WORLD_THERE : (enum world_source)sim_roll(4);
	sim_say("the source of %s is %d", v->id, v->source);
}

static void
source_emptied_for_long(void)
{
	struct world_volume *v = any_volume();
	struct process *p = process_next(NULL);

	while (p != NULL && (p->volume == NULL || strcmp(p->volume->id, v->id) != 0))
		p = process_next(p);
	if (v->every <= 24 && v->empty_until == 0 && p == NULL)
		promise_empty(v);
}

static void
source_cleaned(void)
{
	struct world_volume *v = any_volume();

	sim_say("most of %s is deleted on purpose", v->id);
	world_delete_most(v);
}

static void
before_says(void)
{
	static const int says[] = {0, 0, 75, 1};

	any_volume()->before_says = says[sim_roll(4)];
}

/* ---- people ---- */

static void
person_at_work(void)
{
	static void (*const acts[])(struct world_volume *) = {
	    person_accepts, person_accepts, person_rejects, person_pins,
	    person_removes, person_removes, person_adds,    person_mends};

	acts[sim_roll(sizeof(acts) / sizeof(acts[0]))](any_volume());
	if (sim_chance(2, 3))
		machine_again();
}

static void
person_impatient(void)
{
	if (sim_chance(1, 2))
		machine_wake();
	else
		machine_again();
}

static void
config_edited(void)
{
	struct world_volume *v = any_volume();

	switch (sim_roll(6)) {
	case 0:
		v->keep[sim_roll(WORLD_KEEPS)] = (unsigned)sim_range(1, 8);
		break;
	case 1:
		v->keep[2] = (unsigned)sim_range(1, 3);
		break;
	case 2:
		v->excludes++;
		break;
	case 3:
		v->configured = !v->configured;
		v->since = sim_mono();
		break;
	case 4:
		v->disabled = !v->disabled;
		v->since = sim_mono();
		break;
	default:
		world()->parallel = (unsigned)sim_range(1, 3);
		break;
	}
	sim_say("the config is edited, %s", v->id);
	world_edited();
}

static void
config_broken(void)
{
	/* While it is broken, flashback could not start. */
	world_break_config(!world()->broken_config && machine_up() &&
	                   machine_since() < sim_mono() - HOUR_MS);
	sim_say("the config is %s", world()->broken_config ? "broken" : "good");
}

/* ---- disk, clock, machine ---- */

static void
drive_goes(void)
{
	sim_say("the disk goes away");
	drive_set(false, DRIVE_GOOD, drive_blocks());
}

static void
drive_comes(void)
{
	drive_set(true, DRIVE_GOOD, drive_blocks());
}

static void
drive_fails(void)
{
	sim_say("the disk fails");
	if (sim_chance(1, 2))
		drive_fail_sync();
	else
		drive_set(true, sim_chance(1, 2) ? DRIVE_READ_ONLY : DRIVE_BROKEN, drive_blocks());
}

static void
drive_fills(void)
{
	int64_t left = sim_roll(60);

	sim_say("%lld blocks of the disk are left", (long long)left);
	drive_set(drive_mounted(), DRIVE_GOOD, drive_used() + left);
}

static void
drive_empties(void)
{
	drive_set(drive_mounted(), DRIVE_GOOD, drive_used() * 2 + 200);
}

static void
clock_jumps(void)
{
	static const int64_t jumps[] = {366 * SIM_DAY, SIM_HOUR, 20 * SIM_HOUR, 40 * SIM_HOUR,
	                                -2 * SIM_HOUR};

	sim_set_clock(sim_true() + jumps[sim_roll(5)]);
}

static void
clock_right(void)
{
	sim_set_clock(-1);
}

static void
worker_killed(void)
{
	struct process *p = sim_chance(1, 2) ? machine_worker() : machine_rsync();

	if (p != NULL)
		machine_kill_one(p);
}

static void
power_fails(void)
{
	machine_power_cut(NULL);
}

/* In the middle of what the next run, or the sweeper, does. */
static void
doom(void)
{
	static void (*const acts[])(struct process *) = {machine_kill_one, machine_kill_daemon,
	                                                 machine_kill_all, machine_power_cut,
	                                                 machine_power_cut};

	drive_doom((int)sim_range(1, 90), acts[sim_roll(5)]);
}

static const struct {
	int weight;
	void (*act)(void);
} things[] = {
    {12, host_comes_or_goes},
    {2, host_unknown},
    {8, host_troubled},
    {8, host_well},
    {2, network_changes},
    {8, source_changes},
    {1, source_emptied_for_long},
    {1, source_cleaned},
    {2, before_says},
    {8, person_at_work},
    {3, person_impatient},
    {6, config_edited},
    {1, config_broken},
    {2, drive_goes},
    {6, drive_comes},
    {2, drive_fails},
    {2, drive_fills},
    {2, drive_empties},
    {2, clock_jumps},
    {4, clock_right},
    {2, machine_stop},
    {2, machine_kill},
    {3, worker_killed},
    {2, power_fails},
    {10, doom},
};

#define THINGS (sizeof(things) / sizeof(things[0]))

static void
let_something_happen(void)
{
	int64_t sum = 0, pick;
	size_t i = 0;

	for (size_t j = 0; j < THINGS; j++)
		sum += things[j].weight;
	pick = sim_roll(sum);
	while (pick >= things[i].weight)
		pick -= things[i++].weight;
	things[i].act();
}

/* ---- the weather ---- */

static void
mend_all(void)
{
	for (size_t i = 0; i < world()->hosts; i++) {
		world()->host[i].up = world()->host[i].known = true;
		world()->host[i].trouble = WORLD_FINE;
	}
	for (size_t i = 0; i < world()->volumes; i++) {
		struct world_volume *v = &world()->volume[i];

		v->before_says = 0;
		if (v->empty_until == 0)
			v->source = WORLD_THERE;
		if (sim_chance(2, 3))
			person_mends(v);
	}
	world()->network = true;
	world_break_config(false);
	drive_set(true, DRIVE_GOOD, drive_used() * 2 + 4000);
	sim_set_clock(-1);
	drive_doom(0, NULL);
	machine_again();
}

static void
change_weather(void)
{
	weather.calm = !weather.calm;
	weather.since = sim_mono();
	weather.until = sim_mono() + sim_range(5, 40) * DAY_MS;
	if (weather.calm) {
		mend_all();
		weather.until = sim_mono() + sim_range(12, 20) * DAY_MS;
	}
	sim_say("---- %s ----", weather.calm ? "calm" : "storm");
}

/* In calm weather people look at what is suspect, and accept it. */
static void
look_at_suspects(void)
{
	for (size_t i = 0; i < world()->volumes; i++) {
		struct world_volume *v = &world()->volume[i];

		if (v->empty_until == 0 && v->source == WORLD_THERE)
			person_accepts(v);
	}
	machine_again();
}

static void
look(void)
{
	weather.look = sim_mono() + LOOK_MS;
	for (size_t i = 0; i < world()->volumes; i++) {
		struct world_volume *v = &world()->volume[i];

		if (v->empty_until != 0 && sim_mono() >= v->empty_until)
			promise_empty_over(v);
	}
	if (weather.calm && ++weather.looks % 4 == 0)
		look_at_suspects();
	if (sim_chance(1, 20))
		check_disk();
	promise_check(weather.calm ? weather.since : -1);
}

int64_t
happen_next(void)
{
	int64_t next = weather.next < weather.look ? weather.next : weather.look;

	if (machine_restart_at() >= 0 && machine_restart_at() < next)
		next = machine_restart_at();
	return next < weather.until ? next : weather.until;
}

void
happen(void)
{
	machine_check();
	if (machine_restart_at() >= 0 && machine_restart_at() <= sim_mono()) {
		world_break_config(false);
		machine_start();
	}
	if (sim_mono() >= weather.until)
		change_weather();
	if (sim_mono() >= weather.look)
		look();
	if (sim_mono() < weather.next)
		return;
	/* Now and then one thing comes on top of the other. */
	weather.next = sim_mono() +
	               (sim_chance(1, 4) ? sim_range(1, 120) * 1000 : sim_range(10, 1200) * 60000);
	if (!weather.calm)
		let_something_happen();
}

void
happen_begin(void)
{
	machine_start();
	weather.calm = sim_chance(1, 2);
	weather.until = sim_range(10, 20) * DAY_MS;
	weather.next = HOUR_MS;
	weather.look = LOOK_MS;
}
