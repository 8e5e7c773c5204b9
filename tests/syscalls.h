// SPDX-License-Identifier: ISC
#ifndef TESTS_SYSCALLS_H
#define TESTS_SYSCALLS_H

#include <stdbool.h>
#include <sys/types.h>

/* The system calls at which crashat stops a process, and what they do in words. */

#define SYSCALLS_TEXT 8192

/** syscalls_filter(looks, network): from now on this process stops for its tracer before each call
 * that changes a file or starts a process; with looks, also where something is opened, read, looked
 * at, locked or closed; with network, only at those that have to do with the network, with waiting
 * for input, or with what a process is.  Return 0, or -1 with errno. */
int syscalls_filter(bool looks, bool network);

/** syscalls_text(pid, text): the call that pid has stopped before, with the full paths of the files
 * that it names, as in "renameat2 /a/b.working /a/b"; a descriptor is told by its file's path. */
void syscalls_text(pid_t pid, char text[SYSCALLS_TEXT]);

#endif
