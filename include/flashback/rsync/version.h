// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VERSION_H
#define FLASHBACK_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* Which rsync this machine has, and what that can do.  Core: no I/O. */

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
 * version_judge(path, line, out, why, size):
 * The same, as far as flashback can work with it.  Return 0, or -1 with why in words: the program
 * at path is no rsync, or is too old.
 */
int version_judge(const char *path, const char *line, struct version *out, char *why, size_t size);

/** version_risk(version): what is dangerous about it, in words; NULL: nothing. */
const char *version_risk(const struct version *version);

#endif
