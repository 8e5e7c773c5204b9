// SPDX-License-Identifier: ISC
#include "flashback/store/treediff.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"

#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
#define PIECE 16384
#define PIECES 64

/* The walk through the snapshot, in step with the other tree.  Both are at rest, so `..` leads back
 * to where the step came from.  A directory of the other tree that may not be read, which a host
 * can bring about where we are not root, counts as absent. */
struct walk {
	struct treediff *d;
	int tree;      /* in the other tree, the directory that the walk is in */
	size_t depth;  /* directories entered */
	size_t absent; /* of these, so many at the end that the other tree lacks */
};

static int
enter(void *arg, int dirfd, const char *name, int fd)
{
	struct walk *w = arg;
	int below;

	(void)dirfd;
	(void)fd;
	if (w->depth++ == 0)
		return 0;
	below = w->absent == 0 ? openat(w->tree, name, TREE_DIR) : -1;
	if (below < 0) {
		if (w->absent == 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP &&
		    errno != EACCES)
			return -1;
		w->absent++;
		return 0;
	}
	file_close(&w->tree);
	w->tree = below;
	return 0;
}

static int
leave(struct walk *w)
{
	int up;

	if (--w->depth == 0)
		return 0;
	if (w->absent > 0) {
		w->absent--;
		return 0;
	}
	up = openat(w->tree, "..", TREE_DIR);
	if (up < 0)
		return -1;
	file_close(&w->tree);
	w->tree = up;
	return 0;
}

/* Fill buf as far as the file goes: a read may be short. */
static ssize_t
read_piece(int fd, char buf[PIECE])
{
	size_t n = 0;
	ssize_t got;

	while (n < PIECE && (got = read(fd, buf + n, PIECE - n)) != 0) {
		if (got < 0)
			return -1;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static bool
is_same_content(int a, int b)
{
	char of_a[PIECE], of_b[PIECE];

	for (int i = 0; i < PIECES; i++) {
		ssize_t n = read_piece(a, of_a);

		if (n < 0 || read_piece(b, of_b) != n || memcmp(of_a, of_b, (size_t)n) != 0)
			return false;
		if (n < PIECE)
			break;
	}
	return true;
}

static bool
is_same_file(int a, int b, const char *name)
{
	int of_a = openat(a, name, OPEN_FILE), of_b = openat(b, name, OPEN_FILE);
	bool same = of_a >= 0 && of_b >= 0 && is_same_content(of_a, of_b);

	file_close(&of_a);
	file_close(&of_b);
	return same;
}

static bool
is_same_target(int a, int b, const char *name)
{
	char of_a[PATH_MAX], of_b[PATH_MAX];
	ssize_t n = readlinkat(a, name, of_a, sizeof(of_a));

	return n >= 0 && readlinkat(b, name, of_b, sizeof(of_b)) == n &&
	       memcmp(of_a, of_b, (size_t)n) == 0;
}

/* Is the name the same in both directories, attributes aside? */
static bool
is_same(int a, int b, const char *name)
{
	struct stat old, now;

	if (fstatat(a, name, &old, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstatat(b, name, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (old.st_mode & S_IFMT) != (now.st_mode & S_IFMT))
		return false;
	if (S_ISLNK(old.st_mode))
		return old.st_ino == now.st_ino || is_same_target(a, b, name);
	if (!S_ISREG(old.st_mode) || old.st_ino == now.st_ino)
		return true;
	if (old.st_size != now.st_size)
		return false;
	return (old.st_mtim.tv_sec == now.st_mtim.tv_sec &&
	        old.st_mtim.tv_nsec == now.st_mtim.tv_nsec) ||
	       is_same_file(a, b, name);
}

static int
visit(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct walk *w = arg;

	if (is_dir)
		return leave(w);
	w->d->files++;
	w->d->changed += w->absent > 0 || !is_same(dirfd, w->tree, name);
	return 0;
}

int
treediff_count(const struct store_volume *v, const char *snapshot, const char *tree,
               struct treediff *d)
{
	struct walk w = {.d = d, .tree = openat(v->fd, tree, TREE_DIR)};
	const struct tree walk = {.dev = v->dev, .visit = visit, .enter = enter, .arg = &w};
	int rc;

	*d = (struct treediff){0};
	rc = w.tree >= 0 && tree_walk(v->fd, snapshot, &walk) == 0 ? 0 : -1;
	file_close(&w.tree);
	return rc;
}
