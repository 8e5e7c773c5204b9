// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ADDEDATTR_H
#define FLASHBACK_ADDEDATTR_H

#include <stdio.h>

/*
 * Extended attributes that a file system or the kernel adds to files by itself: XFS shows an ACL a
 * second time as trusted.SGI_ACL_FILE, SELinux labels each file, btrfs hands a compression property
 * down.  rsync -X takes such an attribute for one that the source has lost: it removes it, with XFS
 * the ACL with it, and never links the file to its basis.  And attributes of one file system only,
 * which others refuse: each run that meets one would end as PARTIAL.
 */

/**
 * addedattr_find(dir, names, size):
 * Create a file and a directory below dir, an empty directory for tests, give both an ACL where
 * that is possible, and write into names, separated by blanks, the attributes that nobody set and
 * that rsync would copy.  A name that a filter rule of rsync might take for a pattern is left out,
 * as is one that does not fit.  The entries stay.  Return 0, or -1 with errno.
 */
int addedattr_find(int dir, char *names, size_t size);

/**
 * addedattr_refused(dir, names, size):
 * Create a file below dir, and write into names, separated by blanks, the known attributes of
 * certain file systems that this one refuses.  The file stays.  Return 0, or -1 with errno.
 */
int addedattr_refused(int dir, char *names, size_t size);

/** addedattr_print(f, added, refused): a line for people for each of both that has any. */
void addedattr_print(FILE *f, const char *added, const char *refused);

#endif
