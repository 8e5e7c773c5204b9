// SPDX-License-Identifier: ISC
#include "flashback/daemon/disk.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"

#define ROOM_EVERY_MS 10000

/* Record the state of the disk.  Only a change is logged, or else a disk that is absent for a week
 * would fill the log.  Return whether it changed.  The first state counts as a change unless it is
 * good. */
static bool
set_state(struct disk *k, enum plan_disk state, const char *reason)
{
	bool first = !k->known, changed = first ? state != PLAN_DISK_OK : state != k->state;

	k->known = true;
	k->state = state;
	snprintf(k->reason, sizeof(k->reason), "%s", reason);
	if (changed)
		log_say(state == PLAN_DISK_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "disk: %s",
		        disk_words(k));
	return changed;
}

const char *
disk_words(const struct disk *k)
{
	return k->state == PLAN_DISK_OK ? "the disk is usable again" : k->reason;
}

/* The inspector failed at the first attempt, so that no state is known yet.  Unknown is not
 * healthy: report the disk as absent. */
static bool
note_unknown(struct disk *k)
{
	return !k->known && !k->stopped &&
	       set_state(k, PLAN_DISK_ABSENT,
	                 "the disk could not be inspected: is the machine out of memory?");
}

/* Derive the state of the disk from the message of the inspector.  The order of the cases matters:
 * absent, then broken, then full; a broken disk is broken also when it is full. */
static void
take_figures(struct disk *k, const struct inspect_disk *seen, struct disk_event *e)
{
	bool was_mounted = k->last.mounted;
	int64_t growth = k->last.growth;
	bool other = seen->opened && (strcmp(seen->id, k->store_id) != 0 ||
	                              (was_mounted && seen->mount != k->last.mount));

	k->last = *seen;
	k->hangs_since = 0;
	if (seen->opened)
		memcpy(k->store_id, seen->id, sizeof(k->store_id));
	else
		k->last.growth = growth; /* it changes when a run ends */
	/* An inspector that did not open the store could not find what it warns of: keep the
	 * earlier warnings. */
	if (seen->opened || !seen->mounted)
		text_list_free(&k->warnings);
	if (!seen->mounted)
		e->changed = set_state(k, PLAN_DISK_ABSENT, seen->reason);
	else if (seen->broken)
		e->changed = set_state(k, PLAN_DISK_BROKEN, seen->reason);
	else if (seen->low)
		e->changed = set_state(k, PLAN_DISK_FULL, seen->reason);
	else
		e->changed = set_state(k, PLAN_DISK_OK, "");
	/* A disk that was mounted again may be another one, or have been used elsewhere: what is
	 * known of its volumes is out of date. */
	if (seen->mounted && (!was_mounted || other) && !k->reading)
		k->want_volumes = true;
	e->gone = was_mounted && (!seen->mounted || other);
}

/* One message of the inspector.  Each extends its deadline: a disk with many volumes takes long to
 * read, and only one that sends nothing hangs. */
static enum disk_news
take_message(struct disk *k, struct disk_event *e)
{
	const struct inspect_message *m = &e->message;
	enum disk_news news = DISK_NOTHING;

	if (k->late_at != INT64_MAX)
		k->late_at = clock_mono() + INSPECT_VOLUME_DEADLINE * INT64_C(1000);
	switch (m->kind) {
	case INSPECT_DISK:
		take_figures(k, &m->disk, e);
		return DISK_FIGURES;
	case INSPECT_VOLUME:
		return DISK_VOLUME;
	case INSPECT_UNREAD:
		k->unread = true;
		break;
	case INSPECT_UNLISTED:
		if (!text_list_has(&k->logged, m->warning))
			news = DISK_UNLISTED;
		break;
	case INSPECT_WARNING:
		break;
	}
	(void)text_list_add(&k->warnings, m->warning);
	return news;
}

/* Log the warnings of this inspector that the one before did not have. */
static void
log_warnings(struct disk *k)
{
	for (size_t i = 0; i < k->warnings.n; i++)
		if (!text_list_has(&k->logged, k->warnings.item[i]))
			log_say(LOG_LEVEL_WARNING, "%s", k->warnings.item[i]);
	text_list_free(&k->logged);
	(void)text_list_append(&k->logged, &k->warnings);
}

/* The daemon never touches the disk itself: a system call on a disk that hangs cannot be
 * interrupted and would stop all volumes.  Only one inspector runs at a time, and so at most one
 * process hangs. */
bool
disk_inspect(struct disk *k, const struct config *config, bool watched)
{
	struct inspect_job job = {
	    .config = config,
	    .fsid = k->known ? k->last.fsid : 0,
	    .mount = k->last.mount,
	    .marker = k->last.mounted,
	    .volumes = k->want_volumes,
	    .test = k->doubt || k->state == PLAN_DISK_BROKEN,
	    .idle = k->state == PLAN_DISK_OK && !watched,
	    .now = clock_wall(),
	};

	if (k->inspector.pid != 0 || k->stopped)
		return false;
	if (event_fork(&k->inspector, inspect_body, &job) != 0) {
		log_errno(LOG_LEVEL_ERROR, "cannot inspect the disk");
		return note_unknown(k);
	}
	k->reading = k->want_volumes;
	k->want_volumes = k->doubt = false;
	k->late_at = clock_mono() + INSPECT_DEADLINE * INT64_C(1000);
	return false;
}

bool
disk_is_inspecting(const struct disk *k)
{
	return k->inspector.pid != 0 && k->late_at != INT64_MAX;
}

/* The inspector has ended.  If it failed while reading volumes, some were not read: the next wake
 * reads them again. */
static void
end_inspection(struct disk *k, struct disk_event *e)
{
	if (k->reading && k->inspector.status != 0)
		k->unread = true;
	event_close(&k->inspector);
	e->changed = note_unknown(k);
	log_warnings(k);
	k->reading = false;
}

/* The inspector missed its deadline.  KILL has no effect while it hangs in the kernel: keep the
 * child, mark it as hanging and let the wake continue without the disk. */
static void
give_up(struct disk *k, struct disk_event *e)
{
	event_kill(&k->inspector, SIGKILL);
	k->late_at = INT64_MAX;
	if (k->hangs_since == 0)
		k->hangs_since = clock_mono();
	k->last.mounted = false;
	e->changed = set_state(k, PLAN_DISK_ABSENT,
	                       "the disk does not answer: check its cable and the kernel's log");
}

/* Return one event at a time, so that dispatch can act on each with the state as it was then.  A
 * deadline that has passed counts as the end of the inspector. */
enum disk_news
disk_next(struct disk *k, struct disk_event *e)
{
	enum event_news news;
	enum disk_news what = DISK_NOTHING;

	*e = (struct disk_event){.changed = false};
	if (k->inspector.pid == 0)
		return DISK_NOTHING;
	while (what == DISK_NOTHING && (news = event_next(&k->inspector, &e->message,
	                                                  sizeof(e->message))) != EVENT_NOTHING) {
		if (news == EVENT_ENDED) {
			end_inspection(k, e);
			return DISK_INSPECTED;
		}
		what = take_message(k, e);
	}
	if (what == DISK_NOTHING && clock_mono() >= k->late_at) {
		give_up(k, e);
		return DISK_INSPECTED;
	}
	return what;
}

/* Between wakes the free space is checked only while something writes to the disk: an idle disk may
 * spin down. */
bool
disk_is_due(struct disk *k, bool watched)
{
	int64_t now = clock_mono();

	if (!watched)
		k->next_room = now + ROOM_EVERY_MS;
	if (k->inspector.pid != 0 || (!k->doubt && now < k->next_room))
		return false;
	k->next_room = now + ROOM_EVERY_MS;
	return true;
}

int64_t
disk_deadline(const struct disk *k, bool watched)
{
	/* No second inspector starts while one runs, so only its own deadline counts. */
	if (k->inspector.pid != 0)
		return k->late_at;
	return watched ? k->next_room : INT64_MAX;
}

void
disk_stop(struct disk *k)
{
	k->stopped = true;
	event_kill(&k->inspector, SIGKILL);
}

void
disk_free(struct disk *k)
{
	event_close(&k->inspector);
	text_list_free(&k->warnings);
	text_list_free(&k->logged);
}
