// SPDX-License-Identifier: ISC
#include "flashback/jobs/purge.h"

#include <errno.h>
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
#include "flashback/store/expire.h"
#include "flashback/store/spare.h"
#include "flashback/store/store.h"
#include "flashback/store/voldir.h"

_Static_assert(sizeof(struct purge_message) <= EVENT_SIZE, "it can be sent");

#define TROUBLE_SIZE 1024

/* The state of a purger. */
struct purge {
	const struct config *config;
	struct store store;
	struct spares spares;
	int out;
};

static void __attribute__((format(printf, 4, 5)))
send_words(const struct purge *p, enum purge_kind kind, const struct volume *volume,
           const char *fmt, ...)
{
	struct purge_message m = {.kind = kind};
	va_list ap;

	snprintf(m.id, sizeof(m.id), "%s", volume->id);
	va_start(ap, fmt);
	vsnprintf(m.words, sizeof(m.words), fmt, ap);
	va_end(ap);
	event_send(p->out, &m, offsetof(struct purge_message, words) + strlen(m.words) + 1);
}

/* Send the summary of a volume that a reclaim has changed, unless its history could not be read. */
static void
send_summary(const struct purge *p, const struct volume *volume, const struct store_volume *v,
             int64_t now)
{
	struct purge_message m = {.kind = PURGE_SUMMARY};

	if (v->unread != 0)
		return;
	snprintf(m.id, sizeof(m.id), "%s", volume->id);
	summary_make(v->stamps, v->nstamps, v->runs, v->nruns, now, &m.seen);
	event_send(p->out, &m, sizeof(m));
}

/* Open and lock a volume that has snapshots.  Return 0, or -1 when it has none or is in use.  It
 * is opened unlocked first: taking the lock would create the directory. */
static int
open_locked(const struct purge *p, const struct volume *volume, struct store_volume *v)
{
	bool empty;

	if (store_volume_open(&p->store, volume->host, volume->name, false, v) < 0)
		return -1; /* purge_volume has reported why */
	empty = v->nstamps == 0;
	store_volume_close(v);
	if (empty)
		return -1;
	if (store_volume_open(&p->store, volume->host, volume->name, true, v) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		send_words(p, PURGE_TROUBLE, volume, "cannot be locked: %s", strerror(errno));
	return -1;
}

/* Repair `latest` after a crash or a change by hand.  A volume in use is left to its run, which
 * updates the link. */
static void
repair_latest(const struct purge *p, const struct volume *volume)
{
	struct store_volume v;

	if (open_locked(p, volume, &v) < 0)
		return;
	if (voldir_latest(&v, clock_wall()) < 0)
		send_words(p, PURGE_TROUBLE, volume, "cannot change `latest`: %s", strerror(errno));
	store_volume_close(&v);
}

/* Remove an expired tree, unless another purger is removing it: that of flashback -1 may run
 * beside the daemon's.  Return whether it failed. */
static bool
remove_expired(const struct purge *p, const struct volume *volume, const struct store_volume *v,
               const char *name)
{
	char trouble[TROUBLE_SIZE];
	int claim = spare_claim(v, name), rc;

	if (claim == -1 && errno == EWOULDBLOCK)
		return false;
	rc = tree_remove(v->fd, name, v->dev, trouble, sizeof(trouble));
	if (rc == 0)
		send_words(p, PURGE_REMOVED, volume, "%s", name);
	else
		send_words(p, PURGE_TROUBLE, volume, "cannot remove %s", trouble);
	if (claim != -1)
		close(claim);
	return rc != 0;
}

/* Update the spare before expired trees are removed: one of them can become the spare, which is
 * cheaper than a new one. */
static void
update_spare(const struct purge *p, const struct volume *volume, struct store_volume *v)
{
	struct stamp recycled;
	char name[STAMP_NAME_SIZE];

	if (!spares_due(&p->spares, volume, v) || !spares_update(&p->spares, volume, &recycled))
		return;
	send_words(p, PURGE_REMOVED, volume, "%s", stamp_format(&recycled, name));
	(void)store_volume_list(v); /* else the name is missed below */
}

/* Remove what was set aside from the spare.  A file that cannot be removed there (chattr +i) cannot
 * be removed from an expired tree either: report it once. */
static void
remove_aside(const struct purge *p, const struct volume *volume, const struct store_volume *v,
             bool reported)
{
	char trouble[TROUBLE_SIZE];

	if (spare_sweep_aside(v, trouble, sizeof(trouble)) != 0 && !reported)
		send_words(p, PURGE_TROUBLE, volume, "cannot remove %s", trouble);
}

/* Purge one volume: update its spare, remove its expired trees, repair `latest`. */
static void
purge_volume(const struct purge *p, const struct volume *volume)
{
	struct store_volume v;
	char name[STAMP_NAME_SIZE];
	bool failed = false, stale;

	if (store_volume_open(&p->store, volume->host, volume->name, false, &v) < 0) {
		if (errno != ENOENT)
			send_words(p, PURGE_TROUBLE, volume, "cannot be opened: %s",
			           strerror(errno));
		return;
	}
	update_spare(p, volume, &v);
	for (size_t i = 0; i < v.nstamps; i++) {
		if (v.stamps[i].state != STAMP_EXPIRED)
			continue;
		failed |= remove_expired(p, volume, &v, stamp_format(&v.stamps[i], name));
	}
	remove_aside(p, volume, &v, failed);
	stale = p->store.traits.symlinks && voldir_latest_is_stale(&v, clock_wall());
	store_volume_close(&v);
	if (stale)
		repair_latest(p, volume);
}

/* Is free space still low?  Removed files count only once the file system has committed that; if
 * the sync fails, free space is unknown, and nothing more is expired. */
static bool
is_low(const struct purge *p)
{
	struct inspect_disk disk = {.low = false};

	return syncfs(p->store.fd) == 0 && inspect_room(p->store.fd, p->config, &disk) == 0 &&
	       disk.low;
}

/* Expire what the retention policy no longer keeps, in the series that expire_allowed permits,
 * and remove it.  Return whether anything was expired. */
static bool
reclaim_policy(const struct purge *p, const struct volume *volume)
{
	struct store_volume v;
	char trouble[TROUBLE_SIZE];
	int64_t now = clock_wall();
	int n;

	if (open_locked(p, volume, &v) < 0)
		return false;
	n = expire_policy(&v, volume, expire_allowed(v.runs, v.nruns), now, trouble,
	                  sizeof(trouble));
	if (n < 0)
		send_words(p, PURGE_TROUBLE, volume, "%s", trouble);
	if (n != 0)
		send_summary(p, volume, &v, now);
	store_volume_close(&v);
	if (n != 0)
		purge_volume(p, volume);
	return n != 0;
}

/* An interrupted tree, and the space that its removal would free. */
struct interrupted {
	const struct volume *volume;
	struct stamp stamp;
	uint64_t size;
};

struct list {
	struct interrupted *item;
	size_t n;
};

static int
larger_first(const void *a, const void *b)
{
	const struct interrupted *x = a, *y = b;

	return (x->size < y->size) - (x->size > y->size);
}

/* Add the interrupted trees of a volume, with those still .working: on a full disk no run starts
 * that would salvage them. */
static int
list_interrupted(const struct purge *p, const struct volume *volume, struct list *list)
{
	struct store_volume v;
	char name[STAMP_NAME_SIZE];
	struct interrupted *more;
	int rc = 0;

	if (store_volume_open(&p->store, volume->host, volume->name, false, &v) < 0)
		return 0;
	more = reallocarray(list->item, list->n + v.nstamps + 1, sizeof(*more));
	if (more)
		list->item = more;
	else
		rc = -1;
	for (size_t i = 0; rc == 0 && i < v.nstamps; i++) {
		struct tree_size size;

		if (v.stamps[i].state != STAMP_INTERRUPTED && v.stamps[i].state != STAMP_WORKING)
			continue;
		tree_measure(v.fd, stamp_format(&v.stamps[i], name), v.dev, &size);
		list->item[list->n++] =
		    (struct interrupted){.volume = volume, .stamp = v.stamps[i], .size = size.own};
	}
	store_volume_close(&v);
	return rc;
}

/* Expire and remove one interrupted tree, if it still exists and its volume is not in use.
 * Return whether it was expired. */
static bool
reclaim_interrupted(const struct purge *p, struct interrupted *tree)
{
	struct store_volume v;

	if (open_locked(p, tree->volume, &v) < 0)
		return false;

	int rc = store_rename(&v, &tree->stamp, STAMP_EXPIRED);

	if (rc == 0)
		send_summary(p, tree->volume, &v, clock_wall());
	else if (errno != ENOENT)
		send_words(p, PURGE_TROUBLE, tree->volume, "cannot expire an interrupted run: %s",
		           strerror(errno));
	store_volume_close(&v);
	if (rc == 0)
		purge_volume(p, tree->volume);
	return rc == 0;
}

/*
 * Free space on a full disk, the least valuable first, and only until min_free is met: what the
 * retention policy no longer keeps, then interrupted trees, the largest first.  Snapshots that the
 * policy keeps are never removed.
 */
static void
reclaim(const struct purge *p)
{
	const struct config *config = p->config;
	struct list list = {.n = 0};
	bool low = is_low(p);

	for (size_t i = 0; i < config->n && low; i++)
		if (reclaim_policy(p, config->volumes[i]))
			low = is_low(p);
	for (size_t i = 0; i < config->n && low; i++)
		if (list_interrupted(p, config->volumes[i], &list) < 0)
			break; /* out of memory: expire those gathered so far */
	if (list.n > 1)
		qsort(list.item, list.n, sizeof(*list.item), larger_first);
	for (size_t i = 0; i < list.n && low; i++)
		if (reclaim_interrupted(p, &list.item[i]))
			low = is_low(p);
	free(list.item);
}

/* Purge all volumes at the lowest priority: removing a tree is thousands of small writes, and
 * must not slow down a run. */
int
purge_body(int out, void *arg)
{
	const struct purge_job *job = arg;
	struct purge p = {.config = job->config, .out = out};
	struct inspect_disk disk = {.low = false};
	char *why;

	setpriority(PRIO_PROCESS, 0, 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	if (store_open(job->config->data_dir, &p.store, &why) < 0) {
		free(why); /* the inspector reports it */
		return 0;
	}
	(void)inspect_room(p.store.fd, job->config, &disk);
	p.spares = (struct spares){.store = &p.store,
	                           .config = job->config,
	                           .again = job->again,
	                           .low = disk.low || job->reclaim};
	spares_remove_unlisted(&p.spares);
	for (size_t i = 0; i < job->config->n; i++)
		purge_volume(&p, job->config->volumes[i]);
	if (job->reclaim)
		reclaim(&p);
	store_close(&p.store);
	return 0;
}
