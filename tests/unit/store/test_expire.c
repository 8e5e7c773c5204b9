// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/expire.h"

#define NOW INT64_C(1795305600) /* 2026-11-22T000000+0000 */
#define DAY INT64_C(86400)

static const struct expire_series both = {.complete = true, .partial = true};
static const struct expire_series complete = {.complete = true};
static const struct expire_series partial = {.partial = true};

static struct store_volume
open_volume(const struct scratch *s)
{
	struct store store;
	struct store_volume v;
	char *why;

	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\n");
	assert_int_equal(store_open(s->path, &store, &why), 0);
	assert_int_equal(store_volume_open(&store, "host", "vol", true, &v), 0);
	store_close(&store);
	assert_int_equal(fchdir(v.fd), 0); /* for the rest of the test */
	return v;
}

/* Make n snapshots a day apart, the last of them ago days old. */
static void
make_series(int n, int ago, enum stamp_state state)
{
	char name[STAMP_NAME_SIZE];

	for (int i = 0; i < n; i++) {
		struct stamp s = {.when = NOW - (ago + n - 1 - i) * DAY, .state = state};

		make_dir(stamp_format(&s, name));
	}
}

/* How many snapshots of this state are there, and how old is the oldest, in days? */
static int
count(struct store_volume *v, enum stamp_state state, int *oldest)
{
	int n = 0;

	assert_int_equal(store_volume_list(v), 0);
	for (size_t i = v->nstamps; i > 0; i--)
		if (v->stamps[i - 1].state == state) {
			n++;
			*oldest = (int)((NOW - v->stamps[i - 1].when) / DAY);
		}
	return n;
}

static int
expire(struct store_volume *v, unsigned keep, struct expire_series series)
{
	struct volume volume = {.keep = {.daily = keep}};
	char trouble[200] = "none";
	int n;

	assert_int_equal(store_volume_list(v), 0);
	n = expire_policy(v, &volume, series, NOW, trouble, sizeof(trouble));
	assert_string_equal(trouble, "none");
	return n;
}

/* Nine too many of each: the oldest go, three a time, complete ones first, until what is kept is
 * left. */
static void
test_a_few_at_a_time(void **state)
{
	struct store_volume v = open_volume(*state);
	int oldest = 0;

	make_series(14, 0, STAMP_COMPLETE);
	make_series(14, 20, STAMP_PARTIAL);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(expire(&v, 5, both), 3);
		assert_int_equal(count(&v, STAMP_COMPLETE, &oldest), 14 - 3 * i);
		assert_int_equal(oldest, 13 - 3 * i);
		assert_int_equal(count(&v, STAMP_PARTIAL, &oldest), 14);
	}
	assert_int_equal(expire(&v, 5, complete), 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(expire(&v, 5, partial), 3);
		assert_int_equal(count(&v, STAMP_PARTIAL, &oldest), 14 - 3 * i);
		assert_int_equal(oldest, 33 - 3 * i);
	}
	assert_int_equal(expire(&v, 5, both), 0);
	assert_int_equal(count(&v, STAMP_COMPLETE, &oldest), 5);
	assert_int_equal(count(&v, STAMP_PARTIAL, &oldest), 5);
	assert_int_equal(count(&v, STAMP_EXPIRED, &oldest), 18);
	store_volume_close(&v);
}

static void
test_three_of_both_together(void **state)
{
	struct store_volume v = open_volume(*state);
	int oldest;

	make_series(3, 0, STAMP_COMPLETE);
	make_series(5, 20, STAMP_PARTIAL);
	assert_int_equal(expire(&v, 1, both), 3);
	assert_int_equal(count(&v, STAMP_COMPLETE, &oldest), 1);
	assert_int_equal(count(&v, STAMP_PARTIAL, &oldest), 4);
	store_volume_close(&v);
}

static void
test_the_newest_stay_whatever_is_said(void **state)
{
	struct store_volume v = open_volume(*state);
	struct volume hourly = {.keep = {.hourly = 1}};
	int oldest;

	make_series(4, 400, STAMP_COMPLETE);
	make_series(4, 300, STAMP_PARTIAL);
	/* A policy without any number is a mistake. */
	assert_int_equal(expire(&v, 0, both), 0);
	assert_int_equal(count(&v, STAMP_COMPLETE, &oldest), 4);
	assert_int_equal(count(&v, STAMP_PARTIAL, &oldest), 4);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(store_volume_list(&v), 0);
		assert_true(expire_policy(&v, &hourly, both, NOW, NULL, 0) >= 0);
		assert_true(expire(&v, 0, both) >= 0);
	}
	assert_int_equal(count(&v, STAMP_COMPLETE, &oldest), 1);
	assert_int_equal(oldest, 400);
	assert_int_equal(count(&v, STAMP_PARTIAL, &oldest), 1);
	assert_int_equal(oldest, 300);
	store_volume_close(&v);
}

static void
test_others_are_not_touched(void **state)
{
	static const enum stamp_state others[] = {STAMP_SUSPECT, STAMP_WORKING, STAMP_INTERRUPTED};
	struct store_volume v = open_volume(*state);
	int oldest;

	make_series(1, 0, STAMP_COMPLETE);
	for (size_t i = 0; i < LENGTH(others); i++)
		make_series(5, 10, others[i]);
	make_dir("2020-01-01T000000+0000.pinned");
	make_dir("2020-01-01 by hand");
	make_file("2020-01-01T000000+0000", "a file");
	assert_int_equal(expire(&v, 1, both), 0);
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_int_equal(count(&v, others[i], &oldest), 5);
	assert_int_equal(count(&v, STAMP_PINNED, &oldest), 1);
	store_volume_close(&v);
}

static void
test_nothing_while_a_stamp_is_from_the_future(void **state)
{
	struct store_volume v = open_volume(*state);

	make_series(9, 0, STAMP_COMPLETE);
	make_dir("2027-11-22T000000+0000");
	assert_int_equal(expire(&v, 1, both), 0);
	assert_int_equal(rmdir("2027-11-22T000000+0000"), 0);
	make_dir("2027-11-22T000000+0000.pinned");
	make_dir("2026-11-23T010000+0000"); /* 25 h: the clock may have gone back a little */
	assert_int_equal(expire(&v, 1, both), 3);
	store_volume_close(&v);
}

static void
test_trouble(void **state)
{
	struct store_volume v = open_volume(*state);
	struct volume volume = {.keep = {.daily = 1}};
	char trouble[200] = "";
	int oldest;

	make_series(4, 0, STAMP_COMPLETE);
	make_dir("2026-11-19T000000+0000.expired");
	make_file("2026-11-20T000000+0000.expired", "x");
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(expire_policy(&v, &volume, both, NOW, trouble, sizeof(trouble)), -1);
	assert_string_equal(trouble, "cannot expire 2026-11-19T000000+0000: File exists");
	assert_int_equal(count(&v, STAMP_COMPLETE, &oldest),
	                 3); /* the third was expired all the same */
	assert_true(is_there("2026-11-21T000000+0000.expired"));
	store_volume_close(&v);
}

/* What is foreseen is what goes once the new snapshot is there. */
static void
test_foreseen(void **state)
{
	const struct volume_keep keep = {.daily = 5};
	const struct stamp made = {.when = NOW + DAY, .state = STAMP_WORKING};
	struct store_volume v = open_volume(*state);
	struct stamp next[EXPIRE_MAX];
	char name[STAMP_NAME_SIZE];
	int oldest = 0;

	make_series(5, 0, STAMP_COMPLETE);
	make_series(1, 9, STAMP_PARTIAL);
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(expire_foresee(&v, &keep, made, NOW, next), 1);
	assert_string_equal(stamp_format(&next[0], name), "2026-11-18T000000+0000");
	make_dir("2026-11-23T000000+0000");
	assert_int_equal(expire(&v, 5, both), 1);
	assert_false(is_there(name));
	make_series(4, 20, STAMP_COMPLETE);
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(expire_foresee(&v, &keep, made, NOW, next), EXPIRE_MAX);
	assert_int_equal(count(&v, STAMP_COMPLETE, &oldest), 9);
	store_volume_close(&v);
}

/* Those of either series, and no neighbour of theirs. */
static void
test_foreseen_of_both_series(void **state)
{
	static const char *const wanted[] = {"2026-11-16T000000+0000", "2026-11-17T000000+0000",
	                                     "2026-11-14T000000+0000.partial"};
	const struct volume_keep keep = {.last = 2};
	const struct stamp made = {.when = NOW + DAY, .state = STAMP_WORKING};
	struct store_volume v = open_volume(*state);
	struct stamp next[EXPIRE_MAX];
	char name[STAMP_NAME_SIZE];

	make_series(3, 4, STAMP_COMPLETE);
	make_series(3, 6, STAMP_PARTIAL);
	make_dir("2026-11-15T120000+0000.pin");
	make_dir("2026-11-17T120000+0000.suspect");
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(expire_foresee(&v, &keep, made, NOW, next), LENGTH(wanted));
	for (size_t i = 0; i < LENGTH(wanted); i++)
		assert_string_equal(stamp_format(&next[i], name), wanted[i]);
	store_volume_close(&v);
}

/* No success, no expiry, also where there is no room; but a disk that is full is not the source's
 * fault. */
static void
test_allowed(void **state)
{
	static const struct {
		enum result result[3];
		size_t n;
		bool complete, partial;
	} cases[] = {
	    {.n = 0},
	    {{RESULT_SUCCEEDED}, 1, true, true},
	    {{RESULT_SUCCEEDED, RESULT_PARTIAL}, 2, false, true},
	    {{RESULT_SUCCEEDED, RESULT_FAILED}, 2, false, false},
	    {{RESULT_SUCCEEDED, RESULT_SUSPECT, RESULT_FULL}, 3, false, false},
	    {{RESULT_SUCCEEDED, RESULT_FULL}, 2, true, true},
	    {{RESULT_SUCCEEDED, RESULT_DISK, RESULT_FULL}, 3, true, true},
	    {{RESULT_SUCCEEDED, RESULT_INTERRUPTED}, 2, true, true},
	    {{RESULT_PARTIAL, RESULT_FULL, RESULT_FULL}, 3, false, true},
	    {{RESULT_FULL, RESULT_FULL, RESULT_INTERRUPTED}, 3, false, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct history_run runs[3] = {{.result = RESULT_NONE}};
		struct expire_series may;

		for (size_t k = 0; k < cases[i].n; k++)
			runs[k].result = cases[i].result[k];
		may = expire_allowed(runs, cases[i].n);
		if (may.complete != cases[i].complete || may.partial != cases[i].partial)
			fail_msg("case %zu: complete %d, partial %d", i, may.complete, may.partial);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_a_few_at_a_time),
	    T(test_three_of_both_together),
	    T(test_the_newest_stay_whatever_is_said),
	    T(test_others_are_not_touched),
	    T(test_nothing_while_a_stamp_is_from_the_future),
	    T(test_trouble),
	    T(test_allowed),
	    T(test_foreseen),
	    T(test_foreseen_of_both_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
