// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/store/growth.h"

#define G (INT64_C(1) << 30)
#define MOST 100

/* A disk in daily use: what it holds at first, what each day adds, and what goes at the end of each
 * period; what one day adds besides. */
struct life {
	int days, every; /* a run each so many days */
	int64_t daily;
	int period;
	int64_t goes;
	int burst_day;
	int64_t burst;
};

static int64_t
live(const struct life *life)
{
	struct growth_day days[MOST];
	int64_t used = 100 * G;
	size_t n = 0;

	for (int day = 0; day < life->days; day++) {
		used += life->daily;
		if (life->period != 0 && day % life->period == life->period - 1)
			used -= life->goes;
		if (day == life->burst_day)
			used += life->burst;
		if (day % (life->every != 0 ? life->every : 1) == 0)
			days[n++] = (struct growth_day){20000 + day, used};
	}
	return growth_daily(days, n);
}

/* Is it about that? */
static void
assert_about(int64_t daily, int64_t wanted)
{
	if (daily < wanted - wanted / 5 || daily > wanted + wanted / 5)
		fail_msg("%jd M a day, not %jd", (intmax_t)(daily >> 20), (intmax_t)(wanted >> 20));
}

static void
test_steady(void **unused)
{
	(void)unused;
	assert_int_equal(growth_daily(NULL, 0), 0);
	for (int days = 1; days < 8; days++)
		assert_int_equal(live(&(struct life){.days = days, .daily = G}), 0);
	for (int days = 8; days <= MOST; days++)
		assert_int_equal(live(&(struct life){.days = days, .daily = G}), G);
	assert_int_equal(live(&(struct life){.days = 15, .every = 7, .daily = G}), G);
	assert_int_equal(live(&(struct life){.days = MOST, .every = 30, .daily = G}), G);
	assert_int_equal(live(&(struct life){.days = 50, .daily = 0}), 0);
	assert_int_equal(live(&(struct life){.days = 50, .daily = -G}), 0);
}

/* Snapshots expire once a week or once a month: between two of these days it only grows. */
static void
test_sawtooth(void **unused)
{
	(void)unused;
	for (int days = 8; days <= MOST; days++)
		assert_int_equal(
		    live(&(struct life){.days = days, .daily = 2 * G, .period = 7, .goes = 14 * G}),
		    0);
	for (int days = 15; days <= MOST; days++)
		assert_about(
		    live(&(struct life){.days = days, .daily = 3 * G, .period = 7, .goes = 14 * G}),
		    G);
	/* As soon as two months are known. */
	for (int days = 61; days <= MOST; days++) {
		assert_int_equal(live(&(struct life){
		                     .days = days, .daily = 2 * G, .period = 30, .goes = 60 * G}),
		                 0);
		assert_about(live(&(struct life){
		                 .days = days, .daily = 3 * G, .period = 30, .goes = 60 * G}),
		             G);
	}
}

/* One day with a lot more, or a lot less: it does not go on like that. */
static void
test_burst(void **unused)
{
	(void)unused;
	for (int day = 1; day < 50; day++)
		assert_about(live(&(struct life){
		                 .days = 50, .daily = G, .burst_day = day, .burst = 200 * G}),
		             G);
	assert_int_equal(
	    live(&(struct life){.days = 50, .daily = G, .burst_day = 20, .burst = -90 * G}), 0);
}

/* What a wrong clock has left far behind does not count. */
static void
test_gap(void **unused)
{
	struct growth_day days[] = {{1, 0},         {2, 900 * G},   {20000, G},
	                            {20003, 4 * G}, {20006, 7 * G}, {20007, 8 * G}};

	(void)unused;
	assert_int_equal(growth_daily(days, 6), G);
	assert_int_equal(growth_daily(days, 5), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steady),
	    cmocka_unit_test(test_sawtooth),
	    cmocka_unit_test(test_burst),
	    cmocka_unit_test(test_gap),
	};

	return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
