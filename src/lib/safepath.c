// SPDX-License-Identifier: ISC
#include "flashback/lib/safepath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/text.h"

#define LINKS_MAX 40 /* symlinks in one path, as the kernel has it */

/* A walk along a path, one component at a time, on descriptors.  Checking a path as a whole with
 * stat and opening it afterwards would leave a gap in which somebody could replace a directory:
 * here the object that was checked is the one that is entered. */
struct path_walk {
	int fd;         /* the directory reached so far (O_PATH) */
	struct stat st; /* of it */
	char *at;       /* its name, for messages */
	char *rest;     /* the components still to be walked */
	int links;      /* symlinks followed so far */
	bool way_only;  /* whose the last component is does not matter */
	char **why;
};

/* Owned by anybody else, the object can be changed by that user, whatever its mode. */
static int
check_owner(const struct stat *st, const char *at, char **why)
{
	if (st->st_uid == 0 || st->st_uid == geteuid())
		return 0;
	*why = text_format("%s belongs to user %u; it must belong to root or to the user that runs "
	                   "flashback, else others could change what is in it",
	                   at, st->st_uid);
	return -1;
}

/* Writable by group or others, other users can add, replace or rename what is in it. */
static int
check_mode(const struct stat *st, const char *at, char **why)
{
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	*why = text_format("%s can be written by others (mode %04o); chmod go-w it", at,
	                   (unsigned)st->st_mode & 07777);
	return -1;
}

static int
fail_errno(const char *at, char **why)
{
	*why = text_format("%s: %s", at, strerror(errno));
	return -1;
}

/* May the walk pass through the directory that w is at?  A sticky one, like /tmp, may be writable
 * by others: they cannot rename or remove what belongs to us there. */
static int
check_passage(const struct path_walk *w)
{
	if (check_owner(&w->st, w->at, w->why) == -1)
		return -1;
	return (w->st.st_mode & S_ISVTX) != 0 ? 0 : check_mode(&w->st, w->at, w->why);
}

/* Remove the first component from w->rest.  Return it (new memory), or NULL: with errno 0 at the
 * end of the path, else ENOMEM. */
static char *
next_name(struct path_walk *w)
{
	const char *start = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(start, "/");
	char *name;

	errno = 0;
	if (len == 0)
		return NULL;
	name = strndup(start, len);
	memmove(w->rest, start + len, strlen(start + len) + 1);
	return name;
}

/* Prepend the target of the symlink open as fd to the rest of the path.  An absolute target
 * restarts the walk at the root. */
static int
follow_link(struct path_walk *w, int fd)
{
	char *target = calloc(1, PATH_MAX);
	int result = -1;

	if (target == NULL || readlinkat(fd, "", target, PATH_MAX - 1) == -1 ||
	    text_replace(&w->rest, "%s/%s", target, w->rest) == -1) {
		fail_errno(w->at, w->why);
	} else if (++w->links > LINKS_MAX) {
		errno = ELOOP;
		fail_errno(w->at, w->why);
	} else if (target[0] != '/') {
		result = 0;
	} else {
		close(w->fd);
		w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (w->fd == -1 || fstat(w->fd, &w->st) == -1 ||
		    text_replace(&w->at, "%s", "") == -1)
			fail_errno("/", w->why);
		else
			result = 0;
	}
	free(target);
	return result;
}

/* Open name in the directory that w is at; make it if it is the last component and missing. */
static int
open_component(struct path_walk *w, const char *name, bool make)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(w->fd, name, flags);

	if (fd != -1 || errno != ENOENT || !make || w->rest[strspn(w->rest, "/")] != '\0')
		return fd;
	/* fchmodat, since the mode given to mkdirat is subject to the umask. */
	if (mkdirat(w->fd, name, 0755) == -1 || fchmodat(w->fd, name, 0755, 0) == -1)
		return -1;
	return openat(w->fd, name, flags);
}

/* Advance to name.  A symlink's owner is checked as well, since whoever owns it can redirect it;
 * its mode means nothing. */
static int
step(struct path_walk *w, const char *name, bool make)
{
	char *at = text_format("%s/%s", w->at, name);
	struct stat st;
	int result = -1;
	int fd;

	if (at == NULL)
		return -1;
	fd = open_component(w, name, make);
	if (fd == -1 || fstat(fd, &st) == -1)
		fail_errno(at, w->why);
	else if ((w->way_only && !S_ISLNK(st.st_mode) && w->rest[strspn(w->rest, "/")] == '\0') ||
	         check_owner(&st, at, w->why) == 0)
		result = 0;
	/* w moves on only after the checks: on failure it still describes the last good
	 * directory. */
	if (result == 0 && S_ISLNK(st.st_mode)) {
		result = follow_link(w, fd);
	} else if (result == 0) {
		close(w->fd);
		free(w->at);
		w->fd = fd;
		w->at = at;
		w->st = st;
		return 0;
	}
	if (fd != -1)
		close(fd);
	free(at);
	return result;
}

static void
walk_end(struct path_walk *w)
{
	if (w->fd != -1)
		close(w->fd);
	free(w->at);
	free(w->rest);
}

/* Start at the root, or for a relative path at the root too, with the working directory's path
 * prepended: every directory on the way must be checked. */
static int
walk_begin(struct path_walk *w, const char *path, bool way_only, char **why)
{
	char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);

	*why = NULL;
	*w = (struct path_walk){
	    .fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), .way_only = way_only, .why = why};
	if (path[0] == '/' || cwd != NULL) {
		w->at = text_format("%s", "");
		w->rest = text_format("%s/%s", cwd == NULL ? "" : cwd, path);
	}
	free(cwd);
	if (w->fd != -1 && fstat(w->fd, &w->st) == 0 && w->at != NULL && w->rest != NULL)
		return 0;
	fail_errno(path, why);
	walk_end(w);
	return -1;
}

/* Walk along path.  On success w is at the object that path names, of which only the owner has been
 * checked, and the caller ends it. */
static int
walk(struct path_walk *w, const char *path, bool make, bool way_only, char **why)
{
	char *name;

	if (walk_begin(w, path, way_only, why) == -1)
		return -1;
	while ((name = next_name(w)) != NULL) {
		int result = check_passage(w);

		if (result == 0)
			result = step(w, name, make);
		free(name);
		if (result == -1)
			break;
	}
	if (name == NULL && errno == 0)
		return 0;
	walk_end(w);
	return -1;
}

/* Unlike a directory on the way, the last one must not be writable by others even if it is sticky:
 * they could put a file of their own where flashback is about to create one. */
int
safepath_open_dir(const char *path, bool make, char **why)
{
	struct path_walk w;
	int fd = -1;

	if (walk(&w, path, make, false, why) == -1)
		return -1;
	if (check_owner(&w.st, path, why) == 0 && check_mode(&w.st, path, why) == 0) {
		/* An O_PATH descriptor cannot be used for fsync and the like. */
		fd = openat(w.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1)
			fail_errno(path, why);
	}
	walk_end(&w);
	return fd;
}

int
safepath_open_above(const char *path, bool make, const char **base, char **why)
{
	const char *slash = strrchr(path, '/');
	char *dir =
	    slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
	int fd;

	*why = NULL;
	if (dir == NULL)
		return -1;
	*base = slash != NULL ? slash + 1 : path;
	fd = safepath_open_dir(dir, make, why);
	free(dir);
	return fd;
}

/* The file is already open: it was opened first, then checked.  So it is the same file that was
 * checked only if the walk ends at the same inode. */
static int
check_open(const char *path, int fd, bool way_only, char **why)
{
	struct stat st;
	struct path_walk w;
	int result = -1;

	if (walk(&w, path, false, way_only, why) == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		fail_errno(path, why);
	else if (st.st_dev != w.st.st_dev || st.st_ino != w.st.st_ino)
		*why = text_format("%s was replaced while it was being read", path);
	else
		result = way_only ? 0 : check_mode(&st, path, why);
	walk_end(&w);
	return result;
}

int
safepath_check_file(const char *path, int fd, char **why)
{
	return check_open(path, fd, false, why);
}

int
safepath_check_way(const char *path, int fd, char **why)
{
	return check_open(path, fd, true, why);
}

int
safepath_check_program(const char *path, char *why, size_t size)
{
	int fd = open(path, O_PATH | O_CLOEXEC), rc = 0;
	char *words = NULL;

	if (fd == -1)
		return 0;
	if (safepath_check_file(path, fd, &words) == -1) {
		snprintf(why, size, "%s", words != NULL ? words : "out of memory");
		rc = -1;
	}
	free(words);
	close(fd);
	return rc;
}
