// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/title.h"

static void
test_twice(void **state)
{
	struct title titles[] = {{"b", 9}, {"a", 7}, {"c", 3}, {"b", 2}, {"B", 5}, {"bb", 1}};
	struct errors_list faults = {0};
	struct text_list out = {0};

	(void)state;
	title_check(titles, sizeof(titles) / sizeof(titles[0]), "f", "host", &faults);
	assert_int_equal(errors_report(&faults, "f", &out), 0);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.item[0], "f:5: host 'B' differs from 'b' on line 2 only in case: "
	                                 "some disks take them for one directory");
	assert_string_equal(out.item[1], "f:9: host 'b' differs from 'B' on line 5 only in case: "
	                                 "some disks take them for one directory");
	text_list_free(&out);
	errors_free(&faults);
}

static void
test_thrice(void **state)
{
	struct title titles[] = {{"a", 1}, {"a", 3}, {"a", 2}};
	struct errors_list faults = {0};
	struct text_list out = {0};

	(void)state;
	title_check(titles, 3, "f", "volume", &faults);
	assert_int_equal(errors_report(&faults, "f", &out), 0);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.item[0], "f:2: volume 'a' is there a second time: first on line 1");
	assert_string_equal(out.item[1], "f:3: volume 'a' is there a second time: first on line 2");
	text_list_free(&out);
	errors_free(&faults);
}

static void
test_none(void **state)
{
	struct title titles[] = {{"a", 1}, {"b", 2}};
	struct errors_list faults = {0};

	(void)state;
	title_check(titles, 2, "f", "host", &faults);
	title_check(NULL, 0, "f", "host", &faults);
	assert_int_equal(faults.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_twice),
	    cmocka_unit_test(test_thrice),
	    cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name("title", tests, NULL, NULL);
}
