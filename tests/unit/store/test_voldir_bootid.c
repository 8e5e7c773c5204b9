// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/voldir.h"

static void
id_of(const char *path, char id[VOLDIR_BOOT])
{
	int fd = open(path, SCRATCH_OPEN_DIR);

	assert_true(fd >= 0);
	assert_int_equal(voldir_boot(fd, id), 0);
	close(fd);
}

static void
test_stays(void **state)
{
	char id[VOLDIR_BOOT], again[VOLDIR_BOOT], boot[64] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(read(fd, boot, sizeof(boot) - 1), 37);
	close(fd);
	id_of(".", id);
	id_of("..", again);
	assert_string_equal(id, again);
	assert_int_equal(strncmp(id, boot, 36), 0);
}

/* What is on a tmpfs is gone when it is unmounted; a mount that comes after it is another one. */
static void
test_another_mount(void **state)
{
	char id[VOLDIR_BOOT], again[VOLDIR_BOOT];

	(void)state;
	NEEDS_ROOT();
	make_dir("disk");
	assert_int_equal(mount("tmpfs", "disk", "tmpfs", 0, NULL), 0);
	id_of("disk", id);
	assert_int_equal(umount("disk"), 0);
	assert_int_equal(mount("tmpfs", "disk", "tmpfs", 0, NULL), 0);
	id_of("disk", again);
	assert_int_equal(umount("disk"), 0);
	if (id[strlen(id) - 1] == '/') {
		print_message("not tested: this kernel does not number mounts for good\n");
		skip();
	}
	assert_string_not_equal(id, again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_stays, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_another_mount, scratch_setup, scratch_teardown),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
