// SPDX-License-Identifier: ISC
#include "flashback/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/file.h"
#include "flashback/lib/mounts.h"
#include "flashback/lib/safepath.h"
#include "flashback/lib/tree.h"
#include "flashback/store/trust.h"

#define LOCK_DIR "/run/flashback"
#define LOCK_DIR_USER ".flashback" /* in the home directory */
#define MARKER_MAX 65536
#define HISTORY_MAX (16 << 20)

static const struct store_volume no_volume = {.fd = -1, .meta = -1, .lock = -1, .held = -1};

/* Read the marker below fd.  Return 0; -1 with errno, EINVAL when this version cannot read it. */
static int
read_marker(int fd, struct marker *m)
{
	char *text = NULL;
	size_t len;
	int meta = openat(fd, MARKER_DIR, TREE_DIR), rc = -1;

	if (meta == -1)
		return -1;
	if (file_read(meta, MARKER_NAME, MARKER_MAX, &text, &len) == 0) {
		rc = marker_parse(text, m);
		if (rc == -1)
			errno = EINVAL;
		free(text);
	}
	file_close(&meta);
	return rc;
}

/* Explain errno, of opening data_dir or, with open, its marker. */
static char *
open_error(const char *data_dir, bool open)
{
	int error = errno;

	if (error == ENOENT && !open)
		return text_format("%s does not exist: mount the backup disk; if it is new, run "
		                   "flashback --init once it is mounted",
		                   data_dir);
	if (error == ENOENT && mounts_on_root(data_dir))
		return text_format(
		    "%s is not a flashback store, and no disk is mounted there: mount "
		    "the backup disk; if it is new, run flashback --init once it is "
		    "mounted",
		    data_dir);
	if (error == ENOENT)
		return text_format(
		    "%s is not a flashback store: is another disk mounted there?  A new "
		    "one becomes a store by flashback --init",
		    data_dir);
	errno = error;
	if (!open)
		return text_format("%s cannot be opened: %s", data_dir, strerror(errno));
	if (errno == EINVAL)
		return text_format("%s/" MARKER_DIR "/" MARKER_NAME " is not a store marker that"
		                   " this flashback can read: was it written by a newer one?",
		                   data_dir);
	return text_format("%s/" MARKER_DIR "/" MARKER_NAME " cannot be read: %s", data_dir,
	                   strerror(errno));
}

/* Somebody who could put a directory of his own in the place of data_dir could make a store there,
 * to be written to by root; and who owns the store can change what is in it, unless that was
 * accepted when it was made. */
static int
check_trust(const char *data_dir, int fd, const struct marker *traits, char **why)
{
	if (safepath_check_way(data_dir, fd, why) == -1)
		return -1;
	if (!traits->shared)
		*why = trust_owner(data_dir, fd);
	return *why == NULL ? 0 : -1;
}

/* From the file system itself, not from the device, whose number changes.  Where it has no id
 * (FUSE, a network), its size must do. */
int
store_disk(int fd, char disk[MARKER_DISK_SIZE])
{
	struct statfs fs;
	uint64_t id;

	if (fstatfs(fd, &fs) == -1)
		return -1;
	memcpy(&id, &fs.f_fsid, sizeof(id));
	if (id == 0)
		id = (uint64_t)fs.f_blocks;
	snprintf(disk, MARKER_DISK_SIZE, "%jx-%016jx", (uintmax_t)fs.f_type, (uintmax_t)id);
	return 0;
}

/* On another disk what is noted of the disk is a guess; d_ino is no guess to make, since the
 * contents of snapshots depend on it. */
static void
compare_disk(struct store *s)
{
	char disk[MARKER_DISK_SIZE];

	s->known = store_disk(s->fd, disk) == 0 && strcmp(disk, s->traits.disk) == 0;
	if (s->traits.disk[0] != '\0')
		s->traits.d_ino = s->traits.d_ino && s->known;
}

/* The marker is read below the descriptor that is kept.  Reading it by path could find another disk
 * that is mounted in between, and everything would be written below an empty mount point. */
int
store_open(const char *data_dir, struct store *s, char **why)
{
	/* data_dir may be a symlink: it comes from the config, not from the disk. */
	int fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	bool is_open = fd != -1;
	struct stat st;

	*s = (struct store){.fd = -1};
	*why = NULL;
	if (!is_open || fstat(fd, &st) == -1 || read_marker(fd, &s->traits) == -1) {
		error = errno;
		*why = open_error(data_dir, is_open);
		file_close(&fd);
		errno = error;
		return -1;
	}
	if (check_trust(data_dir, fd, &s->traits, why) == -1) {
		file_close(&fd);
		errno = TRUST_NOT_OURS;
		return -1;
	}
	s->fd = fd;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	compare_disk(s);
	return 0;
}

bool
store_is_copy(int fd, const struct store *s)
{
	struct marker m;

	return read_marker(fd, &m) == 0 && s->traits.id[0] != '\0' &&
	       strcmp(m.id, s->traits.id) == 0;
}

/* Open data_dir once more by its path and compare.  Device and inode alone do not suffice: another
 * disk may get the same device number, and its root directory has the same inode; so the id in the
 * marker is compared as well. */
int
store_same(const char *data_dir, const struct store *s)
{
	struct store now;
	char *why;
	bool same;

	if (store_open(data_dir, &now, &why) == -1) {
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
	file_close(&s->fd);
}

/* Open the directory name below dir, creating it if make.  TREE_DIR does not follow a symlink: a
 * HOST that is one would lead out of the store. */
static int
open_below(const struct store *s, int dir, const char *name, bool make)
{
	int fd;

	if (make && mkdirat(dir, name, S_IRWXU) == -1 && errno != EEXIST)
		return -1;
	fd = openat(dir, name, TREE_DIR);
	if (fd != -1 && trust_below(s->fd, fd, &s->traits) == -1)
		file_close(&fd);
	return fd;
}

/* A lock between processes of this machine for a disk that has none: a file that no other user can
 * open, in a fixed place, since several configs may use one store. */
static int
lock_by_name(const struct store *s, const char *host, const char *name)
{
	uint64_t hash = text_hash(text_hash(text_hash(TEXT_HASH, s->traits.id), host), name);
	const struct passwd *user = geteuid() == 0 ? NULL : getpwuid(geteuid());
	char *path = NULL, *why = NULL;
	int fd = -1;

	if (geteuid() == 0)
		path = text_format(LOCK_DIR "/lock.%016jx", (uintmax_t)hash);
	else if (user != NULL)
		path =
		    text_format("%s/" LOCK_DIR_USER "/lock.%016jx", user->pw_dir, (uintmax_t)hash);
	if (path != NULL)
		fd = file_lock_pid(path, &why);
	free(why);
	free(path);
	errno = fd == -2 ? EWOULDBLOCK : ENOLCK;
	return fd < 0 ? -1 : fd;
}

/* Take the volume's lock.  On a disk without locks, accepted by --init --force, only processes on
 * this machine can be kept out. */
static int
take_lock(const struct store *s, const char *host, const char *name, struct store_volume *v)
{
	struct stat st;

	v->lock = openat(v->meta, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	                 S_IRUSR | S_IWUSR);
	if (v->lock == -1)
		return -1;
	if (file_lock(v->lock) == 0)
		v->held = v->lock;
	else if (!s->traits.locks && errno != EWOULDBLOCK)
		v->held = lock_by_name(s, host, name);
	if (v->held == -1) {
		int error = errno;

		(void)futimens(v->lock, NULL); /* see store_wanted */
		errno = error;
		return -1;
	}
	if (fstat(v->lock, &st) == 0)
		v->locked = st.st_mtim;
	return 0;
}

bool
store_wanted(const struct store_volume *v)
{
	struct stat st;

	return fstat(v->lock, &st) == 0 &&
	       (st.st_mtim.tv_sec != v->locked.tv_sec || st.st_mtim.tv_nsec != v->locked.tv_nsec);
}

/* The stamps of a volume while its directory is read. */
struct gathering {
	struct store_volume *v;
	struct stamp *stamps;
	size_t n, max;
};

/* Complete the stamp of a pin: its suffix must outlive the directory entry, and the history has its
 * state.  A suffix is kept until the volume is closed, since copies of the stamp point to it. */
static int
take_pin(struct store_volume *v, struct stamp *stamp)
{
	stamp->was = history_pinned(v->runs, v->nruns, stamp);
	for (size_t i = 0; i < v->pins.n; i++)
		if (strcmp(v->pins.item[i], stamp->pin) == 0) {
			stamp->pin = v->pins.item[i];
			return 0;
		}
	if (text_list_add(&v->pins, stamp->pin) == -1)
		return -1;
	stamp->pin = v->pins.item[v->pins.n - 1];
	return 0;
}

/* Add one directory entry if it is a directory with the name of a snapshot. */
static int
gather(void *arg, const struct dirent *entry)
{
	struct gathering *g = arg;
	struct stamp stamp;
	struct stat st;

	if (stamp_parse(entry->d_name, &stamp) == -1)
		return 0;
	if (fstatat(g->v->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	/* A file or symlink with such a name is the user's own. */
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (stamp.state == STAMP_PINNED && take_pin(g->v, &stamp) == -1)
		return -1;
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

/* The new list replaces the old one only when it is complete. */
int
store_volume_list(struct store_volume *v)
{
	struct gathering g = {.v = v};

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

/* Read the lines that can be parsed; others are skipped, as a power cut may have damaged some.  No
 * history costs only convenience, but one that exists and cannot be read is recorded in unread: it
 * must not be overwritten by an empty one.  A lack of memory or descriptors is an error of its own
 * and says nothing about the file. */
static int
read_history(struct store_volume *v)
{
	char *text = NULL, *next, *line;
	size_t len, max = 0;

	if (v->meta == -1)
		return 0;
	if (file_read(v->meta, "history", HISTORY_MAX, &text, &len) == -1) {
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

/* Step by step on descriptors, from data_dir down.  With make the lock comes before names and
 * history are read: the run that holds the lock may be changing them. */
int
store_volume_open(const struct store *s, const char *host, const char *name, bool make,
                  struct store_volume *v)
{
	int above = open_below(s, s->fd, host, make);
	struct stat st;

	*v = no_volume;
	if (above == -1)
		return -1;
	v->fd = open_below(s, above, name, make);
	file_close(&above);
	if (v->fd == -1 || fstat(v->fd, &st) == -1)
		goto fail;
	v->dev = st.st_dev;
	v->meta = open_below(s, v->fd, MARKER_DIR, make);
	if (v->meta == -1 && (make || errno != ENOENT))
		goto fail;
	/* Before anything is read, so that it cannot change afterwards. */
	if (make && take_lock(s, host, name, v) == -1)
		goto fail;
	/* History and names, as they are under the lock; the history has the state of pins. */
	if (read_history(v) == -1 || store_volume_list(v) == -1)
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
		file_close(&v->held);
	file_close(&v->lock);
	file_close(&v->meta);
	file_close(&v->fd);
	free(v->stamps);
	text_list_free(&v->pins);
	free(v->runs);
	*v = no_volume;
	errno = error;
}

/* Rename within a directory, never over an existing name: an empty directory would silently be
 * replaced.  Where the file system lacks RENAME_NOREPLACE the name is checked before; the lock
 * keeps other runs out meanwhile. */
static int
rename_new(int dir, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	if (errno != ENOENT)
		return -1;
	return renameat(dir, from, dir, to);
}

/* The rename is the whole transition: a crash leaves either the old or the new state.  A pin is
 * refused, since its suffix is unknown here and belongs to the user. */
int
store_rename(struct store_volume *v, struct stamp *stamp, enum stamp_state state)
{
	struct stamp to = {.when = stamp->when, .offset = stamp->offset, .state = state};
	char from_name[STAMP_NAME_SIZE], to_name[STAMP_NAME_SIZE];

	if (!stamp_suffix(stamp->state) || !stamp_suffix(state)) {
		errno = EINVAL; /* the user's own name */
		return -1;
	}
	if (rename_new(v->fd, stamp_format(stamp, from_name), stamp_format(&to, to_name)) == -1)
		return -1;
	/* Keep the list in step with the disk, without reading the directory again. */
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

/* More than a file system might store in the inode itself. */
static int
write_block(FILE *f, void *arg)
{
	static const char block[8192];

	(void)arg;
	return fwrite(block, 1, sizeof(block), f) == sizeof(block) ? 0 : -1;
}

/* Verify that the disk can be written.  Synced, because a disk with errors may accept data into
 * memory. */
int
store_writable(int dirfd)
{
	static const char name[] = ".flashback-write-test";

	if (file_replace(dirfd, name, S_IRUSR | S_IWUSR, write_block, NULL, true) == -1)
		return -1;
	return unlinkat(dirfd, name, 0);
}
