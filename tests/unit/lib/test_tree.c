// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/lib/tree.h"

static int
remove_one(void *arg, int dirfd, const char *name, bool is_dir)
{
	(void)arg;
	return unlinkat(dirfd, name, is_dir ? AT_REMOVEDIR : 0);
}

/* A walk that removes; each test begins with it. */
static struct tree
removing(const struct scratch *s, char *trouble, size_t size)
{
	return (struct tree){.dev = s->dev, .visit = remove_one, .trouble = trouble, .size = size};
}

/* ---- the order of visits ---- */

struct visited {
	ino_t ino, dir;
	bool is_dir;
};

struct visits {
	struct visited v[600];
	size_t n;
};

static int
note_visit(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct visits *all = arg;
	struct stat dir, stat;

	assert_true(all->n < LENGTH(all->v));
	assert_int_equal(fstat(dirfd, &dir), 0);
	assert_int_equal(fstatat(dirfd, name, &stat, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(S_ISDIR(stat.st_mode), is_dir);
	all->v[all->n++] =
	    (struct visited){.ino = stat.st_ino, .dir = dir.st_ino, .is_dir = is_dir};
	return 0;
}

/* 20 directories, some within others, 500 files spread over them so that names and inodes disagree.
 */
static size_t
make_bush(const struct scratch *s)
{
	int dir[20] = {openat(s->fd, "top", SCRATCH_OPEN_DIR)};
	char name[32];

	for (int i = 1; i < 20; i++) {
		snprintf(name, sizeof(name), "d%d", (i * 7) % 20);
		assert_int_equal(fchdir(dir[i / 3]), 0);
		make_dir(name);
		dir[i] = open(name, SCRATCH_OPEN_DIR);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "f%d", (i * 37) % 500);
		assert_int_equal(fchdir(dir[(i * 11) % 20]), 0);
		make_file(name, "x");
	}
	for (int i = 0; i < 20; i++)
		close(dir[i]);
	return 520;
}

static void
test_order(void **state)
{
	struct scratch *s = *state;
	struct tree w = removing(s, NULL, 0);
	struct visits all = {.n = 0};
	size_t n;

	w.visit = note_visit;
	w.arg = &all;
	make_dir("top");
	n = make_bush(s);
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_int_equal(all.n, n);
	for (size_t i = 0; i < all.n; i++)
		for (size_t j = i + 1; j < all.n; j++) {
			const struct visited *a = &all.v[i], *b = &all.v[j];

			assert_true(a->ino != b->ino);  /* each once */
			assert_false(a->ino == b->dir); /* a directory after what is in it */
			if (a->dir == b->dir && a->is_dir == b->is_dir)
				assert_true(a->ino < b->ino); /* in inode order */
			if (a->dir == b->dir && a->is_dir)
				assert_true(b->is_dir); /* files first */
		}
	assert_true(all.v[all.n - 1].is_dir);
}

/* ---- what is told of directories before they are visited ---- */

struct entered {
	struct visits visits;
	ino_t way[32]; /* entered and not visited yet */
	size_t depth, n;
	const char *refused, *entry;
};

static int
note_entry(void *arg, struct tree_dir *dir)
{
	struct entered *e = arg;
	char path[PATH_MAX];
	struct stat above, opened;

	assert_int_equal(tree_path(dir, NULL, path), 0);
	if (e->refused != NULL && strstr(path, e->refused) != NULL) {
		dir->entry = e->entry;
		errno = EAGAIN;
		return -1;
	}
	assert_int_equal(fstatat(dir->fd, "..", &above, 0), 0);
	assert_int_equal(fstat(dir->fd, &opened), 0);
	assert_int_equal(dir->st.st_ino, opened.st_ino);
	assert_int_equal(dir->depth, e->depth);
	assert_int_equal(dir->twin, -1);
	if (e->depth > 0) {
		assert_int_equal(dir->ino, opened.st_ino);
		assert_int_equal(above.st_ino, e->way[e->depth - 1]);
	}
	e->way[e->depth++] = opened.st_ino;
	e->n++;
	return 0;
}

/* Before the directory itself is visited. */
static int
note_leaving(void *arg, struct tree_dir *dir)
{
	const struct entered *e = arg;
	struct stat now;

	assert_int_equal(fstat(dir->fd, &now), 0);
	assert_int_equal(now.st_ino, e->way[e->depth - 1]);
	for (size_t i = 0; i < dir->entries.n; i++)
		assert_int_equal(dir->entries.entry[i]->d_type, DT_DIR);
	return 0;
}

static int
note_exit(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct entered *e = arg;

	assert_int_equal(note_visit(&e->visits, dirfd, name, is_dir), 0);
	if (!is_dir)
		assert_int_equal(e->visits.v[e->visits.n - 1].dir, e->way[e->depth - 1]);
	else
		assert_int_equal(e->visits.v[e->visits.n - 1].ino, e->way[--e->depth]);
	return 0;
}

static void
test_enter(void **state)
{
	struct scratch *s = *state;
	struct entered e = {.n = 0};
	char trouble[200] = "";
	const struct tree w = {.dev = s->dev,
	                       .visit = note_exit,
	                       .enter = note_entry,
	                       .leave = note_leaving,
	                       .arg = &e,
	                       .trouble = trouble,
	                       .size = sizeof(trouble)};
	size_t n;

	make_dir("top");
	n = make_bush(s);
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_int_equal(e.visits.n, n);
	assert_int_equal(e.n, 20);
	assert_int_equal(e.depth, 0);
	/* One that is refused ends the walk, and is named. */
	e = (struct entered){.refused = "d7"};
	assert_int_equal(tree_walk(s->fd, "top", &w), 1);
	assert_true(e.visits.n < n && e.depth > 0);
	assert_non_null(strstr(trouble, "d7: "));
	trouble[0] = '\0';
	e = (struct entered){.refused = "d7", .entry = "x\n"};
	assert_int_equal(tree_walk(s->fd, "top", &w), 1);
	assert_int_equal(errno, EAGAIN);
	assert_non_null(strstr(trouble, "d7/x\\012: "));
}

/* ---- depth ---- */

static void
test_deep(void **state)
{
	struct scratch *s = *state;
	struct tree w = removing(s, NULL, 0);
	struct tree_size size;

	for (int i = 0; i < 6000; i++) {
		make_dir(i ? "a directory" : "top");
		assert_int_equal(chdir(i ? "a directory" : "top"), 0);
	}
	make_file("at the bottom", "12345");
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(tree_measure(s->fd, "top", s->dev, &size), 0);
	assert_int_equal(size.entries, 6001);
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_false(is_there("top"));
}

/* ---- what is not entered ---- */

static void
test_links_are_not_followed(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "";
	struct tree w = removing(s, trouble, sizeof(trouble));

	make_dir("outside");
	make_file("outside/precious", "x");
	make_dir("top");
	assert_int_equal(symlinkat("../outside", s->fd, "top/dir"), 0);
	assert_int_equal(symlinkat("../outside/precious", s->fd, "top/file"), 0);
	assert_int_equal(symlinkat("outside", s->fd, "link"), 0);
	assert_int_equal(tree_walk(s->fd, "link", &w), 1);
	assert_string_equal(trouble, "link: Not a directory");
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_true(is_there("outside/precious"));
	assert_false(is_there("top"));
}

static void
test_mounts_are_not_entered(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "";
	struct tree w = removing(s, trouble, sizeof(trouble));
	const unsigned long flags[] = {0, MS_BIND}; /* a bind mount has the same device number */

	NEEDS_ROOT();
	make_dir("other");
	make_file("other/precious", "x");
	for (size_t i = 0; i < 2; i++) {
		make_dir("top");
		make_dir("top/a");
		make_file("top/a/file", "x");
		make_dir("top/mnt");
		assert_int_equal(mount("other", "top/mnt", "tmpfs", flags[i], NULL), 0);
		if (flags[i] == 0)
			make_file("top/mnt/precious", "x");
		assert_int_equal(tree_walk(s->fd, "top", &w), 1);
		assert_string_equal(trouble, "top/mnt: another file system is mounted there");
		assert_true(is_there("top/mnt/precious"));
		assert_false(is_there("top/a"));
		assert_int_equal(umount("top/mnt"), 0);
		assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	}
	assert_true(is_there("other/precious"));
}

static int
walk_locked(void *arg)
{
	struct scratch *s = arg;
	char trouble[200] = "";
	struct tree w = removing(s, trouble, sizeof(trouble));

	if (tree_walk(s->fd, "top", &w) != 1 || strcmp(trouble, "top/shut: Permission denied") != 0)
		return 1;
	w.unlock = true;
	return tree_walk(s->fd, "top", &w);
}

static void
test_directories_that_deny_entry(void **state)
{
	static const char *const names[] = {".", "top", "top/shut", "top/shut/read-only", "shared"};
	struct scratch *s = *state;
	struct stat before, after;

	make_dir("top");
	make_dir("top/shut");
	make_dir("top/shut/read-only");
	make_file("top/shut/read-only/file", "x");
	assert_int_equal(linkat(s->fd, "top/shut/read-only/file", s->fd, "shared", 0), 0);
	assert_int_equal(fchmodat(s->fd, "shared", 0, 0), 0);
	assert_int_equal(fstatat(s->fd, "shared", &before, 0), 0);
	assert_int_equal(fchmodat(s->fd, "top/shut/read-only", 0555, 0), 0);
	assert_int_equal(fchmodat(s->fd, "top/shut", 0, 0), 0);
	for (size_t i = 0; geteuid() == 0 && i < LENGTH(names); i++)
		assert_int_equal(fchownat(s->fd, names[i], SCRATCH_NOBODY, SCRATCH_NOBODY, 0), 0);
	assert_true(as_nobody(walk_locked, s));
	assert_false(is_there("top"));
	assert_int_equal(fstatat(s->fd, "shared", &after, 0), 0);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_nlink, 1);
}

/* ---- trouble ---- */

/* Refuses what begins with "x", with the errno in arg; removes the rest. */
static int
refuse_x(void *arg, int dirfd, const char *name, bool is_dir)
{
	if (name[0] != 'x')
		return unlinkat(dirfd, name, is_dir ? AT_REMOVEDIR : 0);
	errno = *(int *)arg;
	return -1;
}

static void
test_trouble_is_said_and_passed_over(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "";
	struct tree w = removing(s, trouble, sizeof(trouble));
	int error = EPERM;

	w.visit = refuse_x;
	w.arg = &error;
	make_dir("top");
	make_dir("top/line\nend");
	make_file("top/line\nend/x\033[31m", "x");
	make_file("top/line\nend/other", "x");
	make_dir("top/another");
	assert_int_equal(tree_walk(s->fd, "top", &w), 1);
	assert_string_equal(trouble, "top/line\\012end/x\\033[31m: Operation not permitted");
	assert_false(is_there("top/another"));
	assert_false(is_there("top/line\nend/other"));
	assert_true(is_there("top/line\nend/x\033[31m"));

	for (size_t size = 0; size < 60; size++) {
		memset(trouble, '#', sizeof(trouble));
		w.size = size;
		if (size > 0)
			trouble[0] = '\0';
		assert_int_equal(tree_walk(s->fd, "top", &w), 1);
		assert_int_equal(trouble[size], '#');
		if (size > 0)
			assert_non_null(memchr(trouble, '\0', size));
	}
}

static void
test_read_only_ends_it(void **state)
{
	struct scratch *s = *state;
	struct tree w = removing(s, NULL, 0);
	int error = EROFS;

	w.visit = refuse_x;
	w.arg = &error;
	make_dir("top");
	make_file("top/x", "x");
	make_dir("top/dir");
	make_file("top/dir/file", "x");
	assert_int_equal(tree_walk(s->fd, "top", &w), 1);
	assert_true(is_there("top/dir/file"));
}

static void
test_not_there(void **state)
{
	struct scratch *s = *state;
	struct tree w = removing(s, NULL, 0);

	assert_int_equal(tree_walk(s->fd, "no such tree", &w), 0);
	make_file("file", "x");
	assert_int_equal(tree_walk(s->fd, "file", &w), 1);
	assert_true(is_there("file"));
}

/* Removes all else in the tree at the first visit. */
static int
remove_rest(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct scratch *s = arg;

	(void)is_dir;
	if (strcmp(name, "first") == 0) {
		unlinkat(s->fd, "top/second", 0);
		unlinkat(s->fd, "top/dir", AT_REMOVEDIR);
	}
	return unlinkat(dirfd, name, is_dir ? AT_REMOVEDIR : 0);
}

static void
test_what_vanishes_is_no_trouble(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "";
	struct tree w = removing(s, trouble, sizeof(trouble));

	w.visit = remove_rest;
	w.arg = s;
	make_dir("top");
	make_file("top/first", "x");
	make_file("top/second", "x");
	make_dir("top/dir");
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_false(is_there("top"));
}

/* Moves the directory that is being walked out of the tree. */
static int
move_away(void *arg, int dirfd, const char *name, bool is_dir)
{
	struct scratch *s = arg;

	if (strcmp(name, "file") == 0)
		return renameat(s->fd, "top/a/b", s->fd, "c/b");
	return unlinkat(dirfd, name, is_dir ? AT_REMOVEDIR : 0);
}

static void
test_a_moved_directory_leads_nowhere(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "";
	struct tree w = removing(s, trouble, sizeof(trouble));

	w.visit = move_away;
	w.arg = s;
	make_dir("c");
	make_file("c/precious", "x");
	make_dir("top");
	make_dir("top/a");
	make_dir("top/a/b");
	make_file("top/a/b/file", "x");
	assert_int_equal(tree_walk(s->fd, "top", &w), 1);
	assert_string_equal(trouble, "top/a/b: it was moved during the walk");
	assert_true(is_there("c/precious"));
	assert_true(is_there("c/b/file"));
}

/* ---- measuring, names ---- */

static void
test_measure(void **state)
{
	struct scratch *s = *state;
	struct tree_size size, shared;
	char text[9000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	make_dir("top");
	make_dir("top/dir");
	make_file("top/dir/file", text);
	assert_int_equal(symlinkat("nowhere", s->fd, "top/link"), 0);
	assert_int_equal(syncfs(s->fd), 0); /* blocks are given out late */
	assert_int_equal(tree_measure(s->fd, "top", s->dev, &size), 0);
	assert_int_equal(size.entries, 4);
	assert_true(size.own >= 8999);
	assert_int_equal(linkat(s->fd, "top/dir/file", s->fd, "another", 0), 0);
	assert_int_equal(tree_measure(s->fd, "top", s->dev, &shared), 0);
	assert_true(shared.own + 8999 <= size.own);
	assert_int_equal(tree_measure(s->fd, "top/link", s->dev, &size), 1);
}

/* A file of 5 GiB from the year 2100, all of it a hole: more than 32 bits can tell. */
static void
test_big_and_late(void **state)
{
	struct scratch *s = *state;
	const struct timespec late = {.tv_sec = INT64_C(4110998400)};
	char trouble[200];
	struct tree w = removing(s, trouble, sizeof(trouble));
	struct tree_size size;
	int fd;

	make_dir("top");
	fd = openat(s->fd, "top/film", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, INT64_C(5) << 30), 0);
	assert_int_equal(futimens(fd, (struct timespec[]){late, late}), 0);
	close(fd);
	assert_int_equal(tree_measure(s->fd, "top", s->dev, &size), 0);
	assert_true(size.own < 1 << 20);
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_false(is_there("top"));
}

static int
count_to_two(void *arg, const struct dirent *entry)
{
	assert_string_not_equal(entry->d_name, ".");
	assert_string_not_equal(entry->d_name, "..");
	return ++*(int *)arg == 2 ? 7 : 0;
}

static void
test_names(void **state)
{
	struct scratch *s = *state;

	make_file("..one", "x");
	for (int i = 0; i < 2; i++) { /* the position of the descriptor plays no part */
		int n = 0;

		assert_int_equal(tree_names(s->fd, count_to_two, &n), 0);
		assert_int_equal(n, 1);
	}
	make_file("two", "x");
	make_file("three", "x");
	int n = 0;

	assert_int_equal(tree_names(s->fd, count_to_two, &n), 7);
	assert_int_equal(tree_names(-1, count_to_two, &n), -1);
}

static void
test_empty(void **state)
{
	const struct scratch *s = *state;
	int file;

	assert_true(tree_is_empty(s->fd));
	file = openat(s->fd, ".hidden", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_false(tree_is_empty(s->fd));
	assert_false(tree_is_empty(file)); /* it cannot be read as a directory */
	close(file);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_order),
	    T(test_enter),
	    T(test_deep),
	    T(test_links_are_not_followed),
	    T(test_mounts_are_not_entered),
	    T(test_directories_that_deny_entry),
	    T(test_trouble_is_said_and_passed_over),
	    T(test_read_only_ends_it),
	    T(test_not_there),
	    T(test_what_vanishes_is_no_trouble),
	    T(test_a_moved_directory_leads_nowhere),
	    T(test_measure),
	    T(test_big_and_late),
	    T(test_names),
	    T(test_empty),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
