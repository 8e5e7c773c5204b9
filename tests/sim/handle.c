// SPDX-License-Identifier: ISC
#include "drive.h"

#include <stdlib.h>

#include "sim.h"

/* Descriptors of pretend, and the steps at which a run may be cut. */

#define HANDLES 256
#define FIRST_FD 100000000 /* far above all real ones, and those of pipes */

static struct {
	struct drive_handle handle[HANDLES];
	int steps; /* until act */
	void (*act)(struct process *);
} table;

static int
open_tree(struct process *owner, struct drive_dir *dir, const struct stamp *s, bool lock)
{
	for (int i = 0; i < HANDLES; i++) {
		struct drive_handle *h = &table.handle[i];

		if (h->owner != NULL)
			continue;
		*h = (struct drive_handle){.owner = owner,
		                           .dir = dir,
		                           .tree = *s,
		                           .mount = drive_mount(),
		                           .locked = lock,
		                           .errors = drive_errors_told()};
		if (lock)
			dir->holders++;
		return FIRST_FD + i;
	}
	abort();
}

int
drive_open(struct process *owner, struct drive_dir *dir, bool lock)
{
	return open_tree(owner, dir, &(struct stamp){.when = 0}, lock);
}

int
drive_open_tree(struct process *owner, struct drive_dir *dir, const struct stamp *s)
{
	return open_tree(owner, dir, s, false);
}

struct drive_handle *
drive_handle(int fd)
{
	int i = fd - FIRST_FD;

	return i >= 0 && i < HANDLES && table.handle[i].owner != NULL ? &table.handle[i] : NULL;
}

void
drive_close(struct drive_handle *h)
{
	if (h->locked && h->mount == drive_mount())
		h->dir->holders--;
	free(h->stamps);
	free(h->own_runs);
	drive_drop_history(h->history);
	*h = (struct drive_handle){.owner = NULL};
}

void
drive_let_go(const struct process *p)
{
	for (int i = 0; i < HANDLES; i++)
		if (table.handle[i].owner == p)
			drive_close(&table.handle[i]);
}

void
drive_doom(int steps, void (*act)(struct process *))
{
	table.steps = steps;
	table.act = act;
}

void
drive_step(void)
{
	const struct process *p = process_self();

	if (p == NULL)
		return;
	if (table.act != NULL && (p->kind == PROCESS_WORKER || p->kind == PROCESS_SWEEPER) &&
	    --table.steps <= 0) {
		void (*act)(struct process *) = table.act;

		table.act = NULL;
		process_stop_here(act);
	}
	if (sim_chance(1, 50))
		process_wait(sim_mono());
}
