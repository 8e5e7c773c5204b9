// SPDX-License-Identifier: ISC
#include "flashback/store/voldir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/holder.h"
#include "flashback/lib/text.h"
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
	    holder_find(&st, "lock", buf + len, VOLDIR_HOLDERS - len) == 0)
		buf[0] = '\0';
	free(path);
	return buf;
}
