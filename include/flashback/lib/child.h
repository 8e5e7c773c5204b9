// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CHILD_H
#define FLASHBACK_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "flashback/lib/text.h"

/*
 * Programs: argv to a process in a session of its own, with a made environment, nothing inherited
 * that was not asked for, ended for certain.  No shell, ever.
 *
 * The pid that child_start returns also names the program's session.  Whoever started it waits for
 * that pid himself (child_run aside), and is a child subreaper, so that child_gone can see and reap
 * what the program leaves behind.
 */

/** What to start. */
struct child_spec {
	const struct text_list *argv; /* [0] is an absolute path */
	const struct text_list *env;  /* KEY=VALUE, besides what every program gets; NULL: none */
	int in, out, err;             /* descriptors for 0, 1, 2; -1: /dev/null */
	int dir;                      /* working directory; -1: "/" */
	int keep;                     /* one more, which it gets as 3 (a lock); -1: none */
};

/**
 * child_start(spec):
 * Fork and exec, with default signals, setsid, and TERM when we die (PR_SET_PDEATHSIG).  Its
 * environment is PATH HOME USER LOGNAME SHELL TZ SSH_AUTH_SOCK as they are here (those that are
 * set), LC_ALL=C, and env.  What cannot be executed ends as exit 127 with a message on err.  Return
 * the pid, or -1 with errno.
 */
pid_t child_start(const struct child_spec *spec);

/**
 * child_stop(pid, hard):
 * TERM to the main process, then CONT, if it has not been waited for; with hard KILL to everything
 * in its session.
 */
void child_stop(pid_t pid, bool hard);

/**
 * child_gone(pid):
 * Is nothing left of its session or process group?  Reaps orphans from there that have become our
 * children, but never the main process: false until that has been waited for, and also when it
 * cannot be told.
 */
bool child_gone(pid_t pid);

/**
 * child_activity(pid):
 * A number that changes when those of its session that run the same program used CPU or read
 * something.  What they write does not count, nor what a remote shell of theirs does: rsync and ssh
 * keep a connection alive also when nobody works at its other end.
 */
uint64_t child_activity(pid_t pid);

/**
 * child_run(spec, seconds, stop_fd, status):
 * Start it, wait for it, end it (TERM, after 10 s KILL) after so many seconds or when stop_fd (-1:
 * none) becomes readable; see it and its session gone.  What it leaves running in its session when
 * it ends by itself has 10 s to follow.  stop_fd may be from event_open: CHLD, HUP and USR1 there
 * are no reason to stop and are taken away, the others stay for the caller to read.
 * Return 0 with *status as from waitpid; -1 with errno: ETIMEDOUT, ECANCELED, or EBUSY when
 * something of it is stuck in the kernel and has been left behind.
 */
int child_run(const struct child_spec *spec, int seconds, int stop_fd, int *status);

#endif
