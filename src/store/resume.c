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

#include "flashback/lib/tree.h"

#define LETTERS                                                                                    \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define DATE 350021106 /* an instant in 1981 that FAT can represent */
#define SUFFIX 7       /* a dot and six of LETTERS, as made by mkstemp */

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

/* Without these rights a user who is not root can neither enter nor move a directory. */
static int
unlock(int dir, const char *name, const struct stat *st)
{
	if (!S_ISDIR(st->st_mode) || (st->st_mode & S_IRWXU) == S_IRWXU)
		return 0;
	return fchmodat(dir, name, S_IRWXU, AT_SYMLINK_NOFOLLOW);
}

/* Move each entry that the other tree lacks, or of which both have a partial file and this one is
 * longer.  An entry that both have is left alone: the later run has the newer version.  Errors are
 * ignored: what is not moved is only transferred again. */
static int
move_entries(void *arg, struct tree_dir *dir)
{
	struct stat from, to;

	(void)arg;
	if (dir->twin == -1)
		listing_free(&dir->entries);
	for (size_t i = 0; i < dir->entries.n; i++) {
		const char *name = dir->entries.entry[i]->d_name;
		bool moves;

		if (fstatat(dir->fd, name, &from, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (fstatat(dir->twin, name, &to, AT_SYMLINK_NOFOLLOW) != 0)
			moves = errno == ENOENT && unlock(dir->fd, name, &from) == 0;
		else
			moves = is_half(&from) && is_half(&to) && from.st_size > to.st_size;
		if (moves)
			(void)renameat(dir->fd, name, dir->twin, name);
	}
	return 0;
}

void
resume_join(int parent, const char *from, const char *to, dev_t dev)
{
	const struct tree w = {
	    .dev = dev, .unlock = true, .twin = to, .beside = parent, .enter = move_entries};

	(void)tree_walk(parent, from, &w);
}
