// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/rsync/runplan.h"
#include "flashback/store/summary.h"

static const struct stamp none = {.when = 0};

static void
test_a_free_name(void **state)
{
	const struct stamp there[] = {
	    {.when = 100, .state = STAMP_COMPLETE},
	    {.when = 101, .state = STAMP_EXPIRED},
	    {.when = 102, .state = STAMP_PINNED},
	    {.when = 104, .state = STAMP_COMPLETE},
	};
	struct stamp s = runplan_stamp(there, 4, 100, 3600);

	(void)state;
	assert_int_equal(s.when, 103);
	assert_int_equal(s.offset, 3600);
	assert_int_equal(s.state, STAMP_WORKING);
	assert_int_equal(runplan_stamp(there, 4, 99, 0).when, 99);
	assert_int_equal(runplan_stamp(NULL, 0, 7, 0).when, 7);
}

static void
test_order_of_bases(void **state)
{
	const struct stamp there[] = {
	    {.when = 10, .state = STAMP_COMPLETE},    {.when = 20, .state = STAMP_COMPLETE},
	    {.when = 30, .state = STAMP_PARTIAL},     {.when = 40, .state = STAMP_SUSPECT},
	    {.when = 50, .state = STAMP_INTERRUPTED}, {.when = 60, .state = STAMP_EXPIRED},
	    {.when = 70, .state = STAMP_PINNED},
	};
	struct stamp out[ARGV_BASES];

	(void)state;
	assert_int_equal(runplan_bases(there, 7, &none, 100, out), 3);
	assert_int_equal(out[0].when, 50);
	assert_int_equal(out[1].when, 40);
	assert_int_equal(out[2].when, 20);
}

static void
test_older_partial_is_no_base(void **state)
{
	const struct stamp there[] = {
	    {.when = 10, .state = STAMP_PARTIAL},
	    {.when = 20, .state = STAMP_COMPLETE},
	};
	struct stamp out[ARGV_BASES];

	(void)state;
	assert_int_equal(runplan_bases(there, 2, &none, 100, out), 1);
	assert_int_equal(out[0].when, 20);
	assert_int_equal(runplan_bases(there, 1, &none, 100, out), 1);
	assert_int_equal(out[0].when, 10);
	assert_int_equal(runplan_bases(there, 0, &none, 100, out), 0);
}

static void
test_doubtful_goes_first(void **state)
{
	const struct stamp there[] = {
	    {.when = 10, .state = STAMP_INTERRUPTED},
	    {.when = 20, .state = STAMP_WORKING},
	};
	struct stamp out[ARGV_BASES];

	(void)state;
	assert_int_equal(runplan_bases(there, 2, &there[1], 100, out), 2);
	assert_int_equal(out[0].when, 20);
	assert_int_equal(out[1].when, 10);
}

static void
test_pins_are_bases(void **state)
{
	const struct stamp there[] = {
	    {.when = 10, .state = STAMP_COMPLETE},
	    {.when = 20, .state = STAMP_PINNED, .was = STAMP_COMPLETE, .pin = ".keep"},
	    {.when = 30, .state = STAMP_PINNED, .was = STAMP_PARTIAL, .pin = ".keep"},
	    {.when = 40, .state = STAMP_PINNED, .was = STAMP_PINNED, .pin = ".own"},
	};
	struct stamp out[ARGV_BASES];

	(void)state;
	assert_int_equal(runplan_bases(there, 4, &none, 100, out), 2);
	assert_int_equal(out[0].when, 30);
	assert_int_equal(out[1].when, 20);
	assert_string_equal(out[1].pin, ".keep");
}

/* With one made by a wrong clock as the base, what came since would come again at each run. */
static void
test_from_the_future(void **state)
{
	const int64_t far = 100 + SUMMARY_AHEAD_MAX + 1;
	const struct stamp there[] = {
	    {.when = far, .state = STAMP_COMPLETE},
	    {.when = far + 1, .state = STAMP_PARTIAL},
	    {.when = 20, .state = STAMP_COMPLETE},
	    {.when = 10, .state = STAMP_COMPLETE},
	};
	struct stamp out[ARGV_BASES];

	(void)state;
	assert_int_equal(runplan_bases(there, 4, &none, 100, out), 1);
	assert_int_equal(out[0].when, 20);
	assert_int_equal(runplan_bases(there, 4, &none, 101, out), 1);
	assert_int_equal(out[0].when, far);
	/* Better than none. */
	assert_int_equal(runplan_bases(there, 2, &none, 100, out), 2);
	assert_int_equal(out[0].when, far + 1);
	assert_int_equal(out[1].when, far);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_free_name),
	    cmocka_unit_test(test_order_of_bases),
	    cmocka_unit_test(test_older_partial_is_no_base),
	    cmocka_unit_test(test_doubtful_goes_first),
	    cmocka_unit_test(test_pins_are_bases),
	    cmocka_unit_test(test_from_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
