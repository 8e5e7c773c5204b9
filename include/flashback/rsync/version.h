// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VERSION_H
#define FLASHBACK_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* The version of the local rsync, and what it supports.  Core: no I/O. */

struct version {
	int major, minor, patch;
	bool confine_root; /* 3.5.0: a backed-up symlink cannot lead out of the volume; and the
	                      time of any file can be printed */
	bool usable;       /* 3.1.3 or newer */
};

/**
 * version_parse(line, out):
 * Parse the first line of `rsync --version`.  Return 0, or -1 when it is not that of a supported
 * rsync (openrsync is not).
 */
int version_parse(const char *line, struct version *out);

/**
 * version_judge(path, line, out, why, size):
 * The same, and check that flashback can use this version.  Return 0, or -1 with the reason in why:
 * the program at path is no rsync, or is too old.
 */
int version_judge(const char *path, const char *line, struct version *out, char *why, size_t size);

/** version_risk(version): the risk of using this version, in words; NULL: none known. */
const char *version_risk(const struct version *version);

#endif
