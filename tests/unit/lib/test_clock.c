// SPDX-License-Identifier: ISC
#include "unit.h"

#include <time.h>
#include <unistd.h>

#include "flashback/lib/clock.h"

static void
wall_is_the_time(void **state)
{
	(void)state;
	time_t before = time(NULL);
	int64_t now = clock_wall();

	assert_true(now >= before && now <= time(NULL));
}

static void
a_set_time_goes_on(void **state)
{
	(void)state;
	assert_int_equal(setenv("FLASHBACK_TEST_NOW", "1795400000", 1), 0);
	int64_t first = clock_wall();

	assert_true(first >= 1795400000 && first <= 1795400060);
	for (int i = 0; i < 12000 && clock_wall() == first; i++)
		usleep(10000);
	assert_in_range(clock_wall(), first + 1, first + 60);
	unsetenv("FLASHBACK_TEST_NOW");
}

static void
write_time(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
a_time_in_a_file_stands_still(void **state)
{
	(void)state;
	char dir[] = "/tmp/test_clock.XXXXXX", path[64], set[80];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/now", dir);
	snprintf(set, sizeof(set), "@%s", path);
	write_time(path, "1000000000\n");
	assert_int_equal(setenv("FLASHBACK_TEST_NOW", set, 1), 0);
	assert_int_equal(clock_wall(), 1000000000);
	write_time(path, "5");
	assert_int_equal(clock_wall(), 5);
	unsetenv("FLASHBACK_TEST_NOW");
	unlink(path);
	rmdir(dir);
}

static void
offsets(void **state)
{
	(void)state;
	static const struct {
		const char *tz;
		int64_t t;
		int32_t offset;
	} table[] = {
	    {"UTC0", 0, 0},
	    {"CET-1CEST,M3.5.0,M10.5.0/3", 1795400000, 3600},
	    {"CET-1CEST,M3.5.0,M10.5.0/3", 1784000000, 7200},
	    {"CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(4110998400), 7200}, /* 2100; winter in 32 bits */
	    {"IST-5:30", 1795400000, 19800},
	    {"NST3:30", 1795400000, -12600},
	    {"LMT-0:19:32", 0, 19 * 60}, /* a stamp has no room for seconds */
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(setenv("TZ", table[i].tz, 1), 0);
		assert_int_equal(clock_offset(table[i].t), table[i].offset);
	}
	unsetenv("TZ");
}

static void
mono_never_goes_back(void **state)
{
	(void)state;
	struct timespec t0, t1;
	int64_t first, last;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	first = last = clock_mono();
	usleep(20000);
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono();
		assert_true(now >= last);
		last = now;
	}
	assert_true(last - first >= 20);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_true(last - first <=
	            (t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000 + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wall_is_the_time),
	    cmocka_unit_test(a_set_time_goes_on),
	    cmocka_unit_test(a_time_in_a_file_stands_still),
	    cmocka_unit_test(offsets),
	    cmocka_unit_test(mono_never_goes_back),
	};

	unsetenv("FLASHBACK_TEST_NOW");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
