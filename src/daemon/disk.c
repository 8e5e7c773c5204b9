// SPDX-License-Identifier: ISC
#include "flashback/daemon/disk.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "flashback/daemon/publish.h"
#include "flashback/daemon/warn.h"
#include "flashback/daemon/workers.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"

#define ROOM_EVERY_MS 10000

/* Is a suspect snapshot still the last word, or has it been accepted, removed, or overtaken? */
static bool
is_suspect_still(const struct summary *seen)
{
	return seen->suspect != 0 && seen->suspect > seen->complete &&
	       seen->suspect > seen->partial;
}

/* The person has dealt with it: renamed it, or removed it. */
static bool
is_dealt_with(const struct table_row *row)
{
	enum result last = row->seen.last.result;

	if (last == RESULT_SUSPECT)
		return !is_suspect_still(&row->seen);
	return last == RESULT_PARTIAL && row->seen.partial == 0;
}

static void
adopt(struct daemon *d, struct table_row *row, const struct summary *seen)
{
	bool first = !row->known && row->phase == TABLE_RESTING;
	bool was_known = row->known, newer = table_see(row, seen);

	if (seen->expired > 0)
		d->sweep = true;
	if (first) {
		row->retry_at = plan_retry_at(seen, history_ended(&seen->last), d->config->wake,
		                              row->volume->every);
		row->told = seen->last.result; /* by who made it */
	}
	if (is_dealt_with(row))
		table_say(row, RESULT_NONE, "%s", "");
	/* A --once beside this daemon tells nobody. */
	if (newer && was_known)
		publish_news(d, row);
}

/* Tell of a change of the disk's state. */
static void
set_disk(struct daemon *d, enum plan_disk state, const char *reason)
{
	bool changed = !d->look_told || state != d->disk_state;
	bool first = !d->look_told;

	d->look_told = true;
	d->disk_state = state;
	snprintf(d->disk_reason, sizeof(d->disk_reason), "%s", reason);
	if (!changed || (first && state == PLAN_DISK_OK))
		return;
	if (state == PLAN_DISK_OK)
		reason = "the disk is good again";
	log_say(state == PLAN_DISK_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "disk: %s", reason);
	publish_event(d, "disk", NULL, state == PLAN_DISK_OK ? "OK" : "CRITICAL", reason);
	d->dirty = true;
}

static void
take_disk(struct daemon *d, const struct inspect_disk *disk)
{
	bool was_mounted = d->disk.mounted;
	bool other = disk->opened && strcmp(disk->id, d->store_id) != 0;

	d->disk = *disk;
	d->hangs_since = 0;
	if (disk->opened)
		memcpy(d->store_id, disk->id, sizeof(d->store_id));
	/* A look that did not open the store had no occasion to warn. */
	if (disk->opened || !disk->mounted)
		text_list_free(&d->seen);
	if (!disk->mounted)
		set_disk(d, PLAN_DISK_ABSENT, disk->reason);
	else if (disk->broken)
		set_disk(d, PLAN_DISK_BROKEN, disk->reason);
	else if (disk->low)
		set_disk(d, PLAN_DISK_FULL, disk->reason);
	else
		set_disk(d, PLAN_DISK_OK, "");
	/* A disk that has come back may be another one, or may have been worked on elsewhere. */
	if (disk->mounted && (!was_mounted || other) && !d->looking_at_volumes)
		d->look_volumes = true;
	/* Runs at the disk that is gone would hold it, and could keep nothing. */
	if (was_mounted && (!disk->mounted || other))
		workers_stop(d, DAEMON_DISK);
	if (disk->mounted && disk->low && d->waking)
		d->reclaim = d->sweep = true;
	if (disk->very_low && workers_active(d) > 0)
		workers_stop_youngest(d);
}

static void
take_volume(struct daemon *d, char *line)
{
	char *text = strchr(line, ' ');
	struct table_row *row;
	struct summary seen;

	if (text == NULL)
		return;
	*text++ = '\0';
	row = table_find(&d->table, line);
	if (row == NULL)
		return;
	/* What a run does may be newer; but one that finds no source tells nothing of it. */
	if (table_active(row))
		d->look_again = true;
	else if (summary_unpack(text, &seen) == 0)
		adopt(d, row, &seen);
}

static void
take_look(void *arg, char *line)
{
	struct daemon *d = arg;
	struct inspect_disk disk;

	/* A disk with many volumes takes its time, but shows life. */
	if (d->look_until != INT64_MAX)
		d->look_until = clock_mono() + INSPECT_VOLUME_DEADLINE * INT64_C(1000);
	if (strncmp(line, "volume ", 7) == 0)
		take_volume(d, line + 7);
	else if (strncmp(line, "stale ", 6) == 0)
		d->sweep = true;
	else if (strncmp(line, "warning ", 8) == 0)
		(void)text_list_add(&d->seen, line + 8);
	else if (strncmp(line, "unread ", 7) == 0)
		d->look_again = true; /* the next wake may find it readable again */
	else if (inspect_parse(line, &disk) == 0)
		take_disk(d, &disk);
}

/* A first look that came to nothing: what is not known must not pass for good. */
static void
note_unseen(struct daemon *d)
{
	if (!d->look_told)
		set_disk(d, PLAN_DISK_ABSENT,
		         "the disk could not be looked at: is the machine out of memory?");
}

void
disk_look(struct daemon *d)
{
	struct inspect_job job = {
	    .config = d->config,
	    .fsid = d->look_told ? d->disk.fsid : 0,
	    .marker = d->disk.mounted,
	    .volumes = d->look_volumes,
	    .test = d->doubt || d->disk_state == PLAN_DISK_BROKEN,
	    .now = clock_wall(),
	};

	if (d->looker.pid != 0)
		return;
	if (event_fork(&d->looker, inspect_body, &job) != 0) {
		log_errno(LOG_LEVEL_ERROR, "the disk cannot be looked at");
		note_unseen(d);
		return;
	}
	d->looking_at_volumes = d->look_volumes;
	d->look_volumes = d->doubt = false;
	d->look_until = clock_mono() + INSPECT_DEADLINE * INT64_C(1000);
}

bool
disk_is_looking(const struct daemon *d)
{
	return d->looker.pid != 0 && d->look_until != INT64_MAX;
}

bool
disk_is_watched(const struct daemon *d)
{
	/* The daemon looks at its next wake; --once has none, and waits for its sweeper. */
	return workers_active(d) > 0 || (d->options->once && d->sweeper.pid != 0);
}

void
disk_watch(struct daemon *d)
{
	int64_t now = clock_mono();

	if (!disk_is_watched(d))
		d->next_room = now + ROOM_EVERY_MS;
	if (d->looker.pid != 0 || (!d->doubt && now < d->next_room))
		return;
	d->next_room = now + ROOM_EVERY_MS;
	disk_look(d);
}

/* What the looker has told is complete.  Is that all that the wake waits for? */
static bool
end_look(struct daemon *d)
{
	if (d->looking_at_volumes && d->looker.status != 0)
		d->look_again = true;
	event_close(&d->looker);
	if (!d->ending)
		note_unseen(d);
	warn_seen(d);
	d->looking_at_volumes = false;
	if (!d->waking || !d->look_volumes || !d->disk.mounted)
		return true;
	disk_look(d);
	return !disk_is_looking(d);
}

bool
disk_hear(struct daemon *d)
{
	if (d->looker.pid == 0)
		return false;
	event_lines(&d->looker, take_look, d);
	if (event_reaped(&d->looker)) {
		event_lines(&d->looker, take_look, d);
		return end_look(d);
	}
	if (clock_mono() < d->look_until)
		return false;
	/* It may hang in the kernel and outlive this; the wake goes on without the disk. */
	event_kill(&d->looker, SIGKILL);
	d->look_until = INT64_MAX;
	if (d->hangs_since == 0)
		d->hangs_since = clock_mono();
	d->disk.mounted = false;
	set_disk(d, PLAN_DISK_ABSENT,
	         "the disk does not answer: look at its cable and at the kernel's log");
	return true;
}
