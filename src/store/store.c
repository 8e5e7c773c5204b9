// SPDX-License-Identifier: ISC
#include "flashback/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MARKER_MAX 65536
#define HISTORY_MAX (16 << 20)

static const struct store_volume no_volume = {.fd = -1, .meta = -1, .lock = -1, .held = -1};

/* Close *fd, keep errno. */
static void
shut(int *fd)
{
	int error = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = error;
}

/* Read the marker below fd.  Return 0; -1 with errno, EINVAL when it is not one that we know. */
static int
read_marker(int fd, struct marker *m)
{
	char *text = NULL;
	size_t len;
	int meta = openat(fd, MARKER_DIR, OPEN_DIR), rc = -1;

	if (meta < 0)
		return -1;
	if (file_read(meta, MARKER_NAME, MARKER_MAX, &text, &len) == 0) {
		rc = marker_parse(text, m);
		if (rc < 0)
			errno = EINVAL;
		free(text);
	}
	shut(&meta);
	return rc;
}

/* What errno means for data_dir, or (open) for its marker. */
static char *
why_not(const char *data_dir, bool open)
{
	if (!open && errno == ENOENT)
		return text_format("%s does not exist: the disk is not mounted, or run flashback"
		                   " --init once with it mounted",
		                   data_dir);
	if (!open)
		return text_format("%s cannot be opened: %s", data_dir, strerror(errno));
	if (errno == ENOENT)
		return text_format("%s is not a flashback store: the disk is not mounted, or run"
		                   " flashback --init once with it mounted",
		                   data_dir);
	if (errno == EINVAL)
		return text_format("%s/" MARKER_DIR "/" MARKER_NAME " is not the marker of a store"
		                   " that this flashback knows: was it made by a newer one?",
		                   data_dir);
	return text_format("%s/" MARKER_DIR "/" MARKER_NAME " cannot be read: %s", data_dir,
	                   strerror(errno));
}

int
store_open(const char *data_dir, struct store *s, char **why)
{
	/* data_dir itself may be a link: it comes from the config, not from the disk. */
	int fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	bool is_open = fd >= 0;
	struct stat stat;

	*s = (struct store){.fd = -1};
	*why = NULL;
	if (!is_open || fstat(fd, &stat) < 0 || read_marker(fd, &s->traits) < 0) {
		error = errno;
		*why = why_not(data_dir, is_open);
		shut(&fd);
		errno = error;
		return -1;
	}
	s->fd = fd;
	s->dev = stat.st_dev;
	s->ino = stat.st_ino;
	return 0;
}

char *
store_warning(const char *data_dir, const struct store *s)
{
	struct stat stat;

	if (fstat(s->fd, &stat) < 0)
		return text_format("%s: %s", data_dir, strerror(errno));
	if (stat.st_uid != geteuid())
		return text_format(
		    "%s belongs to user %ju, who can change every backup in it: chown it", data_dir,
		    (uintmax_t)stat.st_uid);
	if ((stat.st_mode & 077) && !s->traits.modes)
		return text_format("%s is open to other users, who can read what was backed up:"
		                   " this disk keeps no modes; mount it with umask=077",
		                   data_dir);
	if (stat.st_mode & 077)
		return text_format("%s is open to other users (mode %04o), who can read what was"
		                   " backed up: chmod 700 %s",
		                   data_dir, (unsigned)stat.st_mode & 07777, data_dir);
	return NULL;
}

int
store_same(const char *data_dir, const struct store *s)
{
	struct store now;
	char *why;
	bool same;

	if (store_open(data_dir, &now, &why) < 0) {
		free(why);
		return -1;
	}
	same = now.dev == s->dev && now.ino == s->ino && strcmp(now.traits.id, s->traits.id) == 0;
	store_close(&now);
	if (!same)
		errno = ESTALE;
	return same ? 0 : -1;
}

void
store_close(struct store *s)
{
	shut(&s->fd);
}

/* Open the directory name below dir, making it if make. */
static int
open_below(int dir, const char *name, bool make)
{
	if (make && mkdirat(dir, name, S_IRWXU) < 0 && errno != EEXIST)
		return -1;
	return openat(dir, name, OPEN_DIR);
}

/* A socket by a name that no other on this machine can have while this one, or a copy of it, is
 * open.  Return it, or -1 with errno. */
static int
take_name(const struct store *s, const char *host, const char *name)
{
	uint64_t volume = text_hash(text_hash(TEXT_HASH, host), name);
	struct sockaddr_un address = {.sun_family = AF_UNIX}; /* a NUL first: it is no path */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "flashback %s %016jx",
	         s->traits.id, (uintmax_t)volume);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		shut(&fd);
		errno = errno == EADDRINUSE ? EWOULDBLOCK : errno;
	}
	return fd;
}

/* On a disk that has no locks, which --init --force took as it is, only those on this machine can
 * be kept out. */
static int
take_lock(const struct store *s, const char *host, const char *name, struct store_volume *v)
{
	v->lock = openat(v->meta, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	                 S_IRUSR | S_IWUSR);
	if (v->lock < 0)
		return -1;
	if (file_lock(v->lock) == 0)
		v->held = v->lock;
	else if (!s->traits.locks && errno != EWOULDBLOCK)
		v->held = take_name(s, host, name);
	return v->held < 0 ? -1 : 0;
}

/* The names of a volume as they are gathered. */
struct gathering {
	int fd;
	struct stamp *stamps;
	size_t n, max;
};

static int
gather(void *arg, const struct dirent *entry)
{
	struct gathering *g = arg;
	struct stamp stamp;
	struct stat stat;

	if (stamp_parse(entry->d_name, &stamp) < 0)
		return 0;
	if (fstatat(g->fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(stat.st_mode))
		return 0;
	if (g->n == g->max) {
		size_t max = g->max ? 2 * g->max : 32;
		struct stamp *more = reallocarray(g->stamps, max, sizeof(*more));

		if (!more)
			return -1;
		g->stamps = more;
		g->max = max;
	}
	g->stamps[g->n++] = stamp;
	return 0;
}

int
store_volume_list(struct store_volume *v)
{
	struct gathering g = {.fd = v->fd};

	if (tree_names(v->fd, gather, &g) != 0) {
		free(g.stamps);
		return -1;
	}
	if (g.n > 1)
		qsort(g.stamps, g.n, sizeof(*g.stamps), stamp_compare);
	free(v->stamps);
	v->stamps = g.stamps;
	v->nstamps = g.n;
	return 0;
}

/* Take what is good in the history.  There may be none, which costs only convenience; one that is
 * there and cannot be read is not to be taken for that. */
static int
read_history(struct store_volume *v)
{
	char *text = NULL, *next, *line;
	size_t len, max = 0;

	if (v->meta < 0)
		return 0;
	if (file_read(v->meta, "history", HISTORY_MAX, &text, &len) < 0) {
		if (file_lacks(errno))
			return -1;
		v->unread = errno == ENOENT ? 0 : errno;
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0') /* a hole that a power cut left */
			text[i] = '\n';
		max += text[i] == '\n';
	}
	v->runs = calloc(max + 1, sizeof(*v->runs));
	if (!v->runs) {
		free(text);
		return -1;
	}
	next = text;
	while ((line = strsep(&next, "\n")) != NULL)
		if (history_parse(line, &v->runs[v->nruns]) == 0)
			v->nruns++;
	free(text);
	return 0;
}

int
store_volume_open(const struct store *s, const char *host, const char *name, bool make,
                  struct store_volume *v)
{
	int above = open_below(s->fd, host, make);
	struct stat stat;

	*v = no_volume;
	if (above < 0)
		return -1;
	v->fd = open_below(above, name, make);
	shut(&above);
	if (v->fd < 0 || fstat(v->fd, &stat) < 0)
		goto fail;
	v->dev = stat.st_dev;
	v->meta = open_below(v->fd, MARKER_DIR, make);
	if (v->meta < 0 && (make || errno != ENOENT))
		goto fail;
	if (make && take_lock(s, host, name, v) < 0)
		goto fail;
	if (store_volume_list(v) < 0 || read_history(v) < 0)
		goto fail;
	return 0;
fail:
	store_volume_close(v);
	return -1;
}

void
store_volume_close(struct store_volume *v)
{
	int error = errno;

	if (v->held != v->lock)
		shut(&v->held);
	shut(&v->lock);
	shut(&v->meta);
	shut(&v->fd);
	free(v->stamps);
	free(v->runs);
	*v = no_volume;
	errno = error;
}

/* Rename within a directory, never over an existing name, also where the file system has no such
 * call. */
static int
rename_new(int dir, const char *from, const char *to)
{
	struct stat stat;

	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(dir, to, &stat, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	if (errno != ENOENT)
		return -1;
	return renameat(dir, from, dir, to);
}

int
store_rename(struct store_volume *v, struct stamp *stamp, enum stamp_state state)
{
	struct stamp to = {.when = stamp->when, .offset = stamp->offset, .state = state};
	char from_name[STAMP_NAME_SIZE], to_name[STAMP_NAME_SIZE];

	if (!stamp_suffix(stamp->state) || !stamp_suffix(state)) {
		errno = EINVAL; /* the user's own name */
		return -1;
	}
	if (rename_new(v->fd, stamp_format(stamp, from_name), stamp_format(&to, to_name)) < 0)
		return -1;
	for (size_t i = 0; i < v->nstamps; i++) {
		struct stamp *s = &v->stamps[i];

		if (s->when == stamp->when && s->offset == stamp->offset &&
		    s->state == stamp->state) {
			s->state = state;
			break;
		}
	}
	stamp->state = state;
	return 0;
}

/* More than a file system might keep within the inode. */
static int
write_block(FILE *f, void *arg)
{
	static const char block[8192];

	(void)arg;
	return fwrite(block, 1, sizeof(block), f) == sizeof(block) ? 0 : -1;
}

int
store_writable(int dirfd)
{
	static const char name[] = ".flashback-write-test";

	if (file_replace(dirfd, name, S_IRUSR | S_IWUSR, write_block, NULL, true) < 0)
		return -1;
	return unlinkat(dirfd, name, 0);
}
