// SPDX-License-Identifier: ISC
#include "flashback/store/halves.h"

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
halves_keep(int parent, const char *name, dev_t dev)
{
	const struct tree w = {.dev = dev, .visit = visit};

	/* What cannot be kept is sent again. */
	(void)tree_walk(parent, name, &w);
}

bool
halves_is_one(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	       (st->st_mtim.tv_sec == 0 || st->st_mtim.tv_sec == DATE);
}
