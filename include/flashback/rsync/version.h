// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VERSION_H
#define FLASHBACK_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/** What this machine's rsync is and can do. */
struct version {
	int major, minor, patch;
	bool confine_root; /* 3.5.0: a backed-up symlink cannot lead out of the volume */
	bool usable;       /* 3.1.3 or newer */
};

/**
 * version_parse(line, out):
 * From the first line of `rsync --version`.  Return 0, or -1 when this is no rsync that we know
 * (openrsync).
 */
int version_parse(const char *line, struct version *out);

/**
 * version_read(path, out, why, size):
 * Ask the rsync at path for its version.  Return 0, or -1 with why in words: it is missing, does
 * not run, or is too old.
 */
int version_read(const char *path, struct version *out, char *why, size_t size);

/** version_risk(version): what is dangerous about it, in words; NULL: nothing. */
const char *version_risk(const struct version *version);

/**
 * version_tell_service(fmt, ...):
 * Tell the service manager that started us (NOTIFY_SOCKET, as in sd_notify(3)): "READY=1" and so
 * on. Does nothing when there is none.
 */
void version_tell_service(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
