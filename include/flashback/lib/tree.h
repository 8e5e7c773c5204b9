// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TREE_H
#define FLASHBACK_TREE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Trees of any depth and width, through descriptors: one directory open at a time, no recursion, no
 * path ever joined, no link followed, no other file system entered.
 */

/** What a walk is for. */
struct tree {
	dev_t dev;   /* the tree's; a directory on another, or that is a mount point, is trouble and
	                is not entered */
	bool unlock; /* give directories (never files) that lack any of u=rwx the mode 0700 */
	/* Called for each entry but directories, in inode order, then for each directory once all
	 * below it has been visited.  Return 0, or -1 with errno: trouble.  EROFS ends the walk. */
	int (*visit)(void *arg, int dirfd, const char *name, bool is_dir);
	void *arg;
	char *trouble; /* for the first path that was trouble and why, escaped; size may be 0 */
	size_t size;
};

/** tree_walk(parent, name, w): walk the tree name below the directory parent.  What vanishes
 * meanwhile is no trouble. Return 0, or 1 when there was trouble. */
int tree_walk(int parent, const char *name, const struct tree *w);

/** How large a tree is. */
struct tree_size {
	uint64_t entries; /* the directory itself included */
	uint64_t bytes;   /* lengths of regular files */
	uint64_t own;     /* bytes on disk that removing it would free: files with no other name */
};

/** tree_measure(parent, name, dev, out): as far as it can be read.  Return 0, or 1 when some of it
 * could not be. */
int tree_measure(int parent, const char *name, dev_t dev, struct tree_size *out);

/** tree_names(dirfd, take, arg): call take for each name in the directory but . and .. ; what it
 * returns, unless 0, ends it and is returned.  Return 0, or -1 with errno. */
int tree_names(int dirfd, int (*take)(void *arg, const struct dirent *entry), void *arg);

/** tree_is_empty(dirfd): is there nothing in the directory?  What cannot be read is not empty. */
bool tree_is_empty(int dirfd);

/**
 * tree_remove(parent, name, dev, trouble, size):
 * Remove the tree name below the directory parent, iteratively (no limit of depth), in inode order,
 * never across a device, never following a link, never changing a file (its inode is shared with
 * other snapshots). Return 0; 1 when something could not be removed, with the first such path and
 * why in trouble (escaped).
 */
int tree_remove(int parent, const char *name, dev_t dev, char *trouble, size_t size);

#endif
