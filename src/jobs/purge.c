// SPDX-License-Identifier: ISC
#include "flashback/jobs/purge.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flashback/jobs/inspect.h"
#include "flashback/jobs/spares.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/lib/tree.h"
#include "flashback/store/aside.h"
#include "flashback/store/expire.h"
#include "flashback/store/spare.h"
#include "flashback/store/store.h"
#include "flashback/store/voldir.h"

_Static_assert(sizeof(struct purge_message) <= EVENT_SIZE, "it can be sent");

#define TROUBLE_SIZE 1024

/* The state of a purger. */
struct sweeper {
	const struct config *config;
	struct store store;
	struct spares spares;
	int out;
};

static void __attribute__((format(printf, 4, 5)))
send_words(const struct sweeper *sw, enum purge_kind kind, const struct volume *volume,
           const char *fmt, ...)
{
	struct purge_message m = {.kind = kind};
	va_list ap;

	snprintf(m.id, sizeof(m.id), "%s", volume->id);
	va_start(ap, fmt);
	vsnprintf(m.words, sizeof(m.words), fmt, ap);
	va_end(ap);
	event_send(sw->out, &m, offsetof(struct purge_message, words) + strlen(m.words) + 1);
}

/* Send the summary of a volume that a reclaim has changed, unless its history could not be read. */
static void
send_summary(const struct sweeper *sw, const struct volume *volume, const struct store_volume *v,
             int64_t now)
{
	struct purge_message m = {.kind = PURGE_SUMMARY};

	if (v->unread != 0)
		return;
	snprintf(m.id, sizeof(m.id), "%s", volume->id);
	summary_make(v->stamps, v->nstamps, v->runs, v->nruns, now, &m.seen);
	event_send(sw->out, &m, sizeof(m));
}

/* Open and lock a volume that has snapshots.  Return 0, or -1 when it has none or is in use.  It
 * is opened unlocked first: taking the lock would create the directory. */
static int
open_locked(const struct sweeper *sw, const struct volume *volume, struct store_volume *v)
{
	bool empty;

	if (store_volume_open(&sw->store, volume->host, volume->name, false, v) < 0)
		return -1; /* sweep_volume has reported why */
	empty = v->nstamps == 0;
	store_volume_close(v);
	if (empty)
		return -1;
	if (store_volume_open(&sw->store, volume->host, volume->name, true, v) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		send_words(sw, PURGE_TROUBLE, volume, "cannot be locked: %s", strerror(errno));
	return -1;
}

/* Repair `latest` after a crash or a change by hand.  A volume in use is left to its run, which
 * updates the link. */
static void
mend_latest(const struct sweeper *sw, const struct volume *volume)
{
	struct store_volume v;

	if (open_locked(sw, volume, &v) < 0)
		return;
	if (voldir_latest(&v, clock_wall()) < 0)
		send_words(sw, PURGE_TROUBLE, volume, "cannot change `latest`: %s",
		           strerror(errno));
	store_volume_close(&v);
}

/* Remove an expired tree, unless another purger is removing it: that of flashback -1 may run
 * beside the daemon's.  Return whether it failed. */
static bool
remove_expired(const struct sweeper *sw, const struct volume *volume, const struct store_volume *v,
               const char *name)
{
	char trouble[TROUBLE_SIZE];
	int claim = spare_claim(v, name), rc;

	if (claim == -1 && errno == EWOULDBLOCK)
		return false;
	rc = tree_remove(v->fd, name, v->dev, trouble, sizeof(trouble));
	if (rc == 0)
		send_words(sw, PURGE_REMOVED, volume, "%s", name);
	else
		send_words(sw, PURGE_TROUBLE, volume, "cannot remove %s", trouble);
	if (claim != -1)
		close(claim);
	return rc != 0;
}

/* Update the spare before expired trees are removed: one of them can become the spare, which is
 * cheaper than a new one. */
static void
update_spare(const struct sweeper *sw, const struct volume *volume, struct store_volume *v)
{
	struct stamp recycled;
	char name[STAMP_NAME_SIZE];

	if (!spares_due(&sw->spares, volume, v) || !spares_update(&sw->spares, volume, &recycled))
		return;
	send_words(sw, PURGE_REMOVED, volume, "%s", stamp_format(&recycled, name));
	(void)store_volume_list(v); /* else the name is missed below */
}

/* Remove what was set aside from the spare.  A file that cannot be removed there (chattr +i) cannot
 * be removed from an expired tree either: report it once. */
static void
sweep_aside(const struct sweeper *sw, const struct volume *volume, const struct store_volume *v,
            bool reported)
{
	char trouble[TROUBLE_SIZE];

	if (aside_sweep(v, trouble, sizeof(trouble)) != 0 && !reported)
		send_words(sw, PURGE_TROUBLE, volume, "cannot remove %s", trouble);
}

/* Purge one volume: update its spare, remove its expired trees, repair `latest`. */
static void
sweep_volume(const struct sweeper *sw, const struct volume *volume)
{
	struct store_volume v;
	char name[STAMP_NAME_SIZE];
	bool failed = false, stale;

	if (store_volume_open(&sw->store, volume->host, volume->name, false, &v) < 0) {
		if (errno != ENOENT)
			send_words(sw, PURGE_TROUBLE, volume, "cannot be opened: %s",
			           strerror(errno));
		return;
	}
	update_spare(sw, volume, &v);
	for (size_t i = 0; i < v.nstamps; i++) {
		if (v.stamps[i].state != STAMP_EXPIRED)
			continue;
		failed |= remove_expired(sw, volume, &v, stamp_format(&v.stamps[i], name));
	}
	sweep_aside(sw, volume, &v, failed);
	stale = sw->store.traits.symlinks && voldir_latest_is_stale(&v, clock_wall());
	store_volume_close(&v);
	if (stale)
		mend_latest(sw, volume);
}

/* Is free space still low?  Removed files count only once the file system has committed that; if
 * the sync fails, free space is unknown, and nothing more is expired. */
static bool
is_low(const struct sweeper *sw)
{
	struct inspect_disk disk = {.low = false};

	return syncfs(sw->store.fd) == 0 && inspect_room(sw->store.fd, sw->config, &disk) == 0 &&
	       disk.low;
}

/* Expire what the retention policy no longer keeps, in the series that expire_allowed permits,
 * and remove it.  Return whether anything was expired. */
static bool
reclaim_policy(const struct sweeper *sw, const struct volume *volume)
{
	struct store_volume v;
	char trouble[TROUBLE_SIZE];
	int64_t now = clock_wall();
	int n;

	if (open_locked(sw, volume, &v) < 0)
		return false;
	n = expire_policy(&v, volume, expire_allowed(v.runs, v.nruns), now, trouble,
	                  sizeof(trouble));
	if (n < 0)
		send_words(sw, PURGE_TROUBLE, volume, "%s", trouble);
	if (n != 0)
		send_summary(sw, volume, &v, now);
	store_volume_close(&v);
	if (n != 0)
		sweep_volume(sw, volume);
	return n != 0;
}

/* An interrupted tree, and the space that its removal would free. */
struct cut {
	const struct volume *volume;
	struct stamp stamp;
	uint64_t size;
};

struct cuts {
	struct cut *cut;
	size_t n;
};

static int
larger_first(const void *a, const void *b)
{
	const struct cut *x = a, *y = b;

	return (x->size < y->size) - (x->size > y->size);
}

/* Add the interrupted trees of a volume, with those still .working: on a full disk no run starts
 * that would salvage them. */
static int
gather_cuts(const struct sweeper *sw, const struct volume *volume, struct cuts *cuts)
{
	struct store_volume v;
	char name[STAMP_NAME_SIZE];
	struct cut *more;
	int rc = 0;

	if (store_volume_open(&sw->store, volume->host, volume->name, false, &v) < 0)
		return 0;
	more = reallocarray(cuts->cut, cuts->n + v.nstamps + 1, sizeof(*more));
	if (more)
		cuts->cut = more;
	else
		rc = -1;
	for (size_t i = 0; rc == 0 && i < v.nstamps; i++) {
		struct tree_size size;

		if (v.stamps[i].state != STAMP_INTERRUPTED && v.stamps[i].state != STAMP_WORKING)
			continue;
		tree_measure(v.fd, stamp_format(&v.stamps[i], name), v.dev, &size);
		cuts->cut[cuts->n++] =
		    (struct cut){.volume = volume, .stamp = v.stamps[i], .size = size.own};
	}
	store_volume_close(&v);
	return rc;
}

/* Expire and remove one interrupted tree, if it still exists and its volume is not in use.
 * Return whether it was expired. */
static bool
reclaim_cut(const struct sweeper *sw, struct cut *cut)
{
	struct store_volume v;

	if (open_locked(sw, cut->volume, &v) < 0)
		return false;

	int rc = store_rename(&v, &cut->stamp, STAMP_EXPIRED);

	if (rc == 0)
		send_summary(sw, cut->volume, &v, clock_wall());
	else if (errno != ENOENT)
		send_words(sw, PURGE_TROUBLE, cut->volume, "cannot expire an interrupted run: %s",
		           strerror(errno));
	store_volume_close(&v);
	if (rc == 0)
		sweep_volume(sw, cut->volume);
	return rc == 0;
}

/*
 * Free space on a full disk, the least valuable first, and only until min_free is met: what the
 * retention policy no longer keeps, then interrupted trees, the largest first.  Snapshots that the
 * policy keeps are never removed.
 */
static void
reclaim(const struct sweeper *sw)
{
	const struct config *config = sw->config;
	struct cuts cuts = {.n = 0};
	bool low = is_low(sw);

	for (size_t i = 0; i < config->n && low; i++)
		if (reclaim_policy(sw, config->volumes[i]))
			low = is_low(sw);
	for (size_t i = 0; i < config->n && low; i++)
		if (gather_cuts(sw, config->volumes[i], &cuts) < 0)
			break; /* out of memory: expire those gathered so far */
	if (cuts.n > 1)
		qsort(cuts.cut, cuts.n, sizeof(*cuts.cut), larger_first);
	for (size_t i = 0; i < cuts.n && low; i++)
		if (reclaim_cut(sw, &cuts.cut[i]))
			low = is_low(sw);
	free(cuts.cut);
}

/* Purge all volumes at the lowest priority: removing a tree is thousands of small writes, and
 * must not slow down a run. */
int
purge_body(int out, void *arg)
{
	const struct purge_job *job = arg;
	struct sweeper sw = {.config = job->config, .out = out};
	struct inspect_disk disk = {.low = false};
	char *why;

	setpriority(PRIO_PROCESS, 0, 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	if (store_open(job->config->data_dir, &sw.store, &why) < 0) {
		free(why); /* the inspector reports it */
		return 0;
	}
	(void)inspect_room(sw.store.fd, job->config, &disk);
	sw.spares = (struct spares){.store = &sw.store,
	                            .config = job->config,
	                            .again = job->again,
	                            .low = disk.low || job->reclaim};
	spares_remove_unlisted(&sw.spares);
	for (size_t i = 0; i < job->config->n; i++)
		sweep_volume(&sw, job->config->volumes[i]);
	if (job->reclaim)
		reclaim(&sw);
	store_close(&sw.store);
	return 0;
}
