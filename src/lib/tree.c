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
#include "flashback/lib/file.h"
#include "flashback/lib/listing.h"
#include "flashback/lib/text.h"

/*
 * The walk keeps one directory open at a time, two where it walks two trees, and a list of the
 * directories above it.  It returns to a parent by "..", and checks that this is the directory that
 * it came from.  So neither the depth of a tree nor the length of its paths is limited by
 * descriptors or PATH_MAX, and a tree that is moved meanwhile cannot lead the walk elsewhere: a
 * backed-up host can make trees as deep as it likes, and the walk may be removing what it finds.
 *
 * A directory is read completely before anything in it is visited, since a visit may remove the
 * entry.  Of its entries only subdirectories are kept while the walk is below them.
 */

/* A directory between the top and the current one.  Only in the deepest level it is open; its twin
 * in the deepest one that has any. */
struct tree_level {
	struct tree_dir dir;
	ino_t twin; /* inode number */
	size_t at;  /* index of the subdirectory being visited, or the next */
};

/* A walk in progress.  level[0] is the parent of the tree, which is its only subdirectory. */
struct walk_state {
	const struct tree *walk;
	const char *name; /* of the tree */
	struct tree_level *level;
	size_t depth;
	bool trouble; /* something could not be visited */
	int error;    /* errno of the first trouble */
	bool over;    /* end the walk */
};

static struct tree_level *
deepest(const struct walk_state *ws)
{
	return &ws->level[ws->depth - 1];
}

/* Has the deepest level a subdirectory that was not visited yet? */
static bool
has_next(const struct walk_state *ws)
{
	return deepest(ws)->at < (ws->depth == 1 ? 1 : deepest(ws)->dir.entries.n);
}

/* The subdirectory of level[i] that is being visited, or the next. */
static const char *
subdirectory(const struct walk_state *ws, size_t i)
{
	const struct tree_level *level = &ws->level[i];

	return i == 0 ? ws->name : level->dir.entries.entry[level->at]->d_name;
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

/* Record errno, or the reason that a callback gave, for name in the current directory (NULL: for
 * itself).  Only the first trouble is kept, with its path, as one line is all that is reported; on
 * a read-only file system every other entry would fail the same way, so the walk ends. */
static void
note_trouble(struct walk_state *ws, const char *name)
{
	const struct tree *w = ws->walk;
	const char *given = ws->depth > 0 ? deepest(ws)->dir.why : NULL;
	const char *why = given != NULL ? given : error_text(errno);
	size_t used = 0, reason = strlen(why) + 3, above = ws->depth - (ws->depth > 0);

	if (errno == EROFS || w->strict)
		ws->over = true;
	if (ws->trouble)
		return;
	ws->trouble = true;
	ws->error = errno;
	if (w->trouble == NULL || w->size <= reason)
		return;
	for (size_t i = 0; i < above; i++)
		used = append_component(w->trouble, used, w->size - reason, subdirectory(ws, i),
		                        i + 1 == above && name == NULL);
	if (name != NULL)
		used = append_component(w->trouble, used, w->size - reason, name, true);
	snprintf(w->trouble + used, w->size - used, ": %s", why);
}

/* Call the visitor.  An entry that has vanished since the directory was read is not trouble. */
static void
visit(struct walk_state *ws, const char *name, bool is_dir)
{
	const struct tree *w = ws->walk;

	if (w->visit != NULL && w->visit(w->arg, deepest(ws)->dir.fd, name, is_dir) == -1 &&
	    errno != ENOENT)
		note_trouble(ws, name);
}

/* Call a callback for the current directory. */
static void
call(struct walk_state *ws, int (*callback)(void *arg, struct tree_dir *dir))
{
	struct tree_dir *dir = &deepest(ws)->dir;
	int rc;

	dir->entry = NULL;
	rc = callback != NULL ? callback(ws->walk->arg, dir) : 0;
	if (rc == -1)
		note_trouble(ws, dir->entry);
	ws->over |= rc != 0;
}

int
tree_path(const struct tree_dir *dir, const char *entry, char path[PATH_MAX])
{
	const struct walk_state *ws = dir->walk;
	size_t used = 0;

	for (size_t i = 1; i < ws->depth; i++) {
		const char *name = i + 1 < ws->depth ? subdirectory(ws, i) : entry;
		size_t len = name != NULL ? strlen(name) : 0;

		if (name == NULL)
			break;
		if (used + len + 2 > PATH_MAX)
			return -1;
		if (i > 1)
			path[used++] = '/';
		memcpy(path + used, name, len);
		used += len;
	}
	path[used] = '\0';
	return 0;
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
		below = name != NULL ? openat(dir, name, TREE_DIR) : -1;
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

/* With unlock a directory without permissions is made accessible first: somebody else than root
 * could not remove what is in it.  Reading it should not write its access time to the disk. */
int
tree_enter(const struct tree *w, int above, const char *name, struct stat *st)
{
	struct statx found;
	int fd;

	if (statx(above, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &found) <
	    0)
		return -1;
	/* The mount root attribute also shows a bind mount, whose device is the same. */
	if (makedev(found.stx_dev_major, found.stx_dev_minor) != w->dev ||
	    (found.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
		errno = EXDEV;
		return -1;
	}
	if (w->unlock && S_ISDIR(found.stx_mode) && (found.stx_mode & S_IRWXU) != S_IRWXU &&
	    fchmodat(above, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	fd = openat(above, name, TREE_DIR | O_NOATIME);
	if (fd == -1 && errno == EPERM)
		fd = openat(above, name, TREE_DIR);
	if (fd != -1 && fstat(fd, st) == -1)
		file_close(&fd);
	return fd;
}

/* Open the twin of a subdirectory of the deepest level. */
static int
open_twin(const struct walk_state *ws, const char *name, struct tree_level *next)
{
	const struct tree *w = ws->walk;
	bool top = ws->depth == 1;
	int above = top ? w->beside : deepest(ws)->dir.twin;
	struct stat st;

	if (w->twin == NULL || above == -1)
		return 0;
	next->dir.twin = tree_enter(w, above, top ? w->twin : name, &st);
	if (next->dir.twin != -1) {
		next->twin = st.st_ino;
		return 0;
	}
	return !w->strict &&
	               (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES)
	           ? 0
	           : -1;
}

/* Make room for one more level; at each power of two, for as many again. */
static int
grow(struct walk_state *ws)
{
	struct tree_level *more;

	if ((ws->depth & (ws->depth - 1)) != 0)
		return 0;
	more = reallocarray(ws->level, 2 * ws->depth + 1, sizeof(*more));
	if (more != NULL)
		ws->level = more;
	return more != NULL ? 0 : -1;
}

static void
close_level(struct tree_level *level)
{
	file_close(&level->dir.fd);
	file_close(&level->dir.twin);
	listing_free(&level->dir.entries);
}

/* Visit the files of the deepest level, whose directory has just been read.  In the order of inode
 * numbers a disk reads its inode table forwards: removing a tree takes about 15 % less time. */
static void
begin_level(struct walk_state *ws)
{
	struct listing *list = &deepest(ws)->dir.entries;

	call(ws, ws->walk->enter);
	if (ws->walk->visit != NULL)
		listing_sort_inodes(list);
	for (size_t i = 0; i < list->n && !ws->over; i++)
		if (list->entry[i]->d_type != DT_DIR)
			visit(ws, list->entry[i]->d_name, false);
	listing_keep_dirs(list);
	listing_sort_inodes(list);
}

/* Enter the next subdirectory of the deepest level.  One that cannot be entered is skipped. */
static void
step_down(struct walk_state *ws)
{
	struct tree_level *up = deepest(ws);
	const char *name = subdirectory(ws, ws->depth - 1);
	struct tree_level next = {
	    .dir = {.fd = -1, .twin = -1, .depth = ws->depth - 1, .walk = ws}};

	if (ws->depth > 1)
		next.dir.ino = up->dir.entries.entry[up->at]->d_ino;
	next.dir.fd = tree_enter(ws->walk, up->dir.fd, name, &next.dir.st);
	if (next.dir.fd != -1 && open_twin(ws, name, &next) == 0 &&
	    listing_read(next.dir.fd, &next.dir.entries) == 0 && grow(ws) == 0) {
		up = deepest(ws);
		file_close(&up->dir.fd);
		if (next.dir.twin != -1)
			file_close(&up->dir.twin);
		ws->level[ws->depth++] = next;
		begin_level(ws);
		return;
	}
	if (errno != ENOENT || ws->walk->strict)
		note_trouble(ws, name);
	close_level(&next);
	up->at++;
}

/* Return from a directory to its parent, by "..".  If that is not the directory that the walk came
 * from, somebody moved it. */
static int
ascend(int *fd, int *up, dev_t dev, ino_t ino)
{
	struct stat st;

	*up = openat(*fd, "..", TREE_DIR);
	file_close(fd);
	if (*up == -1 || fstat(*up, &st) == -1)
		return -1;
	errno = ESTALE;
	return st.st_dev == dev && st.st_ino == ino ? 0 : -1;
}

/* The deepest level is done: return to its parent, and visit the directory from there. */
static void
step_up(struct walk_state *ws)
{
	struct tree_level *done = deepest(ws), *up = done - 1;

	call(ws, ws->walk->leave);
	if (ws->over)
		return;
	if (ascend(&done->dir.fd, &up->dir.fd, up->dir.st.st_dev, up->dir.st.st_ino) == -1 ||
	    (ws->depth > 2 && done->dir.twin != -1 &&
	     ascend(&done->dir.twin, &up->dir.twin, ws->walk->dev, up->twin) == -1)) {
		note_trouble(ws, NULL);
		ws->over = true;
		return;
	}
	close_level(done);
	ws->depth--;
	visit(ws, subdirectory(ws, ws->depth - 1), true);
	up->at++;
}

int
tree_walk(int parent, const char *name, const struct tree *w)
{
	struct walk_state ws = {.walk = w, .name = name};
	struct tree_level *top;

	if (grow(&ws) == -1) {
		note_trouble(&ws, name);
		return 1;
	}
	/* So that step_up can verify that it has returned to the parent. */
	top = &ws.level[ws.depth++];
	*top = (struct tree_level){.dir = {.twin = -1}};
	top->dir.fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top->dir.fd == -1 || fstat(top->dir.fd, &top->dir.st) == -1) {
		note_trouble(&ws, name);
		ws.over = true;
	}
	/* Depth first: enter the next subdirectory, or, when there are no more, return and visit
	 * it. */
	while (!ws.over && (has_next(&ws) || ws.depth > 1)) {
		if (has_next(&ws))
			step_down(&ws);
		else
			step_up(&ws);
	}
	while (ws.depth > 0)
		close_level(&ws.level[--ws.depth]);
	free(ws.level);
	errno = ws.error;
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
