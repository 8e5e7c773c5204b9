// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EVENT_H
#define FLASHBACK_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Signals, pipes and deadlines, received in one place.  Signals are blocked for life and read from a
 * signalfd: no handler, no flag, no lost wake-up.
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

/** event_wait(fds, n, ready, deadline): poll the n descriptors (negative ones are skipped) for input until
 * clock_mono() reaches deadline (-1: for ever).  Sets ready[i].  Return the number ready, 0 at the deadline. */
int event_wait(const int *fds, size_t n, bool *ready, int64_t deadline);

/** A child of ours that was forked without exec, and what it sends. */
struct event_child {
	pid_t pid; /* 0: none */
	int fd;    /* its pipe, -1 when closed */
	char *buf; /* an unfinished line */
	size_t len;
	int status; /* as from waitpid, once event_reaped has said so */
};

/** What a child does: write lines to out, return its exit status.  arg is the child's own copy. */
typedef int event_body(int out, void *arg);

/** event_fork(c, body, arg): a child with PR_SET_PDEATHSIG, setsid, a pipe, and no descriptor of ours but 0-2
 * and that pipe.  Signals stay blocked in it; event_open gives it a signalfd of its own.  Return 0/-1. */
int event_fork(struct event_child *c, event_body *body, void *arg);

/** event_lines(c, take, arg): read what is there and call take for each whole line.  A line over 8 KiB is cut.
 * At end of file the descriptor is closed. */
void event_lines(struct event_child *c, void (*take)(void *arg, char *line), void *arg);

/** event_reaped(c): has it ended?  (waitpid of this pid, WNOHANG.)  If so, take what is left in its pipe
 * with event_lines before event_close. */
bool event_reaped(struct event_child *c);

/** event_kill(c, sig): to the child; with SIGKILL to its session too. */
void event_kill(const struct event_child *c, int sig);

/** event_close(c): free it; pid becomes 0. */
void event_close(struct event_child *c);

/** event_send(fd, fmt, ...): one line to the parent, whole or not at all (at most PIPE_BUF).  Return 0/-1. */
int event_send(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
