// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/lib/subvolumes.h"

static int
refuse(void *arg, const char *where)
{
	(void)arg;
	fail_msg("%s", where);
	return -1;
}

/* A real btrfs is the matter of system/leftout. */
static void
test_other_file_systems(void **state)
{
	(void)state;
	assert_int_equal(subvolumes_below("/proc", refuse, NULL), 0);
	assert_int_equal(subvolumes_below("/no/such/directory", refuse, NULL), 0);
	assert_int_equal(subvolumes_below("/dev/null", refuse, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_other_file_systems),
	};

	return cmocka_run_group_tests_name("subvolumes", tests, NULL, NULL);
}
