// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HOOK_H
#define FLASHBACK_HOOK_H

#include <stddef.h>

#include "flashback/lib/text.h"

/* Run the user's commands: before, after, notify.  No shell; nothing but a fixed environment is
 * inherited. */

#define HOOK_SECONDS 600       /* before, after */
#define HOOK_NOTIFY_SECONDS 60 /* notify */
#define HOOK_NOT_NOW 75        /* `before`: retry at the next wake */

/**
 * hook_run(command, env, input, seconds, stop_fd, why, size):
 * Run command with env (KEY=VALUE) added and input (may be NULL) on its standard input; terminate
 * it after the given seconds, or when stop_fd (-1: none) becomes readable.  Return its exit status,
 * also when it exited by itself after it was sent TERM; -1 with the reason in why (size bytes)
 * when it ended otherwise.
 */
int hook_run(const struct text_list *command, const struct text_list *env, const char *input,
             int seconds, int stop_fd, char *why, size_t size);

/** hook_hint(status): the probable meaning of an exit status: ": TEXT", or "". */
const char *hook_hint(int status);

#endif
