// SPDX-License-Identifier: ISC
#ifndef SPARE_PLACE_H
#define SPARE_PLACE_H

#include <dirent.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "scratch.h"

#include "flashback/store/spare.h"

/*
 * For the tests of the spare: a store with one volume, and what a snapshot and its spare must have
 * in common.
 */

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

static inline int
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

static inline int
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

static inline int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The extended attributes of an open directory, in order. */
static inline void
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
static inline void
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

static inline char *
tree_text(const char *name, bool all)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	print_tree(f, AT_FDCWD, name, ".", all);
	fclose(f);
	return text;
}

static inline void
check_equal(void)
{
	char *want = tree_text(TREE, false), *have = tree_text(SPARE, false);

	assert_string_equal(have, want);
	free(want);
	free(have);
}

/* Walk, and see that the spare is right, the snapshot as it was, and nothing left for another walk.
 */
static inline void
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

static inline void
set_xattr(const char *path, const char *name, const char *value)
{
	if (setxattr(path, name, value, strlen(value), 0) < 0)
		assert_int_equal(errno, ENOTSUP);
}

/* Give an ACL, or a default ACL, to one user more. */
static inline void
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

static inline void
set_time(const char *path, int64_t seconds, long nanoseconds)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
	                                  {.tv_sec = seconds, .tv_nsec = nanoseconds}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline bool
spend(void *arg)
{
	struct place *p = arg;

	p->calls++;
	return p->budget-- == 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Run the tests; only root has spares. */
#define RUN(tests)                                                                                 \
	(geteuid() != 0     ? (printf("not tested: only root has spares\n"), 0)                    \
	 : private_mounts() ? cmocka_run_group_tests(tests, NULL, NULL)                            \
	                    : 1)

#endif
