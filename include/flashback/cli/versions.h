// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VERSIONS_H
#define FLASHBACK_VERSIONS_H

#include <stdio.h>

#include "flashback/config/config.h"
#include "flashback/store/store.h"

/* The versions of a path in the snapshots of a volume. */

struct versions_case {
	const struct config *config;
	const struct volume *volume;
	const char *path;  /* below the volume, without needless slashes, `.' or `..' */
	const char *shown; /* as given with the volume, safe to print */
};

/** versions_name(s, buf): the name of s, safe to print.  Return buf. */
#define VERSIONS_NAME (4 * STAMP_NAME_SIZE)
char *versions_name(const struct stamp *s, char buf[VERSIONS_NAME]);

/** versions_is_snapshot(s): is s to be restored from: not being built, interrupted or expired? */
bool versions_is_snapshot(const struct stamp *s);

/**
 * versions_print(f, c, v):
 * Print a line a version, by inode, of the path in the open volume v: the first and the last
 * snapshot that hold it, size, time, and the path to copy from; then the command that restores the
 * last one beside the present one.  No symbolic link is followed.  Return 0; or -1 after a message,
 * such as that no snapshot holds it.
 */
int versions_print(FILE *f, const struct versions_case *c, const struct store_volume *v);

#endif
