// SPDX-License-Identifier: ISC
#include "flashback/store/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/tree.h"

#define LETTERS                                                                                    \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define DATE 350021106 /* some moment in 1981, which a FAT can hold */
#define SUFFIX 7       /* a dot and six of these, as mkstemp makes them */
#define DEPTH_MAX 100  /* three descriptors each; what is deeper is left behind */

static bool
is_temporary(const char *name, size_t len)
{
	return len > SUFFIX + 1 && name[0] == '.' && name[len - SUFFIX] == '.' &&
	       strspn(name + len - SUFFIX + 1, LETTERS) == SUFFIX - 1;
}

/* Is it as rsync leaves one, and nowhere but here? */
static bool
is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_mode & 07777) == (S_IRUSR | S_IWUSR) &&
	       st->st_uid == geteuid() && st->st_nlink == 1 && st->st_size > 0;
}

/* Give it the name of the file, unless that has been taken. */
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
	/* The dot is rsync's, unless the file has one: those with two must be such. */
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

	/* What cannot be kept is sent again. */
	(void)tree_walk(parent, name, &w);
}

/* Is it half of a file, as rsync or we leave one, and nowhere but here? */
static bool
is_half(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	       (st->st_mtim.tv_sec == 0 || st->st_mtim.tv_sec == DATE);
}

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
