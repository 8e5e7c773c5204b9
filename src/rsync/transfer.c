// SPDX-License-Identifier: ISC
#include "flashback/rsync/transfer.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/child.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/lib/safepath.h"
#include "flashback/rsync/output.h"
#include "flashback/rsync/scan.h"

#define GRACE_MS 10000 /* from TERM to KILL */
#define LINGER_MS 5000 /* from the end of the main process to KILL for what it left */
#define STUCK_MS 30000 /* from KILL until the session counts as stuck in the kernel */
#define DYING_MS 20    /* how often to check whether a dying session has ended */
#define GATHER_MS 5    /* let output accumulate: rsync prints progress after every file */
#define REPORT_MS 1000 /* between two calls of t->progress */
#define CHECKS 12      /* activity checks in the time after which a silent run is stopped */
#define LINE_SIZE SCAN_LINE_MAX
#define VERSION_SECONDS 10
#define VERSION_TEXT 256
#define PIPE_SIZE 65536 /* what a pipe holds */

/* One of the two pipes, split into lines at \n and \r (progress lines end in \r). */
struct stream {
	int fd;
	bool is_error;
	size_t len;
	char line[LINE_SIZE];
};

enum { OUT, ERR, STREAMS };

/* An rsync while it runs. */
struct watch {
	const struct transfer *t;
	struct transfer_end *end;
	struct stream stream[STREAMS];
	pid_t pid;
	bool exited;
	int64_t kill_at;   /* when its session is killed; -1: not yet decided */
	int64_t stuck_at;  /* when waiting for the session ends; -1: not yet decided */
	int64_t read_at;   /* when its output is read again */
	int64_t reported;  /* when progress was last reported */
	int64_t alive;     /* time of the last output or activity */
	int64_t check_at;  /* when to check for activity again */
	uint64_t activity; /* the last value of child_activity */
};

/* Send progress to the daemon, at most once a second: rsync prints a line for every file, and each
 * would wake the daemon. */
static void
report_progress(struct watch *w)
{
	int64_t now = clock_mono();

	if (w->t->progress == NULL || now - w->reported < REPORT_MS)
		return;
	w->reported = now;
	w->t->progress(w->t->progress_arg, &w->end->progress);
}

/* One line of output: progress, or a message for the verdict and for the log.  What rsync prints
 * after it was stopped is a consequence of that, not a reason. */
static void
take_line(struct watch *w, struct stream *s)
{
	size_t len = s->len;

	s->len = 0;
	if (len == 0)
		return;
	if (!s->is_error && output_progress(s->line, len, &w->end->progress) == 0) {
		report_progress(w);
		return;
	}
	if (!s->is_error && w->t->take != NULL && w->t->take(w->t->arg, s->line, len) == 0)
		return;
	if (w->end->stop == VERDICT_STOP_NO)
		output_line(&w->end->words, s->line, len, s->is_error);
	runlog_line(w->t->log, s->line, len);
}

/* Split into lines.  A line longer than the buffer is cut, and the rest counts as another line: a
 * host decides how long its lines are. */
static void
take_bytes(struct watch *w, struct stream *s, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool at_end = p[i] == '\n' || p[i] == '\r';

		if (!at_end)
			s->line[s->len++] = p[i];
		if (at_end || s->len == sizeof(s->line))
			take_line(w, s);
	}
}

static void
close_stream(struct watch *w, struct stream *s)
{
	take_line(w, s);
	close(s->fd);
	s->fd = -1;
}

/* Read what is there.  Return false when nothing is left for now, or at end of file.  Unless much
 * was waiting, the next read is delayed by GATHER_MS, so that a run over many small files does not
 * cost a wake-up for each of them. */
static bool
read_stream(struct watch *w, struct stream *s)
{
	char buf[PIPE_SIZE];
	ssize_t n = read(s->fd, buf, sizeof(buf));

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	if (n <= 0) {
		close_stream(w, s);
		return false;
	}
	w->alive = clock_mono();
	if (n <= PIPE_SIZE / 4)
		w->read_at = w->alive + GATHER_MS;
	take_bytes(w, s, buf, (size_t)n);
	return true;
}

/* Stop the run, once: TERM now, KILL to the session after GRACE_MS. The first reason remains. */
static void
stop(struct watch *w, enum verdict_stop why)
{
	if (w->end->stop != VERDICT_STOP_NO || w->exited)
		return;
	w->end->stop = why;
	child_stop(w->pid, false);
	w->kill_at = clock_mono() + GRACE_MS;
}

static void
read_signals(struct watch *w)
{
	struct event_signals s;

	event_read(w->t->signals, &s);
	if (s.end)
		stop(w, VERDICT_STOP_SIGNAL);
	else if (s.room)
		stop(w, VERDICT_STOP_ROOM);
}

/* Reap the main process.  From then on the rest of its session has LINGER_MS: after a normal end
 * only ssh and its receiver are left, and they end by themselves. */
static void
reap(struct watch *w)
{
	if (w->exited || waitpid(w->pid, &w->end->status, WNOHANG) != w->pid)
		return;
	w->exited = true;
	w->kill_at = clock_mono() + LINGER_MS;
}

/* Stop a run that has stalled: no output, no CPU, nothing read for the time that the volume
 * allows. --timeout does not cover a pull that hangs in mid-transfer.  Each check walks through
 * /proc, so there are only CHECKS of them in that time. */
static void
check_activity(struct watch *w, int64_t now)
{
	int64_t patience = w->t->patience * 1000, pause = patience / CHECKS + 1;
	uint64_t activity;

	if (now < w->check_at)
		return;
	/* A check that comes late by a whole interval: the machine was suspended, rsync too. */
	if (now > w->check_at + pause)
		w->alive = now;
	activity = child_activity(w->pid);
	if (activity != w->activity) {
		w->activity = activity;
		w->alive = now;
	}
	w->check_at = now + pause;
	if (now - w->alive >= patience)
		stop(w, VERDICT_STOP_STALL);
}

static void
check_deadlines(struct watch *w)
{
	int64_t now = clock_mono();

	if (!w->exited && w->end->stop == VERDICT_STOP_NO)
		check_activity(w, now);
	/* TERM was ignored, or processes remained after the main one. */
	if (w->kill_at != -1 && now >= w->kill_at) {
		child_stop(w->pid, true);
		w->kill_at = -1;
		w->stuck_at = now + STUCK_MS;
	}
}

/* When to wake without an event.  The end of a session causes none, so once the main process has
 * ended it is polled for. */
static int64_t
next_deadline(const struct watch *w)
{
	if (w->exited)
		return clock_mono() + DYING_MS;
	if (w->kill_at != -1)
		return w->kill_at;
	if (w->stuck_at != -1)
		return w->stuck_at;
	return w->check_at;
}

/* Wait for output, a signal, or the next deadline.  While output accumulates the pipes are not
 * watched, else poll would return at once. */
static void
wait_for_event(const struct watch *w, bool *ready)
{
	int fds[STREAMS + 1] = {w->stream[OUT].fd, w->stream[ERR].fd, w->t->signals};
	int64_t deadline = next_deadline(w);

	if (clock_mono() < w->read_at) {
		fds[OUT] = fds[ERR] = -1;
		if (w->read_at < deadline)
			deadline = w->read_at;
	}
	event_wait(fds, STREAMS + 1, ready, deadline);
}

/* The loop: until the main process has been reaped and its session has ended.  Only then may the
 * caller touch the directory: an orphaned receiver continues to write there. */
static int
watch_session(struct watch *w)
{
	bool ready[STREAMS + 1];

	while (!(w->exited && child_gone(w->pid))) {
		wait_for_event(w, ready);
		/* Output first: the reason for an end is in it. */
		for (int i = 0; i < STREAMS; i++)
			if (ready[i])
				(void)read_stream(w, &w->stream[i]);
		if (ready[STREAMS])
			read_signals(w);
		reap(w);
		check_deadlines(w);
		/* Even KILL does not end a process that waits for a failing disk; the run must
		 * end, though. */
		if (w->stuck_at != -1 && clock_mono() >= w->stuck_at) {
			errno = EBUSY;
			return -1;
		}
	}
	return 0;
}

/* Read what the session left in a pipe, without waiting for end of file: a process outside the
 * session may hold the other end. */
static void
drain(struct watch *w, struct stream *s)
{
	while (s->fd != -1 && read_stream(w, s))
		;
	if (s->fd != -1)
		close_stream(w, s);
}

/* Start rsync with one pipe for each of its outputs: progress and statistics come on one, errors
 * on the other. */
static int
start(struct watch *w)
{
	struct child_spec spec = {
	    .argv = w->t->argv, .in = -1, .dir = w->t->dir, .keep = w->t->lock};
	int out[2], err[2];

	if (event_pipe(out) != 0)
		return -1;
	if (event_pipe(err) != 0) {
		close(out[0]);
		close(out[1]);
		return -1;
	}
	spec.out = out[1];
	spec.err = err[1];
	w->pid = child_start(&spec);
	close(out[1]);
	close(err[1]);
	w->stream[OUT].fd = out[0];
	w->stream[ERR].fd = err[0];
	return w->pid == -1 ? -1 : 0;
}

/* errno of the watch is kept over the draining, since the caller distinguishes EBUSY. */
int
transfer_run(const struct transfer *t, struct transfer_end *end)
{
	struct watch w = {.t = t, .end = end, .kill_at = -1, .stuck_at = -1};
	int rc, error;

	memset(end, 0, sizeof(*end));
	end->progress.left = -1;
	end->words.names = t->unreadable;
	w.stream[OUT].fd = w.stream[ERR].fd = -1;
	w.stream[ERR].is_error = true;
	w.alive = w.check_at = clock_mono();
	w.reported = w.alive - REPORT_MS;
	rc = start(&w);
	if (rc == 0)
		rc = watch_session(&w);
	error = errno;
	/* What it wrote last, such as the statistics, may still be in the pipes. */
	drain(&w, &w.stream[OUT]);
	drain(&w, &w.stream[ERR]);
	errno = error;
	return rc;
}

/* Run `path --version` with its output in fd.  Return 0, or -1 with errno. */
static int
run_version(const char *path, int fd, int *status)
{
	struct text_list argv = {0};
	struct child_spec spec = {
	    .argv = &argv, .in = -1, .out = fd, .err = -1, .dir = -1, .keep = -1};
	int rc = -1;

	if (text_list_add(&argv, path) == 0 && text_list_add(&argv, "--version") == 0)
		rc = child_run(&spec, VERSION_SECONDS, -1, status);
	text_list_free(&argv);
	return rc;
}

int
transfer_version(const char *path, struct version *out, char *why, size_t size)
{
	char text[VERSION_TEXT] = "";
	ssize_t n;
	int fd, status = 0, rc = -1;

	if (access(path, X_OK) != 0) {
		snprintf(why, size, "%s: %s: install rsync, or set `rsync` to where it is", path,
		         strerror(errno));
		return -1;
	}
	if (safepath_check_program(path, why, size) != 0)
		return -1;
	fd = memfd_create("version", MFD_CLOEXEC);
	if (fd < 0 || run_version(path, fd, &status) != 0) {
		snprintf(why, size, "%s could not be run: %s", path, strerror(errno));
	} else {
		n = status == 0 ? pread(fd, text, sizeof(text) - 1, 0) : 0;
		text[n > 0 ? n : 0] = '\0';
		rc = version_judge(path, text, out, why, size);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}
