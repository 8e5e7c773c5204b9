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

/** The largest message that a child can send. */
#define EVENT_SIZE 4092

/** A child of ours that was forked without exec, and what it sends.  All zero: none, and then all
 * but event_fork do nothing. */
struct event_child {
	pid_t pid; /* 0: none */
	int fd;    /* its pipe, -1 when closed */
	char *buf; /* what has been read of messages that event_next has not returned yet */
	size_t len;
	unsigned reads; /* since event_next last returned EVENT_NOTHING */
	bool ended;     /* event_reaped has returned true */
	int status;     /* as from waitpid, once ended */
};

/** What a child does: send messages to out, return its exit status.  arg is the child's own copy.
 */
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

/** What event_next has found. */
enum event_news {
	EVENT_NOTHING, /* for now */
	EVENT_MESSAGE,
	EVENT_ENDED /* the child has ended, and every message that it sent has been returned */
};

/**
 * event_next(c, msg, size):
 * The next message of a child, copied into the size bytes at msg; the rest of them become zero.  A
 * message that is larger is dropped.  Call it until it returns EVENT_NOTHING or EVENT_ENDED; the
 * first comes after a while even if the child never pauses.  After EVENT_ENDED call event_close.
 */
enum event_news event_next(struct event_child *c, void *msg, size_t size);

/**
 * event_reaped(c):
 * Has it ended?  (waitpid of this pid, WNOHANG.)  If so, what was left of its session is killed;
 * what is in its pipe can still be read with event_next before event_close.
 */
bool event_reaped(struct event_child *c);

/** event_kill(c, sig): to the child, if it has not ended; KILL to its session too. */
void event_kill(const struct event_child *c, int sig);

/** event_close(c): free it; pid becomes 0.  It must have ended, or be given up for lost. */
void event_close(struct event_child *c);

/**
 * event_send(fd, msg, size):
 * Write a message of at most EVENT_SIZE bytes (EMSGSIZE) to the parent, in one piece: a child that
 * is killed meanwhile has sent all of it or nothing.  Both sides are the same program, so a struct
 * is sent as it is; one that ends in a text, without what follows its NUL.  Return 0, or -1 with
 * errno.
 */
int event_send(int fd, const void *msg, size_t size);

#endif
