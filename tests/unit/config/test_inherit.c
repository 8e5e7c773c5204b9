// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/inherit.h"

static void
set(struct volume *v, const char *name, const char *text)
{
	char *why = NULL;

	assert_int_equal(option_set(option_find(name), v, text, &why), 0);
}

/* A copy has memory of its own for each kind of field, and stays when what was around it goes. */
static void
test_copies_are_its_own(void **state)
{
	struct volume around = {.refs = 1}, v = {.refs = 7};

	(void)state;
	assert_int_equal(inherit_defaults(OPTION_VOLUME, &around), 0);
	set(&around, "ssh", "ssh -p 22");
	set(&around, "exclude", "*.tmp");
	set(&around, "window", "22:00-06:00");
	set(&around, "every", "2d");
	set(&around, "restore_to", "root@h:/home");
	assert_int_equal(inherit_from(&v, &around), 0);
	assert_int_equal(v.refs, 7);
	assert_ptr_not_equal(v.ssh, around.ssh);
	assert_ptr_not_equal(v.windows, around.windows);
	assert_ptr_not_equal(v.exclude.item, around.exclude.item);
	inherit_clear(OPTION_VOLUME, &around);
	assert_string_equal(v.ssh, "ssh -p 22");
	assert_string_equal(v.restore_to, "root@h:/home/");
	assert_string_equal(v.exclude.item[0], "*.tmp");
	assert_int_equal(v.nwindows, 1);
	assert_int_equal(v.windows[0].from, 22 * 60);
	assert_int_equal(v.every, 2 * 86400);
	assert_null(v.source);
	inherit_clear(OPTION_VOLUME, &v);
	assert_null(v.ssh);
	assert_null(v.windows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copies_are_its_own),
	};

	return cmocka_run_group_tests_name("inherit", tests, NULL, NULL);
}
