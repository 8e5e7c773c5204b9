// SPDX-License-Identifier: ISC
#include "flashback/store/voldir.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/store/summary.h"

#define LATEST "latest"
#define LATEST_NEW "latest.new" /* made below .flashback, then renamed */
#define NOTE_MAX 512

/* Does `latest` point to name already?  Return 1, 0, or -1 with errno (EEXIST: it is not a
 * symlink).  With name NULL: is there none? */
static int
latest_is(int dir, const char *name)
{
	char target[STAMP_NAME_SIZE];
	ssize_t len = readlinkat(dir, LATEST, target, sizeof(target));

	if (len == -1 && errno == EINVAL)
		errno = EEXIST;
	if (len == -1)
		return errno == ENOENT ? name == NULL : -1;
	return name && (size_t)len == strlen(name) && memcmp(target, name, (size_t)len) == 0;
}

char *
voldir_newest(const struct store_volume *v, int64_t now, char buf[STAMP_NAME_SIZE])
{
	struct summary seen;

	summary_make(v->stamps, v->nstamps, NULL, 0, now, &seen);
	return seen.latest.when != 0 ? stamp_format(&seen.latest, buf) : NULL;
}

bool
voldir_latest_is_stale(const struct store_volume *v, int64_t now)
{
	char buf[STAMP_NAME_SIZE];

	return latest_is(v->fd, voldir_newest(v, now, buf)) == 0;
}

const char *
voldir_foreign(const struct store_volume *v)
{
	struct stat st;

	if (fstatat(v->fd, LATEST, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode))
		return LATEST;
	if (fstatat(v->fd, VOLDIR_RESTORE, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return VOLDIR_RESTORE;
	return NULL;
}

/* The new symlink is made under another name and renamed over the old one: symlinkat cannot
 * replace, and between unlink and symlink `latest` would be missing. */
int
voldir_latest(struct store_volume *v, int64_t now)
{
	char buf[STAMP_NAME_SIZE], *name = voldir_newest(v, now, buf);
	int rc = latest_is(v->fd, name);

	/* Already right, the usual case: nothing is written. */
	if (rc != 0)
		return rc == -1 ? -1 : 0;
	if (!name)
		return unlinkat(v->fd, LATEST, 0);
	if (unlinkat(v->meta, LATEST_NEW, 0) == -1 && errno != ENOENT)
		return -1;
	if (symlinkat(name, v->meta, LATEST_NEW) == -1)
		return -1;
	if (renameat(v->meta, LATEST_NEW, v->fd, LATEST) == 0)
		return 0;

	int error = errno;

	unlinkat(v->meta, LATEST_NEW, 0);
	errno = error;
	return -1;
}

static int
print_history(FILE *f, void *arg)
{
	const struct store_volume *v = arg;

	if (fputs(HISTORY_HEADER "\n", f) == EOF)
		return -1;
	for (size_t i = 0; i < v->nruns; i++)
		if (history_print(f, &v->runs[i]) == -1)
			return -1;
	return 0;
}

/* The whole file is replaced, as lines of snapshots that are gone must go too.  It is small: a
 * thousand lines. */
int
voldir_history(struct store_volume *v, const struct history_run *run)
{
	struct history_run *runs;

	/* Writing now would destroy a history that may be readable again once the disk is
	 * repaired. */
	if (v->unread != 0) {
		errno = v->unread;
		return -1;
	}
	runs = reallocarray(v->runs, v->nruns + 1, sizeof(*runs));
	if (!runs)
		return -1;
	v->runs = runs;
	runs[v->nruns++] = *run;
	v->nruns = history_prune(runs, v->nruns, v->stamps, v->nstamps);
	return file_replace(v->meta, "history", S_IRUSR | S_IWUSR, print_history, v, true);
}

int
voldir_set_aside(struct store_volume *v)
{
	if (renameat(v->meta, "history", v->meta, VOLDIR_ASIDE) != 0)
		return -1;
	v->unread = 0;
	return 0;
}

bool
voldir_is_blind(const struct store_volume *v)
{
	struct stat st;

	for (size_t i = 0; i < v->nruns; i++) {
		const struct stamp *made = &v->runs[i].snapshot;

		if (made->when != 0 && stamp_is_good(made->state))
			return false;
	}
	return fstatat(v->meta, VOLDIR_ASIDE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Written in place, not replaced: the lock is held on this inode, and a replaced file would let a
 * second run lock the new one. */
int
voldir_note_write(const struct store_volume *v, const char *boot, const struct stamp *working)
{
	char text[NOTE_MAX], name[STAMP_NAME_SIZE];
	int len;

	if (working && working->when != 0)
		len = snprintf(text, sizeof(text), "boot %s\nworking %s\n", boot,
		               stamp_format(working, name));
	else
		len = snprintf(text, sizeof(text), "boot %s\nworking none\n", boot);
	assert(len > 0 && (size_t)len < sizeof(text));
	/* Truncate first, else after a power cut the end of an older note could follow this one. */
	if (ftruncate(v->lock, 0) == -1)
		return -1;

	ssize_t n = pwrite(v->lock, text, (size_t)len, 0);

	if (n >= 0 && n < len)
		errno = ENOSPC;
	return n == len ? fdatasync(v->lock) : -1;
}

/* The value of a line "KEY VALUE\n"; the newline becomes a NUL and *text advances.  NULL when the
 * line has another key or is cut off. */
static char *
value_of(char **text, const char *key)
{
	size_t len = strlen(key);
	char *value = *text + len + 1, *end;

	if (strncmp(*text, key, len) != 0 || (*text)[len] != ' ')
		return NULL;
	end = strchr(value, '\n');
	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return value;
}

/* Everything but a complete note is refused: a note that is only partly there must not make a tree
 * trusted. */
int
voldir_note_read(const struct store_volume *v, char *boot, size_t size, struct stamp *working)
{
	char text[NOTE_MAX], *next = text, *first, *second;
	int fd = v->lock >= 0
	             ? v->lock
	             : openat(v->meta, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t len = fd >= 0 ? pread(fd, text, sizeof(text) - 1, 0) : -1;

	if (fd >= 0 && fd != v->lock)
		close(fd);
	*working = (struct stamp){0};
	if (len == -1)
		return -1;
	text[len] = '\0';
	first = value_of(&next, "boot");
	second = first ? value_of(&next, "working") : NULL;
	if (!second || *first == '\0' || strlen(first) >= size ||
	    (strcmp(second, "none") != 0 &&
	     (stamp_parse(second, working) == -1 || working->state == STAMP_PINNED))) {
		*working = (struct stamp){0};
		errno = ENODATA;
		return -1;
	}
	memcpy(boot, first, strlen(first) + 1);
	return 0;
}

const char *
voldir_holders(const struct store *s, const char *id, char buf[VOLDIR_HOLDERS])
{
	static const char before[] = ": process ";
	const size_t len = sizeof(before) - 1;
	char *path = text_format("%s/" MARKER_DIR "/lock", id);
	struct stat st;

	memcpy(buf, before, sizeof(before));
	if (path == NULL || fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    voldir_find_holders(&st, "lock", buf + len, VOLDIR_HOLDERS - len) == 0)
		buf[0] = '\0';
	free(path);
	return buf;
}

/* ---- who has a lock file open ---- */

#define HOLDERS_SHOWN 3
#define COMM_MAX 64 /* of a process: 15 characters and a newline, in /proc/PID/comm */

/* What is searched, and what was found. */
struct search {
	int proc;
	int fds; /* /proc/PID/fd of the process that is looked at */
	const struct stat *file;
	const char *base;
	char *out;
	size_t size, n;
};

/* Is this descriptor the file?  Its path is compared first, since stat(2) of any other file may
 * hang on a dead network file system. */
static int
is_file(void *arg, const struct dirent *entry)
{
	const struct search *s = arg;
	char path[PATH_MAX];
	ssize_t len = readlinkat(s->fds, entry->d_name, path, sizeof(path) - 1);
	const char *slash;
	struct stat st;

	if (len <= 0)
		return 0;
	path[len] = '\0';
	slash = strrchr(path, '/');
	return slash != NULL && strcmp(slash + 1, s->base) == 0 &&
	       fstatat(s->fds, entry->d_name, &st, 0) == 0 && st.st_dev == s->file->st_dev &&
	       st.st_ino == s->file->st_ino;
}

/* Add a process to the text. */
static void
add(struct search *s, const char *pid)
{
	char path[COMM_MAX], name[4 * COMM_MAX] = "?", *text;
	size_t used = strlen(s->out), len;

	if (s->n++ >= HOLDERS_SHOWN) {
		if (s->n == HOLDERS_SHOWN + 1)
			snprintf(s->out + used, s->size - used, ", ...");
		return;
	}
	snprintf(path, sizeof(path), "%.20s/comm", pid);
	if (file_read(s->proc, path, COMM_MAX, &text, &len) == 0) {
		text_escape(name, sizeof(name), text, strcspn(text, "\n"));
		free(text);
	}
	snprintf(s->out + used, s->size - used, "%s%s (%s)", used > 0 ? ", " : "", pid, name);
}

static int
look_at(void *arg, const struct dirent *entry)
{
	struct search *s = arg;
	const char *pid = entry->d_name;
	char path[COMM_MAX];

	if (strspn(pid, "0123456789") != strlen(pid) || strtol(pid, NULL, 10) == getpid())
		return 0;
	snprintf(path, sizeof(path), "%.20s/fd", pid);
	s->fds = openat(s->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fds == -1)
		return 0;
	if (tree_names(s->fds, is_file, s) == 1)
		add(s, pid);
	close(s->fds);
	return 0;
}

size_t
voldir_find_holders(const struct stat *file, const char *base, char *out, size_t size)
{
	struct search s = {.file = file, .base = base, .out = out, .size = size};

	out[0] = '\0';
	s.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.proc == -1)
		return 0;
	(void)tree_names(s.proc, look_at, &s);
	close(s.proc);
	return s.n;
}

/* ---- the boot ---- */

/* Read the first line of a file in /proc or /sys.  Return 0, or -1 with errno. */
static int
read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd == -1 ? -1 : read(fd, buf, size - 1);

	file_close(&fd);
	if (len == 0)
		errno = ENODATA;
	if (len <= 0)
		return -1;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* The sequence number that the kernel assigned to the disk when it was connected (diskseq), or
 * else the unique id of the mount; "" if there is neither. */
static void
read_connection(int fd, char *buf, size_t size)
{
	/* A partition has the number of its disk, one directory up. */
	static const char *const where[] = {"", "../"};
	char path[96];
	struct statx st;

	buf[0] = '\0';
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE, &st) != 0)
		return;
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%sdiskseq", st.stx_dev_major,
		         st.stx_dev_minor, where[i]);
		if (read_line(path, buf, size) == 0)
			return;
	}
	buf[0] = '\0';
	if (st.stx_mask & STATX_MNT_ID_UNIQUE)
		snprintf(buf, size, "%" PRIu64, (uint64_t)st.stx_mnt_id);
}

/* The id of the boot alone is not enough: a disk that is pulled out loses what had not been
 * written, and the machine runs on. */
int
voldir_boot(int fd, char buf[VOLDIR_BOOT])
{
	char boot[40], connection[21];

	static_assert(sizeof(boot) + sizeof(connection) <= VOLDIR_BOOT, "both fit");
	if (read_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot)) != 0)
		return -1;
	read_connection(fd, connection, sizeof(connection));
	snprintf(buf, VOLDIR_BOOT, "%s/%s", boot, connection);
	return 0;
}
