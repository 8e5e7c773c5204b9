// SPDX-License-Identifier: ISC
#include "spare_place.h"

#include <sys/sysmacros.h>

/* ---- trees of all kinds ---- */

static void
make_socket(const char *path)
{
	assert_int_equal(mknod(path, S_IFSOCK | 0600, 0), 0);
}

static void
test_all_kinds_of_entries(void **state)
{
	struct place *p = *state;
	char name[300] = TREE "/";
	char all[256];
	size_t n = 0;

	make_dir(TREE);
	make_file(TREE "/file", "x");
	assert_int_equal(chmod(TREE "/file", 0), 0);
	assert_int_equal(symlink("/nowhere", TREE "/symlink"), 0);
	assert_int_equal(mkfifo(TREE "/fifo", 0640), 0);
	make_socket(TREE "/socket");
	assert_int_equal(mknod(TREE "/block", S_IFBLK | 0600, makedev(7, 0)), 0);
	assert_int_equal(mknod(TREE "/char", S_IFCHR | 0600, makedev(1, 3)), 0);
	make_dir(TREE "/empty");
	make_dir(TREE "/d");
	make_dir(TREE "/d/e");
	assert_int_equal(link(TREE "/file", TREE "/d/e/again"), 0);
	assert_int_equal(link(TREE "/symlink", TREE "/d/e/link again"), 0);
	for (int c = 1; c < 256; c++)
		if (c != '/')
			all[n++] = (char)c;
	memcpy(name + strlen(name), all, n); /* 254 bytes */
	make_file(name, "x");
	make_dir(TREE "/...");
	make_file(TREE "/.../-rf *", "x");
	make_file(TREE "/.hidden", "x");
	set_acl(TREE "/d", "system.posix_acl_access", 12);
	set_acl(TREE "/d", "system.posix_acl_default", 34);
	make_dir(TREE "/d/below");
	set_xattr(TREE "/d/below", "user.a", "1");
	set_xattr(TREE "/d/below", "trusted.b", "");
	set_xattr(TREE "/d/below", "security.c", "3");
	assert_int_equal(chown(TREE "/d/e", 12, 34), 0);
	assert_int_equal(chmod(TREE "/d/e", 07000), 0);
	assert_int_equal(chmod(TREE "/d", 03775), 0);
	assert_int_equal(chmod(TREE "/empty", 0), 0);
	set_time(TREE "/empty", -5, 1);
	set_time(TREE "/d/e", 1, 999999999);
	assert_int_equal(chown(TREE, 7, 8), 0);
	set_time(TREE, 1000000000, 123456789);
	check_walk(p);
	assert_int_equal(p->w.entries, 16);
	/* Of the entries nothing was copied. */
	assert_int_equal(stat_of(TREE "/file").st_nlink, 4);
}

static void
test_an_empty_snapshot(void **state)
{
	make_dir(TREE);
	check_walk(*state);
	make_dir(SPARE "/x");
	make_file(SPARE "/x/y", "z");
	check_walk(*state);
}

static void
test_no_snapshot(void **state)
{
	struct place *p = *state;

	assert_int_equal(spare_open(&p->v), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(p->w.trouble, SNAP ": No such file or directory");
	assert_false(is_there(SPARE));
	make_dir("elsewhere");
	make_file("elsewhere/f", "f");
	assert_int_equal(symlink("../../elsewhere", TREE), 0);
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), -1);
	assert_false(is_there(SPARE));
}

/* Make an entry of the given kind. */
static void
make_kind(const char *path, int kind)
{
	char below[300];

	snprintf(below, sizeof(below), "%s/f", path);
	if (kind == 0)
		make_file(path, "x");
	else if (kind == 1)
		assert_int_equal(symlink("/etc", path), 0);
	else if (kind == 2)
		assert_int_equal(mkfifo(path, 0600), 0);
	else if (kind == 3)
		make_socket(path);
	else if (kind == 4)
		assert_int_equal(mknod(path, S_IFCHR | 0600, makedev(1, 3)), 0);
	else if (kind == 5)
		make_dir(path);
	if (kind == 6) {
		make_dir(path);
		make_file(below, "y");
	}
}

#define KINDS 8 /* the last: nothing */

static void
test_each_kind_becomes_each_other(void **state)
{
	char path[300];

	make_dir(TREE);
	make_dir(SPARE);
	for (int from = 0; from < KINDS; from++)
		for (int to = 0; to < KINDS; to++) {
			snprintf(path, sizeof(path), "%s/%d-%d", SPARE, from, to);
			make_kind(path, from);
			snprintf(path, sizeof(path), "%s/%d-%d", TREE, from, to);
			make_kind(path, to);
		}
	check_walk(*state);
}

/* ---- large and deep ---- */

static void
test_many_entries(void **state)
{
	struct place *p = *state;
	char path[100];

	make_dir(TREE);
	make_dir(TREE "/d");
	for (int i = 0; i < 4000; i++) {
		snprintf(path, sizeof(path), "%s/d/a long enough name %d", TREE, i);
		if (i % 10 == 0)
			assert_int_equal(mkdir(path, 0755), 0);
		else
			assert_int_equal(mknod(path, S_IFREG | 0644, 0), 0);
	}
	check_walk(p);
	for (int i = 0; i < 4000; i += 7) {
		snprintf(path, sizeof(path), "%s/d/a long enough name %d", i % 2 ? TREE : SPARE, i);
		assert_int_equal(i % 10 == 0 ? rmdir(path) : unlink(path), 0);
	}
	check_walk(p);
}

static void
test_depth(void **state)
{
	struct place *p = *state;
	char name[NAME_MAX + 1];
	int fd, up;

	memset(name, 'd', NAME_MAX);
	name[NAME_MAX] = '\0';
	make_dir(TREE);
	fd = open(TREE, SCRATCH_OPEN_DIR);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(mkdirat(fd, name, 0700), 0);
		assert_int_equal(mkdirat(fd, "e", 0700), 0);
		up = fd;
		fd = openat(up, name, SCRATCH_OPEN_DIR);
		close(up);
	}
	assert_int_equal(mknodat(fd, "deepest", S_IFREG | 0600, 0), 0);
	close(fd);
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 0);
	assert_int_equal(p->w.entries, 1001);
	assert_int_equal(p->w.changes, 2002);
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 0);
	assert_int_equal(p->w.changes, 0);
	assert_int_equal(spare_drop(&p->v), 0);
	assert_int_equal(spare_sweep_aside(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
	assert_false(is_there(ASIDE));
}

/* ---- random trees ---- */

static unsigned
draw(unsigned n)
{
	return (unsigned)random() % n;
}

/* Fill a directory at random; entries are often links to what is at the same place in other (may be
 * NULL), or to what any of them was last. */
static void
fill(const char *dir, const char *other, int depth, char *last)
{
	char path[300], twin[300];

	for (unsigned i = draw(8); i > 0; i--) {
		unsigned name = draw(12);
		struct stat st;

		snprintf(path, sizeof(path), "%s/%u", dir, name);
		if (is_there(path))
			continue;
		snprintf(twin, sizeof(twin), "%s/%u", other ? other : "", name);
		if (other != NULL && draw(4) != 0 && lstat(twin, &st) == 0 && !S_ISDIR(st.st_mode))
			assert_int_equal(link(twin, path), 0);
		else if (draw(4) == 0 && last[0] != '\0')
			assert_int_equal(link(last, path), 0);
		else if (draw(2) == 0) {
			make_kind(path, (int)draw(5));
			snprintf(last, 300, "%s", path);
		} else {
			make_dir(path);
			if (depth > 0)
				fill(path, other ? twin : NULL, depth - 1, last);
			if (draw(3) == 0)
				assert_int_equal(chown(path, draw(2), draw(2)), 0);
			if (draw(5) == 0)
				set_acl(path, "system.posix_acl_access", draw(2));
			if (draw(5) == 0)
				set_acl(path, "system.posix_acl_default", draw(2));
			if (draw(4) == 0)
				set_xattr(path, draw(2) ? "user.x" : "trusted.y",
				          draw(2) ? "1" : "22");
			if (draw(4) == 0)
				assert_int_equal(chmod(path, draw(010000)), 0);
			set_time(path, draw(3), draw(2));
		}
	}
}

/* From any tree to any other, at once or in as many parts as one likes. */
static void
test_random_trees(void **state)
{
	struct place *p = *state;
	const char *text = getenv("FLASHBACK_SEED");
	unsigned seed = text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)getpid();

	print_message("seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 40; round++) {
		char last[300] = "";
		unsigned parts = 0;
		int rc;

		make_dir(TREE);
		fill(TREE, NULL, 4, last);
		last[0] = '\0';
		make_dir(SPARE);
		fill(SPARE, draw(4) ? TREE : NULL, 4, last);
		p->w.stop = draw(2) ? spend : NULL;
		p->w.arg = p;
		do {
			p->budget = draw(20);
			rc = spare_walk(&p->v, SNAP, &p->w);
			if (rc < 0)
				fail_msg("round %d: %s", round, p->w.trouble);
			/* Each part gets further, if only to where the last one was. */
			if (parts++ > 30)
				p->w.stop = NULL;
		} while (rc != 0);
		p->w.stop = NULL;
		check_walk(p);
		scratch_remove(TREE);
		if (draw(2))
			assert_int_equal(spare_drop(&p->v), 0);
		else
			scratch_remove(SPARE);
		assert_int_equal(spare_sweep_aside(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
		assert_false(is_there(ASIDE));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_kinds_of_entries), T(test_an_empty_snapshot),
	    T(test_no_snapshot),          T(test_each_kind_becomes_each_other),
	    T(test_many_entries),         T(test_depth),
	    T(test_random_trees),
	};

	return RUN(tests);
}
