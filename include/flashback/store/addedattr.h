// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ADDEDATTR_H
#define FLASHBACK_ADDEDATTR_H

#include <stdio.h>

/*
 * Extended attributes that a file system or the kernel adds to files by itself: XFS shows an ACL a
 * second time as trusted.SGI_ACL_FILE, SELinux labels each file, btrfs hands a compression property
 * down.  rsync -X takes such an attribute for one that the source has lost: it removes it, with XFS
 * the ACL with it, and never links the file to its basis.
 */

/**
 * addedattr_find(dir, names, size):
 * Create a file and a directory below dir, an empty directory for tests, give both an ACL where
 * that is possible, and write into names, separated by blanks, the attributes that nobody set and
 * that rsync would copy.  A name that a filter rule of rsync might take for a pattern is left out,
 * as is one that does not fit.  The entries stay.  Return 0, or -1 with errno.
 */
int addedattr_find(int dir, char *names, size_t size);

/** addedattr_print(f, names): a line for people, if there are any. */
void addedattr_print(FILE *f, const char *names);

#endif
