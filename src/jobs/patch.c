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

/* Make the directory of that name in the spare, unless it exists; anything else of that name is
 * replaced. */
static int
make_namesake(struct patch *p, int to, const char *name)
{
	struct stat st;
	bool other = fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) == 0;

	if (other && S_ISDIR(st.st_mode))
		return 0;
	if ((other && unlinkat(to, name, 0) < 0) || mkdirat(to, name, S_IRWXU) < 0)
		return -1;
	p->grown += !other;
	return 0;
}

/* Move a received file into the spare, where its namesake is gone already, unless the host has sent
 * what was not listed.  Only files with a single link count as new; others share their data with a
 * base. */
static int
move_file(struct patch *p, const struct tree_dir *dir, const char *name)
{
	struct stat st, other;

	p->grown += fstatat(dir->twin, name, &other, AT_SYMLINK_NOFOLLOW) != 0;
	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    renameat(dir->fd, name, dir->twin, name) < 0)
		return -1;
	if (S_ISREG(st.st_mode) && st.st_nlink == 1) {
		p->new_files++;
		p->new_bytes += st.st_size;
	}
	return 0;
}

/* Move what is in a received directory into the same one of the spare. */
static int
enter(void *arg, struct tree_dir *dir)
{
	for (size_t i = 0; i < dir->entries.n; i++) {
		const struct dirent *entry = dir->entries.entry[i];

		dir->entry = entry->d_name;
		if ((entry->d_type == DT_DIR ? make_namesake(arg, dir->twin, entry->d_name)
		                             : move_file(arg, dir, entry->d_name)) < 0)
			return -1;
	}
	return 0;
}

/* All below a received directory was moved: remove what is left, its subdirectories, and copy its
 * attributes, as they were before. */
static int
leave(void *arg, struct tree_dir *dir)
{
	(void)arg;
	for (size_t i = 0; i < dir->entries.n; i++)
		if (unlinkat(dir->fd, dir->entries.entry[i]->d_name, AT_REMOVEDIR) < 0)
			return -1;
	return dir->depth == 0 ? 0 : dirattr_copy(dir->fd, &dir->st, dir->twin);
}

/* Second half of the patch: move what was received into the spare, in a walk through both.  Renames
 * only, so neither time nor space depends on the size of the files. */
static int
move_in(struct patch *p, int spare)
{
	const struct tree walk = {
	    .dev = p->v->dev,
	    .strict = true,
	    .twin = ".",
	    .beside = spare,
	    .enter = enter,
	    .leave = leave,
	    .arg = p,
	    .trouble = p->trouble,
	    .size = sizeof(p->trouble),
	};

	return tree_walk(p->v->fd, p->received, &walk) == 0 ? 0 : -1;
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
