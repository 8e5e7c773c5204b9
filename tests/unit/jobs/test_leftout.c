// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/jobs/leftout.h"

/* What is mounted is listed by system/leftout, with real disks; here what is not asked for. */
static void
test_nothing(void **state)
{
	struct scratch *s = *state;
	char nowhere[] = "/no/such/directory/";
	struct volume v = {.path = s->path, .one_file_system = true};
	struct text_list list = {0};

	NEEDS_ROOT();
	make_dir("made up");
	assert_int_equal(mount("none", "made up", "tmpfs", 0, NULL), 0);
	assert_int_equal(leftout_list(&v, "/nowhere", &list), 0);
	assert_int_equal(list.n, 0);
	v.path = nowhere;
	assert_int_equal(leftout_list(&v, "/nowhere", &list), 0);
	v.path = s->path;
	v.transport = VOLUME_SHELL;
	assert_int_equal(leftout_list(&v, "/nowhere", &list), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(umount("made up"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_nothing, scratch_setup, scratch_teardown),
	};

	return private_mounts() ? cmocka_run_group_tests_name("leftout", tests, NULL, NULL) : 1;
}
