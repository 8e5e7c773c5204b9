// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESTORE_H
#define FLASHBACK_RESTORE_H

#include <stdio.h>

#include "flashback/config/volume.h"

#define RESTORE_LINK "latest"

/* RESTORE.txt: the literal commands that restore a volume, dry run first.  Core: to a FILE *. */

/** What RESTORE.txt is about. */
struct restore {
	const struct volume *volume;
	const char *dir;     /* of the volume; absolute */
	const char *latest;  /* RESTORE_LINK or, where there is no such link, the newest snapshot */
	const char *example; /* a file of that, for the examples; see example_find.  NULL: none */
	const char *rsync;   /* the program to name */
	const struct text_list *left_out; /* file systems that the snapshots do not contain, safe
	                                     to print */
};

/**
 * restore_write(f, r):
 * Write RESTORE.txt.  Every command is on a line of its own, after four blanks, and can be pasted
 * unchanged.  Return 0, or -1 with ENOMEM or when f has an error.
 */
int restore_write(FILE *f, const struct restore *r);

/**
 * restore_beside(f, volume, rsync, from, to):
 * Write the command, with its newline, that copies from, a path in the store, to the path `to`
 * below the place that the volume is restored to.  Return 0, or -1 with ENOMEM.
 */
int restore_beside(FILE *f, const struct volume *volume, const char *rsync, const char *from,
                   const char *to);

#endif
