// SPDX-License-Identifier: ISC
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "flashback/lib/clock.h"
#include "flashback/schedule/plan.h"

#include "sim.h"
#include "world.h"

#define AT_ONCE 3              /* snapshots that may go for a success */
#define SUSPECTS 3             /* that are kept */
#define FUTURE (26 * SIM_HOUR) /* a stamp further ahead of the clock is from the future */

static const char *
name(const struct drive_tree *t)
{
	static char text[2][STAMP_NAME_SIZE];
	static int i;

	if (t->stamp.state == STAMP_PINNED)
		return "a pin";
	return stamp_format(&t->stamp, text[i ^= 1]);
}

/* Those in this state, but for those from the future. */
static size_t
count(const struct drive_dir *d, enum stamp_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->tree[i]->stamp.state == state &&
		     d->tree[i]->stamp.when <= sim_wall() + FUTURE;
	return n;
}

/* The newest in this state, but for those from the future unless all. */
static const struct drive_tree *
newest(const struct drive_dir *d, enum stamp_state state, bool all)
{
	const struct drive_tree *found = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const struct drive_tree *t = d->tree[i];

		if (t->stamp.state == state && (all || t->stamp.when <= sim_wall() + FUTURE) &&
		    (found == NULL || t->stamp.when > found->stamp.when))
			found = t;
	}
	return found;
}

const struct drive_tree *
check_future(const struct drive_dir *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct stamp *s = &d->tree[i]->stamp;

		if (s->state != STAMP_PINNED && s->state != STAMP_EXPIRED &&
		    s->when > sim_wall() + FUTURE)
			return d->tree[i];
	}
	return NULL;
}

/* ---- a tree becomes a snapshot ---- */

static bool
is_torn(const struct drive_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->entry[i].inode->torn)
			return true;
	return false;
}

static bool
is_synced(const struct drive_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->entry[i].dirty || t->entry[i].inode->dirty)
			return false;
	return true;
}

static void
check_contents(const struct drive_dir *d, const struct drive_tree *t)
{
	if (t->made == DRIVE_BUILDING)
		sim_broken("%s: %s becomes a snapshot, and rsync did not finish it", d->id,
		           name(t));
	if (!is_synced(t))
		sim_broken("%s: %s becomes a snapshot and is not synced", d->id, name(t));
	if (is_torn(t) || drive_seal(t) != t->meant)
		sim_broken("%s: %s becomes a snapshot with wrong contents", d->id, name(t));
}

/* Does the history still tell of it?  It may be lost, and so is what a person gave another name. */
static bool
is_told_of(const struct drive_dir *d, const struct drive_tree *t)
{
	for (size_t i = 0; d->history != NULL && i < d->history->n; i++)
		if (d->history->run[i].snapshot.when == t->stamp.when)
			return true;
	return false;
}

/* Was it complete when its run ended, whatever a person calls it since? */
static bool
was_complete(const struct drive_dir *d, const struct drive_tree *t)
{
	for (size_t i = 0; t->stamp.state == STAMP_PINNED && i < d->history->n; i++)
		if (d->history->run[i].snapshot.when == t->stamp.when)
			return d->history->run[i].snapshot.state == STAMP_COMPLETE;
	return t->stamp.state == STAMP_COMPLETE;
}

/* The newest complete one that was made of the same files. */
static const struct drive_tree *
find_like(const struct drive_dir *d, const struct drive_tree *like)
{
	const struct drive_tree *found = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const struct drive_tree *t = d->tree[i];

		if (t->fingerprint == like->fingerprint && t->stamp.when <= sim_wall() + FUTURE &&
		    is_told_of(d, t) && was_complete(d, t) &&
		    (found == NULL || t->stamp.when > found->stamp.when))
			found = t;
	}
	return found;
}

/* A source that comes up empty, or far smaller, is looked at by a person first. */
static void
check_guard(const struct drive_dir *d, const struct drive_tree *t)
{
	const struct drive_tree *last = find_like(d, t);

	if (t->n == 0)
		sim_broken("%s: the source is empty, and %s becomes complete", d->id, name(t));
	if (world_find(d->id)->guarded && last != NULL && (t->n + 1) * 2 < last->n + 1)
		sim_broken("%s: %s becomes complete with %zu files where %zu were before", d->id,
		           name(t), t->n, last->n);
}

static void
check_begins(struct process *p, const struct drive_dir *d, struct drive_tree *t,
             enum stamp_state state)
{
	if (t->stamp.state != STAMP_WORKING)
		sim_broken("%s: %s becomes another snapshot", d->id, name(t));
	check_contents(d, t);
	t->seal = drive_seal(t);
	if (state == STAMP_COMPLETE) {
		if (t->made != DRIVE_WHOLE)
			sim_broken("%s: %s becomes complete, and files are missing", d->id,
			           name(t));
		check_guard(d, t);
		p->deeds.completed = true;
		world_find(d->id)->complete_at = sim_mono();
	}
	if (state == STAMP_PARTIAL)
		p->deeds.partial = true;
	if (state != STAMP_SUSPECT)
		world_find(d->id)->good_at = sim_mono();
}

static void
check_cut(const struct drive_dir *d, const struct drive_tree *t)
{
	if (t->stamp.state != STAMP_WORKING || !is_synced(t))
		sim_broken("%s: %s becomes .interrupted and is not synced", d->id, name(t));
	if (is_torn(t))
		sim_broken("%s: %s becomes .interrupted with wrong contents", d->id, name(t));
	if (count(d, STAMP_INTERRUPTED) > 0)
		sim_broken("%s: there would be two .interrupted trees", d->id);
}

/* ---- a snapshot expires ---- */

static const struct volume_keep *
policy_for(const struct process *p, const struct drive_dir *d)
{
	if (p->kind == PROCESS_WORKER)
		return &p->volume->keep;
	for (size_t i = 0; i < p->config->n; i++)
		if (strcmp(p->config->volumes[i]->id, d->id) == 0)
			return &p->config->volumes[i]->keep;
	sim_broken("%s: the sweeper works where it has no business", d->id);
}

/* What goes rightly while a source is empty: after a success that began before, or for room. */
static void
count_gone(const struct process *p, const struct drive_dir *d, const struct drive_tree *t)
{
	struct world_volume *v = world_find(d->id);

	if (v->empty_until != 0 && v->empty_kept > 0 && t->stamp.state == STAMP_COMPLETE &&
	    (p->kind == PROCESS_SWEEPER || p->deeds.full || p->began < v->empty_from))
		v->empty_kept--;
}

/* For want of room snapshots may go as after the last run that was neither cut nor met the disk. */
static bool
may_make_room(const struct drive_dir *d, enum stamp_state state)
{
	size_t n = d->history != NULL ? d->history->n : 0;

	while (n-- > 0) {
		enum result result = d->history->run[n].result;

		if (result == RESULT_FULL || result == RESULT_DISK || result == RESULT_INTERRUPTED)
			continue;
		return result == RESULT_SUCCEEDED ||
		       (result == RESULT_PARTIAL && state == STAMP_PARTIAL);
	}
	return false;
}

/* May p let snapshots of this series go at all? */
static void
check_right(const struct process *p, const struct drive_dir *d, const struct drive_tree *t)
{
	if (p->deeds.completed || (p->deeds.partial && t->stamp.state == STAMP_PARTIAL))
		return;
	if (p->kind == PROCESS_WORKER && !p->deeds.full)
		sim_broken("%s: %s expires without a success", d->id, name(t));
	if (!may_make_room(d, t->stamp.state))
		sim_broken("%s: %s expires though the last run was no success", d->id, name(t));
	if (p->kind == PROCESS_SWEEPER && drive_used() * 100 < drive_blocks() * 97)
		sim_broken("%s: %s expires without a success, and there is room", d->id, name(t));
}

static void
check_expiry(struct process *p, const struct drive_dir *d, const struct drive_tree *t)
{
	const struct drive_tree *future = check_future(d);
	const struct volume *v = p->deeds.volume;

	check_right(p, d, t);
	if (newest(d, t->stamp.state, true) == t)
		sim_broken("%s: %s expires and is the newest", d->id, name(t));
	if (future != NULL)
		sim_broken("%s: %s expires though %s is from the future", d->id, name(t),
		           name(future));
	if (v == NULL || strcmp(v->id, d->id) != 0)
		p->deeds.expired = 0;
	if (p->kind == PROCESS_WORKER)
		p->deeds.volume = p->volume;
	else
		for (size_t i = 0; i < p->config->n; i++)
			if (strcmp(p->config->volumes[i]->id, d->id) == 0)
				p->deeds.volume = p->config->volumes[i];
	if (++p->deeds.expired > AT_ONCE)
		sim_broken("%s: %s expires, the fourth for one success", d->id, name(t));
	check_goes(d, t, policy_for(p, d));
	count_gone(p, d, t);
}

static void
check_suspect_goes(const struct drive_dir *d, const struct drive_tree *t)
{
	size_t newer = 0;

	for (size_t i = 0; i < d->n; i++)
		newer += d->tree[i]->stamp.state == STAMP_SUSPECT &&
		         d->tree[i]->stamp.when > t->stamp.when &&
		         d->tree[i]->stamp.when <= sim_wall() + FUTURE;
	if (newer < SUSPECTS)
		sim_broken("%s: %s expires, and fewer than three are newer", d->id, name(t));
}

static void
check_goes_away(struct process *p, const struct drive_dir *d, const struct drive_tree *t)
{
	switch (t->stamp.state) {
	case STAMP_COMPLETE:
	case STAMP_PARTIAL:
		check_expiry(p, d, t);
		break;
	case STAMP_SUSPECT:
		check_suspect_goes(d, t);
		break;
	case STAMP_WORKING:
	case STAMP_INTERRUPTED:
		break;
	case STAMP_EXPIRED:
	case STAMP_PINNED:
		sim_broken("%s: %s is renamed to .expired", d->id, name(t));
	}
}

void
check_rename(struct process *p, struct drive_dir *d, struct drive_tree *t, enum stamp_state state)
{
	char to[STAMP_NAME_SIZE];
	struct stamp s = t->stamp;

	s.state = state;
	sim_say("    %s: %s becomes %s", d->id, name(t), stamp_format(&s, to));
	if (t->foreign)
		sim_broken("%s: %s is the user's own and is renamed", d->id, name(t));
	switch (state) {
	case STAMP_COMPLETE:
	case STAMP_PARTIAL:
	case STAMP_SUSPECT:
		check_begins(p, d, t, state);
		break;
	case STAMP_INTERRUPTED:
		check_cut(d, t);
		break;
	case STAMP_EXPIRED:
		check_goes_away(p, d, t);
		break;
	case STAMP_WORKING:
	case STAMP_PINNED:
		sim_broken("%s: %s is renamed to what it cannot be", d->id, name(t));
	}
}

/* ---- the rest ---- */

/* A run that begins by a clock that is wrong would be taken for an old one. */
static void
check_clock(const struct drive_dir *d)
{
	if (sim_wall() < CLOCK_RELEASE_DATE)
		sim_broken("%s: a run begins in 1970", d->id);
	for (size_t i = 0; i < d->n; i++) {
		const struct stamp *s = &d->tree[i]->stamp;

		if (s->state <= STAMP_SUSPECT && s->when > sim_wall() &&
		    s->when <= sim_wall() + FUTURE)
			sim_broken("%s: a run begins, and %s is ahead of the clock", d->id,
			           name(d->tree[i]));
	}
}

void
check_made(const struct process *p, const struct drive_dir *d, const struct stamp *s)
{
	if (p == NULL || p->kind != PROCESS_WORKER || s->state != STAMP_WORKING)
		sim_broken("%s: a directory is made that is no .working", d->id);
	for (size_t i = 0; i < d->n; i++)
		if (d->tree[i]->stamp.when == s->when)
			sim_broken("%s: the instant of %s is used again", d->id, name(d->tree[i]));
	if (sim_clock_since() < p->began && world_find(d->id)->touched_at < p->began)
		check_clock(d);
}

void
check_removal(const struct process *p, const struct drive_dir *d, const struct drive_tree *t)
{
	if (p->kind != PROCESS_SWEEPER || t->stamp.state != STAMP_EXPIRED || t->foreign)
		sim_broken("%s: something is removed from %s", d->id, name(t));
}

void
check_bases(const struct drive_dir *d, const struct drive_tree *t, const struct stamp *base,
            size_t n, bool checksum)
{
	if (t == NULL || t->n > 0 || t->made != DRIVE_BUILDING)
		sim_broken("%s: rsync is to write into what is not empty", d->id);
	for (size_t i = 0; i < n; i++) {
		const struct drive_tree *b = drive_find(d, &base[i]);

		if (b == NULL)
			continue; /* a person has removed it just now */
		if (b == t || b->stamp.state == STAMP_EXPIRED)
			sim_broken("%s: %s is to be a base", d->id, name(b));
		if (b->stamp.state == STAMP_WORKING && !checksum)
			sim_broken("%s: %s is to be a base, unchecked", d->id, name(b));
	}
	for (struct process *p = process_next(NULL); p != NULL; p = process_next(p))
		if (p != process_self() && p->kind == PROCESS_RSYNC && !p->ended &&
		    strcmp(p->volume->id, d->id) == 0 && d->holders > 2)
			sim_broken("%s: two rsyncs are at work", d->id);
}

void
check_write(const struct drive_dir *d, const struct drive_tree *t)
{
	if (t->stamp.state != STAMP_WORKING || t->seal != 0)
		sim_broken("%s: rsync writes into %s", d->id, name(t));
}

void
check_line(struct process *p, const struct drive_dir *d, const struct history_run *run)
{
	if (run->result == RESULT_SUCCEEDED && !p->deeds.completed)
		sim_broken("%s: the history tells of a success that was none", d->id);
	p->deeds.full = run->result == RESULT_FULL;
	if (run->result == RESULT_SUCCEEDED || run->result == RESULT_SUSPECT)
		p->deeds.judged = true;
}

/* What `latest` should name: the newest complete one, or while there is none the newest partial. */
static const struct drive_tree *
latest(const struct drive_dir *d)
{
	const struct drive_tree *t = newest(d, STAMP_COMPLETE, false);

	return t != NULL ? t : newest(d, STAMP_PARTIAL, false);
}

void
check_over(const struct process *p)
{
	const struct drive_dir *d;
	const struct drive_tree *t;

	if (p->kind != PROCESS_WORKER || !p->deeds.judged)
		return;
	if (world_find(p->volume->id)->untold)
		world_find(p->volume->id)->touched_at = sim_mono();
	world_find(p->volume->id)->untold = false;
	d = drive_dir(p->volume->id, true);
	t = latest(d);
	if (count(d, STAMP_INTERRUPTED) > 1)
		sim_broken("%s: there are two .interrupted trees", d->id);
	if (count(d, STAMP_SUSPECT) > SUSPECTS)
		sim_broken("%s: there are more than three .suspect ones", d->id);
	if (p->deeds.completed && count(d, STAMP_INTERRUPTED) > 0)
		sim_broken("%s: an .interrupted tree outlives a success", d->id);
	if (t != NULL && stamp_compare(&t->stamp, &d->latest) != 0 &&
	    sim_clock_since() < p->began && world_find(d->id)->touched_at < p->began)
		sim_broken("%s: latest does not name %s", d->id, name(t));
}

static void
check_tree(const struct drive_dir *d, const struct drive_tree *t)
{
	switch (t->stamp.state) {
	case STAMP_COMPLETE:
	case STAMP_PARTIAL:
	case STAMP_SUSPECT:
	case STAMP_PINNED:
		if (t->seal != 0 && drive_seal(t) != t->seal)
			sim_broken("%s: %s has changed", d->id, name(t));
		break;
	case STAMP_INTERRUPTED:
		if (is_torn(t))
			sim_broken("%s: %s has wrong contents", d->id, name(t));
		break;
	case STAMP_WORKING:
	case STAMP_EXPIRED:
		break;
	}
}

void
check_disk(void)
{
	for (const struct drive_dir *d = drive_next_dir(NULL); d != NULL; d = drive_next_dir(d))
		for (size_t i = 0; i < d->n; i++)
			check_tree(d, d->tree[i]);
}
