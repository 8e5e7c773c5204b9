// SPDX-License-Identifier: ISC
#include "flashback/store/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"

#define LETTERS                                                                                    \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define DATE 350021106 /* an instant in 1981 that FAT can represent */
#define SUFFIX 7       /* a dot and six of LETTERS, as made by mkstemp */
#define DEPTH_MAX 100  /* levels, three descriptors each; what is deeper is not joined */

/* Has it the form .FILE.XXXXXX, in which rsync names the file that it is receiving? */
static bool
is_temporary(const char *name, size_t len)
{
	return len > SUFFIX + 1 && name[0] == '.' && name[len - SUFFIX] == '.' &&
	       strspn(name + len - SUFFIX + 1, LETTERS) == SUFFIX - 1;
}

/* Is it such as rsync creates one, and without another link?  One with links may be in a snapshot
 * and must not be changed. */
static bool
is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_mode & 07777) == (S_IRUSR | S_IWUSR) &&
	       st->st_uid == geteuid() && st->st_nlink == 1 && st->st_size > 0;
}

/* Rename it to the name of the file, unless that exists.  The date is set first: killed in between,
 * it is still no complete file. */
static int
keep(int dir, const char *name, const char *file)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = DATE}};
	struct stat st;

	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (errno != ENOENT || utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	return renameat(dir, name, dir, file);
}

/* Keep one temporary file.  The name is all there is to go by, so everything else about the file is
 * checked too: a file of the source may have such a name. */
static int
visit(void *arg, int dir, const char *name, bool is_dir)
{
	size_t len = strlen(name), dot;
	struct stat st;
	char *file;
	int rc;

	(void)arg;
	if (is_dir || !is_temporary(name, len) ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !is_ours(&st))
		return 0;
	/* rsync prepends a dot only to a name that has none.  A name with two dots is that of a
	 * file with two; of one with a single dot it is unknown, and the dot is removed. */
	dot = name[1] == '.' ? 0 : 1;
	file = strndup(name + dot, len - SUFFIX - dot);
	if (file == NULL)
		return -1;
	rc = keep(dir, name, file);
	free(file);
	return rc;
}

void
resume_keep(int parent, const char *name, dev_t dev)
{
	const struct tree w = {.dev = dev, .visit = visit};

	/* What cannot be kept is transferred again. */
	(void)tree_walk(parent, name, &w);
}

/* Is it a partial file, as made by rsync --partial or by keep(), and without another link? */
static bool
is_half(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	       (st->st_mtim.tv_sec == 0 || st->st_mtim.tv_sec == DATE);
}

/* A directory that exists in both trees. */
struct level {
	int from, to;
	unsigned depth;
	dev_t dev;
};

static int graft_entry(void *arg, const struct dirent *entry);

/* Without these rights a user who is not root can neither enter nor move a directory. */
static int
unlock(int dir, const char *name, const struct stat *st)
{
	if (!S_ISDIR(st->st_mode) || (st->st_mode & S_IRWXU) == S_IRWXU)
		return 0;
	return fchmodat(dir, name, S_IRWXU, AT_SYMLINK_NOFOLLOW);
}

/* Open a directory of the given device.  Mount points and symlinks are not entered. */
static int
enter(int dir, const char *name, dev_t dev)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_dev != dev ||
	    unlock(dir, name, &st) != 0)
		return -1;
	return openat(dir, name, TREE_DIR);
}

/* Join two directories.  Errors are ignored: what is not moved is only transferred again. */
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
	file_close(&below.from);
	file_close(&below.to);
}

/* Move one entry if the other tree lacks it, or if both have a partial file and this one is longer.
 * An entry that both have is left alone: the later run has the newer version. */
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
	} else if (is_half(&from) && is_half(&to) && from.st_size > to.st_size) {
		(void)renameat(l->from, name, l->to, name);
	}
	return 0;
}

void
resume_join(int parent, const char *from, const char *to, dev_t dev)
{
	const struct level top = {.from = parent, .to = parent, .dev = dev};

	descend(&top, from, to);
}
