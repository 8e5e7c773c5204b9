// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DUEFILES_H
#define FLASHBACK_DUEFILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "flashback/store/store.h"

/* Which files of a tree are due to be compared with their source: those whose places (see round.h)
 * are in a range, that are not empty, and that an older snapshot has, too. */

#define DUEFILES_ROOM (8 << 20)

struct duefiles {
	int64_t after, upto; /* the range; upto is lowered if there are more files than room */
	size_t room;         /* bytes that the names may take */
	struct duefiles_file {
		int64_t place;
		ino_t ino;
		int64_t size;
		struct timespec mtime;
		char *path; /* of a file with several names, one of them */
	} * file;           /* ascending by place, then by inode number */
	size_t n;
};

/** duefiles_find(v, tree, d): fill in d->file from a tree of the volume.  Return 0, or -1 when not
 * all of it could be read.  duefiles_free(d): free the files, also after -1. */
int duefiles_find(const struct store_volume *v, const char *tree, struct duefiles *d);
void duefiles_free(struct duefiles *d);

#endif
