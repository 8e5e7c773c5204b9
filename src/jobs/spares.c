// SPDX-License-Identifier: ISC
#include "flashback/jobs/spares.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "flashback/jobs/inspect.h"
#include "flashback/lib/clock.h"
#include "flashback/rsync/runplan.h"
#include "flashback/store/spare.h"
#include "flashback/store/unlisted.h"

#define LOOK_MS 50 /* interval at which a walk checks whether it must stop */

/* What to do with the spare of one volume. */
enum spares_action { SPARES_NOTHING, SPARES_REMOVE, SPARES_WALK };

/* The state of one walk. */
struct layout {
	const struct spares *s;
	const struct store_volume *v;
	int64_t next; /* clock_mono */
	bool low;     /* free space is below min_free */
};

static bool
has_spare(const struct store_volume *v)
{
	struct stat st;

	return v->meta != -1 && fstatat(v->fd, SPARE_PATH, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Can the next run of the volume be a quick one? */
static bool
can_be_quick(const struct volume *volume, const struct store_volume *v)
{
	const struct runplan_case qc = {
	    .volume = volume,
	    .stamps = v->stamps,
	    .nstamps = v->nstamps,
	    .runs = v->runs,
	    .nruns = v->nruns,
	    .now = clock_wall(),
	    .as_root = true, /* spare_possible */
	    .spare = true,
	};

	return !volume->disabled && runplan_why_full(&qc) == NULL;
}

/*
 * Decide what to do with the spare.  One that matches its snapshot needs a directory for each of
 * the snapshot's and holds no removed file, so it may stay even if the next run does not use it.
 * One that does not match may hold large files of a removed snapshot: it is walked or removed.
 */
static enum spares_action
decide(const struct spares *s, const struct volume *volume, const struct store_volume *v,
       const char *snapshot)
{
	bool right = snapshot[0] != '\0' && v->meta != -1 && spare_is_noted(v, snapshot);

	if (!s->low && snapshot[0] != '\0' && can_be_quick(volume, v))
		return right && !s->again ? SPARES_NOTHING : SPARES_WALK;
	if (right && !s->low && !volume->disabled)
		return SPARES_NOTHING;
	return has_spare(v) ? SPARES_REMOVE : SPARES_NOTHING;
}

/* The name of the snapshot that the next run is compared with; "" if there is none. */
static void
name_base(const struct store_volume *v, char name[STAMP_NAME_SIZE])
{
	struct stamp base = runplan_base(v->stamps, v->nstamps, clock_wall());

	name[0] = '\0';
	if (base.when != 0)
		stamp_format(&base, name);
}

static bool
is_low(const struct spares *s)
{
	struct inspect_disk disk = {.low = false};

	return inspect_room(s->store->fd, s->config, &disk) == 0 && disk.low;
}

/* Stop a walk when a run wants the volume, or when the directories it creates bring free space
 * below min_free: their number is not known beforehand. */
static bool
must_stop(void *arg)
{
	struct layout *l = arg;
	int64_t now = clock_mono();

	if (now < l->next)
		return false;
	l->next = now + LOOK_MS;
	l->low = is_low(l->s);
	return l->low || store_wanted(l->v);
}

/* Make the newest expired tree the spare, if there is none: it has most in common with the
 * snapshot. */
static bool
recycle(const struct store_volume *v, struct stamp *recycled)
{
	char name[STAMP_NAME_SIZE];

	for (size_t i = v->nstamps; i-- > 0;)
		if (v->stamps[i].state == STAMP_EXPIRED &&
		    spare_recycle(v, stamp_format(&v->stamps[i], name)) == 0) {
			*recycled = v->stamps[i];
			return true;
		}
	return false;
}

/* Make the spare match the snapshot.  A failure is noted, so that it is not repeated at each
 * purge for this snapshot.  A walk that stopped for a run is not noted, and is repeated. */
static bool
lay_out(const struct spares *s, const struct store_volume *v, const char *snapshot,
        struct stamp *recycled)
{
	struct layout l = {.s = s, .v = v};
	struct spare_walk walk = {.stop = must_stop, .arg = &l};
	bool taken = recycle(v, recycled);
	int rc = spare_walk(v, snapshot, &walk);

	if (rc == 1 && !l.low)
		return taken;
	if (rc != 0 || is_low(s))
		(void)spare_drop(v);
	(void)spare_note(v, snapshot);
	return taken;
}

bool
spares_due(const struct spares *s, const struct volume *volume, const struct store_volume *v)
{
	char name[STAMP_NAME_SIZE];

	if (!spare_possible(s->store))
		return false;
	name_base(v, name);
	return decide(s, volume, v, name) != SPARES_NOTHING;
}

/* Decide again under the lock: the volume may have changed since spares_due was called without
 * it. */
bool
spares_update(const struct spares *s, const struct volume *volume, struct stamp *recycled)
{
	struct store_volume v;
	char name[STAMP_NAME_SIZE];
	enum spares_action action;
	bool taken = false;

	if (store_volume_open(s->store, volume->host, volume->name, true, &v) == -1)
		return false;
	name_base(&v, name);
	action = decide(s, volume, &v, name);
	if (action == SPARES_WALK) {
		taken = lay_out(s, &v, name, recycled);
	} else if (action == SPARES_REMOVE && spare_drop(&v) == 0 && name[0] != '\0') {
		/* Note the snapshot, or the space that this frees would have the spare made
		 * again at once. */
		(void)spare_note(&v, name);
	}
	store_volume_close(&v);
	return taken;
}

/* ---- volumes that are not in the config ---- */

/* Remove the spare of one volume that is not in the config: no run will use it.  Lock the volume
 * only if it has one, since locking writes to the disk. */
static void
remove_unlisted(void *arg, const char *host, const char *name, int above)
{
	const struct spares *s = arg;
	struct store_volume v;
	bool found;

	(void)above;
	if (store_volume_open(s->store, host, name, false, &v) == -1)
		return;
	found = has_spare(&v);
	if (found)
		store_volume_close(&v);
	if (found && store_volume_open(s->store, host, name, true, &v) == -1)
		return;
	if (found)
		(void)spare_drop(&v);
	(void)spare_sweep_aside(&v, NULL, 0);
	store_volume_close(&v);
}

void
spares_remove_unlisted(struct spares *s)
{
	if (spare_possible(s->store))
		unlisted_each(s->store->fd, s->config, remove_unlisted, s);
}
