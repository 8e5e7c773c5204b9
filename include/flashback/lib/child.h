// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CHILD_H
#define FLASHBACK_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "flashback/lib/text.h"

/*
 * Run a program: from argv to a process in its own session, with a fixed environment and no
 * inherited descriptors but those given; and stop it reliably.  Never through a shell.
 *
 * The pid that child_start returns is also the id of the program's session.  The caller waits for
 * that pid (except with child_run) and is a child subreaper, so that child_gone can see and reap
 * what the program leaves behind.
 */

/** What to start. */
struct child_spec {
	const struct text_list *argv; /* [0] is an absolute path */
	const struct text_list *env;  /* KEY=VALUE, added to what every program gets; NULL: none */
	int in, out, err;             /* descriptors for 0, 1, 2; -1: /dev/null */
	int dir;                      /* working directory; -1: "/" */
	int keep; /* one more, which it gets as descriptor 3 (a lock); -1: none */
};

/**
 * child_start(spec):
 * Fork and exec, with default signals, setsid, and TERM when the parent dies (PR_SET_PDEATHSIG).
 * Its environment is PATH HOME USER LOGNAME SHELL TZ SSH_AUTH_SOCK as they are here (those that are
 * set), LC_ALL=C, and env.  If the program cannot be executed, the child exits with 127 and a
 * message on err.  Return the pid, or -1 with errno.
 */
pid_t child_start(const struct child_spec *spec);

/**
 * child_stop(pid, hard):
 * Send TERM, then CONT, to the main process, unless it has been waited for; with hard, KILL to
 * every process of its session.
 */
void child_stop(pid_t pid, bool hard);

/**
 * child_gone(pid):
 * Has every process of its session and process group ended?  Reaps orphans of it that have become
 * our children, but never the main process: false until that has been waited for, and also when
 * /proc could not be read completely.
 */
bool child_gone(pid_t pid);

/**
 * child_activity(pid):
 * A number that changes when those processes of its session that run the same program have used
 * CPU or read something.  Writes do not count, nor does a remote shell: rsync and ssh keep a
 * connection alive even when the other end hangs.
 */
uint64_t child_activity(pid_t pid);

/**
 * child_run(spec, seconds, stop_fd, status):
 * Start a program and wait until it and its session have ended.  It is stopped (TERM, after 10 s
 * KILL) after the given seconds, or when stop_fd (-1: none) becomes readable.  Processes that it
 * leaves in its session when it exits by itself get 10 s.  stop_fd may be from event_open: CHLD,
 * HUP and USR1 are consumed and ignored, the others stay for the caller to read.
 * Return 0 with *status as from waitpid; -1 with errno: ETIMEDOUT, ECANCELED, or EBUSY when a
 * process is stuck in the kernel and has been left behind.
 */
int child_run(const struct child_spec *spec, int seconds, int stop_fd, int *status);

#endif
