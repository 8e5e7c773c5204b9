// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PATCH_H
#define FLASHBACK_PATCH_H

#include <stdint.h>
#include <stdio.h>

#include "flashback/store/store.h"

/*
 * The last step of a quick run: the spare, which is right for the newest snapshot, becomes the next
 * one.  What differs is unlinked in it, what rsync has received is moved into it, and it takes the
 * place of the received tree.  No file is opened or changed, only names and directories of the
 * spare are.  Killed anywhere, the next walk of the spare puts it right, and what it had taken over
 * is received again.
 */

#define PATCH_TROUBLE 512

struct patch {
	const struct store_volume *v; /* locked; its spare was walked */
	const char *received;         /* the name of the tree that rsync made */
	int top; /* a directory that has the root directory's attributes; -1: they are the same */
	FILE *list; /* as struct scan has them; read from their beginnings */
	FILE *gone;

	int64_t missing; /* names on the list that did not come */
	int64_t new_files,
	    new_bytes; /* regular files that came and share nothing, and their sizes */
	char trouble[PATCH_TROUBLE]; /* of -1: what went wrong, escaped */
};

/**
 * patch_run(p):
 * Return 0 with the whole tree under the name in received and no spare left; or -1 with errno and
 * p->trouble, with what has not been moved yet under that name.
 */
int patch_run(struct patch *p);

#endif
