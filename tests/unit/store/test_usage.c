// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <sys/statvfs.h>

#include "flashback/lib/clock.h"
#include "flashback/store/marker.h"
#include "flashback/store/store.h"
#include "flashback/store/usage.h"

#define DAY INT64_C(86400)
#define NOW (CLOCK_RELEASE_DATE + 1000 * DAY)
#define G (INT64_C(1) << 30)
#define FILE_PATH ".flashback/" USAGE_NAME

/* Write the file: this disk or another one, and these days, each with a gigabyte more. */
static void
write_days(const struct scratch *s, const char *disk, int64_t from, int n)
{
	char name[MARKER_DISK_SIZE];
	FILE *f = fopen(FILE_PATH, "w");

	assert_non_null(f);
	assert_int_equal(store_disk(s->fd, name), 0);
	fprintf(f, "%s\n", disk != NULL ? disk : name);
	for (int i = 0; i < n; i++)
		fprintf(f, "%jd %jd\n", (intmax_t)(from + i * DAY), (intmax_t)(i * G));
	assert_int_equal(fclose(f), 0);
}

static int
count_lines(void)
{
	FILE *f = fopen(FILE_PATH, "r");
	int n = 0, c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* A line a day, that of its last run. */
static void
test_note(void **state)
{
	struct scratch *s = *state;
	struct statvfs fs;
	intmax_t when, used;
	FILE *f;

	usage_note(s->fd, NOW, false); /* nowhere to note it */
	assert_int_equal(usage_growth(s->fd, NOW), 0);
	make_dir(".flashback");
	usage_note(s->fd, NOW, false);
	usage_note(s->fd, NOW + 3600, false);
	assert_int_equal(count_lines(), 2);
	usage_note(s->fd, NOW + DAY, false);
	assert_int_equal(count_lines(), 3);
	assert_int_equal(usage_growth(s->fd, NOW), 0);
	f = fopen(FILE_PATH, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*s %*d %*d %jd %jd", &when, &used), 2);
	fclose(f);
	assert_int_equal(when / DAY, NOW / DAY + 1);
	assert_int_equal(statvfs(".", &fs), 0);
	assert_true(used > 0 && used <= (intmax_t)(fs.f_blocks * fs.f_frsize));
	/* A first snapshot: what it took is no growth. */
	usage_note(s->fd, NOW + DAY, true);
	assert_int_equal(count_lines(), 2);
}

/* It does not grow for ever, however long it has become. */
static void
test_bounds(void **state)
{
	struct scratch *s = *state;

	make_dir(".flashback");
	write_days(s, NULL, NOW - 200 * DAY, 200);
	assert_int_equal(usage_growth(s->fd, NOW), G);
	usage_note(s->fd, NOW, false);
	assert_int_equal(count_lines(), 62);
	write_days(s, NULL, NOW - 2000 * DAY, 2000); /* more than is read */
	assert_int_equal(usage_growth(s->fd, NOW), 0);
	usage_note(s->fd, NOW, false);
	assert_int_equal(count_lines(), 2);
}

/* A store that was copied to another disk brings the figures of the first along. */
static void
test_other_disk(void **state)
{
	struct scratch *s = *state;

	make_dir(".flashback");
	write_days(s, "ef53-0123456789abcdef", NOW - 20 * DAY, 20);
	assert_int_equal(usage_growth(s->fd, NOW), 0);
	usage_note(s->fd, NOW, false);
	assert_int_equal(count_lines(), 2);
}

/* Days that a wrong clock has noted ahead, and a clock that was set back. */
static void
test_clock(void **state)
{
	struct scratch *s = *state;

	make_dir(".flashback");
	write_days(s, NULL, NOW - 20 * DAY, 20);
	usage_note(s->fd, NOW + 900 * DAY, false);
	assert_int_equal(count_lines(), 22);
	assert_int_equal(usage_growth(s->fd, NOW + 900 * DAY), 0);
	assert_int_equal(usage_growth(s->fd, NOW), G);
	usage_note(s->fd, NOW - DAY, false); /* in place of the last, and what is ahead goes */
	assert_int_equal(count_lines(), 21);
	assert_int_equal(usage_growth(s->fd, 60), 0);
	usage_note(s->fd, 60, false);
	assert_int_equal(count_lines(), 2);
}

static void
test_damage(void **state)
{
	static const char *const texts[] = {"", "\n", "x", "\n\n\n", "9 9\n8 8\n"};
	struct scratch *s = *state;
	FILE *f;

	make_dir(".flashback");
	for (size_t i = 0; i < LENGTH(texts); i++) {
		write_file(FILE_PATH, texts[i], strlen(texts[i]));
		assert_int_equal(usage_growth(s->fd, NOW), 0);
		usage_note(s->fd, NOW, false);
		assert_int_equal(count_lines(), 2);
	}
	/* Lines that are damaged or out of order are left out. */
	write_days(s, NULL, NOW - 10 * DAY, 10);
	f = fopen(FILE_PATH, "a");
	assert_non_null(f);
	fprintf(f, "x 1\n\n1\n-1 5\n%jd 7\n%jd 99999999999999999999\n%jd %jd",
	        (intmax_t)(NOW - 5 * DAY), (intmax_t)NOW, (intmax_t)NOW, (intmax_t)(10 * G));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(usage_growth(s->fd, NOW), G);
	usage_note(s->fd, NOW, false);
	assert_int_equal(count_lines(), 12);
	assert_int_equal(unlink(FILE_PATH), 0);
	make_dir(FILE_PATH);
	usage_note(s->fd, NOW, false);
	assert_int_equal(usage_growth(s->fd, NOW), 0);
}

/* ---- the estimate ---- */

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
	struct usage_day days[MOST];
	int64_t used = 100 * G;
	size_t n = 0;

	for (int day = 0; day < life->days; day++) {
		used += life->daily;
		if (life->period != 0 && day % life->period == life->period - 1)
			used -= life->goes;
		if (day == life->burst_day)
			used += life->burst;
		if (day % (life->every != 0 ? life->every : 1) == 0)
			days[n++] = (struct usage_day){20000 + day, used};
	}
	return usage_daily(days, n);
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
	assert_int_equal(usage_daily(NULL, 0), 0);
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
	struct usage_day days[] = {{1, 0},         {2, 900 * G},   {20000, G},
	                           {20003, 4 * G}, {20006, 7 * G}, {20007, 8 * G}};

	(void)unused;
	assert_int_equal(usage_daily(days, 6), G);
	assert_int_equal(usage_daily(days, 5), 0);
}

int
main(void)
{
#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    SCRATCH_TEST(test_note),         SCRATCH_TEST(test_bounds),
	    SCRATCH_TEST(test_other_disk),   SCRATCH_TEST(test_clock),
	    SCRATCH_TEST(test_damage),       cmocka_unit_test(test_steady),
	    cmocka_unit_test(test_sawtooth), cmocka_unit_test(test_burst),
	    cmocka_unit_test(test_gap),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
