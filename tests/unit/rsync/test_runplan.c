// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/rsync/runplan.h"

#define NOW INT64_C(1800000000)

static char source[] = "/src/";
static const struct volume volume = {.source = source, .io_timeout = 600};
static const struct stamp stamps[] = {
    {.when = NOW - 300, .state = STAMP_COMPLETE},
    {.when = NOW - 200, .state = STAMP_INTERRUPTED},
    {.when = NOW - 100, .state = STAMP_WORKING},
};

static struct runplan_case
begin(void)
{
	return (struct runplan_case){
	    .known = {.volume = &volume, .stamps = stamps, .nstamps = 3, .now = NOW, .root = true},
	    .program = "/usr/bin/rsync",
	    .root = "/backup/a/b",
	};
}

static void
test_full(void **state)
{
	struct runplan_case c = begin();
	struct runplan plan;

	(void)state;
	runplan_make(&c, &plan);
	assert_non_null(plan.full);
	assert_int_equal(plan.base.when, NOW - 300);
	assert_int_equal(plan.tree.when, NOW);
	assert_int_equal(plan.tree.state, STAMP_WORKING);
	assert_ptr_equal(plan.job.target, plan.target);
	assert_non_null(strstr(plan.job.base[0], ".interrupted"));
	assert_null(strchr(plan.job.base[1], '.'));
	assert_null(plan.job.base[2]);
	assert_false(plan.job.checksum || plan.job.whole_seconds);
	assert_string_equal(plan.job.root, "/backup/a/b");
	assert_int_equal(plan.patience, argv_patience(&volume, false));
}

static void
test_doubtful(void **state)
{
	struct runplan_case c = begin();
	struct runplan plan;

	(void)state;
	c.known.doubtful = stamps[2];
	runplan_make(&c, &plan);
	assert_true(plan.job.checksum);
	assert_non_null(strstr(plan.job.base[0], ".working"));
	assert_int_equal(plan.patience, argv_patience(&volume, true));
}

static void
test_too_many_links(void **state)
{
	struct runplan_case c = begin();
	struct runplan plan;

	(void)state;
	c.known.last = RESULT_LINKS;
	runplan_make(&c, &plan);
	assert_non_null(plan.full);
	assert_non_null(plan.job.base[0]);
	assert_true(plan.job.unlinked);
}

/* As somebody else rsync neither sees nor copies them. */
static void
test_added(void **state)
{
	struct runplan_case c = begin();
	struct runplan plan;

	(void)state;
	c.added = "trusted.SGI_ACL_FILE";
	c.refused = "btrfs.compression";
	runplan_make(&c, &plan);
	assert_string_equal(plan.job.added, c.added);
	assert_string_equal(plan.job.refused, c.refused);
	c.known.root = false;
	runplan_make(&c, &plan);
	assert_null(plan.job.added);
	assert_null(plan.job.refused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_doubtful),
	    cmocka_unit_test(test_too_many_links),
	    cmocka_unit_test(test_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
