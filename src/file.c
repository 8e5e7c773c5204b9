// SPDX-License-Identifier: ISC
#include "flashback/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "flashback/text.h"

#define LINKS_MAX 40 /* symlinks in one path, as the kernel has it */

/* ---- replacing and reading ---- */

/* O_EXCL is what makes a temporary safe; that its name cannot be guessed only keeps others from
 * being in the way.  So early after boot, when there is no randomness yet, the clock will do. */
static uint64_t
random_number(void)
{
	struct timespec now = {0};
	uint64_t r;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) == (ssize_t)sizeof(r))
		return r;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)getpid() << 32) ^ (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 40;
}

/* Make a new file beside name.  Return its descriptor and set *temporary, or -1 with errno. */
static int
open_temporary(int dirfd, const char *name, char **temporary)
{
	assert(strchr(name, '/') == NULL);
	for (int i = 0; i < 100; i++) {
		char *t = text_format(".%s.%016llx", name, (unsigned long long)random_number());
		int fd;

		if (t == NULL)
			return -1;
		fd = openat(dirfd, t, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0) {
			*temporary = t;
			return fd;
		}
		free(t);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/* Fill f, and see that it is all there.  f stays open. */
static int
fill(FILE *f, mode_t mode, int (*write)(FILE *, void *), void *arg, bool sync)
{
	if (write(f, arg) < 0 || fflush(f) != 0)
		return -1;
	if (ferror(f)) {
		errno = EIO;
		return -1;
	}
	if (fchmod(fileno(f), mode) < 0)
		return -1;
	return sync ? fsync(fileno(f)) : 0;
}

int
file_replace(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg,
             bool sync)
{
	char *temporary = NULL;
	int fd = open_temporary(dirfd, name, &temporary);
	int filled, saved;
	FILE *f;

	if (fd < 0)
		return -1;
	f = fdopen(fd, "w");
	if (f == NULL) {
		saved = errno;
		close(fd);
		errno = saved;
		goto fail;
	}
	filled = fill(f, mode, write, arg, sync);
	saved = errno;
	if (fclose(f) != 0 && filled == 0)
		goto fail;
	errno = saved;
	if (filled < 0 || renameat(dirfd, temporary, dirfd, name) < 0)
		goto fail;
	free(temporary);
	return sync ? fsync(dirfd) : 0;
fail:
	saved = errno;
	unlinkat(dirfd, temporary, 0);
	free(temporary);
	errno = saved;
	return -1;
}

bool
file_is_temporary(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return entry[0] == '.' && strncmp(entry + 1, name, len) == 0 && entry[len + 1] == '.' &&
	       strspn(entry + len + 2, "0123456789abcdef") == 16 && entry[len + 18] == '\0';
}

char *
file_read_fd(int fd, size_t max, size_t *len)
{
	size_t size = 4096, used = 0;
	char *text = malloc(size);

	while (text != NULL) {
		ssize_t n = read(fd, text + used, size - used - 1);

		if (n == 0) {
			text[used] = '\0';
			*len = used;
			return text;
		}
		used += n > 0 ? (size_t)n : 0;
		if (used > max)
			errno = EFBIG;
		if (n < 0 || used > max)
			break;
		if (used + 1 == size) {
			char *more = realloc(text, size * 2);

			if (more == NULL)
				break;
			text = more;
			size *= 2;
		}
	}
	free(text);
	return NULL;
}

int
file_read(int dirfd, const char *name, size_t max, char **text, size_t *len)
{
	/* O_NONBLOCK: opening a fifo must not wait for its writer. */
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *all = NULL;
	int saved;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode))
			all = file_read_fd(fd, max, len);
		else
			errno = EINVAL;
	}
	saved = errno;
	close(fd);
	errno = saved;
	if (all == NULL)
		return -1;
	*text = all;
	return 0;
}

/* ---- trust ---- */

/* A walk along a path, one component at a time, on descriptors: what has been checked is what is
 * entered. */
struct walk {
	int fd;         /* where we are (O_PATH) */
	struct stat st; /* of it */
	char *at;       /* its name, for messages */
	char *rest;     /* what is still before us */
	int links;      /* symlinks followed so far */
	char **why;
};

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

/* May we pass through the directory where w is? */
static int
check_passage(const struct walk *w)
{
	if (check_owner(&w->st, w->at, w->why) < 0)
		return -1;
	return (w->st.st_mode & S_ISVTX) != 0 ? 0 : check_mode(&w->st, w->at, w->why);
}

/* Cut the first component off w->rest.  Return it (new memory), or NULL with errno 0 at the end. */
static char *
next_name(struct walk *w)
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

/* Put the target of the symlink open as fd before the rest of the way. */
static int
follow(struct walk *w, int fd)
{
	char *target = calloc(1, PATH_MAX);
	int result = -1;

	if (target == NULL || readlinkat(fd, "", target, PATH_MAX - 1) < 0 ||
	    text_replace(&w->rest, "%s/%s", target, w->rest) < 0) {
		fail_errno(w->at, w->why);
	} else if (++w->links > LINKS_MAX) {
		errno = ELOOP;
		fail_errno(w->at, w->why);
	} else if (target[0] != '/') {
		result = 0;
	} else {
		close(w->fd);
		w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (w->fd < 0 || fstat(w->fd, &w->st) < 0 || text_replace(&w->at, "%s", "") < 0)
			fail_errno("/", w->why);
		else
			result = 0;
	}
	free(target);
	return result;
}

/* Open name in the directory where w is, or make it if it is the last one. */
static int
open_component(struct walk *w, const char *name, bool make)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(w->fd, name, flags);

	if (fd >= 0 || errno != ENOENT || !make || w->rest[strspn(w->rest, "/")] != '\0')
		return fd;
	/* fchmodat besides, since the mode that mkdirat gives is subject to the umask. */
	if (mkdirat(w->fd, name, 0755) < 0 || fchmodat(w->fd, name, 0755, 0) < 0)
		return -1;
	return openat(w->fd, name, flags);
}

/* Go on to name.  A symlink's owner counts as well: others could else turn it elsewhere. */
static int
step(struct walk *w, const char *name, bool make)
{
	char *at = text_format("%s/%s", w->at, name);
	struct stat st;
	int result = -1;
	int fd;

	if (at == NULL)
		return -1;
	fd = open_component(w, name, make);
	if (fd < 0 || fstat(fd, &st) < 0)
		fail_errno(at, w->why);
	else if (check_owner(&st, at, w->why) == 0)
		result = 0;
	if (result == 0 && S_ISLNK(st.st_mode)) {
		result = follow(w, fd);
	} else if (result == 0) {
		close(w->fd);
		free(w->at);
		w->fd = fd;
		w->at = at;
		w->st = st;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	free(at);
	return result;
}

static void
walk_end(struct walk *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->at);
	free(w->rest);
}

/* Set w at the root, or below where we are for a relative path. */
static int
walk_begin(struct walk *w, const char *path, char **why)
{
	char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);

	*why = NULL;
	*w = (struct walk){.fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), .why = why};
	if (path[0] == '/' || cwd != NULL) {
		w->at = text_format("%s", "");
		w->rest = text_format("%s/%s", cwd == NULL ? "" : cwd, path);
	}
	free(cwd);
	if (w->fd >= 0 && fstat(w->fd, &w->st) == 0 && w->at != NULL && w->rest != NULL)
		return 0;
	fail_errno(path, why);
	walk_end(w);
	return -1;
}

/* Walk along path.  On success w stands at what it names, which is itself not yet checked but for
 * its owner, and is to be ended by the caller. */
static int
walk(struct walk *w, const char *path, bool make, char **why)
{
	char *name;

	if (walk_begin(w, path, why) < 0)
		return -1;
	while ((name = next_name(w)) != NULL) {
		int result = check_passage(w);

		if (result == 0)
			result = step(w, name, make);
		free(name);
		if (result < 0)
			break;
	}
	if (name == NULL && errno == 0)
		return 0;
	walk_end(w);
	return -1;
}

int
file_open_trusted_dir(const char *path, bool make, char **why)
{
	struct walk w;
	int fd = -1;

	if (walk(&w, path, make, why) < 0)
		return -1;
	if (check_owner(&w.st, path, why) == 0 && check_mode(&w.st, path, why) == 0) {
		/* An O_PATH descriptor is no good for fsync and the like. */
		fd = openat(w.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			fail_errno(path, why);
	}
	walk_end(&w);
	return fd;
}

int
file_check_trusted(const char *path, int fd, char **why)
{
	struct stat st;
	struct walk w;
	int result = -1;

	if (walk(&w, path, false, why) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		fail_errno(path, why);
	else if (st.st_dev != w.st.st_dev || st.st_ino != w.st.st_ino)
		*why = text_format("%s was replaced while it was being read", path);
	else
		result = check_mode(&st, path, why);
	walk_end(&w);
	return result;
}

/* ---- locks ---- */

int
file_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB);
}

/* Say who holds the pid file fd. */
static char *
name_holder(int fd, const char *path)
{
	char text[16] = "";
	char *end;
	long pid;

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		text[0] = '\0';
	pid = strtol(text, &end, 10);
	if (pid > 0 && *end == '\n')
		return text_format("%s is held by process %ld: flashback is running already", path,
		                   pid);
	return text_format("%s is held by another process: flashback is running already", path);
}

/* Open and lock base in dirfd.  Return the descriptor; -1 or -2 with *why. */
static int
lock_in(int dirfd, const char *base, const char *path, char **why)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat ours, there;
	int fd = openat(dirfd, base, flags, 0644);
	int result = -1;

	if (fd < 0)
		return fail_errno(path, why);
	if (fstat(fd, &ours) < 0) {
		fail_errno(path, why);
	} else if (!S_ISREG(ours.st_mode)) {
		*why = text_format("%s is not a regular file", path);
	} else if (file_lock(fd) < 0) {
		result = errno == EWOULDBLOCK ? -2 : -1;
		*why = result == -2 ? name_holder(fd, path)
		                    : text_format("%s: cannot be locked", path);
	} else if (fstatat(dirfd, base, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
	           there.st_dev != ours.st_dev || there.st_ino != ours.st_ino) {
		*why = text_format("%s was removed at this moment; try again", path);
	} else {
		return fd;
	}
	close(fd);
	return result;
}

int
file_lock_pid(const char *path, char **why)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	char *dir =
	    slash == NULL ? text_format(".") : text_format("%.*s/", (int)(slash - path), path);
	int dirfd, fd;

	*why = NULL;
	if (dir == NULL)
		return -1;
	dirfd = file_open_trusted_dir(dir, true, why);
	free(dir);
	if (dirfd < 0)
		return -1;
	fd = lock_in(dirfd, base, path, why);
	close(dirfd);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, 0) == 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0)
		return fd;
	fail_errno(path, why);
	file_unlock_pid(fd, path);
	return -1;
}

void
file_unlock_pid(int fd, const char *path)
{
	struct stat ours, there;

	if (fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	    ours.st_ino == there.st_ino)
		unlink(path);
	close(fd);
}
