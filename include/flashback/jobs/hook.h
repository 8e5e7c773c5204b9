// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HOOK_H
#define FLASHBACK_HOOK_H

#include <stddef.h>

#include "flashback/lib/text.h"

/* The user's commands: before, after, notify.  No shell; nothing of ours is inherited but the
 * environment. */

#define HOOK_SECONDS 600       /* before, after */
#define HOOK_NOTIFY_SECONDS 60 /* notify */
#define HOOK_NOT_NOW 75        /* before says: not now */

/**
 * hook_run(command, env, input, seconds, stop_fd, why, size):
 * Run it with the env (KEY=VALUE) added and input (may be NULL) on its standard input; end it after
 * so many seconds, or when stop_fd (-1: none) becomes readable.  Return its exit status, also when
 * it came to its end although it was told to stop; -1 with why (size bytes) saying in words how
 * else it ended.
 */
int hook_run(const struct text_list *command, const struct text_list *env, const char *input,
             int seconds, int stop_fd, char *why, size_t size);

/** hook_hint(status): what an exit status beyond 0 most likely means: ": words", or "". */
const char *hook_hint(int status);

#endif
