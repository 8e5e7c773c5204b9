// SPDX-License-Identifier: ISC
#include "person.h"

#include <string.h>

#include "check.h"
#include "sim.h"

static struct drive_dir *
dir_of(const struct world_volume *v)
{
	return drive_is_good() ? drive_dir(v->id, false) : NULL;
}

static struct drive_tree *
newest(const struct drive_dir *d, enum stamp_state state)
{
	struct drive_tree *found = NULL;

	for (size_t i = 0; i < d->n; i++)
		if (d->tree[i]->stamp.state == state && !d->tree[i]->foreign &&
		    (found == NULL || d->tree[i]->stamp.when > found->stamp.when))
			found = d->tree[i];
	return found;
}

/* One of the snapshots, complete or partial. */
static struct drive_tree *
any(const struct drive_dir *d)
{
	struct drive_tree *found = NULL;
	int n = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct drive_tree *t = d->tree[i];

		if ((t->stamp.state == STAMP_COMPLETE || t->stamp.state == STAMP_PARTIAL) &&
		    sim_roll(++n) == 0)
			found = t;
	}
	return found;
}

static void
say(struct world_volume *v, const char *what, const struct drive_tree *t)
{
	char text[STAMP_NAME_SIZE];

	sim_say("a person %s %s/%s", what, v->id, stamp_format(&t->stamp, text));
	v->touched_at = sim_mono();
	v->untold = true;
}

/* The tests of what an empty source may do count what is there. */
static void
count_gone(struct world_volume *v, const struct drive_tree *t)
{
	if (t->stamp.state == STAMP_COMPLETE && v->empty_kept > 0)
		v->empty_kept--;
}

void
person_accepts(struct world_volume *v)
{
	struct drive_dir *d = dir_of(v);
	struct drive_tree *t = d != NULL ? newest(d, STAMP_SUSPECT) : NULL;
	struct stamp to;

	if (t == NULL)
		return;
	to = t->stamp;
	to.state = STAMP_COMPLETE;
	if (drive_find(d, &to) != NULL)
		return;
	say(v, "accepts", t);
	drive_rename(d, t, STAMP_COMPLETE);
	drive_sync_names(d);
	v->complete_at = v->good_at = sim_mono();
}

void
person_rejects(struct world_volume *v)
{
	struct drive_dir *d = dir_of(v);
	struct drive_tree *t = d != NULL ? newest(d, STAMP_SUSPECT) : NULL;

	if (t == NULL)
		return;
	say(v, "removes", t);
	drive_remove(d, t);
}

void
person_pins(struct world_volume *v)
{
	struct drive_dir *d = dir_of(v);
	struct drive_tree *t = d != NULL ? any(d) : NULL;

	if (t == NULL)
		return;
	say(v, "pins", t);
	count_gone(v, t);
	drive_rename(d, t, STAMP_PINNED);
	t->stamp.pin = ".kept";
	t->foreign = true;
	drive_sync_names(d);
}

void
person_removes(struct world_volume *v)
{
	struct drive_dir *d = dir_of(v);
	struct drive_tree *t = d != NULL ? any(d) : NULL;

	if (t == NULL)
		return;
	say(v, "removes", t);
	count_gone(v, t);
	drive_remove(d, t);
}

/* A copy under a name that looks like a snapshot's, but is not of ours. */
void
person_adds(struct world_volume *v)
{
	struct drive_dir *d = dir_of(v);
	struct stamp s = {.when = sim_true() - sim_range(1, 400 * SIM_DAY),
	                  .state = STAMP_PINNED,
	                  .was = STAMP_PINNED,
	                  .pin = ".own"};
	struct drive_tree *t;

	if (d == NULL || drive_find(d, &s) != NULL)
		return;
	sim_say("a person puts something of his own into %s", v->id);
	t = drive_make(d, &s);
	t->foreign = true;
	for (int i = 0; i < 3; i++)
		(void)drive_write(t, -1 - i, 0);
	drive_settle(t);
	t->seal = drive_seal(t);
	drive_sync_names(d);
}

/* As the status says: a snapshot whose name lies far ahead gets the name of today. */
void
person_mends(struct world_volume *v)
{
	struct drive_dir *d = dir_of(v);

	for (size_t i = 0; d != NULL && d->holders == 0 && i < d->n; i++) {
		struct drive_tree *t = d->tree[i];
		struct stamp to = t->stamp;

		to.when = sim_true() - (int64_t)i - 1;
		if (t->foreign || t->stamp.state == STAMP_EXPIRED ||
		    t->stamp.when <= sim_true() + 26 * SIM_HOUR || drive_find(d, &to) != NULL)
			continue;
		say(v, "mends", t);
		t->stamp = to;
	}
	if (d != NULL)
		drive_sync_names(d);
}
