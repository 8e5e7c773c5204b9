// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TRUST_H
#define FLASHBACK_TRUST_H

#include <stdio.h>

#include "flashback/store/marker.h"

/*
 * Who else could change a store: everything on the path of data_dir decides what store is found
 * there, which safepath_check_way checks, and whoever owns a directory of it can read or replace
 * the backups in it.
 */

/** errno of a directory of the store that others own or can write to. */
#define TRUST_NOT_OURS EUSERS

/**
 * trust_owner(data_dir, fd):
 * Who besides root and our user could change what is in the open directory?  Return a text in new
 * memory, or NULL: nobody.
 */
char *trust_owner(const char *data_dir, int fd);

/**
 * trust_below(store, fd, traits):
 * The same for a directory below it, as far as the disk keeps owners and modes.  Return 0, or -1
 * with TRUST_NOT_OURS; or with EXDEV when another file system is mounted there: once it is gone,
 * what comes next would be below its mount point.
 */
int trust_below(int store, int fd, const struct marker *traits);

/** trust_error(error): the words for an errno of opening a volume. */
const char *trust_error(int error);

/**
 * trust_close(data_dir, fd, f):
 * Make it accessible to its owner only, or print a warning to f.  Return 0; or -1 after printing
 * who can change what is in it all the same.
 */
int trust_close(const char *data_dir, int fd, FILE *f);

#endif
