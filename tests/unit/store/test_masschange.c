// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/store/masschange.h"

#define GUARD 8000
#define FILES 1000

/* Runs of which each changed so many of FILES files, newest first; -1: unknown. */
static struct masschange
series(const int *changed, size_t n)
{
	struct history_run runs[20] = {{.code = 0}};
	struct masschange m;

	for (size_t i = 0; i < n; i++) {
		struct history_run *r = &runs[n - 1 - i];

		r->snapshot.when = (int64_t)(n - i);
		r->before = changed[i] >= 0 ? FILES : 0;
		r->changed = changed[i];
	}
	masschange_read(runs, n, NULL, 0, &m);
	return m;
}

static unsigned
judge(const struct masschange *m, int64_t changed, int64_t before, unsigned span)
{
	const struct masschange_run now = {.changed = changed, .before = before};

	return masschange_judge(m, &now, span, GUARD).span;
}

static void
test_one_run(void **state)
{
	const int quiet[] = {40, 30, 50}, few[] = {40, 30}, gap[] = {40, 30, -1, 50, 50};
	const int busy[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 500}, once[] = {1, 1, 1, 1, 499};
	const int before[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1000};
	const struct masschange_run now = {.changed = 900, .before = FILES};
	struct masschange m = series(quiet, LENGTH(quiet));
	struct masschange_alarm alarm = masschange_judge(&m, &now, 1, GUARD);

	(void)state;
	assert_int_equal(alarm.span, 1);
	assert_int_equal(alarm.changed, 900);
	assert_int_equal(alarm.before, FILES);
	assert_int_equal(alarm.usual, 40);
	assert_int_equal(masschange_judge(&m, &now, 1, 0).span, 0);
	/* More than the guard, not as much; and of small volumes nothing is said. */
	assert_int_equal(judge(&m, 800, FILES, 1), 0);
	assert_int_equal(judge(&m, 801, FILES, 1), 1);
	assert_int_equal(judge(&m, 50, 50, 1), 1);
	assert_int_equal(judge(&m, 49, 49, 1), 0);
	/* What is usual must be known. */
	m = series(few, LENGTH(few));
	assert_int_equal(judge(&m, FILES, FILES, 1), 0);
	m = series(gap, LENGTH(gap));
	assert_int_equal(m.n, 2);
	/* Half of it, within ten runs, is usual. */
	m = series(busy, LENGTH(busy));
	assert_int_equal(judge(&m, FILES, FILES, 1), 0);
	m = series(once, LENGTH(once));
	assert_int_equal(judge(&m, FILES, FILES, 1), 1);
	m = series(before, LENGTH(before));
	assert_int_equal(judge(&m, FILES, FILES, 1), 1);
	assert_int_equal(judge(&m, INT64_MAX, INT64_MAX, 1), 1);
}

static void
test_three_runs(void **state)
{
	const int attack[] = {340, 330, 40, 30, 50}, early[] = {340, 330, 40, 30};
	const int steady[] = {330, 330, 330, 330, 330, 330},
	          rotated[] = {340, 330, 10, 170, 170, 170};
	struct masschange m = series(attack, LENGTH(attack));
	const struct masschange_run now = {.changed = 330, .before = FILES};

	(void)state;
	assert_int_equal(judge(&m, now.changed, FILES, 1), 0);
	assert_int_equal(masschange_sum(&m, &now).changed, 1000);
	assert_int_equal(judge(&m, 1000, FILES, MASSCHANGE_SPAN), MASSCHANGE_SPAN);
	assert_int_equal(m.run[2].when, 3);
	/* One of the runs in between was looked at by somebody. */
	m.run[1].accepted = true;
	assert_int_equal(judge(&m, 1000, FILES, MASSCHANGE_SPAN), 0);
	m = series(early, LENGTH(early));
	assert_int_equal(judge(&m, 1000, FILES, MASSCHANGE_SPAN), 0);
	m = series(steady, LENGTH(steady));
	assert_int_equal(judge(&m, 990, FILES, MASSCHANGE_SPAN), 0);
	m = series(rotated, LENGTH(rotated));
	assert_int_equal(judge(&m, 1000, FILES, MASSCHANGE_SPAN), 0);
}

/* The name that a snapshot bears now counts. */
static void
test_read(void **state)
{
	const struct history_run runs[] = {
	    {.snapshot = {.when = 1}, .changed = 1, .before = 9},
	    {.snapshot = {.when = 2, .state = STAMP_SUSPECT}, .changed = 2, .before = 9},
	    {.snapshot = {.when = 3, .state = STAMP_PARTIAL}, .changed = 3, .before = 9},
	    {.snapshot = {.when = 4, .state = STAMP_SUSPECT}, .changed = 4, .before = 9},
	    {.snapshot = {.when = 0}},
	    {.snapshot = {.when = 5}, .changed = 5, .before = 9},
	    {.snapshot = {.when = 6}, .changed = 6, .before = 9},
	};
	const struct stamp stamps[] = {{.when = 4, .state = STAMP_COMPLETE},
	                               {.when = 5, .state = STAMP_SUSPECT},
	                               {.when = 6, .state = STAMP_EXPIRED}};
	struct masschange m;

	(void)state;
	masschange_read(runs, LENGTH(runs), stamps, LENGTH(stamps), &m);
	assert_int_equal(m.n, 4);
	assert_int_equal(m.run[0].changed, 6);
	assert_int_equal(m.run[1].changed, 4);
	assert_true(m.run[1].accepted);
	assert_int_equal(m.run[2].changed, 3);
	assert_false(m.run[2].accepted);
	assert_int_equal(m.run[3].changed, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_run),
	    cmocka_unit_test(test_three_runs),
	    cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
