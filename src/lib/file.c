// SPDX-License-Identifier: ISC
#include "flashback/lib/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "flashback/lib/listing.h"
#include "flashback/lib/safepath.h"
#include "flashback/lib/text.h"

/* ---- replacing and reading ---- */

/* O_EXCL is what makes a temporary safe; a name that cannot be guessed only prevents others from
 * occupying it beforehand.  So early after boot, when there is no randomness yet, the clock is good
 * enough: getrandom must not block the daemon. */
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

/* Create a new file beside name, in the same directory because rename works only within one file
 * system.  Return its descriptor and set *temporary, or -1 with errno. */
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
		if (fd != -1) {
			*temporary = t;
			return fd;
		}
		free(t);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/* Write the contents, and check that all of them arrived: on a full disk only fflush and ferror
 * show that.  The mode is set by fchmod, as open's is subject to the umask. f stays open. */
static int
fill(FILE *f, mode_t mode, int (*write)(FILE *, void *), void *arg, bool sync)
{
	if (write(f, arg) == -1 || fflush(f) != 0)
		return -1;
	if (ferror(f)) {
		errno = EIO;
		return -1;
	}
	if (fchmod(fileno(f), mode) == -1)
		return -1;
	return sync ? fsync(fileno(f)) : 0;
}

/* Write a temporary, then rename it over name: a reader or a power cut never sees half a file.  The
 * descriptor is closed before the rename, since some file systems (NFS) report write errors only
 * at close.  With sync the directory is synced too, else the rename itself may be lost in a power
 * cut. */
int
file_replace(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg,
             bool sync)
{
	char *temporary = NULL;
	int fd = open_temporary(dirfd, name, &temporary);
	int filled, saved;
	FILE *f;

	if (fd == -1)
		return -1;
	f = fdopen(fd, "w");
	if (f == NULL) {
		file_close(&fd);
		goto fail;
	}
	filled = fill(f, mode, write, arg, sync);
	saved = errno;
	if (fclose(f) != 0 && filled == 0)
		goto fail;
	errno = saved;
	/* The rename is the moment at which the new contents become visible. */
	if (filled == -1 || renameat(dirfd, temporary, dirfd, name) == -1)
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

/* Contents in memory. */
struct contents {
	char *text;
	size_t len;
};

static int
write_contents(FILE *f, void *arg)
{
	const struct contents *c = arg;

	return fwrite(c->text, 1, c->len, f) == c->len ? 0 : -1;
}

static bool
is_equal(int dirfd, const char *name, const struct contents *wanted)
{
	struct contents found;
	bool same;

	if (file_read(dirfd, name, wanted->len, &found.text, &found.len) == -1)
		return false;
	same = found.len == wanted->len && memcmp(found.text, wanted->text, found.len) == 0;
	free(found.text);
	return same;
}

int
file_update(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg)
{
	struct contents c = {.len = 0};
	FILE *f = open_memstream(&c.text, &c.len);
	int rc;

	if (f == NULL)
		return -1;
	rc = write(f, arg);
	if (fclose(f) != 0)
		rc = -1;
	if (rc == 0 && !is_equal(dirfd, name, &c))
		rc = file_replace(dirfd, name, mode, write_contents, &c, true);
	free(c.text);
	return rc;
}

/* Is entry a temporary of name, as open_temporary makes them? */
static bool
is_temporary(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return entry[0] == '.' && strncmp(entry + 1, name, len) == 0 && entry[len + 1] == '.' &&
	       strspn(entry + len + 2, "0123456789abcdef") == 16 && entry[len + 18] == '\0';
}

void
file_sweep(int dirfd, const char *const *names, size_t n)
{
	struct listing list = {.n = 0};

	(void)listing_read(dirfd, &list); /* it does no harm if they stay */
	for (size_t i = 0; i < list.n; i++)
		for (size_t k = 0; k < n; k++)
			if (is_temporary(list.entry[i]->d_name, names[k]))
				(void)unlinkat(dirfd, list.entry[i]->d_name, 0);
	listing_free(&list);
}

/* Read until end of file, not until st_size: files in /proc have size 0, and a file may grow while
 * it is read.  The buffer doubles, up to max. */
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
		if (n == -1 || used > max)
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

/* Refuses everything but a regular file, judged on the open descriptor: a fifo would block, a
 * device may have side effects when read, and a symlink could lead to a file that the writer of
 * the directory cannot read himself. */
int
file_read(int dirfd, const char *name, size_t max, char **text, size_t *len)
{
	/* O_NONBLOCK: opening a fifo would block until somebody writes to it. */
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *all = NULL;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode))
			all = file_read_fd(fd, max, len);
		else
			errno = EINVAL;
	}
	file_close(&fd);
	if (all == NULL)
		return -1;
	*text = all;
	return 0;
}

/* ---- room ---- */

#define ROOM_TEST ".flashback-room-test"
#define WRITTEN_MAX (64 << 20) /* where room cannot be reserved without writing */

/* Write so many bytes, where fallocate is not supported. */
static int
write_zeros(int fd, uint64_t bytes)
{
	static const char block[65536];

	for (uint64_t done = 0; done < bytes; done += sizeof(block)) {
		ssize_t n = write(fd, block, sizeof(block));

		if (n != (ssize_t)sizeof(block)) {
			errno = n == -1 ? errno : ENOSPC;
			return -1;
		}
	}
	return fdatasync(fd);
}

int
file_holds(int dirfd, uint64_t bytes)
{
	int fd, rc, error;

	if (unlinkat(dirfd, ROOM_TEST, 0) == -1 && errno != ENOENT)
		return -1;
	fd = openat(dirfd, ROOM_TEST, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            S_IRUSR | S_IWUSR);
	if (fd == -1)
		return -1;
	rc = fallocate(fd, 0, 0, (off_t)bytes);
	if (rc == -1 && errno == EOPNOTSUPP)
		rc = write_zeros(fd, bytes < WRITTEN_MAX ? bytes : WRITTEN_MAX);
	error = errno;
	close(fd);
	if (rc == 0)
		return unlinkat(dirfd, ROOM_TEST, 0);
	(void)unlinkat(dirfd, ROOM_TEST, 0);
	errno = error;
	return -1;
}

/* ---- descriptors and locks ---- */

void
file_close(int *fd)
{
	int error = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = error;
}

bool
file_lacks(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

int
file_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB);
}

/* Say which process holds the pid file fd, as far as its contents tell. */
static char *
describe_holder(int fd, const char *path)
{
	char text[16] = "";
	char *end;
	long pid;

	if (pread(fd, text, sizeof(text) - 1, 0) == -1)
		text[0] = '\0';
	pid = strtol(text, &end, 10);
	if (pid > 0 && *end == '\n')
		return text_format("%s is held by process %ld: flashback is already running", path,
		                   pid);
	return text_format("%s is held by another process: flashback is already running", path);
}

/* Is base in dirfd the file fd? */
static bool
is_named(int dirfd, const char *base, int fd)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && fstatat(dirfd, base, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* Open and lock base in dirfd.  O_NOFOLLOW and the check for a regular file: the directory may be
 * shared, and a symlink there would make root truncate another file.  After locking, the name is
 * looked up again: the previous holder may have unlinked the file between our open and our flock,
 * and then two daemons would hold locks on two files.  Return the descriptor; -1 or -2 with *why.
 */
static int
lock_in(int dirfd, const char *base, const char *path, char **why)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dirfd, base, flags, S_IRUSR | S_IWUSR);
	int result = -1;
	struct stat ours;

	if (fd == -1)
		return text_refuse(why, "%s: %s", path, strerror(errno));
	/* Who can open it for reading can hold its lock. */
	if (fstat(fd, &ours) == -1 || fchmod(fd, S_IRUSR | S_IWUSR) == -1) {
		text_refuse(why, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(ours.st_mode)) {
		*why = text_format("%s is not a regular file", path);
	} else if (file_lock(fd) == -1) {
		result = errno == EWOULDBLOCK ? -2 : -1;
		*why =
		    result == -2 ? describe_holder(fd, path) : text_format("%s: cannot lock", path);
	} else if (!is_named(dirfd, base, fd)) {
		*why = text_format("%s was removed while it was being locked; try again", path);
	} else {
		return fd;
	}
	close(fd);
	return result;
}

/* Take a read lease of base in dirfd, which the kernel grants only while nobody has the file open
 * for writing, and during which nobody can open it so.  Return its descriptor, or -1. */
static int
lease(int dirfd, const char *base)
{
	int fd = openat(dirfd, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	/* Who tries causes a signal; this one is ignored by default, unlike SIGIO. */
	if (fd != -1 && (fcntl(fd, F_SETSIG, SIGURG) == -1 || fcntl(fd, F_SETLEASE, F_RDLCK) == -1))
		file_close(&fd);
	return fd;
}

/*
 * Replace the pid file when who holds its lock cannot write to it: version 1.0.0 made it readable
 * by others.  Each flashback has it open for writing, from before it takes the lock until it ends,
 * so the lease proves that none has the file.  The lock of the new one is taken before it gets the
 * name, so that of several flashbacks one replaces it.  Return its descriptor, or -1.
 */
static int
replace_pid(int dirfd, const char *base, const char *path)
{
	char *new = text_format("%s.new", base), *words = NULL;
	int leased = lease(dirfd, base), fd = -1;

	if (leased != -1 && new != NULL)
		fd = lock_in(dirfd, new, path, &words);
	if (fd >= 0 &&
	    (!is_named(dirfd, base, leased) || renameat(dirfd, new, dirfd, base) == -1)) {
		unlinkat(dirfd, new, 0);
		file_close(&fd);
	}
	file_close(&leased);
	free(words);
	free(new);
	return fd < 0 ? -1 : fd;
}

/* The lock is what counts; the number in the file is only for people and scripts.  It is written
 * after locking, so that a second daemon does not overwrite that of the first. */
int
file_lock_pid(const char *path, char **why)
{
	const char *base;
	int dirfd = safepath_open_above(path, true, &base, why), fd;

	if (dirfd == -1)
		return -1;
	fd = lock_in(dirfd, base, path, why);
	if (fd == -2) {
		int taken = replace_pid(dirfd, base, path);

		fd = taken != -1 ? taken : fd;
	}
	close(dirfd);
	if (fd < 0)
		return fd;
	free(*why);
	*why = NULL;
	/* Only now: before the lock is held the number may be that of a running daemon. */
	if (ftruncate(fd, 0) == 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0)
		return fd;
	text_refuse(why, "%s: %s", path, strerror(errno));
	file_unlock_pid(fd, path);
	return -1;
}

/* Unlink only what is still our file: another daemon may have been given the same path since. */
void
file_unlock_pid(int fd, const char *path)
{
	if (is_named(AT_FDCWD, path, fd))
		unlink(path);
	close(fd);
}
