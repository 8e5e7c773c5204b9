// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "scratch.h"

#include "flashback/store/spare.h"

#define SNAP "2026-11-20T000000+0000"
#define OLD "2026-11-10T000000+0000.expired"
#define SPARE "h/v/.flashback/spare"
#define ASIDE "h/v/.flashback/spare.old"
#define TREE "h/v/" SNAP

/* A store with one volume, h/v, open and locked; the working directory is the store. */
struct place {
	struct scratch *s;
	struct store store;
	struct store_volume v;
	struct spare_walk w;
	unsigned calls, budget; /* of stop */
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	void *s = NULL;
	char *why;

	assert_non_null(p);
	assert_int_equal(scratch_setup(&s), 0);
	p->s = s;
	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\nd_ino=yes\n");
	assert_int_equal(store_open(".", &p->store, &why), 0);
	assert_int_equal(store_volume_open(&p->store, "h", "v", true, &p->v), 0);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	void *s = p->s;

	store_volume_close(&p->v);
	store_close(&p->store);
	free(p);
	return scratch_teardown(&s);
}

/* ---- what a tree is ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The extended attributes of an open directory, in order. */
static void
print_xattrs(FILE *f, int fd)
{
	char list[4096], value[4096], *name[64];
	ssize_t len = flistxattr(fd, list, sizeof(list));
	size_t n = 0;

	for (char *at = list; len > 0 && at < list + len; at += strlen(at) + 1)
		name[n++] = at;
	qsort(name, n, sizeof(*name), by_text);
	for (size_t i = 0; i < n; i++) {
		ssize_t size = fgetxattr(fd, name[i], value, sizeof(value));

		fprintf(f, " %s=", name[i]);
		for (ssize_t k = 0; k < size; k++)
			fprintf(f, "%02x", (unsigned char)value[k]);
	}
}

/* A line for each entry at and below a name: what must be the same in the spare, and with all the
 * inode numbers of directories too. */
static void
print_tree(FILE *f, int dir, const char *name, const char *path, bool all)
{
	struct dirent **entry;
	struct stat st;
	char below[2048];
	int fd, n;

	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	fprintf(f, "%s %o %u %u %jd.%09ld", path, st.st_mode, st.st_uid, st.st_gid,
	        (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (all || !S_ISDIR(st.st_mode))
		fprintf(f, " %ju %jd", (uintmax_t)st.st_ino, (intmax_t)st.st_size);
	if (!S_ISDIR(st.st_mode)) {
		fputc('\n', f);
		return;
	}
	fd = openat(dir, name, SCRATCH_OPEN_DIR | O_NOATIME);
	assert_true(fd >= 0);
	print_xattrs(f, fd);
	fputc('\n', f);
	n = scandirat(fd, ".", &entry, NULL, alphasort);
	assert_true(n >= 2);
	for (int i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, entry[i]->d_name);
		if (strcmp(entry[i]->d_name, ".") != 0 && strcmp(entry[i]->d_name, "..") != 0)
			print_tree(f, fd, entry[i]->d_name, below, all);
		free(entry[i]);
	}
	free(entry);
	close(fd);
}

static char *
tree_text(const char *name, bool all)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	print_tree(f, AT_FDCWD, name, ".", all);
	fclose(f);
	return text;
}

static void
check_equal(void)
{
	char *want = tree_text(TREE, false), *have = tree_text(SPARE, false);

	assert_string_equal(have, want);
	free(want);
	free(have);
}

/* Walk, and see that the spare is right, the snapshot as it was, and nothing left for another walk.
 */
static void
check_walk(struct place *p)
{
	char *before = tree_text(TREE, true), *after;

	if (spare_walk(&p->v, SNAP, &p->w) != 0)
		fail_msg("%s", p->w.trouble);
	after = tree_text(TREE, true);
	assert_string_equal(after, before);
	free(before);
	free(after);
	check_equal();
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 0);
	assert_int_equal(p->w.changes, 0);
}

/* ---- trees of all kinds ---- */

static void
set_xattr(const char *path, const char *name, const char *value)
{
	if (setxattr(path, name, value, strlen(value), 0) < 0)
		assert_int_equal(errno, ENOTSUP);
}

/* Give an ACL, or a default ACL, to one user more. */
static void
set_acl(const char *path, const char *name, uint32_t user)
{
	const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entry[5];
	} acl = {2,
	         {{0x01, 7, ~0U}, {0x02, 5, user}, {0x04, 4, ~0U}, {0x10, 7, ~0U}, {0x20, 1, ~0U}}};

	if (setxattr(path, name, &acl, sizeof(acl), 0) < 0)
		assert_int_equal(errno, ENOTSUP);
}

static void
set_time(const char *path, int64_t seconds, long nanoseconds)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
	                                  {.tv_sec = seconds, .tv_nsec = nanoseconds}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

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
	assert_int_equal(spare_sweep(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
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

static bool
spend(void *arg)
{
	struct place *p = arg;

	p->calls++;
	return p->budget-- == 0;
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
	for (int round = 0; round < 100; round++) {
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
		assert_int_equal(spare_sweep(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
		assert_false(is_there(ASIDE));
	}
}

/* ---- the end before the end ---- */

static void
test_stopped_at_each_step(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	make_dir(TREE "/a");
	make_dir(TREE "/a/b");
	make_file(TREE "/a/b/f", "f");
	make_file(TREE "/a/g", "g");
	make_dir(SPARE);
	make_file(SPARE "/a", "in the way");
	p->w = (struct spare_walk){.stop = spend, .arg = p};
	p->budget = 0;
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 1);
	assert_true(S_ISREG(stat_of(SPARE "/a").st_mode));
	for (unsigned budget = 1; p->budget = budget, spare_walk(&p->v, SNAP, &p->w) != 0; budget++)
		assert_true(budget < 20);
	assert_true(p->calls > 10);
	p->w.stop = NULL;
	check_walk(p);
}

/* ---- attributes of directories alone ---- */

static void
test_attributes_alone(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	make_dir(TREE "/d");
	make_file(TREE "/d/f", "f");
	set_xattr(TREE "/d", "user.x", "value");
	check_walk(p);
	set_time(SPARE "/d", 5, 6);
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 0);
	assert_int_equal(p->w.changes, 1);
	check_walk(p);
	assert_int_equal(chmod(SPARE, 0), 0);
	check_walk(p);
	assert_int_equal(chown(SPARE "/d", 1, 0), 0);
	check_walk(p);
	set_acl(SPARE "/d", "system.posix_acl_default", 1);
	check_walk(p);
	set_acl(TREE "/d", "system.posix_acl_access", 1);
	check_walk(p);
	set_xattr(SPARE "/d", "user.x", "other");
	check_walk(p);
	set_xattr(SPARE "/d", "user.x", "valuf");
	check_walk(p);
	removexattr(SPARE "/d", "user.x");
	check_walk(p);
	set_xattr(SPARE "/d", "user.xx", "value");
	check_walk(p);
}

/* ---- damage ---- */

static void
test_something_else_in_its_place(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	make_file(TREE "/f", "f");
	make_dir("outside");
	make_file("outside/precious", "x");
	assert_int_equal(symlink("../../../outside", SPARE), 0);
	assert_int_equal(spare_open(&p->v), -1);
	assert_true(errno == ELOOP || errno == ENOTDIR);
	check_walk(p);
	assert_true(is_there("outside/precious"));
	assert_int_equal(spare_drop(&p->v), 0);
	make_file(SPARE, "a file");
	assert_int_equal(spare_open(&p->v), -1);
	assert_int_equal(errno, ENOTDIR);
	scratch_remove(ASIDE);
	assert_int_equal(symlink("../../../outside", ASIDE), 0);
	assert_int_equal(spare_sweep(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
	check_walk(p);
	make_dir(SPARE "/dir");
	make_file(SPARE "/dir/f", "x");
	check_walk(p);
	assert_true(S_ISDIR(stat_of(ASIDE).st_mode));
	make_file("h/v/.flashback/file", "");
	assert_int_equal(rename("h/v/.flashback/file", SPARE), -1);
	assert_int_equal(spare_drop(&p->v), 0);
	assert_int_equal(symlink("../../../outside", SPARE), 0);
	assert_int_equal(spare_drop(&p->v), 0);
	assert_false(is_there(SPARE));
	assert_true(is_there("outside/precious"));
}

static void
test_mounts_are_not_entered(void **state)
{
	static const char *const places[] = {SPARE, SPARE "/d", TREE, TREE "/d"};
	struct place *p = *state;
	int fd;

	make_dir("other");
	make_file("other/f", "precious");
	make_dir(TREE);
	make_dir(TREE "/d");
	make_dir(TREE "/d/e");
	check_walk(p);
	for (size_t i = 0; i < LENGTH(places); i++)
		for (int same = 0; same < 2; same++) {
			if (same && i == 2)
				continue; /* it is only read, and its files cannot be linked */
			assert_int_equal(mount(same ? "other" : "none", places[i], "tmpfs",
			                       same ? MS_BIND : 0, NULL),
			                 0);
			assert_int_equal(spare_walk(&p->v, SNAP, &p->w), -1);
			assert_non_null(strstr(p->w.trouble, i < 2 || !same ? "mounted" : "inode"));
			fd = spare_open(&p->v);
			assert_int_equal(fd >= 0, i != 0);
			if (i == 0)
				assert_int_equal(errno, EXDEV);
			close(fd);
			assert_int_equal(umount(places[i]), 0);
		}
	assert_true(is_there("other/f"));
	check_walk(p);
}

static void
test_what_cannot_be_changed(void **state)
{
	struct place *p = *state;
	int fd, flags = FS_IMMUTABLE_FL;

	make_dir(TREE);
	make_dir(TREE "/d");
	make_file(TREE "/d/f \n", "f");
	fd = open(TREE "/d/f \n", O_RDONLY | O_CLOEXEC);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
		close(fd);
		print_message("not tested: no immutable files here: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), -1);
	assert_string_equal(p->w.trouble, SNAP "/d/f \\012: Operation not permitted");
	flags = 0;
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	close(fd);
	check_walk(p);
}

static int
walk_without_links(void *arg)
{
	struct place *p = arg;

	if (!deny_call(SYS_linkat, EMLINK))
		return 2;
	return spare_walk(&p->v, SNAP, &p->w) != -1 || errno != EMLINK;
}

static void
test_too_many_links(void **state)
{
	make_dir(TREE);
	make_file(TREE "/f", "f");
	assert_true(in_child(walk_without_links, *state));
	check_walk(*state);
}

/* ---- recycled, dropped, swept, noted ---- */

static void
test_recycle(void **state)
{
	struct place *p = *state;
	struct stat before;
	int fd;

	make_dir(TREE);
	make_file(TREE "/f", "f");
	make_dir("h/v/" OLD);
	assert_int_equal(link(TREE "/f", "h/v/" OLD "/f"), 0);
	make_file("h/v/" OLD "/g", "g");
	before = stat_of("h/v/" OLD);
	/* Who removes it is not disturbed. */
	fd = open("h/v/" OLD, SCRATCH_OPEN_DIR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(spare_recycle(&p->v, OLD), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(fd);
	assert_int_equal(spare_done(&p->v, SNAP), 0);
	assert_int_equal(spare_recycle(&p->v, OLD), 0);
	assert_false(spare_is_right(&p->v, SNAP));
	assert_true(stat_of(SPARE).st_ino == before.st_ino);
	check_walk(p);
	assert_int_equal(p->w.entries, 1);
	/* Only when there is none. */
	make_dir("h/v/" OLD);
	make_file("h/v/" OLD "/f", "f");
	assert_int_equal(spare_recycle(&p->v, OLD), -1);
	assert_true(is_there("h/v/" OLD "/f"));
	check_equal();
}

static void
test_drop_and_sweep(void **state)
{
	struct place *p = *state;

	assert_int_equal(spare_drop(&p->v), 0);
	assert_int_equal(spare_sweep(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
	make_dir(TREE);
	make_dir(TREE "/d");
	make_file(TREE "/d/f", "f");
	for (int i = 0; i < 3; i++) {
		check_walk(p);
		assert_int_equal(spare_drop(&p->v), 0);
		assert_int_equal(spare_open(&p->v), -1);
	}
	assert_int_equal(stat_of(TREE "/d/f").st_nlink, 4);
	assert_int_equal(spare_sweep(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
	assert_int_equal(stat_of(TREE "/d/f").st_nlink, 1);
	assert_false(is_there(ASIDE));
}

static void
test_noted(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	assert_false(spare_is_right(&p->v, SNAP));
	assert_int_equal(spare_done(&p->v, SNAP), 0);
	assert_int_equal(spare_done(&p->v, SNAP), 0);
	assert_true(spare_is_right(&p->v, SNAP));
	assert_false(spare_is_right(&p->v, SNAP ".partial"));
	assert_false(spare_is_right(&p->v, "2026-11-20T000000+000"));
	p->w = (struct spare_walk){.stop = spend, .arg = p};
	make_dir(TREE "/d");
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 1);
	assert_false(spare_is_right(&p->v, SNAP));
	assert_int_equal(spare_done(&p->v, SNAP), 0);
	assert_int_equal(spare_drop(&p->v), 0);
	assert_false(spare_is_right(&p->v, SNAP));
}

static void
test_possible(void **state)
{
	struct place *p = *state;

	assert_true(spare_possible(&p->store));
	p->store.traits.d_ino = false;
	assert_false(spare_possible(&p->store));
	p->store.traits.d_ino = true;
	p->store.traits.hard_links = false;
	assert_false(spare_possible(&p->store));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_kinds_of_entries),
	    T(test_an_empty_snapshot),
	    T(test_no_snapshot),
	    T(test_each_kind_becomes_each_other),
	    T(test_many_entries),
	    T(test_depth),
	    T(test_random_trees),
	    T(test_stopped_at_each_step),
	    T(test_attributes_alone),
	    T(test_something_else_in_its_place),
	    T(test_mounts_are_not_entered),
	    T(test_what_cannot_be_changed),
	    T(test_too_many_links),
	    T(test_recycle),
	    T(test_drop_and_sweep),
	    T(test_noted),
	    T(test_possible),
	};

	if (geteuid() != 0) {
		printf("not tested: only root has spares\n");
		return 0;
	}
	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
