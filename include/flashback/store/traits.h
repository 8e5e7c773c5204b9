// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TRAITS_H
#define FLASHBACK_TRAITS_H

#include <stdbool.h>
#include <stdio.h>

#include "flashback/store/marker.h"

/* What a disk can do: tested on it, not asked of its name. */

/**
 * traits_test(dir, force, m):
 * Test the file system of dir, an empty directory, in which the tests leave their files; note the
 * traits and the added attributes in m, and nothing else.  Return 0, or -1 with errno when the disk
 * or this process has an error that says nothing about a trait (with force: never).
 */
int traits_test(int dir, bool force, struct marker *m);

/** traits_print(f, m): a line for each trait; of what is lacking with the consequence. */
void traits_print(FILE *f, const struct marker *m);

/** traits_lacking(m): the traits that are lacking, separated by commas: new memory, "" if none;
 * NULL with ENOMEM. */
char *traits_lacking(const struct marker *m);

/** traits_suffice(m, accepted): does m have all that flashback relies on, but what accepted (NULL:
 * nothing) lacks as well? */
bool traits_suffice(const struct marker *m, const struct marker *accepted);

/**
 * traits_added(dir, names, size):
 * Create a file and a directory below dir, an empty directory for tests, give both an ACL where
 * that is possible, and write into names, separated by blanks, the attributes that nobody set and
 * that rsync would copy.  A name that a filter rule of rsync might take for a pattern is left out,
 * as is one that does not fit.  traits_refused(dir, names, size): the same of the known attributes
 * of certain file systems that this one refuses.  Return 0, or -1 with errno.
 */
int traits_added(int dir, char *names, size_t size);
int traits_refused(int dir, char *names, size_t size);

#endif
