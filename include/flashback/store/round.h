// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ROUND_H
#define FLASHBACK_ROUND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "flashback/lib/text.h"
#include "flashback/store/store.h"

/*
 * How far a volume has come with comparing its unchanged files with their source (recheck).  Each
 * file has a place, which follows from its inode number, so that a file that is renamed keeps it. A
 * round goes through all places in ascending order, so that the time from one comparison of a file
 * to the next is that of a round.  A lost or damaged record begins a new round.
 */

/** Below .flashback: the record, and a directory for what is needed while files are compared. */
#define ROUND_NAME "recheck"
#define ROUND_WORK "recheck.new"

#define ROUND_END INT64_MAX /* the last place */
#define ROUND_PARTS 16

struct round {
	int64_t begun;  /* 0: no round has begun */
	int64_t oldest; /* the round before compared the files that come next after this time; 0: it
	                   did not */
	int64_t done;   /* the files up to this place have been compared */
	int64_t held;   /* the first file of a comparison that was interrupted, */
	int64_t tries;  /* ... so many times in a row */
	int64_t found;  /* files that differ, found since the last run that has reported any */
	int64_t entered[ROUND_PARTS]; /* when the last round has come to each part of the places;
	                                 the first: begun */
};

/** round_place(ino): the place of a file, above 0.  Two files may have the same one. */
int64_t round_place(ino_t ino);

/** round_due(r, now, span): up to which place files are due, if a round takes span seconds.  Begins
 * a new round if none has begun, or if that seems to be in the future. */
int64_t round_due(struct round *r, int64_t now, int64_t span);

/** round_reach(r, place, now): the files up to this place have been compared; after the last of
 * them the next round begins. */
void round_reach(struct round *r, int64_t place, int64_t now);

/** round_interrupted(r, place): the comparison of the file at this place, and of others after it,
 * was interrupted.  Return how many times in a row. */
int64_t round_interrupted(struct round *r, int64_t place);

/** round_words(r, now): how far it is, and how old the oldest comparison is at most: new memory,
 * NULL with ENOMEM. */
char *round_words(const struct round *r, int64_t now);

/** round_reported(meta): what was found stands in the history; until then, the next run reports it.
 */
void round_reported(int meta);

/** round_read(meta, r): read the record in the directory meta; all zero if there is none that is
 * valid.  round_write(meta, r): replace it.  Return 0, or -1 with errno. */
void round_read(int meta, struct round *r);
int round_write(int meta, const struct round *r);

/* Which files of a tree are due to be compared with their source: those whose places
 * are in a range, that are not empty, and that an older snapshot has, too. */

#define ROUND_ROOM (8 << 20)

struct round_files {
	int64_t after, upto; /* the range; upto is lowered if there are more files than room */
	size_t room;         /* bytes that the names may take */
	struct round_file {
		int64_t place;
		ino_t ino;
		int64_t size;
		struct timespec mtime;
		char *path; /* of a file with several names, one of them */
	} * file;           /* ascending by place, then by inode number */
	size_t n;
};

/** round_find(v, tree, d): fill in d->file from a tree of the volume.  Return 0, or -1 when not
 * all of it could be read.  round_free(d): free the files, also after -1. */
int round_find(const struct store_volume *v, const char *tree, struct round_files *d);
void round_free(struct round_files *d);

#endif
