// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TREE_H
#define FLASHBACK_TREE_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "flashback/lib/listing.h"

/*
 * Walk, measure and remove trees of any depth and width, through descriptors: one directory open at
 * a time, no recursion, no joined paths, no symlink followed, no other file system entered.  Two
 * trees can be walked in step.
 */

/** How a directory of a tree is opened: for reading, and not through a symlink. */
#define TREE_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/** A directory that a walk is in. */
struct tree_dir {
	int fd, twin;   /* the directory, and the same one of the other tree (-1: none) */
	size_t depth;   /* of the tree itself: 0 */
	ino_t ino;      /* inode number, as its parent lists it; 0 of the tree itself */
	struct stat st; /* of fd, as it was when it was opened */
	/* In the directory's order; on leaving, its subdirectories.  A callback may sort or free
	 * them: what it has freed is not visited. */
	struct listing entries;
	/* Set by a callback that returns -1: which of the entries is concerned, NULL: the directory
	 * itself; and the reason in words, NULL: errno. */
	const char *entry, *why;
	const struct walk_state *walk;
};

/** Parameters of a walk. */
struct tree {
	dev_t dev;   /* device of the tree; a directory on another one, or that is a mount point, is
	                trouble and is not entered */
	bool unlock; /* give directories (never files) that lack any of u=rwx the mode 0700 */
	bool strict; /* the first trouble ends the walk */
	/* Another tree, of this name below the directory beside, is walked in step.  What it has
	 * not as a directory, or may not be read, is absent; with strict that is trouble. */
	const char *twin;
	int beside;
	/* Called for each entry that is not a directory, in inode order; for each directory after
	 * everything below it.  Returns 0, or -1 with errno: trouble.  EROFS ends the walk.  NULL:
	 * not called. */
	int (*visit)(void *arg, int dirfd, const char *name, bool is_dir);
	/* Called with each directory before anything in it is visited, and after everything below
	 * it was.  Return 0; or 1, or -1 with errno: trouble, and the walk ends.  NULL: not called.
	 */
	int (*enter)(void *arg, struct tree_dir *dir);
	int (*leave)(void *arg, struct tree_dir *dir);
	void *arg;
	char *trouble; /* receives the first path with trouble and the reason, escaped; size may be
	                  0 */
	size_t size;
};

/** tree_walk(parent, name, w): walk the tree name below the directory parent.  Entries that
 * vanish during the walk are not trouble, unless it is strict.  Return 0, or 1 when there was
 * trouble, with the errno of the first. */
int tree_walk(int parent, const char *name, const struct tree *w);

/** tree_enter(w, above, name, st): open a directory below another one, as the walk w does.  Return
 * it, with its fstat, or -1 with errno: EXDEV when another file system is mounted there. */
int tree_enter(const struct tree *w, int above, const char *name, struct stat *st);

/** tree_path(dir, entry, path): the path of an entry (NULL: of the directory itself), below the
 * tree.  Return 0, or -1 when it is longer than a path can be. */
int tree_path(const struct tree_dir *dir, const char *entry, char path[PATH_MAX]);

/** How large a tree is. */
struct tree_size {
	uint64_t entries; /* the directory itself included */
	uint64_t own;     /* bytes on disk that removing it would free: files without other links */
};

/** tree_measure(parent, name, dev, out): measure a tree.  Return 0, or 1 when some of it could not
 * be read and is missing from *out. */
int tree_measure(int parent, const char *name, dev_t dev, struct tree_size *out);

/** tree_names(dirfd, take, arg): call take for each name in the directory except . and .. until
 * take returns anything but 0, and return that.  Return 0, or -1 with errno. */
int tree_names(int dirfd, int (*take)(void *arg, const struct dirent *entry), void *arg);

/** tree_open(fd, path): open a directory below fd, or fd itself for "", a component at a time, so
 * that no symbolic link is followed.  Return it, or -1 with errno. */
int tree_open(int fd, const char *path);

/** tree_is_empty(dirfd): is the directory empty?  One that cannot be read is not. */
bool tree_is_empty(int dirfd);

/**
 * tree_remove(parent, name, dev, trouble, size):
 * Remove the tree name below the directory parent, in inode order.  Never crosses a device, follows
 * a symlink, or changes a file's attributes (its inode is shared with other snapshots).  Return 0;
 * 1 when something could not be removed, with the first such path and the reason in trouble
 * (escaped).
 */
int tree_remove(int parent, const char *name, dev_t dev, char *trouble, size_t size);

#endif
