// SPDX-License-Identifier: ISC
#include "flashback/daemon/wake.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/daemon/disk.h"
#include "flashback/daemon/publish.h"
#include "flashback/daemon/reload.h"
#include "flashback/daemon/warn.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"
#include "flashback/schedule/phase.h"

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

/* Where a host is not there, or nothing is known of it. */
static void
say_not_found(struct table_row *row, enum phase_event event, const char *reason)
{
	if (row->silent_since == 0) {
		row->silent_since = clock_wall();
		log_say(LOG_LEVEL_INFO, "%s: not found: %s", row->volume->id, reason);
	}
	table_say(row, RESULT_NOT_FOUND, "%s", reason);
	phase_move(row, event);
}

static void
take_answer(struct daemon *d, struct table_row *row, enum probe_answer answer, const char *reason)
{
	if (answer != PROBE_UNKNOWN && answer != PROBE_NO_NET)
		row->unresolved_since = 0;
	else if (answer == PROBE_UNKNOWN && row->unresolved_since == 0)
		row->unresolved_since = clock_wall();
	switch (answer) {
	case PROBE_UP:
		phase_move(row, PHASE_ANSWERED);
		break;
	case PROBE_UNKNOWN:
	case PROBE_SILENT:
	case PROBE_NO_NET:
		say_not_found(row, answer == PROBE_NO_NET ? PHASE_NO_NET : PHASE_SILENT, reason);
		break;
	case PROBE_CANNOT:
		if (!d->cannot_ask)
			log_say(LOG_LEVEL_WARNING, "%s: could not be asked: %s", row->volume->id,
			        reason);
		d->cannot_ask = d->asked.failed = true;
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
	text_list_free(&asked->addresses);
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
	d->cannot_ask = d->asked.failed;
	free_asked(&d->asked);
	/* Rows whose volume changed while they were asked match no host any more. */
	for (size_t i = 0; i < d->table.n; i++)
		if (d->table.row[i].phase == TABLE_ASKING)
			phase_move(&d->table.row[i], PHASE_WITHDRAWN);
	d->dirty = true;
}

static int
add_host(struct daemon_asked *asked, const struct volume *v)
{
	struct probe_hosts *hosts = &asked->hosts;

	for (size_t i = 0; i < hosts->n; i++) {
		const struct probe_host *h = &hosts->host[i];

		if (h->how == v->probe && h->port == v->probe_port &&
		    strcmp(h->address, v->address) == 0)
			return 0;
	}
	if (text_list_add(&asked->addresses, v->address) == -1)
		return -1;
	hosts->host[hosts->n] = (struct probe_host){
	    .address = asked->addresses.item[hosts->n], .how = v->probe, .port = v->probe_port};
	hosts->n++;
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
	assert(asked->hosts.n == 0 && asked->addresses.n == 0);
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
		table_say(row, RESULT_ABSENT, "%s", d->disk_reason);
	if (row->wanted && (decision->cause == PLAN_CLOCK || decision->cause == PLAN_AHEAD))
		table_say(row, RESULT_CLOCK, "%s",
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
	if (disk_hear(d) && d->waking) {
		d->waking = false;
		decide(d);
	}
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

/* Has a snapshot that was from the future become one of the present? */
static bool
future_has_come(const struct daemon *d)
{
	int64_t until = clock_wall() + SUMMARY_AHEAD_MAX;

	for (size_t i = 0; i < d->table.n; i++) {
		int64_t when = d->table.row[i].seen.future.when;

		if (when != 0 && when <= until)
			return true;
	}
	return false;
}

void
wake_begin(struct daemon *d)
{
	note_clock(d);
	d->look_volumes |= d->look_again || future_has_come(d);
	d->look_again = false;
	d->last_wake = d->this_wake;
	d->this_wake = clock_wall();
	d->next_wake = clock_mono() + d->config->wake * 1000;
	reload_config(d);
	reload_rsync(d);
	warn_renew(d);
	table_wake(&d->table, d->this_wake);
	d->waking = true;
	disk_look(d);
	/* The last looker hangs, or there is none to be had. */
	if (!disk_is_looking(d)) {
		d->waking = false;
		decide(d);
	}
}
