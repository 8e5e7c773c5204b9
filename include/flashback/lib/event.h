// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EVENT_H
#define FLASHBACK_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Signals, pipes and deadlines, received in one place.  Signals are blocked for life and read from
 * a signalfd: no handler, no flag, no lost wake-up.
 */

/** What has arrived; signals coalesce. */
struct event_signals {
	bool end;   /* TERM, INT */
	bool wake;  /* HUP */
	bool again; /* USR1 */
	bool room;  /* USR2: to a worker: stop, the disk is filling up */
	bool child; /* CHLD */
};

/** event_open(): block the signals above, ignore PIPE, and return a signalfd; -1 with errno. */
int event_open(void);

/** event_read(fd, out): take all pending signals. */
void event_read(int fd, struct event_signals *out);

/** event_reset_signals(): in a child before exec: default actions, nothing blocked. */
void event_reset_signals(void);

#define EVENT_FDS 128 /* descriptors that can be waited for */

/**
 * event_wait(fds, n, ready, deadline):
 * Wait until one of the n descriptors, at most EVENT_FDS (negative ones are skipped), has input,
 * end of file or an error, or until clock_mono() reaches deadline (-1: for ever; one that passes
 * while the machine sleeps ends the wait when it wakes up).  Sets ready[i].  Return the number
 * ready, 0 at the deadline.  When the kernel has no memory for this, all are called ready after a
 * moment; so what is read then must not block.
 */
int event_wait(const int *fds, size_t n, bool *ready, int64_t deadline);

/** event_pipe(ends): a pipe (CLOEXEC) whose reading end, ends[0], does not block.  Return 0, or -1
 * with errno. */
int event_pipe(int ends[2]);

/** A child of ours that was forked without exec, and what it sends.  All zero: none, and then all
 * but event_fork do nothing. */
struct event_child {
	pid_t pid; /* 0: none */
	int fd;    /* its pipe, -1 when closed */
	char *buf; /* an unfinished line */
	size_t len;
	bool ended; /* event_reaped has said so */
	int status; /* as from waitpid, once ended */
};

/** What a child does: write lines to out, return its exit status.  arg is the child's own copy. */
typedef int event_body(int out, void *arg);

/**
 * event_fork(c, body, arg):
 * A child in a session of its own that gets TERM when we die (PR_SET_PDEATHSIG), with no descriptor
 * of ours but 0-2 and the writing end of a pipe; PIPE is ignored, so that a write to a dead parent
 * fails.  Our reading end does not block.
 *
 * Signals stay blocked in it, but for TERM, which ends it: most children are straight-line code
 * that reads no signals, and a blocked TERM would leave them running.  A child that has something
 * to put in order calls event_open first thing, which blocks TERM again; one that comes before that
 * just ends the child, which has then not done anything yet.  Return 0, or -1 with errno.
 */
int event_fork(struct event_child *c, event_body *body, void *arg);

/**
 * event_lines(c, take, arg):
 * Read what is there and call take for each whole line, without its newline.  A line over 8 KiB is
 * cut.  At end of file the descriptor is closed.  take must not close c.
 */
void event_lines(struct event_child *c, void (*take)(void *arg, char *line), void *arg);

/**
 * event_reaped(c):
 * Has it ended?  (waitpid of this pid, WNOHANG.)  If so, what was left of its session is killed;
 * take what is in its pipe with event_lines before event_close.
 */
bool event_reaped(struct event_child *c);

/** event_kill(c, sig): to the child, if it has not ended; KILL to its session too. */
void event_kill(const struct event_child *c, int sig);

/** event_close(c): free it; pid becomes 0.  It must have ended, or be given up for lost. */
void event_close(struct event_child *c);

/**
 * event_send(fd, fmt, ...):
 * One line (a newline is added; there is none within) to the parent, whole or not at all (at most
 * PIPE_BUF: EMSGSIZE).  Return 0, or -1 with errno.
 */
int event_send(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
