// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/rsync/runplan.h"
#include "flashback/store/summary.h"

#define NOW INT64_C(1000000)

static char source[] = "/src/", option[] = "--checksum", other[] = "--bwlimit=100";

/* A volume with two snapshots, the newer one made with its options. */
struct bench {
	struct volume volume;
	struct stamp stamps[3];
	struct history_run runs[2];
	struct runplan_case c;
};

static struct runplan_case *
begin(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->volume.source = source;
	b->stamps[0] = (struct stamp){.when = 1000};
	b->stamps[1] = (struct stamp){.when = 2000};
	b->stamps[2] = (struct stamp){.when = 3000, .state = STAMP_EXPIRED};
	b->runs[0] = (struct history_run){.stamp = b->stamps[0], .snapshot = b->stamps[0]};
	b->runs[1] = (struct history_run){.stamp = b->stamps[1], .snapshot = b->stamps[1]};
	b->runs[1].fingerprint = volume_fingerprint(&b->volume);
	b->c = (struct runplan_case){
	    .volume = &b->volume,
	    .stamps = b->stamps,
	    .nstamps = 3,
	    .runs = b->runs,
	    .nruns = 2,
	    .now = NOW,
	    .as_root = true,
	    .spare = true,
	};
	return &b->c;
}

static void
expect_full(const struct runplan_case *c, const char *word)
{
	const char *why = runplan_why_full(c);

	assert_non_null(why);
	assert_non_null(strstr(why, word));
}

static void
test_before(void **state)
{
	struct bench b;
	char *options[] = {option, NULL}, *quick[] = {other, NULL};

	(void)state;
	assert_null(runplan_why_full(begin(&b)));
	begin(&b)->as_root = false;
	expect_full(&b.c, "root");
	begin(&b)->spare = false;
	expect_full(&b.c, "spare");
	begin(&b)->nstamps = 0;
	expect_full(&b.c, "no snapshot");
	begin(&b)->doubtful.when = 1500;
	expect_full(&b.c, "checksum");
	begin(&b)->last = RESULT_LINKS;
	expect_full(&b.c, "links");
	begin(&b);
	b.runs[1].fingerprint ^= 1;
	expect_full(&b.c, "changed");
	begin(&b)->nruns = 1;
	expect_full(&b.c, "changed");
	begin(&b);
	b.volume.rsync_options = (struct text_list){.item = options, .n = 1};
	b.runs[1].fingerprint = volume_fingerprint(&b.volume);
	expect_full(&b.c, "rsync_options");
	b.volume.rsync_options.item = quick;
	b.runs[1].fingerprint = volume_fingerprint(&b.volume);
	assert_null(runplan_why_full(&b.c));
}

/* From another machine all bases serve a quick run, too. */
static void
test_other_bases(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	b.stamps[2].state = STAMP_INTERRUPTED;
	expect_full(&b.c, "interrupted");
	b.volume.transport = VOLUME_SHELL;
	b.runs[1].fingerprint = volume_fingerprint(&b.volume);
	assert_null(runplan_why_full(&b.c));
	begin(&b);
	b.stamps[2].state = STAMP_SUSPECT;
	expect_full(&b.c, "suspect");
	b.stamps[2].when = 1;
	assert_null(runplan_why_full(&b.c));
}

static void
test_base(void **state)
{
	const struct stamp stamps[] = {
	    {.when = 1000},
	    {.when = 2000, .state = STAMP_PARTIAL},
	    {.when = 3000, .state = STAMP_SUSPECT},
	    {.when = 3001, .state = STAMP_PINNED},
	    {.when = 3002, .state = STAMP_INTERRUPTED},
	    {.when = NOW + SUMMARY_AHEAD_MAX + 1},
	};

	(void)state;
	assert_int_equal(runplan_base(stamps, 6, NOW).when, 2000);
	assert_int_equal(runplan_base(stamps, 6, NOW + 1).when, NOW + SUMMARY_AHEAD_MAX + 1);
	assert_int_equal(runplan_base(stamps, 1, NOW).when, 1000);
	assert_int_equal(runplan_base(stamps, 0, NOW).when, 0);
}

static void
test_a_pin_is_a_base(void **state)
{
	const struct stamp stamps[] = {
	    {.when = 1000},
	    {.when = 2000, .state = STAMP_PINNED, .was = STAMP_PARTIAL, .pin = ".keep"},
	    {.when = 3000, .state = STAMP_PINNED, .was = STAMP_SUSPECT, .pin = ".look"},
	    {.when = 4000, .state = STAMP_PINNED, .was = STAMP_PINNED, .pin = ".own"},
	};

	(void)state;
	assert_int_equal(runplan_base(stamps, 4, NOW).when, 2000);
}

static const struct volume volume = {.source = source, .io_timeout = 600};

static void
test_after_the_scan(void **state)
{
	struct scan s = {.listed = 50, .gone_names = 1000};

	(void)state;
	assert_null(runplan_why_full_now(&volume, &s, 100));
	s.listed = 51;
	assert_non_null(strstr(runplan_why_full_now(&volume, &s, 100), "half"));
	s.touched = 45;
	s.changed = 5;
	assert_true(runplan_is_touched(&s, 100));
	assert_non_null(strstr(runplan_why_full_now(&volume, &s, 100), "times of more than half"));
	assert_false(runplan_is_touched(&s, 102));
	s.created = 1;
	assert_false(runplan_is_touched(&s, 100));
	s.listed = 0;
	s.links = true;
	assert_non_null(strstr(runplan_why_full_now(&volume, &s, 100), "links"));
	s.broken = true;
	assert_non_null(strstr(runplan_why_full_now(&volume, &s, 100), "understood"));
}

static void
test_many_names_of_another_machine(void **state)
{
	const struct volume remote = {.source = source, .transport = VOLUME_SHELL};
	struct scan s = {.listed = 42000};

	(void)state;
	assert_null(runplan_why_full_now(&volume, &s, 100000));
	assert_null(runplan_why_full_now(&remote, &s, 100000));
	s.listed = 43000;
	assert_null(runplan_why_full_now(&volume, &s, 100000));
	assert_non_null(strstr(runplan_why_full_now(&remote, &s, 100000), "less time"));
	assert_null(runplan_why_full_now(&remote, &s, 1000000));
}

/* 10 names and the root, of which 2 are new, and one fifo that is not copied; 3 are gone. */
static void
test_surplus(void **state)
{
	struct scan s = {.listed = 4, .new_names = 2, .gone_names = 3, .skipped = 1};

	(void)state;
	assert_int_equal(runplan_surplus(&s, 10, 11), 0);
	assert_int_equal(runplan_surplus(&s, 15, 11), 5);
	assert_int_equal(runplan_surplus(&s, 9, 11), -1);
}

/* ---- the plan ---- */

#define PLANNED INT64_C(1800000000)

static const struct stamp stamps[] = {
    {.when = PLANNED - 300, .state = STAMP_COMPLETE},
    {.when = PLANNED - 200, .state = STAMP_INTERRUPTED},
    {.when = PLANNED - 100, .state = STAMP_WORKING},
};

static struct runplan_case
begin_plan(void)
{
	return (struct runplan_case){
	    .volume = &volume,
	    .stamps = stamps,
	    .nstamps = 3,
	    .now = PLANNED,
	    .as_root = true,
	    .job = {.program = "/usr/bin/rsync", .root = "/backup/a/b"},
	};
}

static void
test_full(void **state)
{
	struct runplan_case c = begin_plan();
	struct runplan plan;

	(void)state;
	runplan_make(&c, &plan);
	assert_non_null(plan.full);
	assert_int_equal(plan.base.when, PLANNED - 300);
	assert_int_equal(plan.tree.when, PLANNED);
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
	struct runplan_case c = begin_plan();
	struct runplan plan;

	(void)state;
	c.doubtful = stamps[2];
	runplan_make(&c, &plan);
	assert_true(plan.job.checksum);
	assert_non_null(strstr(plan.job.base[0], ".working"));
	assert_int_equal(plan.patience, argv_patience(&volume, true));
}

static void
test_too_many_links(void **state)
{
	struct runplan_case c = begin_plan();
	struct runplan plan;

	(void)state;
	c.last = RESULT_LINKS;
	runplan_make(&c, &plan);
	assert_non_null(plan.full);
	assert_non_null(plan.job.base[0]);
	assert_true(plan.job.unlinked);
}

/* As somebody else rsync neither sees nor copies them. */
static void
test_added(void **state)
{
	struct runplan_case c = begin_plan();
	struct runplan plan;

	(void)state;
	c.job.added = "trusted.SGI_ACL_FILE";
	c.job.refused = "btrfs.compression";
	runplan_make(&c, &plan);
	assert_string_equal(plan.job.added, c.job.added);
	assert_string_equal(plan.job.refused, c.job.refused);
	c.as_root = false;
	runplan_make(&c, &plan);
	assert_null(plan.job.added);
	assert_null(plan.job.refused);
}

/* Older ones crash on some. */
static void
test_an_old_rsync_prints_no_dates(void **state)
{
	struct runplan_case c = begin_plan();
	struct runplan plan;

	(void)state;
	c.job.dates = true;
	assert_int_equal(version_parse("rsync  version 3.2.7", &c.job.version), 0);
	runplan_make(&c, &plan);
	assert_false(plan.job.dates);
	assert_int_equal(version_parse("rsync  version 3.5.0", &c.job.version), 0);
	runplan_make(&c, &plan);
	assert_true(plan.job.dates);
	c.job.dates = false;
	runplan_make(&c, &plan);
	assert_false(plan.job.dates);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_before),
	    cmocka_unit_test(test_other_bases),
	    cmocka_unit_test(test_base),
	    cmocka_unit_test(test_a_pin_is_a_base),
	    cmocka_unit_test(test_after_the_scan),
	    cmocka_unit_test(test_many_names_of_another_machine),
	    cmocka_unit_test(test_surplus),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_doubtful),
	    cmocka_unit_test(test_too_many_links),
	    cmocka_unit_test(test_added),
	    cmocka_unit_test(test_an_old_rsync_prints_no_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
