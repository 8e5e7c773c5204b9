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
 * The walk keeps one directory open at a time, and a list of the directories above it.  It returns
 * to a parent by "..", and checks that this is the directory that it came from.  So neither the
 * depth of a tree nor the length of its paths is limited by descriptors or PATH_MAX, and a tree
 * that is moved meanwhile cannot lead the walk elsewhere: a backed-up host can make trees as deep
 * as it likes, and the walk may be removing what it finds.
 *
 * A directory is read completely before anything in it is visited, since a visit may remove the
 * entry.  Of the names only those of subdirectories are kept while the walk is below them.
 */

struct tree_entry {
	ino_t ino;
	size_t name; /* offset of its name in names */
};

/* Names of one directory, in one allocation. */
struct name_list {
	char *names;
	size_t used, room;
	struct tree_entry *entry;
	size_t n, max;
};

/* A directory between the top and the current one. */
struct tree_level {
	dev_t dev;
	ino_t ino;
	struct name_list dirs; /* its subdirectories */
	size_t at;             /* index of the one being visited, or the next */
};

/* A walk in progress. */
struct walk_state {
	const struct tree *walk;
	struct tree_level *level;
	size_t depth, max;
	int fd;       /* of level[depth - 1] */
	bool trouble; /* something could not be visited */
	bool over;    /* end the walk */
};

static const char *
name_at(const struct name_list *list, size_t i)
{
	return list->names + list->entry[i].name;
}

static void
list_free(struct name_list *list)
{
	free(list->names);
	free(list->entry);
	*list = (struct name_list){0};
}

/* Make *array hold at least need items of the given size, doubling it. */
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

/* Append a name.  On failure list is unchanged, except that it may have more room. */
static int
list_add(struct name_list *list, const char *name, ino_t ino)
{
	size_t len = strlen(name) + 1;
	void *names = list->names, *entry = list->entry;
	int rc = 0;

	if (grow(&names, &list->room, list->used + len, 1) == -1 ||
	    grow(&entry, &list->max, list->n + 1, sizeof(struct tree_entry)) == -1)
		rc = -1;
	list->names = names;
	list->entry = entry;
	if (rc == -1)
		return -1;
	memcpy(list->names + list->used, name, len);
	list->entry[list->n++] = (struct tree_entry){.ino = ino, .name = list->used};
	list->used += len;
	return 0;
}

/* In the order of inode numbers a disk reads its inode table forwards: removing a tree takes
 * about 15 % less time. */
static int
compare_inodes(const void *a, const void *b)
{
	const struct tree_entry *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void
list_sort(struct name_list *list)
{
	if (list->n > 1)
		qsort(list->entry, list->n, sizeof(*list->entry), compare_inodes);
}

/* Append one component to the path, and a slash unless it is the last. */
static size_t
append_component(char *text, size_t used, size_t size, const char *name, bool last)
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
error_text(int error)
{
	if (error == EXDEV)
		return "another file system is mounted there";
	if (error == ESTALE)
		return "it was moved during the walk";
	return strerror(error);
}

/* Record errno for name in the current directory.  Only the first trouble is kept, with its path,
 * as one line is all that is reported; on a read-only file system every other entry would fail the
 * same way, so the walk ends. */
static void
note_trouble(struct walk_state *ws, const char *name)
{
	const struct tree *w = ws->walk;
	const char *why = error_text(errno);
	size_t used = 0, reason = strlen(why) + 3;

	if (errno == EROFS)
		ws->over = true;
	if (ws->trouble || !w->trouble || w->size <= reason) {
		ws->trouble = true;
		return;
	}
	ws->trouble = true;
	for (size_t i = 0; i + 1 < ws->depth; i++)
		used = append_component(w->trouble, used, w->size - reason,
		                        name_at(&ws->level[i].dirs, ws->level[i].at), false);
	used = append_component(w->trouble, used, w->size - reason, name, true);
	snprintf(w->trouble + used, w->size - used, ": %s", why);
}

/* Call the visitor.  An entry that has vanished since the directory was read is not trouble. */
static void
visit(struct walk_state *ws, const char *name, bool is_dir)
{
	if (ws->walk->visit(ws->walk->arg, ws->fd, name, is_dir) == -1 && errno != ENOENT)
		note_trouble(ws, name);
}

/* The names of a directory while it is read: files are visited now, subdirectories entered
 * later. */
struct sorted_names {
	int fd;
	struct name_list files, dirs;
};

/* Sort one name into files or subdirectories. d_type saves a stat for each entry, where the file
 * system fills it in. */
static int
sort_out(void *arg, const struct dirent *entry)
{
	struct sorted_names *s = arg;
	bool is_dir = entry->d_type == DT_DIR;

	if (entry->d_type == DT_UNKNOWN) {
		struct stat st;

		if (fstatat(s->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			is_dir = S_ISDIR(st.st_mode);
	}
	return list_add(is_dir ? &s->dirs : &s->files, entry->d_name, entry->d_ino);
}

/* The directory is opened anew, so that reading does not move the offset of the caller's
 * descriptor and always starts at the beginning. */
int
tree_names(int dirfd, int (*take)(void *arg, const struct dirent *entry), void *arg)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int rc = 0, error;

	if (!dir) {
		if (fd != -1)
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

int
tree_open(int fd, const char *path)
{
	int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t len; dir >= 0 && *path != '\0'; path += len + (path[len] == '/')) {
		char *name;
		int below, error;

		len = strcspn(path, "/");
		name = strndup(path, len);
		below = name != NULL
		            ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
		            : -1;
		error = errno;
		free(name);
		close(dir);
		errno = error;
		dir = below;
	}
	return dir;
}

bool
tree_is_empty(int dirfd)
{
	return tree_names(dirfd, stop_at_once, NULL) == 0;
}

/* Open the directory name in the current one, unless another file system is mounted there. statx
 * shows a bind mount of the same device too, which st_dev does not.  With unlock a directory
 * without permissions is made accessible first: somebody else than root could not remove what is
 * in it. */
static int
enter(struct walk_state *ws, const char *name, struct stat *st)
{
	struct statx found;
	int fd;

	if (statx(ws->fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &found) <
	    0)
		return -1;
	/* The mount root attribute also shows a bind mount, whose device is the same. */
	if (makedev(found.stx_dev_major, found.stx_dev_minor) != ws->walk->dev ||
	    (found.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
		errno = EXDEV;
		return -1;
	}
	if (ws->walk->unlock && S_ISDIR(found.stx_mode) && (found.stx_mode & S_IRWXU) != S_IRWXU &&
	    fchmodat(ws->fd, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	fd = openat(ws->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 && fstat(fd, st) == -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Read the directory open as fd, make it the deepest level, and visit the files in it.  On failure
 * fd stays open and the level is not entered; on success the walk owns fd, and the parent is
 * closed. */
static int
descend(struct walk_state *ws, int fd, const struct stat *st)
{
	struct sorted_names s = {.fd = fd};
	void *level = ws->level;

	if (tree_names(fd, sort_out, &s) == -1 ||
	    grow(&level, &ws->max, ws->depth + 1, sizeof(struct tree_level)) == -1) {
		list_free(&s.files);
		list_free(&s.dirs);
		return -1;
	}
	ws->level = level;
	list_sort(&s.files);
	list_sort(&s.dirs);
	ws->level[ws->depth++] =
	    (struct tree_level){.dev = st->st_dev, .ino = st->st_ino, .dirs = s.dirs};
	close(ws->fd);
	ws->fd = fd;
	for (size_t i = 0; i < s.files.n && !ws->over; i++)
		visit(ws, name_at(&s.files, i), false);
	list_free(&s.files);
	return 0;
}

/* Enter the next subdirectory of the deepest level.  One that cannot be entered is skipped. */
static void
step_down(struct walk_state *ws)
{
	struct tree_level *top = &ws->level[ws->depth - 1];
	const char *name = name_at(&top->dirs, top->at);
	int (*entered)(void *, int, const char *, int) = ws->walk->enter;
	struct stat st;
	int fd = enter(ws, name, &st);

	if (fd != -1 && (entered == NULL || entered(ws->walk->arg, ws->fd, name, fd) == 0) &&
	    descend(ws, fd, &st) == 0)
		return;
	if (errno != ENOENT || entered != NULL)
		note_trouble(ws, name);
	ws->over |= entered != NULL;
	if (fd != -1)
		close(fd);
	top->at++;
}

/* The deepest level is done: return to its parent, and visit the directory from there.  If ".." is
 * not the directory that the walk came from, somebody moved it, and the walk ends. */
static void
step_up(struct walk_state *ws)
{
	struct tree_level *up = &ws->level[ws->depth - 2];
	struct stat st;
	int fd = openat(ws->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	list_free(&ws->level[--ws->depth].dirs);
	if (fd == -1 || fstat(fd, &st) == -1 || st.st_dev != up->dev || st.st_ino != up->ino) {
		if (fd != -1) {
			close(fd);
			errno = ESTALE;
		}
		note_trouble(ws, name_at(&up->dirs, up->at));
		ws->over = true;
		return;
	}
	close(ws->fd);
	ws->fd = fd;
	visit(ws, name_at(&up->dirs, up->at++), true);
}

/* The level above the top has the top as its only subdirectory, so the top is handled like any
 * other directory. */
int
tree_walk(int parent, const char *name, const struct tree *w)
{
	struct tree_level *top = calloc(1, sizeof(*top));
	struct walk_state ws = {.walk = w, .level = top, .depth = 1, .max = 1, .fd = -1};
	struct stat st;

	if (top)
		ws.fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ws.fd == -1 || fstat(ws.fd, &st) == -1 || list_add(&top->dirs, name, 0) == -1) {
		ws.depth = top ? 1 : 0;
		note_trouble(&ws, name);
		goto out;
	}
	/* So that step_up can verify that it has returned to the parent. */
	top->dev = st.st_dev;
	top->ino = st.st_ino;
	/* Depth first: enter the next subdirectory, or, when there are no more, return and visit
	 * it. */
	while (!ws.over && (ws.depth > 1 || ws.level->at < ws.level->dirs.n)) {
		struct tree_level *deepest = &ws.level[ws.depth - 1];

		if (deepest->at < deepest->dirs.n)
			step_down(&ws);
		else
			step_up(&ws);
	}
out:
	while (ws.depth > 0)
		list_free(&ws.level[--ws.depth].dirs);
	free(ws.level);
	if (ws.fd != -1)
		close(ws.fd);
	return ws.trouble ? 1 : 0;
}

/* Add up one entry.  A file with other links is not counted in own: other snapshots need its blocks
 * too, so that removing this one frees nothing. */
static int
measure(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct tree_size *size = arg;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	size->entries++;
	if (S_ISREG(st.st_mode))
		size->bytes += (uint64_t)st.st_size;
	if (is_dir || st.st_nlink == 1)
		size->own += (uint64_t)st.st_blocks * 512;
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

/* unlock is needed where flashback does not run as root: a directory of mode 0555 was copied with
 * that mode and its entries could not be unlinked. */
int
tree_remove(int parent, const char *name, dev_t dev, char *trouble, size_t size)
{
	struct tree w = {
	    .dev = dev, .unlock = true, .visit = remove_one, .trouble = trouble, .size = size};

	return tree_walk(parent, name, &w);
}
