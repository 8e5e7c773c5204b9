// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LISTING_H
#define FLASHBACK_LISTING_H

#include <dirent.h>
#include <stddef.h>

/*
 * The entries of one directory, read whole, as the kernel returns them: names, inode numbers,
 * types.  Memory: the kernel's records and a pointer for each; with names of 20 bytes about 56
 * bytes an entry.
 */

/** All zero: nothing read. */
struct listing {
	char *records; /* struct dirent, one after the other */
	size_t len, room;
	struct dirent **entry; /* n pointers into records, in the directory's order until sorted */
	size_t n;
};

/**
 * listing_read(dirfd, list):
 * Read the entries but . and .. of an open directory, from its beginning, into a listing that is
 * all zero.  Where the file system returns no types they are looked up: d_type is DT_UNKNOWN only
 * for an entry that has vanished since.  Return 0, or -1 with errno and the listing all zero.
 */
int listing_read(int dirfd, struct listing *list);

/** listing_sort(list, from): sort the entries from entry[from] on by name. */
void listing_sort(struct listing *list, size_t from);

/** listing_sort_inodes(list): sort all entries by inode number. */
void listing_sort_inodes(struct listing *list);

/** listing_keep_dirs(list): drop all entries but directories, and release the memory.  The order
 * is then the directory's. */
void listing_keep_dirs(struct listing *list);

/** listing_free(list): free the memory and set the listing to all zero. */
void listing_free(struct listing *list);

#endif
