// SPDX-License-Identifier: ISC
#include "flashback/daemon/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "flashback/daemon/publish.h"
#include "flashback/daemon/settle.h"
#include "flashback/daemon/wake.h"
#include "flashback/jobs/backup.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"
#include "flashback/schedule/phase.h"

#define END_MS 60000 /* a worker that was told to stop has this long */

unsigned
workers_active(const struct daemon *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < DAEMON_WORKERS; i++)
		n += d->work[i].child.pid != 0;
	return n;
}

/* The row of a run; NULL when the volume is no longer in the table. */
static struct table_row *
row_of(struct daemon *d, const struct daemon_work *w)
{
	return table_find(&d->table, w->volume->id);
}

static struct daemon_work *
work_at(struct daemon *d, const char *address)
{
	for (size_t i = 0; i < DAEMON_WORKERS; i++)
		if (d->work[i].child.pid != 0 && strcmp(d->work[i].volume->address, address) == 0)
			return &d->work[i];
	return NULL;
}

static struct daemon_work *
free_slot(struct daemon *d)
{
	if (workers_active(d) >= d->config->parallel)
		return NULL;
	for (size_t i = 0; i < DAEMON_WORKERS; i++)
		if (d->work[i].child.pid == 0)
			return &d->work[i];
	return NULL;
}

static void
start_run(struct daemon *d, struct daemon_work *w, struct table_row *row)
{
	int64_t now = clock_wall();
	struct backup_job job = {
	    .config = d->config,
	    .volume = row->volume,
	    .version = d->rsync,
	    .forced = row->wanted,
	};

	memset(w, 0, sizeof(*w));
	w->kill_at = -1;
	w->started = clock_mono();
	w->run = history_begin(&(const struct stamp){.when = now, .offset = clock_offset(now)});
	phase_move(row, PHASE_STARTED);
	row->tried = true;
	row->yielded = false;
	row->queued_since = 0;
	row->stage = TABLE_PREPARING;
	row->started = now;
	memset(&row->progress, 0, sizeof(row->progress));
	row->progress.left = -1;
	d->dirty = true;
	if (event_fork(&w->child, backup_body, &job) != 0) {
		table_say(row, RESULT_FAILED, "no process could be started: %s", strerror(errno));
		settle_exit_status(d, RESULT_FAILED);
		row->retry_at = now + d->config->wake;
		phase_move(row, PHASE_ENDED);
		publish_result(row, &row->seen.last);
		publish_news(d, row);
		return;
	}
	w->volume = volume_ref(row->volume);
}

/* The one of the queue that goes first and whose machine is free. */
static struct table_row *
next_queued(struct daemon *d)
{
	struct table_row *best = NULL;
	int64_t now = clock_wall();

	for (size_t i = 0; i < d->table.n; i++) {
		struct table_row *row = &d->table.row[i];

		if (row->phase != TABLE_QUEUED || work_at(d, row->volume->address) != NULL)
			continue;
		if (best == NULL || plan_compare(row, best, now) < 0)
			best = row;
	}
	return best;
}

/* A slot may come hours after the decision: the window may have closed, the volume may be gone. */
static void
withdraw(struct daemon *d)
{
	struct plan_now when = wake_when(d);
	struct plan_decision decision;

	for (size_t i = 0; i < d->table.n; i++) {
		struct table_row *row = &d->table.row[i];

		if (row->phase != TABLE_QUEUED)
			continue;
		plan_decide(row, &when, &decision);
		if (decision.cause != PLAN_RUN)
			phase_move(row, PHASE_WITHDRAWN);
	}
}

static void
note_waiting(struct daemon *d)
{
	for (size_t i = 0; i < d->table.n; i++)
		if (d->table.row[i].phase == TABLE_QUEUED && d->table.row[i].queued_since == 0)
			d->table.row[i].queued_since = clock_wall();
}

void
workers_start(struct daemon *d)
{
	struct daemon_work *slot;
	struct table_row *row;

	withdraw(d);
	/* After a run that filled the disk the next one waits until its tree is gone. */
	d->clearing = d->clearing && (d->sweep || d->sweeper.pid != 0);
	while (!d->clearing && (slot = free_slot(d)) != NULL && (row = next_queued(d)) != NULL)
		start_run(d, slot, row);
	note_waiting(d);
}

static void
take_stage(struct daemon *d, struct daemon_work *w, const char *name)
{
	struct table_row *row = row_of(d, w);

	for (int stage = TABLE_PREPARING; row != NULL && stage <= TABLE_EXPIRING; stage++)
		if (strcmp(name, table_stage_name((enum table_stage)stage)) == 0)
			row->stage = (enum table_stage)stage;
	d->dirty = true;
}

static void
take_progress(struct daemon *d, struct daemon_work *w, const char *text)
{
	struct table_row *row = row_of(d, w);
	struct output_progress p = {0};
	int64_t *const numbers[] = {&p.bytes, &p.rate, &p.left, &p.done, &p.all};
	int64_t percent;

	if (row == NULL || units_read_integer(&text, 0, 100, &percent) == -1)
		return;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (units_read_integer(&text, -1, INT64_MAX, numbers[i]) == -1)
			return;
	p.percent = (int)percent;
	row->progress = p;
}

static void
take_result(struct daemon_work *w, const char *text)
{
	int64_t percent;

	if (units_read_integer(&text, 0, 100, &percent) == -1)
		return;
	text += strspn(text, " ");
	if (history_parse(text, &w->run) == -1)
		return;
	w->told = true;
	w->percent = (int)percent;
}

/* What its volume's last run is the end of this one will tell. */
static void
take_summary(struct daemon *d, struct daemon_work *w, const char *text)
{
	struct table_row *row = row_of(d, w);
	struct summary seen;

	if (row == NULL || summary_unpack(text, &seen) != 0)
		return;
	w->newest = seen.last;
	seen.last = row->seen.last;
	row->seen = seen;
	row->known = true;
}

/* Which run a line is from. */
struct speaker {
	struct daemon *d;
	struct daemon_work *w;
};

static void
take_line(void *arg, char *line)
{
	const struct speaker *s = arg;
	char *text = strchr(line, ' ');

	if (text == NULL)
		return;
	*text++ = '\0';
	if (strcmp(line, "stage") == 0)
		take_stage(s->d, s->w, text);
	else if (strcmp(line, "progress") == 0)
		take_progress(s->d, s->w, text);
	else if (strcmp(line, "note") == 0)
		log_say(LOG_LEVEL_WARNING, "%s: %s", s->w->volume->id, text);
	else if (strcmp(line, "summary") == 0)
		take_summary(s->d, s->w, text);
	else if (strcmp(line, "expired") == 0)
		s->d->sweep = true;
	else if (strcmp(line, "result") == 0)
		take_result(s->w, text);
}

/* A worker that said nothing has crashed or was killed. */
static void
blame_worker(struct daemon_work *w)
{
	struct history_run *run = &w->run;
	int status = w->child.status;

	run->seconds = (clock_mono() - w->started) / 1000;
	run->result = w->why != DAEMON_RUNNING ? RESULT_INTERRUPTED : RESULT_FAILED;
	if (WIFSIGNALED(status))
		snprintf(run->reason, sizeof(run->reason),
		         "its worker was killed by signal %d; was the machine out of memory?",
		         WTERMSIG(status));
	else
		snprintf(run->reason, sizeof(run->reason), "its worker ended without a result");
}

static void
end_run(struct daemon *d, struct daemon_work *w)
{
	struct table_row *row = row_of(d, w);

	if (!w->told) {
		blame_worker(w);
		d->look_volumes = true; /* it may have come far */
	}
	event_close(&w->child);
	if (row != NULL) {
		settle_row(d, row, w);
		phase_move(row, PHASE_ENDED);
		publish_result(row, &w->run);
		publish_news(d, row);
	}
	if (w->run.result == RESULT_FULL)
		d->clearing = true;
	if (result_row(w->run.result)->disk_lost || w->why == DAEMON_DISK)
		d->doubt = d->look_volumes = true;
	settle_exit_status(d, w->run.result);
	volume_free(w->volume);
	w->volume = NULL;
	table_drop_gone(&d->table);
	d->dirty = true;
}

static void
hear_run(struct daemon *d, struct daemon_work *w)
{
	struct speaker s = {.d = d, .w = w};

	event_lines(&w->child, take_line, &s);
	if (!event_reaped(&w->child))
		return;
	event_lines(&w->child, take_line, &s);
	end_run(d, w);
}

void
workers_hear(struct daemon *d)
{
	for (size_t i = 0; i < DAEMON_WORKERS; i++)
		if (d->work[i].child.pid != 0)
			hear_run(d, &d->work[i]);
}

static void
stop_run(struct daemon *d, struct daemon_work *w, enum daemon_why why)
{
	struct table_row *row = row_of(d, w);

	if (w->why != DAEMON_RUNNING && why != DAEMON_ENDS)
		return;
	if (row != NULL && row->phase == TABLE_RUNNING) {
		phase_move(row, PHASE_STOPPED);
		if (why != DAEMON_ENDS)
			log_say(LOG_LEVEL_INFO, "%s: told to stop: %s", w->volume->id,
			        settle_words(why));
	}
	w->why = why;
	w->kill_at = clock_mono() + END_MS;
	event_kill(&w->child, why == DAEMON_ROOM ? SIGUSR2 : SIGTERM);
	d->dirty = true;
}

static int
local_minute(int64_t now)
{
	int64_t day = (now + clock_offset(now)) % 86400;

	return (int)((day + 86400) % 86400 / 60);
}

/* The run that must give way to the one that has waited: at its machine, or else the oldest. */
static struct daemon_work *
find_yielder(struct daemon *d, const struct table_row *waiting)
{
	struct daemon_work *oldest = work_at(d, waiting->volume->address);

	if (oldest != NULL || workers_active(d) < d->config->parallel)
		return oldest;
	for (size_t i = 0; i < DAEMON_WORKERS; i++) {
		struct daemon_work *w = &d->work[i];

		if (w->child.pid != 0 && (oldest == NULL || w->started < oldest->started))
			oldest = w;
	}
	return oldest;
}

static void
watch_slices(struct daemon *d)
{
	int64_t now = clock_wall();

	for (size_t i = 0; i < d->table.n; i++) {
		const struct table_row *waiting = &d->table.row[i];
		const struct table_row *running;
		struct daemon_work *w;

		if (waiting->phase != TABLE_QUEUED)
			continue;
		w = find_yielder(d, waiting);
		running = w != NULL ? row_of(d, w) : NULL;
		if (running != NULL &&
		    plan_yields(running, waiting, now, d->config->time_slice, d->last_wake)) {
			stop_run(d, w, DAEMON_SLICE);
			return;
		}
	}
}

void
workers_watch(struct daemon *d)
{
	int minute = local_minute(clock_wall());

	for (size_t i = 0; i < DAEMON_WORKERS; i++) {
		struct daemon_work *w = &d->work[i];
		const struct table_row *row = w->child.pid != 0 ? row_of(d, w) : NULL;

		if (w->child.pid == 0)
			continue;
		if (!volume_window_open(w->volume, minute) && !(row != NULL && row->wanted))
			stop_run(d, w, DAEMON_WINDOW);
		if (w->kill_at >= 0 && clock_mono() >= w->kill_at) {
			event_kill(&w->child, SIGKILL);
			w->kill_at = -1;
		}
	}
	watch_slices(d);
}

void
workers_stop_youngest(struct daemon *d)
{
	struct daemon_work *youngest = NULL;

	for (size_t i = 0; i < DAEMON_WORKERS; i++) {
		struct daemon_work *w = &d->work[i];

		if (w->child.pid == 0)
			continue;
		if (w->why == DAEMON_ROOM)
			return; /* one at a time: its end may free enough */
		if (youngest == NULL || w->started > youngest->started)
			youngest = w;
	}
	if (youngest != NULL)
		stop_run(d, youngest, DAEMON_ROOM);
}

void
workers_stop(struct daemon *d, enum daemon_why why)
{
	for (size_t i = 0; i < DAEMON_WORKERS; i++)
		if (d->work[i].child.pid != 0)
			stop_run(d, &d->work[i], why);
}

void
workers_kill(struct daemon *d)
{
	for (size_t i = 0; i < DAEMON_WORKERS; i++) {
		struct daemon_work *w = &d->work[i];

		if (w->child.pid == 0 || w->kill_at < 0)
			continue;
		log_say(LOG_LEVEL_WARNING, "%s: did not end in time and is killed", w->volume->id);
		event_kill(&w->child, SIGKILL);
		w->kill_at = -1;
	}
}

void
workers_abandon(struct daemon *d)
{
	for (size_t i = 0; i < DAEMON_WORKERS; i++) {
		struct daemon_work *w = &d->work[i];

		if (w->child.pid == 0)
			continue;
		log_say(LOG_LEVEL_ERROR, "%s: hangs in the kernel and is left behind",
		        w->volume->id);
		end_run(d, w);
	}
}
