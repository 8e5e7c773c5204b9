// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/addedattr.h"

/* What is found in the directory, which must be empty. */
static void
check_found(const char *name, size_t size, const char *expected)
{
	char names[256];
	int dir = open(name, O_RDONLY | O_DIRECTORY);

	assert_true(dir >= 0);
	assert_int_equal(addedattr_find(dir, names, size), 0);
	assert_string_equal(names, expected);
	close(dir);
}

static void
test_nothing_is_added(void **state)
{
	(void)state;
	make_dir("plain");
	check_found("plain", 256, "");
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "ramfs", 0, NULL), 0); /* no attributes at all */
	check_found("mnt", 256, "");
	assert_int_equal(umount("mnt"), 0);
}

static void
test_xfs(void **state)
{
	static const char *const mkfs[] = {"mkfs.xfs", "-q", "-d", "file,name=disk,size=300m",
	                                   NULL};
	static const char *const mount_it[] = {"mount", "-o", "loop", "disk", "mnt", NULL};

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	if (!run_program(mkfs) || !run_program(mount_it)) {
		print_message("not tested: no XFS on a loop device here\n");
		skip();
	}
	make_dir("mnt/a");
	make_dir("mnt/b");
	check_found("mnt/a", 256, "trusted.SGI_ACL_FILE trusted.SGI_ACL_DEFAULT");
	check_found("mnt/b", 30, "trusted.SGI_ACL_FILE"); /* no room for more */
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(unlink("disk"), 0);
}

/* What btrfs itself takes is the matter of system/attributes. */
static void
test_refused(void **state)
{
	char names[64];
	int dir;

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, NULL), 0);
	dir = open("mnt", O_RDONLY | O_DIRECTORY);
	assert_int_equal(addedattr_refused(dir, names, sizeof(names)), 0);
	assert_string_equal(names, "btrfs.compression");
	assert_int_equal(addedattr_refused(dir, names, sizeof(names)), -1);
	assert_int_equal(errno, EEXIST);
	assert_string_equal(names, "");
	close(dir);
	assert_int_equal(umount("mnt"), 0);
}

static void
test_failure(void **state)
{
	char names[16];

	(void)state;
	assert_int_equal(addedattr_find(-1, names, sizeof(names)), -1);
	assert_int_equal(errno, EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_nothing_is_added, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_xfs, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_refused, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_failure, scratch_setup, scratch_teardown),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
