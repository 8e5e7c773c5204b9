// SPDX-License-Identifier: ISC
#include "flashback/daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "flashback/daemon/dispatch.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/compat.h"
#include "flashback/lib/event.h"
#include "flashback/lib/file.h"
#include "flashback/lib/log.h"
#include "flashback/report/health.h"

#define END_MS 13000  /* from TERM until all children are killed */
#define LAST_MS 1500  /* then, until children that hang in the kernel are abandoned */
#define WATCH_MS 5000 /* while workers run, the interval of checking windows and slices */

enum {
	SIGNALS,
	INSPECTOR,
	PROBER,
	PURGER,
	RELOAD,
	NOTIFIER,
	WORKERS,
	SOURCES = WORKERS + WORKERS_MAX
};

struct daemon {
	struct dispatch parts;
	int signals;
	int64_t end_at; /* clock_mono: when all remaining children are killed */
	bool ready;     /* READY=1 has been sent to the service manager */
	bool terminal;  /* somebody watches --once */
};

/* ---- start ---- */

/* Read the config, fill the table and mark the operands of --once.  An operand that names no volume
 * is an error here, before anything runs: a typing error must not look like a backup that had
 * nothing to do. */
static int
load(struct dispatch *d, const struct text_list *operands)
{
	d->config = reload_read(d->config_file);
	if (d->config == NULL)
		return -1;
	if (table_update(&d->table, d->config->volumes, d->config->n, clock_wall()) != 0) {
		fprintf(stderr, "flashback: %s\n", strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < operands->n; i++)
		if (reload_want(d->config, &d->table, operands->item[i]) != 0)
			return -1;
	return 0;
}

/* Lock the pid file.  Two daemons would start the same runs and overwrite the status files of each
 * other. --once may run beside a daemon (pid_fd is -1): it then writes no files and sends no
 * notifications. */
static int
lock_pid(struct dispatch *d)
{
	char *why = NULL;

	d->pid_fd = file_lock_pid(d->config->pid_file, &why);
	if (d->pid_fd == -2 && d->once)
		d->pid_fd = -1;
	else if (d->pid_fd < 0)
		goto fail;
	free(why);
	return 0;
fail:
	fprintf(stderr, "flashback: pid_file: %s%s\n", why != NULL ? why : strerror(errno),
	        d->pid_fd == -2 || geteuid() == 0
	            ? ""
	            : "; run as root, or set pid_file, status_file and queue_file to paths that "
	              "this user can write");
	free(why);
	return -1;
}

/* poll() refuses more entries than files may be open, and the loop would spin.  Raise the limit if
 * that is possible, else refuse to start. */
static int
check_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 2 * EVENT_FDS)
		return 0;
	limit.rlim_cur = limit.rlim_max < 2 * EVENT_FDS ? limit.rlim_max : 2 * EVENT_FDS;
	if (limit.rlim_cur == 2 * EVENT_FDS && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	fprintf(stderr,
	        "flashback: at most %ju files may be open, and %d are needed: raise the limit "
	        "(ulimit -n, LimitNOFILE)\n",
	        (uintmax_t)limit.rlim_cur, 2 * EVENT_FDS);
	return -1;
}

/* Without a usable rsync every run would fail: refuse to start instead. */
static int
check_rsync(struct dispatch *d)
{
	char why[256];

	if (reload_rsync_now(&d->reload, d->config->rsync, why, sizeof(why)) == 0)
		return 0;
	fprintf(stderr, "flashback: %s\n", why);
	return -1;
}

/* Acquire what the loop needs.  The order matters: signals are blocked first, so that none kills
 * the process halfway; the pid file is locked before anything is written; the status files come
 * last, so that they never show a daemon that did not start.  The first wake is due at once. */
static int
start(struct daemon *d, const struct daemon_options *options)
{
	struct dispatch *parts = &d->parts;

	d->signals = event_open();
	if (d->signals < 0) {
		fprintf(stderr, "flashback: cannot receive signals: %s\n", strerror(errno));
		return -1;
	}
	if (check_descriptors() != 0 || load(parts, &options->wanted) != 0)
		return -1;
	log_open(parts->config->syslog, options->verbose);
	if (lock_pid(parts) != 0 || check_rsync(parts) != 0)
		return -1;
	parts->notify.silent = parts->pid_fd < 0;
	if (parts->pid_fd >= 0)
		publish_sweep(parts->config);
	parts->disk.want_volumes = true;
	parts->wake.next = clock_mono();
	dispatch_standing(parts);
	if (dispatch_publish(parts, VIEW_PRESTART) != 0)
		return -1;
	malloc_trim(0);
	if (!options->once && isatty(STDERR_FILENO))
		fputs(
		    "flashback: this is the daemon, in the foreground until Ctrl-C; for other uses "
		    "see flashback --help\n",
		    stderr);
	if (!options->once)
		log_say(LOG_LEVEL_INFO, "flashback %s started: %zu volume%s, data_dir %s",
		        FLASHBACK_VERSION, parts->table.n, parts->table.n == 1 ? "" : "s",
		        parts->config->data_dir);
	return 0;
}

/* Send a message to the service manager that started the daemon, if one did: the protocol of
 * sd_notify(3) in 20 lines, without libsystemd.  Errors are ignored: a service manager that cannot
 * be reached must not stop the backups. */
static void __attribute__((format(printf, 1, 2))) notify_manager(const char *fmt, ...)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	char text[512];
	size_t len;
	va_list ap;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0'; /* an abstract socket */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
	             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

/* Once the first wake has decided, send READY=1 to the service manager and one "start" event to
 * notify.  Earlier, the state of the disk and of the volumes is unknown, and "ready" would claim
 * too much. */
static void
report_ready(struct daemon *d)
{
	struct health_verdict verdict;
	struct view view;

	if (d->ready || d->parts.wake.waiting || d->parts.wake.begun == 0)
		return;
	d->ready = true;
	notify_manager("READY=1\nSTATUS=%zu volumes", d->parts.table.n);
	if (d->parts.once)
		return;
	view = dispatch_view(&d->parts, VIEW_ALIVE);
	health_judge(&view, &verdict);
	dispatch_notify(&d->parts, "start", health_name(verdict.level), verdict.reason);
}

/* ---- stop ---- */

/* Stop all children.  From here on the loop only waits until they have ended, or until end_at. */
static void
begin_stop(struct daemon *d, enum workers_why why)
{
	d->end_at = clock_mono() + END_MS;
	dispatch_end(&d->parts, why);
}

/* The deadline of --once for a disk that does not answer: one wake interval after it stopped
 * answering.  INT64_MAX: none. */
static int64_t
give_up_at(const struct daemon *d)
{
	if (!d->parts.once || d->parts.disk.hangs_since == 0)
		return INT64_MAX;
	return d->parts.disk.hangs_since + d->parts.config->wake * 1000;
}

/* A daemon retries at its next wake. --once has no next wake: without this deadline it would wait
 * for a hanging disk until somebody kills it. */
static void
give_up(struct daemon *d)
{
	if (clock_mono() < give_up_at(d))
		return;
	log_say(LOG_LEVEL_ERROR, "giving up: the disk still does not answer");
	begin_stop(d, WORKERS_HANGS);
}

/* The first wake has decided and no volume is being probed, queued or running. */
static bool
is_resting(const struct dispatch *d)
{
	for (size_t i = 0; i < d->table.n; i++)
		if (d->table.row[i].phase != TABLE_RESTING)
			return false;
	return d->wake.begun != 0 && !d->wake.waiting;
}

/* When the loop ends.  While stopping: once all children have ended, or LAST_MS after those that
 * remain were killed; a process that hangs in the kernel cannot be waited for. --once: once nothing
 * is left to do, notify included. */
static bool
is_over(const struct daemon *d)
{
	bool quiet = dispatch_quiet(&d->parts);

	if (d->parts.ending)
		return quiet || clock_mono() >= d->end_at + LAST_MS;
	/* A purger that is wanted but has not started is left to the next start: trees that are
	 * expired stay marked as such in their names. */
	return d->parts.once && is_resting(&d->parts) && quiet && !notify_busy(&d->parts.notify);
}

/* The exit status of --once.  A volume named as an operand that never got as far as a run counts as
 * "not now"; without operands only the disk does, because volumes that are not due are no fault. */
static enum daemon_exit
exit_status(const struct dispatch *d)
{
	bool undone = d->disk.state != PLAN_DISK_OK || (d->not_now && d->only_wanted);

	for (size_t i = 0; i < d->table.n; i++)
		undone |= d->table.row[i].wanted && !d->table.row[i].tried;
	if (d->went_wrong)
		return DAEMON_WENT_WRONG;
	return undone ? DAEMON_NOT_NOW : DAEMON_GOOD;
}

/* Leave a consistent state behind: report the workers that hang, read the events of the others,
 * publish the files a last time as "not running" and only then unlock the pid file.  The other way
 * round, a daemon started meanwhile could have its files overwritten. */
static void
stop(struct daemon *d)
{
	struct dispatch *parts = &d->parts;
	struct view view;

	workers_abandon(&parts->workers);
	dispatch_events(parts);
	if (parts->once) {
		view = dispatch_view(parts, VIEW_ALIVE);
		publish_rows(&view, parts->only_wanted);
	}
	(void)dispatch_publish(parts, VIEW_DOWN);
	if (parts->pid_fd >= 0)
		file_unlock_pid(parts->pid_fd, parts->config->pid_file);
	parts->pid_fd = -1;
	if (!parts->once)
		log_say(LOG_LEVEL_INFO, "stopped");
}

/* ---- the loop ---- */

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How long poll() may sleep: the earliest clock_mono at which any part has something to do without
 * an event from outside.  A deadline that is missing here is not met until some other event
 * arrives. */
static int64_t
next_deadline(const struct daemon *d)
{
	const struct dispatch *parts = &d->parts;
	int64_t at = parts->publish.next, now = clock_mono();

	if (parts->publish.dirty)
		return now;
	if (parts->ending)
		return sooner(at, now < d->end_at ? d->end_at : d->end_at + LAST_MS);
	/* --once has a single wake. */
	if (!parts->once || parts->wake.begun == 0)
		at = sooner(at, parts->wake.next);
	if (workers_active(&parts->workers) > 0)
		at = sooner(at, now + WATCH_MS);
	at = sooner(at, disk_deadline(&parts->disk, dispatch_writes(parts)));
	at = sooner(at, prober_deadline(&parts->prober));
	return sooner(at, give_up_at(d));
}

/* TERM and INT stop the daemon, HUP begins a wake at once.  USR1 (s.again) also ends every backoff
 * and the warnings about files that differ from their source, and has the volumes and the spares
 * read again, for a user who has repaired something by hand and does not want to wait. */
static void
take_signals(struct daemon *d)
{
	struct dispatch *parts = &d->parts;
	struct event_signals s;

	event_read(d->signals, &s);
	if (s.end && !parts->ending) {
		log_say(LOG_LEVEL_INFO, "stopping");
		notify_manager("STOPPING=1");
		begin_stop(d, WORKERS_DAEMON_ENDS);
	}
	for (size_t i = 0; s.again && i < parts->table.n; i++) {
		parts->table.row[i].retry_at = 0;
		free(parts->table.row[i].differs);
		parts->table.row[i].differs = NULL;
	}
	if (s.again)
		parts->disk.want_volumes = parts->purger.wanted = parts->purger.again = true;
	if (s.wake || s.again)
		parts->wake.next = clock_mono();
}

static int
fd_of(const struct event_child *c)
{
	return c->pid != 0 ? c->fd : -1;
}

/* The one place where the daemon sleeps: one poll() on the signals, the pipes of all children and
 * the earliest deadline.  Only signals are read here; the parts read their own pipes in step().  A
 * child whose pipe is missing here would be noticed at the next deadline only. */
static void
wait_for_event(struct daemon *d)
{
	const struct dispatch *parts = &d->parts;
	int fds[SOURCES];
	bool ready[SOURCES];

	fds[SIGNALS] = d->signals;
	fds[INSPECTOR] = fd_of(&parts->disk.inspector);
	fds[PROBER] = fd_of(&parts->prober.child);
	fds[PURGER] = fd_of(&parts->purger.child);
	fds[RELOAD] = fd_of(&parts->reload.child);
	fds[NOTIFIER] = fd_of(&parts->notify.child);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		fds[WORKERS + i] = fd_of(&parts->workers.run[i].child);
	event_wait(fds, SOURCES, ready, next_deadline(d));
	if (ready[SIGNALS])
		take_signals(d);
}

/* One step: read the events of all children first, then start what follows from them.  In the other
 * order a decision would rest on a state that is already out of date.  While stopping nothing is
 * started; what has not ended by end_at is killed. */
static void
step(struct daemon *d)
{
	dispatch_events(&d->parts);
	if (!d->parts.ending) {
		dispatch_start(&d->parts);
		give_up(d);
		report_ready(d);
	} else if (clock_mono() >= d->end_at) {
		workers_kill(&d->parts.workers);
	}
	/* Last: an event that was queued in this step is sent now and not after the next
	 * wake-up. */
	notify_step(&d->parts.notify, &d->parts.config->notify);
}

/* Progress alone does not make the files be written, which would wake the processor for each
 * message. */
static void
show_progress(struct daemon *d)
{
	struct view view = dispatch_view(&d->parts, VIEW_ALIVE);

	publish_progress(&view);
}

/* The files are published after each step that changed what they show, and at least every
 * PUBLISH_SECONDS: readers take files that are older for those of a dead daemon. */
static void
loop(struct daemon *d)
{
	struct dispatch *parts = &d->parts;

	while (!is_over(d)) {
		wait_for_event(d);
		step(d);
		if (d->terminal && parts->wake.begun != 0)
			show_progress(d);
		if (parts->publish.dirty || clock_mono() >= parts->publish.next)
			(void)dispatch_publish(parts,
			                       parts->wake.begun != 0 ? VIEW_ALIVE : VIEW_PRESTART);
	}
}

/* One exit for all cases: whatever start() has acquired before it failed is released here in
 * reverse order. stop() has already unlocked the pid file when the loop has run. */
int
daemon_run(const struct daemon_options *options)
{
	struct daemon *d = calloc(1, sizeof(*d));
	enum daemon_exit rc = DAEMON_CANNOT_START;

	if (d == NULL) {
		fprintf(stderr, "flashback: %s\n", strerror(errno));
		return DAEMON_CANNOT_START;
	}
	d->parts.config_file = options->config_file;
	d->parts.once = options->once;
	d->terminal = options->once && isatty(STDERR_FILENO);
	d->parts.only_wanted = options->wanted.n > 0;
	d->parts.workers.table = &d->parts.table;
	d->signals = d->parts.pid_fd = -1;
	if (start(d, options) == 0) {
		loop(d);
		stop(d);
		rc = options->once ? exit_status(&d->parts) : DAEMON_GOOD;
	}
	if (d->parts.pid_fd >= 0)
		file_unlock_pid(d->parts.pid_fd, d->parts.config->pid_file);
	dispatch_free(&d->parts);
	if (d->signals >= 0)
		close(d->signals);
	free(d);
	return (int)rc;
}
