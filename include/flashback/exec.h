// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EXEC_H
#define FLASHBACK_EXEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "flashback/text.h"

/*
 * Programs: argv to a process in a session of its own, with a made environment, nothing inherited that was
 * not asked for, ended for certain.  No shell, ever.
 */

/** What to start. */
struct exec_spec {
	const struct text_list *argv; /* [0] is an absolute path */
	const struct text_list *env;  /* KEY=VALUE, besides what exec_environment gives; NULL: none */
	int in, out, err;             /* descriptors for 0, 1, 2; -1: /dev/null */
	int dir;                      /* working directory; -1: "/" */
	int keep;                     /* one more descriptor that it must hold (a lock); -1: none */
};

/** exec_start(spec): fork and exec, with default signals, setsid, PR_SET_PDEATHSIG.  An exec that fails ends
 * as exit 127 with a message on err.  Return the pid, or -1 with errno. */
pid_t exec_start(const struct exec_spec *spec);

/** exec_environment(env): PATH HOME USER LOGNAME SHELL TZ SSH_AUTH_SOCK as they are here, and LC_ALL=C. */
int exec_environment(struct text_list *env);

/** exec_stop(pid, hard): TERM to the main process, then CONT; with hard KILL to the whole session. */
void exec_stop(pid_t pid, bool hard);

/** exec_gone(pid): is nothing left of its process group?  (The caller is a child subreaper and reaps.) */
bool exec_gone(pid_t pid);

/** exec_activity(pid): a number that changes when its session used CPU, read or wrote (from /proc). */
uint64_t exec_activity(pid_t pid);

/**
 * exec_run(spec, seconds, stop_fd, status):
 * Start it, wait for it, end it after so many seconds or when stop_fd (-1: none) becomes readable; see it
 * and its session gone.  Return 0 with *status as from waitpid; -1 with errno (ETIMEDOUT, ECANCELED, ...).
 */
int exec_run(const struct exec_spec *spec, int seconds, int stop_fd, int *status);

#endif
