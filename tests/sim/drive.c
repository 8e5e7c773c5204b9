// SPDX-License-Identifier: ISC
#include "drive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define WRITTEN_BACK 60000 /* milliseconds after which a change of names has reached the disk */

static struct {
	struct drive_dir **dir;
	size_t n, max;
	bool away, sync_fails;
	enum drive_mode mode;
	unsigned errors, told; /* in writing; of those some descriptor was told */
	unsigned mount, boot;  /* how often it has been mounted, the machine been started */
	int64_t blocks, used;
	int64_t since; /* mono, of its last change */
} drive = {.mount = 1, .boot = 1};

/* ---- the disk as a whole ---- */

bool
drive_is_good(void)
{
	return !drive.away && drive.mode == DRIVE_GOOD;
}

int64_t
drive_since(void)
{
	return drive.since;
}

bool
drive_mounted(void)
{
	return !drive.away;
}

int64_t
drive_blocks(void)
{
	return drive.blocks;
}

int64_t
drive_used(void)
{
	return drive.used;
}

unsigned
drive_boot(void)
{
	return drive.boot;
}

unsigned
drive_mount(void)
{
	return drive.mount;
}

void
drive_fail_sync(void)
{
	drive.since = sim_mono();
	drive.sync_fails = true;
}

int
drive_may(const struct drive_handle *h, bool write)
{
	if (drive.away || h->mount != drive.mount || drive.mode == DRIVE_BROKEN) {
		errno = EIO;
		return -1;
	}
	if (write && drive.mode == DRIVE_READ_ONLY) {
		errno = EROFS;
		return -1;
	}
	return 0;
}

/* The pages that could not be written are dropped: what is read later is not what was written. */
static void
settle_tree(struct drive_tree *t, bool failed)
{
	if (!t->dirty)
		return;
	for (size_t i = 0; i < t->n; i++) {
		struct drive_inode *inode = t->entry[i].inode;

		inode->torn |= failed && inode->dirty;
		inode->dirty = false;
		t->entry[i].dirty = false;
	}
	t->dirty = false;
}

void
drive_settle(struct drive_tree *t)
{
	settle_tree(t, false);
}

unsigned
drive_errors_told(void)
{
	return drive.told;
}

int
drive_sync(struct drive_handle *h)
{
	bool failed = drive.sync_fails || drive.away || drive.mode == DRIVE_BROKEN;

	drive.sync_fails = false;
	drive.errors += failed;
	for (size_t i = 0; i < drive.n; i++) {
		for (size_t j = 0; j < drive.dir[i]->n; j++)
			settle_tree(drive.dir[i]->tree[j], failed && drive.dir[i] == h->dir);
		drive_sync_names(drive.dir[i]);
	}
	if (h->errors == drive.errors)
		return 0;
	h->errors = drive.told = drive.errors;
	/* To be killed in the very instant in which one is told of it is one accident too many: who
	 * comes next is told nothing, and cannot know. */
	drive_doom(0, NULL);
	errno = EIO;
	return -1;
}

/* ---- changes, and how they are lost ---- */

static void
forget_change(struct drive_change *c)
{
	if (c->kind == DRIVE_HISTORY)
		drive_drop_history(c->history);
}

void
drive_sync_names(struct drive_dir *dir)
{
	for (size_t i = 0; i < dir->changes; i++)
		forget_change(&dir->change[i]);
	dir->changes = 0;
}

static void
note_change(struct drive_dir *d, struct drive_change change)
{
	if (d->changes > 0 && d->change[d->changes - 1].at < sim_mono() - WRITTEN_BACK)
		drive_sync_names(d);
	d->change = sim_grow(d->change, &d->changes_max, d->changes, sizeof(*d->change));
	change.at = sim_mono();
	d->change[d->changes++] = change;
}

static void
take_out(struct drive_dir *d, struct drive_tree *t)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->tree[i] == t)
			d->tree[i] = d->tree[--d->n];
	drive_shrink(t, t->n);
	free(t->entry);
	free(t);
}

static void
undo(struct drive_dir *d, struct drive_change *c)
{
	switch (c->kind) {
	case DRIVE_MADE:
		take_out(d, c->tree);
		break;
	case DRIVE_RENAMED:
		c->tree->stamp = c->was;
		if (c->was.state == STAMP_WORKING)
			c->tree->seal = 0;
		break;
	case DRIVE_LATEST:
		d->latest = c->was;
		break;
	case DRIVE_HISTORY:
		drive_drop_history(d->history);
		d->history = c->history;
		break;
	}
}

/* A file whose data had not been written has its size and time all the same. */
static void
tear(struct drive_tree *t)
{
	size_t n = 0;

	if (!t->dirty)
		return;
	for (size_t i = 0; i < t->n; i++) {
		struct drive_entry e = t->entry[i];

		if (e.inode->dirty) {
			e.inode->torn = sim_chance(1, 2);
			e.inode->dirty = false;
		}
		if (e.dirty && sim_chance(1, 4)) {
			drive.used -= --e.inode->refs == 0;
			if (e.inode->refs == 0)
				free(e.inode);
			continue;
		}
		e.dirty = false;
		t->entry[n++] = e;
	}
	t->n = n;
	t->dirty = false;
}

/* All that was not synced is lost, and with it what was open. */
static void
lose(void)
{
	for (size_t i = 0; i < drive.n; i++) {
		struct drive_dir *d = drive.dir[i];
		size_t lost = (size_t)sim_roll((int64_t)d->changes + 1);

		while (d->changes > 0 && lost-- > 0 &&
		       d->change[d->changes - 1].at >= sim_mono() - WRITTEN_BACK)
			undo(d, &d->change[--d->changes]);
		drive_sync_names(d);
		for (size_t j = 0; j < d->n; j++)
			tear(d->tree[j]);
		d->holders = 0;
	}
	drive.mount++;
}

void
drive_power_cut(void)
{
	lose();
	drive.boot++;
}

void
drive_set(bool mounted, enum drive_mode mode, int64_t blocks)
{
	/* Without an unmount, or not from a good one, what is under way is lost. */
	if ((!mounted && !drive.away) || drive.mode != DRIVE_GOOD)
		lose();
	drive.since = sim_mono();
	drive.away = !mounted;
	drive.mode = mode;
	drive.blocks = blocks;
}

/* ---- directories and trees ---- */

struct drive_dir *
drive_dir(const char *id, bool make)
{
	struct drive_dir *d;

	for (size_t i = 0; i < drive.n; i++)
		if (strcmp(drive.dir[i]->id, id) == 0)
			return drive.dir[i];
	if (!make)
		return NULL;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		abort();
	snprintf(d->id, sizeof(d->id), "%s", id);
	drive.dir = sim_grow(drive.dir, &drive.max, drive.n, sizeof(*drive.dir));
	drive.dir[drive.n++] = d;
	return d;
}

struct drive_dir *
drive_next_dir(const struct drive_dir *d)
{
	size_t i = 0;

	while (d != NULL && drive.dir[i++] != d)
		;
	return i < drive.n ? drive.dir[i] : NULL;
}

struct drive_tree *
drive_find(const struct drive_dir *d, const struct stamp *s)
{
	for (size_t i = 0; i < d->n; i++)
		if (stamp_compare(&d->tree[i]->stamp, s) == 0)
			return d->tree[i];
	return NULL;
}

struct drive_tree *
drive_make(struct drive_dir *d, const struct stamp *s)
{
	struct drive_tree *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	t->stamp = *s;
	t->boot = drive.boot;
	t->at = sim_mono();
	d->tree = sim_grow(d->tree, &d->max, d->n, sizeof(struct drive_tree *));
	d->tree[d->n++] = t;
	note_change(d, (struct drive_change){.kind = DRIVE_MADE, .tree = t});
	return t;
}

void
drive_rename(struct drive_dir *d, struct drive_tree *t, enum stamp_state state)
{
	note_change(d, (struct drive_change){.kind = DRIVE_RENAMED, .tree = t, .was = t->stamp});
	t->stamp.state = state;
	t->at = sim_mono();
}

void
drive_set_latest(struct drive_dir *d, const struct stamp *s)
{
	note_change(d, (struct drive_change){.kind = DRIVE_LATEST, .was = d->latest});
	d->latest = *s;
}

void
drive_drop_history(struct drive_history *history)
{
	if (history != NULL && --history->refs == 0)
		free(history);
}

void
drive_set_history(struct drive_dir *d, struct drive_history *history)
{
	note_change(d, (struct drive_change){.kind = DRIVE_HISTORY, .history = d->history});
	d->history = history;
}

void
drive_remove(struct drive_dir *d, struct drive_tree *t)
{
	drive_sync_names(d); /* no change may speak of it any more */
	take_out(d, t);
}

void
drive_shrink(struct drive_tree *t, size_t n)
{
	while (n-- > 0 && t->n > 0) {
		struct drive_inode *inode = t->entry[--t->n].inode;

		if (--inode->refs == 0) {
			drive.used--;
			free(inode);
		}
	}
}

void
drive_link(struct drive_tree *t, struct drive_inode *inode)
{
	t->entry = sim_grow(t->entry, &t->max, t->n, sizeof(*t->entry));
	t->entry[t->n++] = (struct drive_entry){.inode = inode, .dirty = true};
	inode->refs++;
	t->dirty = true;
}

void
drive_move(struct drive_tree *from, size_t i, struct drive_tree *to)
{
	drive_link(to, from->entry[i].inode);
	from->entry[i].inode->refs--;
	from->entry[i] = from->entry[--from->n];
	from->dirty = true;
}

int
drive_write(struct drive_tree *t, int file, int version)
{
	struct drive_inode *inode;

	if (drive.used >= drive.blocks) {
		errno = ENOSPC;
		return -1;
	}
	inode = calloc(1, sizeof(*inode));
	if (inode == NULL)
		abort();
	*inode = (struct drive_inode){.file = file, .version = version, .dirty = true};
	drive.used++;
	drive_link(t, inode);
	return 0;
}

struct drive_inode *
drive_lookup(const struct drive_tree *t, int file)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->entry[i].inode->file == file)
			return t->entry[i].inode;
	return NULL;
}

uint64_t
drive_seal(const struct drive_tree *t)
{
	uint64_t sum = 1;

	for (size_t i = 0; i < t->n; i++) {
		const struct drive_inode *inode = t->entry[i].inode;
		uint64_t word = (uint64_t)inode->file << 33 | (uint64_t)inode->version << 1 |
		                (inode->torn ? 1 : 0);

		sum += (word + 1) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return sum;
}
