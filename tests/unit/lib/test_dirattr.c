// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <sys/xattr.h>

#include "flashback/lib/dirattr.h"

/* Two directories, a and b. */
struct pair {
	int a, b;
};

static struct pair
make_pair(void)
{
	struct pair p;

	make_dir("a");
	make_dir("b");
	p.a = open("a", SCRATCH_OPEN_DIR);
	p.b = open("b", SCRATCH_OPEN_DIR);
	assert_true(p.a >= 0 && p.b >= 0);
	return p;
}

static int
same(const struct pair *p)
{
	struct stat a = stat_of("a"), b = stat_of("b");

	return dirattr_same(p->a, &a, p->b, &b);
}

/* They differ; after a copy they are the same, and a is as it was. */
static void
check_copy(const struct pair *p)
{
	struct stat a = stat_of("a"), after;

	assert_int_equal(same(p), 0);
	assert_int_equal(dirattr_copy(p->a, &a, p->b), 0);
	assert_int_equal(same(p), 1);
	after = stat_of("a");
	assert_memory_equal(&after.st_mtim, &a.st_mtim, sizeof(a.st_mtim));
	assert_memory_equal(&after.st_ctim, &a.st_ctim, sizeof(a.st_ctim));
}

static void
set_time(const char *path, int64_t seconds, long nanoseconds)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
	                                  {.tv_sec = seconds, .tv_nsec = nanoseconds}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
test_stat(void **state)
{
	struct pair p = make_pair();

	(void)state;
	set_time("a", 1, 2);
	set_time("b", 1, 2);
	assert_int_equal(same(&p), 1);
	set_time("b", 1, 3);
	check_copy(&p);
	set_time("b", 2, 2);
	check_copy(&p);
	assert_int_equal(chmod("a", 07051), 0);
	check_copy(&p);
	assert_int_equal(stat_of("b").st_mode & 07777, 07051);
	assert_int_equal(chmod("a", 0), 0);
	check_copy(&p);
	if (geteuid() == 0) {
		assert_int_equal(chown("a", 1, 0), 0);
		check_copy(&p);
		assert_int_equal(chown("b", 1, 2), 0);
		check_copy(&p);
	}
	close(p.a);
	close(p.b);
}

/* The time that a had before something was moved out of it. */
static void
test_the_time_that_is_given(void **state)
{
	struct pair p = make_pair();
	struct stat before;

	(void)state;
	set_time("a", 5, 6);
	before = stat_of("a");
	set_time("a", 7, 8);
	assert_int_equal(dirattr_copy(p.a, &before, p.b), 0);
	assert_int_equal(stat_of("b").st_mtim.tv_sec, 5);
	assert_int_equal(stat_of("b").st_mtim.tv_nsec, 6);
	close(p.a);
	close(p.b);
}

static void
set(const char *path, const char *name, const void *value, size_t len)
{
	assert_int_equal(setxattr(path, name, value, len, 0), 0);
}

static void
test_xattrs(void **state)
{
	struct pair p = make_pair();
	char large[3000];

	(void)state;
	if (setxattr("a", "user.x", "1", 1, 0) < 0) {
		print_message("not tested: no extended attributes here: %s\n", strerror(errno));
		skip();
	}
	set_time("a", 1, 2);
	set_time("b", 1, 2);
	check_copy(&p);
	set("b", "user.x", "2", 1); /* a value */
	check_copy(&p);
	set("b", "user.x", "12", 2); /* the beginning of one */
	check_copy(&p);
	set("a", "user.x", "", 0);
	check_copy(&p);
	set("b", "user.y", "1", 1); /* one too many */
	check_copy(&p);
	assert_int_equal(getxattr("b", "user.y", large, sizeof(large)), -1);
	memset(large, 0, sizeof(large));
	set("a", "user.large", large, sizeof(large));
	check_copy(&p);
	assert_int_equal(removexattr("a", "user.large"), 0);
	assert_int_equal(removexattr("a", "user.x"), 0);
	check_copy(&p);
	assert_int_equal(listxattr("b", large, sizeof(large)), listxattr("a", NULL, 0));
	if (geteuid() == 0) {
		set("a", "trusted.x", "1", 1);
		set("a", "security.x", "1", 1);
		check_copy(&p);
	}
	close(p.a);
	close(p.b);
}

/* An ACL is a part of the mode, or the other way round. */
static void
test_acl(void **state)
{
	static const unsigned char acl[] = {2,    0, 0, 0,                      /* version */
	                                    1,    0, 7, 0, 255, 255, 255, 255,  /* the owner */
	                                    2,    0, 5, 0, 1,   0,   0,   0,    /* a user */
	                                    4,    0, 4, 0, 255, 255, 255, 255,  /* the group */
	                                    0x10, 0, 3, 0, 255, 255, 255, 255,  /* mask */
	                                    0x20, 0, 1, 0, 255, 255, 255, 255}; /* others */
	struct pair p = make_pair();

	(void)state;
	if (setxattr("a", "system.posix_acl_access", acl, sizeof(acl), 0) < 0) {
		print_message("not tested: no ACLs here: %s\n", strerror(errno));
		skip();
	}
	set("a", "system.posix_acl_default", acl, sizeof(acl));
	check_copy(&p);
	assert_int_equal(stat_of("b").st_mode & 07777, 0731);
	assert_int_equal(chmod("a", 03771), 0); /* sticky, and another mask */
	check_copy(&p);
	assert_int_equal(removexattr("a", "system.posix_acl_access"), 0);
	check_copy(&p);
	assert_int_equal(removexattr("a", "system.posix_acl_default"), 0);
	check_copy(&p);
	close(p.a);
	close(p.b);
}

static void
test_errors(void **state)
{
	struct stat st = {.st_mode = S_IFDIR | 0700, .st_uid = geteuid(), .st_gid = getegid()};

	(void)state;
	assert_int_equal(dirattr_same(-1, &st, -1, &st), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(dirattr_copy(-1, &st, -1), -1);
	assert_int_equal(errno, EBADF);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_stat), T(test_the_time_that_is_given),
	                                   T(test_xattrs), T(test_acl), T(test_errors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
