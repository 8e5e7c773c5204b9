// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PATCH_H
#define FLASHBACK_PATCH_H

#include <stdint.h>
#include <stdio.h>

#include "flashback/store/store.h"

/*
 * The last step of a quick run: the spare, which matches the newest snapshot, becomes the next one.
 * Names that differ are unlinked in it, what rsync received is moved into it, and it is renamed
 * over the received tree.  No file is opened or changed: files are shared with snapshots, so only
 * names and directories of the spare change.  If killed at any point, the next walk of the spare
 * repairs it, and what had been moved is received again.
 */

#define PATCH_TROUBLE 512

struct patch {
	const struct store_volume *v; /* locked; its spare was walked */
	const char *received;         /* the name of the tree that rsync made */
	int top; /* a directory that has the root directory's attributes; -1: they are the same */
	FILE *list; /* as in struct scan; read from the start */
	FILE *gone;

	int64_t found; /* listed names that the spare has */
	int64_t grown; /* names of the tree, less those that the spare had */
	int64_t new_files,
	    new_bytes; /* received regular files with a single link, and their sizes */
	char trouble[PATCH_TROUBLE]; /* after -1: what failed, escaped */
};

/**
 * patch_find(p):
 * Count in p->found the listed names that the spare has, of whatever type.  Changes nothing.
 * Return 0, or -1 with errno and p->trouble.
 */
int patch_find(struct patch *p);

/**
 * patch_run(p):
 * Return 0 with the whole tree under the name in received and no spare left; or -1 with errno and
 * p->trouble, where that name holds what has not been moved yet.
 */
int patch_run(struct patch *p);

#endif
