// SPDX-License-Identifier: ISC
#include "flashback/daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/daemon/disk.h"
#include "flashback/daemon/publish.h"
#include "flashback/daemon/purger.h"
#include "flashback/daemon/reload.h"
#include "flashback/daemon/service.h"
#include "flashback/daemon/wake.h"
#include "flashback/daemon/warn.h"
#include "flashback/daemon/workers.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/compat.h"
#include "flashback/lib/file.h"
#include "flashback/lib/log.h"
#include "flashback/rsync/transfer.h"

#define END_MS 13000  /* from TERM until all children are killed */
#define LAST_MS 1500  /* from then until we go without them: they hang in the kernel */
#define WATCH_MS 5000 /* while runs go on, how often windows and slices are looked at */

enum { SIGNALS, LOOKER, PROBER, SWEEPER, NOTIFIER, WORKERS, SOURCES = WORKERS + DAEMON_WORKERS };

static int
load(struct daemon *d)
{
	d->config = reload_read(d->options->config_file);
	if (d->config == NULL)
		return -1;
	if (table_update(&d->table, d->config->volumes, d->config->n, clock_wall()) == 0)
		return 0;
	fprintf(stderr, "flashback: %s\n", strerror(errno));
	return -1;
}

/* Mark what the operand names.  Return 0, or -1 when there is nothing of that name, or it is
 * disabled. */
static int
want(struct daemon *d, const char *wanted)
{
	unsigned found = 0, disabled = 0;

	for (size_t i = 0; i < d->table.n; i++) {
		struct table_row *row = &d->table.row[i];

		if (!volume_is_named(row->volume, wanted))
			continue;
		found++;
		row->wanted = !row->volume->disabled;
		disabled += row->volume->disabled;
	}
	if (found > disabled)
		return 0;
	if (found > 0)
		fprintf(stderr,
		        "flashback: %s is disabled: remove `disabled = yes` to back it up\n",
		        wanted);
	else
		reload_unknown(d->config, wanted);
	return -1;
}

static int
want_all(struct daemon *d)
{
	for (size_t i = 0; i < d->options->wanted.n; i++)
		if (want(d, d->options->wanted.item[i]) != 0)
			return -1;
	return 0;
}

/* The daemon must have the pid file to itself; --once works beside it, and then writes no files. */
static int
lock_pid(struct daemon *d)
{
	char *why = NULL;

	d->pid_fd = file_lock_pid(d->config->pid_file, &why);
	if (d->pid_fd == -2 && d->options->once)
		d->pid_fd = -1;
	else if (d->pid_fd < 0)
		goto fail;
	free(why);
	return 0;
fail:
	fprintf(stderr, "flashback: pid_file: %s%s\n", why != NULL ? why : strerror(errno),
	        d->pid_fd == -2 || geteuid() == 0
	            ? ""
	            : "; run as root, or choose places of your own for pid_file, status_file and "
	              "queue_file");
	free(why);
	return -1;
}

static int
check_rsync(struct daemon *d)
{
	char why[256];

	if (transfer_version(d->config->rsync, &d->rsync, why, sizeof(why)) != 0) {
		fprintf(stderr, "flashback: %s\n", why);
		return -1;
	}
	(void)stat(d->config->rsync, &d->rsync_file);
	return 0;
}

static int
start(struct daemon *d)
{
	d->signals = event_open();
	if (d->signals < 0) {
		fprintf(stderr, "flashback: signals cannot be received: %s\n", strerror(errno));
		return -1;
	}
	if (load(d) != 0 || want_all(d) != 0)
		return -1;
	log_open(d->config->syslog, d->options->verbose);
	if (lock_pid(d) != 0 || check_rsync(d) != 0)
		return -1;
	warn_renew(d);
	d->look_volumes = true;
	d->next_wake = clock_mono();
	if (publish_write(d, VIEW_PRESTART) != 0)
		return -1;
	malloc_trim(0);
	return 0;
}

/* Once the first wake has decided, the world may know, and notify is told once how things stand. */
static void
tell_ready(struct daemon *d)
{
	if (d->ready || d->waking || d->this_wake == 0)
		return;
	d->ready = true;
	service_notify("READY=1\nSTATUS=%zu volumes", d->table.n);
	if (!d->options->once)
		publish_start(d);
}

static void
begin_end(struct daemon *d, enum daemon_why why)
{
	d->ending = true;
	d->end_at = clock_mono() + END_MS;
	workers_stop(d, why);
	/* The others have nothing to put in order. */
	event_kill(&d->looker, SIGKILL);
	event_kill(&d->prober, SIGKILL);
	event_kill(&d->sweeper, SIGKILL);
}

static void
take_signals(struct daemon *d)
{
	struct event_signals s;

	event_read(d->signals, &s);
	if (s.end && !d->ending) {
		log_say(LOG_LEVEL_INFO, "told to stop");
		service_notify("STOPPING=1");
		begin_end(d, DAEMON_ENDS);
	}
	if (s.again)
		wake_forget_backoff(d);
	if (s.wake || s.again)
		d->next_wake = clock_mono();
}

/* When --once no longer waits for those that wait for a disk that hangs. */
static int64_t
give_up_at(const struct daemon *d)
{
	if (!d->options->once || d->hangs_since == 0)
		return INT64_MAX;
	return d->hangs_since + d->config->wake * 1000;
}

/* The daemon goes on at its next wake; for --once this is when that would be. */
static void
give_up(struct daemon *d)
{
	if (clock_mono() < give_up_at(d))
		return;
	log_say(LOG_LEVEL_ERROR, "given up: the disk still does not answer");
	begin_end(d, DAEMON_HANGS);
}

static bool
is_resting(const struct daemon *d)
{
	for (size_t i = 0; i < d->table.n; i++)
		if (d->table.row[i].phase != TABLE_RESTING)
			return false;
	return !d->waking && workers_active(d) == 0;
}

static bool
is_over(const struct daemon *d)
{
	bool quiet = workers_active(d) == 0 && d->sweeper.pid == 0 && !disk_is_looking(d) &&
	             d->prober.pid == 0;

	if (d->ending)
		return quiet || clock_mono() >= d->end_at + LAST_MS;
	/* Work for a sweeper that has not been started by now is for another time. */
	return d->options->once && d->this_wake != 0 && is_resting(d) && quiet &&
	       !notify_busy(&d->notify);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
next_deadline(const struct daemon *d)
{
	int64_t at = d->next_write, now = clock_mono();

	if (d->dirty)
		return now;
	if (d->ending)
		return sooner(at, now < d->end_at ? d->end_at : d->end_at + LAST_MS);
	if (!d->options->once || d->this_wake == 0)
		at = sooner(at, d->next_wake);
	if (workers_active(d) > 0)
		at = sooner(at, now + WATCH_MS);
	/* The next look waits for this one, which may hang. */
	if (d->looker.pid != 0)
		at = sooner(at, d->look_until);
	else if (disk_is_watched(d))
		at = sooner(at, d->next_room);
	if (d->prober.pid != 0)
		at = sooner(at, d->probe_until);
	return sooner(at, give_up_at(d));
}

static int
fd_of(const struct event_child *c)
{
	return c->pid != 0 ? c->fd : -1;
}

static void
wait_for_event(struct daemon *d)
{
	int fds[SOURCES];
	bool ready[SOURCES];

	fds[SIGNALS] = d->signals;
	fds[LOOKER] = fd_of(&d->looker);
	fds[PROBER] = fd_of(&d->prober);
	fds[SWEEPER] = fd_of(&d->sweeper);
	fds[NOTIFIER] = fd_of(&d->notify.child);
	for (size_t i = 0; i < DAEMON_WORKERS; i++)
		fds[WORKERS + i] = fd_of(&d->work[i].child);
	event_wait(fds, SOURCES, ready, next_deadline(d));
	if (ready[SIGNALS])
		take_signals(d);
}

static void
schedule(struct daemon *d)
{
	if (clock_mono() >= d->next_wake && !(d->options->once && d->this_wake != 0))
		wake_begin(d);
	disk_watch(d);
	if (!d->waking)
		workers_start(d);
	purger_start(d);
	workers_watch(d);
	give_up(d);
	tell_ready(d);
}

static void
step(struct daemon *d)
{
	wake_hear(d);
	workers_hear(d);
	purger_hear(d);
	if (!d->ending)
		schedule(d);
	else if (clock_mono() >= d->end_at)
		workers_kill(d);
	/* Last, so that nothing of which there is news to tell waits for the next event. */
	notify_step(&d->notify, &d->config->notify);
}

static void
loop(struct daemon *d)
{
	while (!is_over(d)) {
		wait_for_event(d);
		step(d);
		if (d->dirty || clock_mono() >= d->next_write)
			(void)publish_write(d, d->this_wake != 0 ? VIEW_ALIVE : VIEW_PRESTART);
	}
}

/* For --once: what never came to a run could not be done now; without operands only the disk
 * counts. */
static void
judge_wanted(struct daemon *d)
{
	bool undone = d->disk_state != PLAN_DISK_OK;

	for (size_t i = 0; i < d->table.n; i++)
		undone |= d->table.row[i].wanted && !d->table.row[i].tried;
	if (undone && d->exit_status == DAEMON_GOOD)
		d->exit_status = DAEMON_NOT_NOW;
}

static void
stop(struct daemon *d)
{
	workers_abandon(d);
	if (d->options->once) {
		judge_wanted(d);
		publish_rows(d);
	}
	(void)publish_write(d, VIEW_DOWN);
	if (d->pid_fd >= 0)
		file_unlock_pid(d->pid_fd, d->config->pid_file);
	if (!d->options->once)
		log_say(LOG_LEVEL_INFO, "stopped");
}

static void
free_all(struct daemon *d)
{
	/* Those that could not be ended are let go. */
	event_close(&d->looker);
	event_close(&d->prober);
	event_close(&d->sweeper);
	notify_free(&d->notify);
	table_free(&d->table);
	conf_free(d->config);
	free(d->config_error);
	free(d->write_error);
	text_list_free(&d->standing);
	text_list_free(&d->held);
	text_list_free(&d->seen);
	text_list_free(&d->seen_logged);
	text_list_free(&d->warnings);
	text_list_free(&d->trouble);
	text_list_free(&d->trouble_now);
	if (d->signals >= 0)
		close(d->signals);
	free(d);
}

int
daemon_run(const struct daemon_options *options)
{
	struct daemon *d = calloc(1, sizeof(*d));
	int rc = DAEMON_CANNOT_START;

	if (d == NULL) {
		fprintf(stderr, "flashback: %s\n", strerror(errno));
		return DAEMON_CANNOT_START;
	}
	d->options = options;
	d->signals = d->pid_fd = -1;
	if (start(d) == 0) {
		if (!options->once)
			log_say(LOG_LEVEL_INFO, "flashback %s started: %zu volume%s, data_dir %s",
			        FLASHBACK_VERSION, d->table.n, d->table.n == 1 ? "" : "s",
			        d->config->data_dir);
		loop(d);
		stop(d);
		rc = options->once ? d->exit_status : DAEMON_GOOD;
	} else if (d->pid_fd >= 0) {
		file_unlock_pid(d->pid_fd, d->config->pid_file);
	}
	free_all(d);
	return rc;
}
