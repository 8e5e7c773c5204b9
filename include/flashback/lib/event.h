// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EVENT_H
#define FLASHBACK_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Signals, pipes and deadlines, received in one place.  Signals stay blocked and are read from a
 * signalfd: no handler, no global flag, no lost wake-up. */

/** The signals received; several of one kind count as one. */
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

/** event_reset_signals(): for a child before exec: default actions, no signal blocked. */
void event_reset_signals(void);

#define EVENT_FDS 128 /* descriptors that can be waited for */

/**
 * event_wait(fds, n, ready, deadline):
 * Wait until one of the n descriptors, at most EVENT_FDS (negative ones are skipped), has input,
 * end of file or an error, or until clock_mono() reaches deadline (-1: for ever; one that passes
 * while the machine sleeps ends the wait when it wakes up).  Sets ready[i].  Return the number
 * ready, 0 at the deadline.  When the kernel is out of memory, all are reported as ready after a
 * short pause; so a read after this must not block.
 */
int event_wait(const int *fds, size_t n, bool *ready, int64_t deadline);

/** event_pipe(ends): a pipe (CLOEXEC) whose reading end, ends[0], does not block.  Return 0, or -1
 * with errno. */
int event_pipe(int ends[2]);

/** The largest message that a child can send. */
#define EVENT_SIZE 4092

/**
 * A child that was forked without exec, and its messages.  All zero: none, and then all functions
 * but event_fork do nothing.
 */
struct event_child {
	pid_t pid; /* 0: none */
	int fd;    /* its pipe, -1 when closed */
	char *buf; /* bytes read of messages that event_next has not returned yet */
	size_t len;
	unsigned reads; /* since event_next last returned EVENT_NOTHING */
	bool ended;     /* event_reaped has returned true */
	int status;     /* as from waitpid, once ended */
};

/**
 * The body of a child: send messages to out, return the exit status.  arg is the child's own copy.
 */
typedef int event_body(int out, void *arg);

/**
 * event_fork(c, body, arg):
 * Fork a child in a session of its own.  It gets TERM when the parent dies (PR_SET_PDEATHSIG) and
 * inherits no descriptors but 0-2 and the write end of a pipe; PIPE is ignored, so that a write to
 * a dead parent fails.  The parent's read end does not block.
 *
 * Signals stay blocked in it, but for TERM, which ends it: most children are straight-line code
 * that reads no signals, and a blocked TERM would leave them running.  A child that needs a cleanup
 * calls event_open first, which blocks TERM again; a TERM before that ends the child, which has not
 * done anything yet.  Return 0, or -1 with errno.
 */
int event_fork(struct event_child *c, event_body *body, void *arg);

/** The result of event_next. */
enum event_news {
	EVENT_NOTHING, /* for now */
	EVENT_MESSAGE,
	EVENT_ENDED /* the child has ended, and every message that it sent has been returned */
};

/**
 * event_next(c, msg, size):
 * Copy the next message of a child to msg, of size bytes; unused bytes are set to zero.  A larger
 * message is dropped.  Call it until it returns EVENT_NOTHING or EVENT_ENDED; EVENT_NOTHING comes
 * eventually even if the child writes without pause.  After EVENT_ENDED call event_close.
 */
enum event_news event_next(struct event_child *c, void *msg, size_t size);

/**
 * event_reaped(c):
 * Has the child ended?  (waitpid with its pid, WNOHANG.)  If so, the rest of its session is killed;
 * event_next still returns the messages in its pipe, until event_close.
 */
bool event_reaped(struct event_child *c);

/** event_kill(c, sig): send sig to the child, if it has not ended; KILL also to its session. */
void event_kill(const struct event_child *c, int sig);

/** event_close(c): free it; pid becomes 0.  It must have ended, or be abandoned (a process that
 * even KILL does not end). */
void event_close(struct event_child *c);

/**
 * event_send(fd, msg, size):
 * Write a message of at most EVENT_SIZE bytes (EMSGSIZE) to the parent, in one piece: a child that
 * is killed meanwhile has sent all of it or nothing.  Both sides are the same program, so a struct
 * is sent as it is; one that ends in a text, up to the NUL of that.  Return 0, or -1 with errno.
 */
int event_send(int fd, const void *msg, size_t size);

#endif
