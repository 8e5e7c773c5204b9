// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TOOL_H
#define FLASHBACK_TOOL_H

#include <stddef.h>

#include "flashback/rsync.h"

/**
 * tool_rsync(path, out, why, size):
 * Ask the rsync at path for its version.  Return 0, or -1 with why in words: it is missing, does
 * not run, or is too old.
 */
int tool_rsync(const char *path, struct rsync_version *out, char *why, size_t size);

/** tool_risk(version): what is dangerous about it, in words; NULL: nothing. */
const char *tool_risk(const struct rsync_version *version);

/**
 * tool_tell_service(fmt, ...):
 * Tell the service manager that started us (NOTIFY_SOCKET, as in sd_notify(3)): "READY=1" and so
 * on. Does nothing when there is none.
 */
void tool_tell_service(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
