// SPDX-License-Identifier: ISC
#include "flashback/jobs/patch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/dirattr.h"
#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/rsync/scan.h"
#include "flashback/store/spare.h"

/* Record errno and the name it concerns, unless an earlier problem is recorded.  Return -1 with
 * errno kept. */
static int
trouble(struct patch *p, const char *name)
{
	int error = errno;
	char text[PATCH_TROUBLE / 2];

	text_fit(text, sizeof(text), name, strlen(name));
	if (p->trouble[0] == '\0')
		snprintf(p->trouble, sizeof(p->trouble), "%s: %s", text, strerror(error));
	errno = error;
	return -1;
}

/*
 * The open directory of the last name.  Names arrive in rsync's order, so most are in the same
 * directory as the one before, and need no new lookup.  A path is opened component by component
 * with O_NOFOLLOW: a symbolic link in a snapshot must not lead out of it.
 */
struct patch_cursor {
	int root, fd; /* fd -1: no such directory */
	dev_t dev;
	bool placed;
	char dir[PATH_MAX];   /* the path of fd below root, "" for root */
	struct timespec time; /* modification time of fd when it was opened */
	bool changed;         /* entries were removed from it */
};

/* Close the directory.  If entries were removed, restore its modification time, which would
 * otherwise differ from that at the source. */
static int
cursor_leave(struct patch_cursor *c)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, c->time};
	int rc = c->fd >= 0 && c->changed ? futimens(c->fd, times) : 0;

	file_close(&c->fd);
	c->placed = c->changed = false;
	return rc;
}

/* Open c->dir.  A mount point on the way is an error (EXDEV): the spare is one file system.  Return
 * 0, or -1 with errno. */
static int
cursor_open(struct patch_cursor *c)
{
	struct stat st;

	c->fd = tree_open(c->root, c->dir);
	if (c->fd < 0 || fstat(c->fd, &st) < 0)
		return -1;
	c->time = st.st_mtim;
	if (st.st_dev == c->dev)
		return 0;
	errno = EXDEV;
	return -1;
}

/* Move to the directory of a name, and set *base to its last component.  Return 1; 0 when there
 * is no such directory; -1 with errno. */
static int
cursor_go(struct patch_cursor *c, const char *name, const char **base)
{
	const char *slash = strrchr(name, '/');
	size_t len = slash != NULL ? (size_t)(slash - name) : 0;

	*base = slash != NULL ? slash + 1 : name;
	if (c->placed && strlen(c->dir) == len && memcmp(c->dir, name, len) == 0)
		return c->fd >= 0;
	if (len >= sizeof(c->dir))
		errno = ENAMETOOLONG;
	if (len >= sizeof(c->dir) || cursor_leave(c) < 0)
		return -1;
	memcpy(c->dir, name, len);
	c->dir[len] = '\0';
	c->placed = true;
	if (cursor_open(c) == 0)
		return 1;
	file_close(&c->fd);
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
}

/* Call take for each NUL-terminated name in a file that scan_line wrote.  Stop at the first
 * failure.  Return 0/-1. */
static int
each_name(FILE *f, int (*take)(struct patch *p, struct patch_cursor c[2], const char *name),
          struct patch *p, struct patch_cursor c[2])
{
	char *name = NULL;
	size_t size = 0;
	ssize_t len;
	int rc = 0;

	rewind(f);
	while (rc == 0 && (len = getdelim(&name, &size, '\0', f)) > 0)
		if (take(p, c, scan_listed(name)) < 0)
			rc = trouble(p, name);
	if (rc == 0 && ferror(f))
		rc = trouble(p, "the list of names");
	free(name);
	return rc;
}

/* Remove a directory from the spare with all its contents.  They are counted: where a directory was
 * listed for its attributes alone and has vanished since, no list has what was in it. */
static int
remove_directory(struct patch *p, const struct patch_cursor *c, const char *base)
{
	struct tree_size size;

	if (unlinkat(c->fd, base, AT_REMOVEDIR) == 0)
		return 0;
	if (tree_measure(c->fd, base, c->dev, &size) != 0 ||
	    tree_remove(c->fd, base, c->dev, p->trouble, sizeof(p->trouble)) != 0)
		return -1;
	p->grown -= (int64_t)size.entries - 1;
	return 0;
}

/* Remove a name from the spare.  A directory is removed with all its contents, or kept
 * (keep_directory). */
static int
remove_name(struct patch *p, struct patch_cursor *c, const char *base, bool keep_directory)
{
	if (unlinkat(c->fd, base, 0) < 0) {
		if (errno == ENOENT)
			return 0;
		if (errno != EISDIR && errno != EPERM)
			return -1;
		if (keep_directory)
			return 0;
		if (remove_directory(p, c, base) < 0)
			return -1;
	}
	p->grown--;
	c->changed = true;
	return 0;
}

enum { SPARE, RECEIVED };

/* Remove from the spare a name that the source no longer has. */
static int
take_gone(struct patch *p, struct patch_cursor c[2], const char *name)
{
	const char *base;
	int there = cursor_go(&c[SPARE], name, &base);

	return there == 1 ? remove_name(p, &c[SPARE], base, false) : there;
}

/* Count a listed name that the spare has. */
static int
take_found(struct patch *p, struct patch_cursor c[2], const char *name)
{
	const char *base;
	struct stat st;
	int there = cursor_go(&c[SPARE], name, &base);

	if (there == 1 && fstatat(c[SPARE].fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		there = errno == ENOENT ? 0 : -1;
	p->found += there == 1;
	return there;
}

int
patch_find(struct patch *p)
{
	int spare = spare_open(p->v), rc;
	struct patch_cursor c[2] = {[SPARE] = {.root = spare, .fd = -1, .dev = p->v->dev}};

	p->found = 0;
	p->trouble[0] = '\0';
	rc = spare < 0 ? trouble(p, "the spare tree") : each_name(p->list, take_found, p, c);
	file_close(&c[SPARE].fd);
	file_close(&spare);
	return rc;
}

/*
 * Remove from the spare a name that differs, so that the received one can be renamed into its
 * place.  A directory stays only if one was received: the differences in it are listed by names of
 * their own.  A name that was not received has vanished at the source, or cannot be read there: a
 * full run would not have it, so it is removed with all below it.
 */
static int
take_listed(struct patch *p, struct patch_cursor c[2], const char *name)
{
	const char *base;
	struct stat st = {.st_mode = 0};
	int there = cursor_go(&c[RECEIVED], name, &base);

	if (there == 1 && fstatat(c[RECEIVED].fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		there = errno == ENOENT ? 0 : -1;
	if (there < 0)
		return -1;
	there = cursor_go(&c[SPARE], name, &base);
	return there == 1 ? remove_name(p, &c[SPARE], base, S_ISDIR(st.st_mode)) : there;
}

/* First half of the patch: remove from the spare every name that is gone or differs.  Files are
 * shared with older snapshots, so they are unlinked and never written to. */
static int
take_away(struct patch *p, int spare, int received)
{
	struct patch_cursor c[2] = {[SPARE] = {.root = spare, .fd = -1, .dev = p->v->dev},
	                            [RECEIVED] = {.root = received, .fd = -1, .dev = p->v->dev}};
	int rc = each_name(p->gone, take_gone, p, c);

	if (rc == 0)
		rc = each_name(p->list, take_listed, p, c);
	file_close(&c[RECEIVED].fd);
	if (cursor_leave(&c[SPARE]) < 0 && rc == 0)
		rc = trouble(p, c[SPARE].dir);
	return rc;
}

/* A directory that was received. */
struct patch_level {
	struct stat from; /* of the received directory, before entries were moved out */
	ino_t up;         /* inode of the parent of the same directory in the spare */
};

/* State of the walk through the received tree, in step with the spare. */
struct patch_move {
	struct patch *p;
	int to; /* in the spare, the directory that the walk is in */
	struct patch_level *level;
	size_t depth;
};

static int
push(struct patch_move *m, const struct patch_level *level)
{
	struct patch_level *more = reallocarray(m->level, m->depth + 1, sizeof(*more));

	if (more == NULL)
		return -1;
	m->level = more;
	m->level[m->depth++] = *level;
	return 0;
}

/* Open the directory of that name in the spare.  If there is none it is created; anything else
 * of that name is replaced. */
static int
open_namesake(const struct patch_move *m, const char *name)
{
	int fd = openat(m->to, name, TREE_DIR);
	bool other = fd < 0 && (errno == ENOTDIR || errno == ELOOP);
	struct stat st;

	if (other && unlinkat(m->to, name, 0) < 0)
		return -1;
	if (fd < 0 && mkdirat(m->to, name, S_IRWXU) == 0) {
		fd = openat(m->to, name, TREE_DIR);
		m->p->grown += !other;
	}
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev == m->p->v->dev)
		return fd;
	file_close(&fd);
	errno = EXDEV;
	return -1;
}

/* Before a received directory is walked: save its attributes, which moving entries changes, and
 * open or create the same directory in the spare. */
static int
enter(void *arg, int dirfd, const char *name, int fd)
{
	struct patch_move *m = arg;
	struct patch_level level;
	struct stat st;
	int to;

	(void)dirfd;
	if (m->p->trouble[0] != '\0' || fstat(fd, &level.from) < 0 || fstat(m->to, &st) < 0)
		return -1;
	level.up = st.st_ino;
	if (push(m, &level) < 0)
		return -1;
	if (m->depth == 1)
		return 0;
	to = open_namesake(m, name);
	if (to < 0)
		return -1;
	file_close(&m->to);
	m->to = to;
	return 0;
}

/*
 * After a received directory was walked: copy its saved attributes to the one in the spare, return
 * to the parent, and remove the empty directory.  The parent must be the one that the walk came
 * from: with a directory renamed meanwhile, ".." would lead elsewhere.
 */
static int
leave(struct patch_move *m, int dirfd, const char *name)
{
	const struct patch_level *level = &m->level[--m->depth];
	int from, up, rc;
	struct stat st;

	if (m->depth == 0)
		return 0;
	from = openat(dirfd, name, TREE_DIR);
	rc = from < 0 ? -1 : dirattr_copy(from, &level->from, m->to);
	file_close(&from);
	up = openat(m->to, "..", TREE_DIR);
	if (up < 0)
		return -1;
	file_close(&m->to);
	m->to = up;
	if (rc < 0 || fstat(up, &st) < 0)
		return -1;
	if (st.st_ino != level->up || st.st_dev != m->p->v->dev) {
		errno = ESTALE;
		return -1;
	}
	return unlinkat(dirfd, name, AT_REMOVEDIR);
}

/* Move a received file into the spare, where its namesake is gone already, unless the host has sent
 * what was not listed.  ENOENT is an error here: no other process may change these trees.  Only
 * files with a single link count as new; others share their data with a base. */
static int
visit(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct patch_move *m = arg;
	struct stat st, other;

	if (m->p->trouble[0] != '\0')
		return 0;
	if (is_dir)
		return leave(m, dirfd, name) < 0 ? trouble(m->p, name) : 0;
	m->p->grown += fstatat(m->to, name, &other, AT_SYMLINK_NOFOLLOW) != 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    renameat(dirfd, name, m->to, name) < 0)
		return trouble(m->p, name);
	if (S_ISREG(st.st_mode) && st.st_nlink == 1) {
		m->p->new_files++;
		m->p->new_bytes += st.st_size;
	}
	return 0;
}

/* Second half of the patch: move what was received into the spare.  Renames only, so neither
 * time nor space depends on the size of the files. */
static int
move_in(struct patch *p, int spare)
{
	struct patch_move m = {.p = p, .to = openat(spare, ".", TREE_DIR)};
	char words[PATCH_TROUBLE] = "";
	const struct tree walk = {
	    .dev = p->v->dev,
	    .visit = visit,
	    .enter = enter,
	    .arg = &m,
	    .trouble = words,
	    .size = sizeof(words),
	};
	int rc = m.to < 0 ? -1 : tree_walk(p->v->fd, p->received, &walk);

	file_close(&m.to);
	free(m.level);
	if (rc == 0)
		return 0;
	if (words[0] != '\0')
		memcpy(p->trouble, words, sizeof(words));
	return -1;
}

/* Set the attributes of the root directory: those fetched from the source, or else the
 * modification time from before the patch. */
static int
finish_top(const struct patch *p, int spare, const struct stat *before)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};
	struct stat st;

	if (p->top < 0)
		return futimens(spare, times);
	if (fstat(p->top, &st) < 0)
		return -1;
	return dirattr_copy(p->top, &st, spare);
}

/*
 * The steps: remove from the spare what is gone or differs, move the received entries in, set the
 * root directory's attributes, rename the spare to the name of the received tree.  That tree is an
 * empty directory by then, and renaming over it is atomic on every file system.
 */
int
patch_run(struct patch *p)
{
	int spare = spare_open(p->v), received = openat(p->v->fd, p->received, TREE_DIR), rc = -1;
	struct stat before;

	p->grown = p->new_files = p->new_bytes = 0;
	p->trouble[0] = '\0';
	if (spare < 0 || received < 0 || fstat(spare, &before) < 0)
		trouble(p, "the spare tree");
	else if (take_away(p, spare, received) == 0 && move_in(p, spare) == 0)
		rc = finish_top(p, spare, &before) < 0 ? trouble(p, "the root directory") : 0;
	if (rc == 0 && renameat(p->v->fd, SPARE_PATH, p->v->fd, p->received) < 0)
		rc = trouble(p, p->received);
	file_close(&spare);
	file_close(&received);
	return rc;
}
