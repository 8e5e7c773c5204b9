// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESTORE_H
#define FLASHBACK_RESTORE_H

#include <stdio.h>

#include "flashback/config/volume.h"

#define RESTORE_LINK "latest"

/* RESTORE.txt: the literal commands that restore a volume, dry run first.  Core: to a FILE *. */

/**
 * restore_write(f, volume, dir, latest, rsync, left_out):
 * Write RESTORE.txt for a volume whose directory is dir (absolute), with rsync the program to name;
 * latest is RESTORE_LINK or, where there is no such link, the name of the newest snapshot.
 * left_out are the file systems that its snapshots do not contain, safe to print.
 * Every command is on a line of its own, after four blanks, and can be pasted unchanged.
 * Return 0, or -1 with ENOMEM or when f has an error.
 */
int restore_write(FILE *f, const struct volume *volume, const char *dir, const char *latest,
                  const char *rsync, const struct text_list *left_out);

/**
 * restore_beside(f, volume, rsync, from, to):
 * Write the command, with its newline, that copies from, a path in the store, to the path `to`
 * below the place that the volume is restored to.  Return 0, or -1 with ENOMEM.
 */
int restore_beside(FILE *f, const struct volume *volume, const char *rsync, const char *from,
                   const char *to);

#endif
