// SPDX-License-Identifier: ISC
#include "flashback/store/graft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/tree.h"
#include "flashback/store/halves.h"

#define DEPTH_MAX 100 /* three descriptors each; what is deeper is left behind */

/* A directory that both trees have. */
struct level {
	int from, to;
	unsigned depth;
	dev_t dev;
};

static int graft_entry(void *arg, const struct dirent *entry);

/* A user who is not root can neither enter nor move a directory without these rights. */
static int
unlock(int dir, const char *name, const struct stat *st)
{
	if (!S_ISDIR(st->st_mode) || (st->st_mode & S_IRWXU) == S_IRWXU)
		return 0;
	return fchmodat(dir, name, S_IRWXU, AT_SYMLINK_NOFOLLOW);
}

static int
enter(int dir, const char *name, dev_t dev)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_dev != dev ||
	    unlock(dir, name, &st) != 0)
		return -1;
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Graft what is below two directories, below those of l. */
static void
descend(const struct level *l, const char *from, const char *to)
{
	struct level below = {.from = -1, .to = -1, .depth = l->depth + 1, .dev = l->dev};

	if (below.depth > DEPTH_MAX)
		return;
	below.from = enter(l->from, from, l->dev);
	below.to = enter(l->to, to, l->dev);
	if (below.from >= 0 && below.to >= 0)
		(void)tree_names(below.from, graft_entry, &below);
	if (below.from >= 0)
		close(below.from);
	if (below.to >= 0)
		close(below.to);
}

static int
graft_entry(void *arg, const struct dirent *entry)
{
	const struct level *l = arg;
	const char *name = entry->d_name;
	struct stat from, to;

	if (fstatat(l->from, name, &from, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (fstatat(l->to, name, &to, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT && unlock(l->from, name, &from) == 0)
			(void)renameat(l->from, name, l->to, name);
	} else if (S_ISDIR(from.st_mode) && S_ISDIR(to.st_mode)) {
		descend(l, name, name);
	} else if (halves_is_one(&from) && halves_is_one(&to) && from.st_size > to.st_size) {
		(void)renameat(l->from, name, l->to, name);
	}
	return 0;
}

void
graft_tree(int parent, const char *from, const char *to, dev_t dev)
{
	const struct level top = {.from = parent, .to = parent, .dev = dev};

	descend(&top, from, to);
}
