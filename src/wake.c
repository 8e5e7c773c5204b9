// SPDX-License-Identifier: ISC
#include "flashback/wake.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/clock.h"
#include "flashback/log.h"
#include "flashback/phase.h"
#include "flashback/publish.h"
#include "flashback/reload.h"
#include "flashback/warn.h"
#include "flashback/work.h"

#define ROOM_EVERY_MS 10000
#define CLOCK_SET 3600 /* seconds: by less it is merely put right */

struct plan_now
wake_when(const struct daemon *d)
{
	int64_t now = clock_wall();

	return (struct plan_now){
	    .now = now,
	    .offset = clock_offset(now),
	    .wake = d->config->wake,
	    .disk = d->look_told ? d->disk_state : PLAN_DISK_UNKNOWN,
	};
}

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
	if (row->last == JUDGE_SUSPECT)
		return !is_suspect_still(&row->seen);
	return row->last == JUDGE_PARTIAL && row->seen.partial == 0;
}

/* At the start the history says how the last run ended, and how long a failed volume must wait. */
static void
adopt_history(struct daemon *d, struct table_row *row)
{
	const struct history_run *last = &row->seen.last;
	int64_t ended;

	if (last->result == JUDGE_NONE)
		return;
	table_say(row, last->result, "%s", last->reason);
	row->took = last->seconds;
	row->told = last->result;
	ended = last->stamp.when + (last->seconds > 0 ? last->seconds : 0);
	if (judge_shown_failed(last->result))
		row->retry_at =
		    ended + plan_backoff(row->seen.failures, d->config->wake, row->volume->every);
	if (last->result == JUDGE_FULL)
		row->retry_at = ended + row->volume->every;
}

void
wake_adopt(struct daemon *d, struct table_row *row, const struct summary *seen)
{
	bool first = !row->known;

	row->seen = *seen;
	row->known = true;
	if (seen->expired > 0)
		d->sweep = true;
	if (first && row->phase == TABLE_RESTING)
		adopt_history(d, row);
	if (is_dealt_with(row))
		table_say(row, JUDGE_NONE, "%s", "");
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
take_disk(struct daemon *d, const struct look_disk *disk)
{
	bool was_mounted = d->disk.mounted;
	bool other = disk->opened && strcmp(disk->id, d->store_id) != 0;

	d->disk = *disk;
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
		work_stop(d, DAEMON_DISK);
	if (disk->mounted && disk->low && d->waking)
		d->reclaim = d->sweep = true;
	if (disk->very_low && work_active(d) > 0)
		work_stop_youngest(d);
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
	if (row != NULL && !table_active(row) && summary_unpack(text, &seen) == 0)
		wake_adopt(d, row, &seen);
}

static void
take_look(void *arg, char *line)
{
	struct daemon *d = arg;
	struct look_disk disk;

	if (strncmp(line, "volume ", 7) == 0)
		take_volume(d, line + 7);
	else if (strncmp(line, "warning ", 8) == 0)
		(void)text_list_add(&d->seen, line + 8);
	else if (look_parse(line, &disk) == 0)
		take_disk(d, &disk);
}

static void
start_look(struct daemon *d)
{
	struct look_job job = {
	    .config = d->config,
	    .fsid = d->look_told ? d->disk.fsid : 0,
	    .marker = d->disk.mounted,
	    .volumes = d->look_volumes,
	    .test = d->doubt || d->disk_state == PLAN_DISK_BROKEN,
	    .now = clock_wall(),
	};

	if (d->looker.pid != 0)
		return;
	if (event_fork(&d->looker, look_body, &job) != 0) {
		log_errno(LOG_LEVEL_ERROR, "the disk cannot be looked at");
		return;
	}
	d->looking_at_volumes = d->look_volumes;
	d->look_volumes = d->doubt = false;
	d->look_until =
	    clock_mono() + (job.volumes ? LOOK_VOLUMES_DEADLINE : LOOK_DEADLINE) * INT64_C(1000);
}

void
wake_look_at_disk(struct daemon *d)
{
	int64_t now = clock_mono();

	if (work_active(d) == 0)
		d->next_room = now + ROOM_EVERY_MS;
	if (d->looker.pid != 0 || (!d->doubt && now < d->next_room))
		return;
	d->next_room = now + ROOM_EVERY_MS;
	start_look(d);
}

/* Where a host is not there, or nothing is known of it. */
static void
say_not_found(struct table_row *row, enum phase_event event, const char *reason)
{
	if (row->silent_since == 0) {
		row->silent_since = clock_wall();
		log_say(LOG_LEVEL_INFO, "%s: not found: %s", row->volume->id, reason);
	}
	table_say(row, JUDGE_NOT_FOUND, "%s", reason);
	phase_move(row, event);
}

static void
take_answer(struct daemon *d, struct table_row *row, enum probe_answer answer, const char *reason)
{
	if (answer != PROBE_UNKNOWN && answer != PROBE_NO_NET)
		row->unresolved_since = 0;
	switch (answer) {
	case PROBE_UP:
		d->cannot_ask = false;
		phase_move(row, PHASE_ANSWERED);
		break;
	case PROBE_UNKNOWN:
		if (row->unresolved_since == 0)
			row->unresolved_since = clock_wall();
		say_not_found(row, PHASE_SILENT, reason);
		break;
	case PROBE_SILENT:
		say_not_found(row, PHASE_SILENT, reason);
		break;
	case PROBE_NO_NET:
		say_not_found(row, PHASE_NO_NET, reason);
		break;
	case PROBE_CANNOT:
		if (!d->cannot_ask)
			log_say(LOG_LEVEL_WARNING, "%s: could not be asked: %s", row->volume->id,
			        reason);
		d->cannot_ask = true;
		phase_move(row, PHASE_UNASKED);
		break;
	}
	d->dirty = true;
}

static bool
is_asked_as(const struct table_row *row, const struct probe_host *host)
{
	const struct volume *v = row->volume;

	return row->phase == TABLE_ASKING && v->probe == host->how && v->probe_port == host->port &&
	       strcmp(v->address, host->address) == 0;
}

static void
answer_host(struct daemon *d, size_t index, enum probe_answer answer, const char *reason)
{
	if (index >= d->asked.hosts.n || d->asked.answered[index])
		return;
	d->asked.answered[index] = true;
	for (size_t i = 0; i < d->table.n; i++)
		if (is_asked_as(&d->table.row[i], &d->asked.hosts.host[index]))
			take_answer(d, &d->table.row[i], answer, reason);
}

static void
take_probe(void *arg, char *line)
{
	struct daemon *d = arg;
	enum probe_answer answer;
	const char *reason;
	size_t index;

	if (probe_parse(line, &index, &answer, &reason) == 0)
		answer_host(d, index, answer, reason);
}

static void
free_asked(struct daemon_asked *asked)
{
	for (size_t i = 0; i < asked->hosts.n; i++)
		free((char *)(uintptr_t)asked->hosts.host[i].address);
	free(asked->hosts.host);
	free(asked->answered);
	memset(asked, 0, sizeof(*asked));
}

/* The prober has ended: whom it told nothing of, rsync will tell. */
static void
end_probe(struct daemon *d)
{
	event_lines(&d->prober, take_probe, d);
	event_close(&d->prober);
	for (size_t i = 0; i < d->asked.hosts.n; i++)
		answer_host(d, i, PROBE_CANNOT,
		            "the answer did not come in time; rsync is "
		            "started without asking");
	free_asked(&d->asked);
	/* Rows whose volume changed while they were asked match no host any more. */
	for (size_t i = 0; i < d->table.n; i++)
		if (d->table.row[i].phase == TABLE_ASKING)
			phase_move(&d->table.row[i], PHASE_WITHDRAWN);
}

static int
add_host(struct daemon_asked *asked, const struct volume *v)
{
	struct probe_host *h;

	for (size_t i = 0; i < asked->hosts.n; i++) {
		h = &asked->hosts.host[i];
		if (h->how == v->probe && h->port == v->probe_port &&
		    strcmp(h->address, v->address) == 0)
			return 0;
	}
	h = &asked->hosts.host[asked->hosts.n];
	*h = (struct probe_host){
	    .address = strdup(v->address), .how = v->probe, .port = v->probe_port};
	if (h->address == NULL)
		return -1;
	asked->hosts.n++;
	return 0;
}

/* Ask for all rows that are ASKING, each host once. */
static void
start_probe(struct daemon *d)
{
	struct daemon_asked *asked = &d->asked;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < d->table.n; i++)
		n += d->table.row[i].phase == TABLE_ASKING;
	if (n == 0)
		return;
	asked->hosts.host = calloc(n, sizeof(*asked->hosts.host));
	asked->answered = calloc(n, sizeof(*asked->answered));
	if (asked->hosts.host == NULL || asked->answered == NULL)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < d->table.n; i++)
		if (d->table.row[i].phase == TABLE_ASKING)
			rc = add_host(asked, d->table.row[i].volume);
	if (rc == 0)
		rc = event_fork(&d->prober, probe_body, &asked->hosts);
	d->probe_until = clock_mono() + PROBE_DEADLINE * INT64_C(1000);
	if (rc != 0) {
		log_errno(LOG_LEVEL_ERROR, "hosts cannot be asked");
		end_probe(d);
	}
}

static void
say_cause(struct daemon *d, struct table_row *row, const struct plan_decision *decision)
{
	/* The disk and the clock are told once for all; a wanted volume is told by its row. */
	if (row->wanted && decision->cause == PLAN_DISK)
		table_say(row, JUDGE_ABSENT, "%s", d->disk_reason);
	if (row->wanted && (decision->cause == PLAN_CLOCK || decision->cause == PLAN_AHEAD))
		table_say(row, JUDGE_CLOCK, "%s",
		          "the clock is wrong, or its newest snapshot is ahead of it");
}

static void
decide(struct daemon *d)
{
	struct plan_now when = wake_when(d);
	struct plan_decision decision;

	d->decide_again = false;
	if (d->ending)
		return;
	for (size_t i = 0; i < d->table.n; i++) {
		struct table_row *row = &d->table.row[i];

		if (row->phase != TABLE_RESTING || (d->options->wanted.n > 0 && !row->wanted))
			continue;
		plan_decide(row, &when, &decision);
		if (decision.cause != PLAN_RUN)
			say_cause(d, row, &decision);
		else if (row->volume->probe == VOLUME_PROBE_NONE)
			phase_move(row, PHASE_QUEUE);
		else if (d->prober.pid == 0)
			phase_move(row, PHASE_ASK);
		else
			d->decide_again = true; /* the last wake's prober is still at work */
	}
	if (d->prober.pid == 0)
		start_probe(d);
	publish_overdue(d);
	d->dirty = true;
}

/* What the looker has told is complete. */
static void
end_look(struct daemon *d)
{
	event_close(&d->looker);
	if (d->looking_at_volumes && d->disk.mounted)
		for (size_t i = 0; i < d->table.n; i++)
			d->table.row[i].known = true;
	d->looking_at_volumes = false;
	if (!d->waking)
		return;
	if (d->look_volumes && d->disk.mounted) {
		start_look(d);
		return;
	}
	d->waking = false;
	decide(d);
}

static void
hear_look(struct daemon *d)
{
	if (d->looker.pid == 0)
		return;
	event_lines(&d->looker, take_look, d);
	if (event_reaped(&d->looker)) {
		event_lines(&d->looker, take_look, d);
		end_look(d);
	} else if (clock_mono() >= d->look_until) {
		/* It may hang in the kernel and outlive this; the wake goes on without the disk. */
		event_kill(&d->looker, SIGKILL);
		d->look_until = INT64_MAX;
		d->disk.mounted = false;
		set_disk(d, PLAN_DISK_ABSENT,
		         "the disk does not answer: look at its cable and at "
		         "the kernel's log");
		d->waking = false;
		decide(d);
	}
}

static void
hear_probe(struct daemon *d)
{
	if (d->prober.pid == 0)
		return;
	event_lines(&d->prober, take_probe, d);
	if (event_reaped(&d->prober)) {
		end_probe(d);
		if (d->decide_again)
			decide(d);
	} else if (clock_mono() >= d->probe_until) {
		event_kill(&d->prober, SIGKILL);
		d->probe_until = INT64_MAX;
	}
}

void
wake_hear(struct daemon *d)
{
	hear_look(d);
	hear_probe(d);
}

void
wake_forget_backoff(struct daemon *d)
{
	for (size_t i = 0; i < d->table.n; i++)
		d->table.row[i].retry_at = 0;
	d->look_volumes = true;
}

/* What was seen by a clock that was wrong is looked at anew by one that may be right. */
static void
note_clock(struct daemon *d)
{
	int64_t ahead = clock_wall() - clock_mono() / 1000;
	int64_t set = ahead - d->ahead;

	d->ahead = ahead;
	if (d->this_wake == 0 || (set < CLOCK_SET && set > -CLOCK_SET))
		return;
	log_say(LOG_LEVEL_INFO, "the clock was set: the snapshots are looked at anew");
	d->look_volumes = true;
}

void
wake_begin(struct daemon *d)
{
	note_clock(d);
	d->last_wake = d->this_wake;
	d->this_wake = clock_wall();
	d->next_wake = clock_mono() + d->config->wake * 1000;
	reload_config(d);
	reload_rsync(d);
	warn_renew(d);
	table_wake(&d->table, d->this_wake);
	d->waking = true;
	start_look(d);
	/* The last looker hangs, or there is none to be had. */
	if (d->looker.pid == 0 || d->look_until == INT64_MAX) {
		d->waking = false;
		decide(d);
	}
}
