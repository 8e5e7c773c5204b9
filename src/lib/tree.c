// SPDX-License-Identifier: ISC
#include "flashback/lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/text.h"

/*
 * One directory is open at a time.  Its parent is found again by "..", and believed only if it is
 * the directory that was left; so neither the depth of a tree nor the length of its paths has a
 * limit, and no path can lead elsewhere.  A directory is read whole before anything in it is
 * visited, since a visit may remove what it is given; of what was read only the subdirectories are
 * kept while below them.
 */

struct entry {
	ino_t ino;
	size_t name; /* where in names it begins */
};

struct list {
	char *names;
	size_t used, room;
	struct entry *entry;
	size_t n, max;
};

/* A directory on the way from the top to where we are. */
struct level {
	dev_t dev;
	ino_t ino;
	struct list dirs; /* its subdirectories */
	size_t at;        /* the one we are in, or are about to enter */
};

struct state {
	const struct tree *walk;
	struct level *level;
	size_t depth, max;
	int fd; /* of level[depth - 1] */
	bool trouble, over;
};

static const char *
name_at(const struct list *list, size_t i)
{
	return list->names + list->entry[i].name;
}

static void
list_free(struct list *list)
{
	free(list->names);
	free(list->entry);
	*list = (struct list){0};
}

/* Make *array hold at least need items of the given size. */
static int
grow(void **array, size_t *room, size_t need, size_t size)
{
	size_t more = *room ? *room : 16;
	void *larger;

	if (*array && need <= *room)
		return 0;
	while (more < need)
		more *= 2;
	larger = reallocarray(*array, more, size);
	if (!larger)
		return -1;
	*array = larger;
	*room = more;
	return 0;
}

static int
list_add(struct list *list, const char *name, ino_t ino)
{
	size_t len = strlen(name) + 1;
	void *names = list->names, *entry = list->entry;
	int rc = 0;

	if (grow(&names, &list->room, list->used + len, 1) < 0 ||
	    grow(&entry, &list->max, list->n + 1, sizeof(struct entry)) < 0)
		rc = -1;
	list->names = names;
	list->entry = entry;
	if (rc < 0)
		return -1;
	memcpy(list->names + list->used, name, len);
	list->entry[list->n++] = (struct entry){.ino = ino, .name = list->used};
	list->used += len;
	return 0;
}

static int
by_inode(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void
list_sort(struct list *list)
{
	if (list->n > 1)
		qsort(list->entry, list->n, sizeof(*list->entry), by_inode);
}

/* Append one component to the text, followed by a slash unless it is the last. */
static size_t
say_component(char *text, size_t used, size_t size, const char *name, bool last)
{
	text_escape(text + used, size - used, name, strlen(name));
	used += strlen(text + used);
	if (!last && used + 1 < size) {
		text[used++] = '/';
		text[used] = '\0';
	}
	return used;
}

static const char *
in_words(int error)
{
	if (error == EXDEV)
		return "something is mounted there";
	if (error == ESTALE)
		return "it was moved meanwhile";
	return strerror(error);
}

/* Note the first trouble: errno, with name in the directory where we are. */
static void
say(struct state *st, const char *name)
{
	const struct tree *w = st->walk;
	const char *why = in_words(errno);
	size_t used = 0, reason = strlen(why) + 3;

	if (errno == EROFS)
		st->over = true;
	if (st->trouble || !w->trouble || w->size <= reason) {
		st->trouble = true;
		return;
	}
	st->trouble = true;
	for (size_t i = 0; i + 1 < st->depth; i++)
		used = say_component(w->trouble, used, w->size - reason,
		                     name_at(&st->level[i].dirs, st->level[i].at), false);
	used = say_component(w->trouble, used, w->size - reason, name, true);
	snprintf(w->trouble + used, w->size - used, ": %s", why);
}

static void
visit(struct state *st, const char *name, bool is_dir)
{
	if (st->walk->visit(st->walk->arg, st->fd, name, is_dir) < 0 && errno != ENOENT)
		say(st, name);
}

/* While a directory is read: what is to be visited now, and what is to be entered later. */
struct sorting {
	int fd;
	struct list files, dirs;
};

static int
sort_out(void *arg, const struct dirent *entry)
{
	struct sorting *s = arg;
	bool is_dir = entry->d_type == DT_DIR;

	if (entry->d_type == DT_UNKNOWN) {
		struct stat stat;

		if (fstatat(s->fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
			is_dir = S_ISDIR(stat.st_mode);
	}
	return list_add(is_dir ? &s->dirs : &s->files, entry->d_name, entry->d_ino);
}

int
tree_names(int dirfd, int (*take)(void *arg, const struct dirent *entry), void *arg)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int rc = 0, error;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = take(arg, entry);
	if (rc == 0 && errno != 0)
		rc = -1;
	error = errno;
	closedir(dir);
	errno = error;
	return rc;
}

static int
stop_at_once(void *arg, const struct dirent *entry)
{
	(void)arg;
	(void)entry;
	return 1;
}

bool
tree_is_empty(int dirfd)
{
	return tree_names(dirfd, stop_at_once, NULL) == 0;
}

/* Open the directory name where we are, unless something is mounted there. */
static int
enter(struct state *st, const char *name, struct stat *stat)
{
	struct statx found;
	int fd;

	if (statx(st->fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &found) <
	    0)
		return -1;
	if (makedev(found.stx_dev_major, found.stx_dev_minor) != st->walk->dev ||
	    (found.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
		errno = EXDEV;
		return -1;
	}
	if (st->walk->unlock && S_ISDIR(found.stx_mode) && (found.stx_mode & S_IRWXU) != S_IRWXU &&
	    fchmodat(st->fd, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	fd = openat(st->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, stat) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Visit the files of the directory open as fd, and make it the deepest level. */
static int
descend(struct state *st, int fd, const struct stat *stat)
{
	struct sorting s = {.fd = fd};
	void *level = st->level;

	if (tree_names(fd, sort_out, &s) < 0 ||
	    grow(&level, &st->max, st->depth + 1, sizeof(struct level)) < 0) {
		list_free(&s.files);
		list_free(&s.dirs);
		return -1;
	}
	st->level = level;
	list_sort(&s.files);
	list_sort(&s.dirs);
	st->level[st->depth++] =
	    (struct level){.dev = stat->st_dev, .ino = stat->st_ino, .dirs = s.dirs};
	close(st->fd);
	st->fd = fd;
	for (size_t i = 0; i < s.files.n && !st->over; i++)
		visit(st, name_at(&s.files, i), false);
	list_free(&s.files);
	return 0;
}

/* Go on with the next subdirectory of the deepest level. */
static void
step_down(struct state *st)
{
	struct level *top = &st->level[st->depth - 1];
	const char *name = name_at(&top->dirs, top->at);
	struct stat stat;
	int fd = enter(st, name, &stat);

	if (fd >= 0 && descend(st, fd, &stat) == 0)
		return;
	if (errno != ENOENT)
		say(st, name);
	if (fd >= 0)
		close(fd);
	top->at++;
}

/* The deepest level is done: go back to its parent, and visit it from there. */
static void
step_up(struct state *st)
{
	struct level *up = &st->level[st->depth - 2];
	struct stat stat;
	int fd = openat(st->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	list_free(&st->level[--st->depth].dirs);
	if (fd < 0 || fstat(fd, &stat) < 0 || stat.st_dev != up->dev || stat.st_ino != up->ino) {
		/* Somebody moved it: there is no way back that can be trusted. */
		if (fd >= 0) {
			close(fd);
			errno = ESTALE;
		}
		say(st, name_at(&up->dirs, up->at));
		st->over = true;
		return;
	}
	close(st->fd);
	st->fd = fd;
	visit(st, name_at(&up->dirs, up->at++), true);
}

int
tree_walk(int parent, const char *name, const struct tree *w)
{
	struct level *top = calloc(1, sizeof(*top));
	struct state st = {.walk = w, .level = top, .depth = 1, .max = 1, .fd = -1};
	struct stat stat;

	if (top)
		st.fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st.fd < 0 || fstat(st.fd, &stat) < 0 || list_add(&top->dirs, name, 0) < 0) {
		st.depth = top ? 1 : 0;
		say(&st, name);
		goto out;
	}
	top->dev = stat.st_dev;
	top->ino = stat.st_ino;
	while (!st.over && (st.depth > 1 || st.level->at < st.level->dirs.n)) {
		struct level *deepest = &st.level[st.depth - 1];

		if (deepest->at < deepest->dirs.n)
			step_down(&st);
		else
			step_up(&st);
	}
out:
	while (st.depth > 0)
		list_free(&st.level[--st.depth].dirs);
	free(st.level);
	if (st.fd >= 0)
		close(st.fd);
	return st.trouble ? 1 : 0;
}

/* Add up one entry. */
static int
measure(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct tree_size *size = arg;
	struct stat stat;

	if (fstatat(dirfd, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	size->entries++;
	if (S_ISREG(stat.st_mode))
		size->bytes += (uint64_t)stat.st_size;
	if (is_dir || stat.st_nlink == 1)
		size->own += (uint64_t)stat.st_blocks * 512;
	return 0;
}

int
tree_measure(int parent, const char *name, dev_t dev, struct tree_size *out)
{
	struct tree w = {.dev = dev, .visit = measure, .arg = out};

	*out = (struct tree_size){0};
	return tree_walk(parent, name, &w);
}

static int
remove_one(void *arg, int dirfd, const char *name, bool is_dir)
{
	(void)arg;
	return unlinkat(dirfd, name, is_dir ? AT_REMOVEDIR : 0);
}

int
tree_remove(int parent, const char *name, dev_t dev, char *trouble, size_t size)
{
	struct tree w = {
	    .dev = dev, .unlock = true, .visit = remove_one, .trouble = trouble, .size = size};

	return tree_walk(parent, name, &w);
}
