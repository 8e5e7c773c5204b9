// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/roomtest.h"

static void
test_holds(void **state)
{
	int fd;

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=64k"), 0);
	fd = open("mnt", SCRATCH_OPEN_DIR);
	for (int i = 0; i < 3; i++) { /* nothing is left behind */
		assert_int_equal(roomtest_holds(fd, 48 << 10), 0);
		assert_int_equal(roomtest_holds(fd, 65 << 10), -1);
		assert_int_equal(errno, ENOSPC);
	}
	close(fd);
	assert_int_equal(rmdir("mnt/.flashback-room-test"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(umount("mnt"), 0);
}

/* Where room cannot be reserved it is written. */
static int
without_fallocate(void *arg)
{
	int fd = open("mnt", SCRATCH_OPEN_DIR);

	(void)arg;
	if (!deny_call(SYS_fallocate, EOPNOTSUPP))
		return 10;
	if (roomtest_holds(fd, 128 << 10) != 0)
		return 1;
	return roomtest_holds(fd, 2 << 20) == -1 && errno == ENOSPC ? 0 : 2;
}

static void
test_without_fallocate(void **state)
{
	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=1m"), 0);
	assert_true(in_child(without_fallocate, NULL));
	assert_int_equal(umount("mnt"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_holds, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_without_fallocate, scratch_setup,
	                                    scratch_teardown),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
