// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/round.h"

#define T0 INT64_C(1800000000)
#define DAY INT64_C(86400)
#define SPAN (10 * DAY)
#define FILES 10000

/* Numbers of inodes are mostly consecutive; their places are spread evenly. */
static void
test_places(void **state)
{
	unsigned tenth[10] = {0};

	(void)state;
	for (ino_t i = 1; i <= FILES; i++) {
		int64_t place = round_place(i);

		assert_true(place > 0);
		assert_int_equal(place, round_place(i));
		tenth[(int)((double)place / 0x1p63 * 10)]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(tenth[i], FILES / 10 - 150, FILES / 10 + 150);
	assert_true(round_place((ino_t)INT64_MAX) > 0);
	assert_true(round_place((ino_t)UINT64_MAX) > 0);
	assert_true(round_place(0) > 0);
}

/* Runs at random times, interrupted anywhere: each file is compared once a round, and again after
 * the time of a round. */
static void
test_each_file_once(void **state)
{
	static int64_t compared[FILES];
	struct round r = {.begun = 0};
	int64_t now = T0, longest = 0;
	unsigned n = 0;

	(void)state;
	srandom(7);
	assert_int_equal(round_due(&r, now, SPAN), 0);
	while (now < T0 + 5 * SPAN) {
		int64_t due, upto;

		now += 1 + random() % DAY;
		due = round_due(&r, now, SPAN);
		upto = random() % 3 == 0 ? r.done + (due - r.done) / 2 : due;
		for (ino_t i = 0; i < FILES; i++) {
			int64_t place = round_place(i + 100);

			if (place <= r.done || place > upto)
				continue;
			if (compared[i] != 0 && now - compared[i] > longest)
				longest = now - compared[i];
			assert_true(compared[i] == 0 || now - compared[i] > SPAN - 2 * DAY);
			compared[i] = now;
			n++;
		}
		round_reach(&r, upto, now);
	}
	assert_in_range(n, 4 * FILES, 5 * FILES);
	assert_true(longest < SPAN + 4 * DAY);
	for (size_t i = 0; i < FILES; i++)
		assert_true(now - compared[i] < SPAN + 4 * DAY);
}

/* Runs that are interrupted anywhere: no comparison is older than it says, nor is that by more than
 * the time of a part; then a host is away for months, now and again. */
static void
test_oldest(void **state)
{
	static int64_t compared[FILES];
	struct round r = {.begun = 0};
	int64_t now = T0;

	(void)state;
	srandom(8);
	(void)round_due(&r, now, SPAN);
	while (now < T0 + 99 * SPAN) {
		int64_t upto, oldest = INT64_MAX;

		now += 1 + random() % DAY;
		if (now > T0 + 5 * SPAN && random() % 30 == 0)
			now += 9 * SPAN;
		upto = round_due(&r, now, SPAN);
		upto = random() % 2 == 0 ? r.done + (upto - r.done) / 2 : upto;
		for (ino_t i = 0; i < FILES; i++) {
			int64_t place = round_place(i + 100);

			if (place > r.done && place <= upto)
				compared[i] = now;
		}
		round_reach(&r, upto, now);
		for (size_t i = 0; i < FILES; i++)
			oldest = compared[i] < oldest ? compared[i] : oldest;
		assert_true(r.oldest <= oldest);
		if (oldest > 0 && now < T0 + 5 * SPAN)
			assert_true(r.oldest > oldest - SPAN / ROUND_PARTS - 2 * DAY);
	}
}

/* A clock that jumps back begins a new round; one that jumps ahead makes all due. */
static void
test_clock(void **state)
{
	struct round r = {.begun = T0, .oldest = T0 - SPAN, .done = 5};

	(void)state;
	assert_int_equal(round_due(&r, T0 - 1, SPAN), 0);
	assert_int_equal(r.begun, T0 - 1);
	assert_int_equal(r.oldest, 0);
	assert_int_equal(r.done, 0);
	assert_int_equal(round_due(&r, INT64_MAX / 2, SPAN), ROUND_END);
	assert_true(round_due(&r, T0 - 2 + SPAN, SPAN) < ROUND_END);
	assert_true(round_due(&r, T0 - 2 + SPAN, SPAN) > ROUND_END / 10 * 9);
	assert_int_equal(round_due(&r, T0 - 1 + SPAN, SPAN), ROUND_END);
	round_reach(&r, ROUND_END, T0 + SPAN);
	assert_int_equal(r.done, 0);
	assert_int_equal(r.oldest, T0 - 1);
	assert_int_equal(r.begun, T0 + SPAN);
}

static void
test_interruptions(void **state)
{
	struct round r = {.begun = T0};

	(void)state;
	assert_int_equal(round_interrupted(&r, 7), 1);
	assert_int_equal(round_interrupted(&r, 7), 2);
	assert_int_equal(round_interrupted(&r, 8), 1);
	round_reach(&r, 8, T0);
	assert_int_equal(r.held, 0);
	assert_int_equal(round_interrupted(&r, 8), 1);
}

static void
expect_words(const struct round *r, int64_t now, const char *want)
{
	char *words = round_words(r, now);

	assert_string_equal(words, want);
	free(words);
}

static void
test_words(void **state)
{
	struct round r = {.begun = 0};

	(void)state;
	expect_words(&r, T0, "no file has been compared with its source yet");
	r = (struct round){.begun = T0, .done = ROUND_END / 4};
	expect_words(&r, T0 + 5 * DAY,
	             "25% of the files compared with their source in 5d, the others not yet");
	r.oldest = T0 - 15 * DAY;
	expect_words(&r, T0 + 5 * DAY,
	             "25% of the files compared with their source in 5d, the oldest comparison is "
	             "about 20d old");
}

static void
test_record(void **state)
{
	static const char *const damaged[] = {"",
	                                      "1 2 3 4 5 6\n",
	                                      "# begun, oldest, done, held, tries, found, parts\n1 "
	                                      "2 3 4 5 6 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
	                                      "# begun, oldest, done, held, tries, found, parts\n1 "
	                                      "2 3 4 5 6 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	                                      "# begun, oldest, done, held, tries, found, parts\n1 "
	                                      "-2 3 4 5 6 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
	                                      "# begun, oldest, done, held, tries, found, parts\n0 "
	                                      "2 3 4 5 6 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"};
	const struct scratch *s = *state;
	struct round r = {.begun = 5}, back;

	round_read(s->fd, &r);
	assert_int_equal(r.begun, 0);
	r = (struct round){T0, T0 - SPAN, ROUND_END - 1, 77, 2, 3, {T0, [ROUND_PARTS - 1] = 5}};
	assert_int_equal(round_write(s->fd, &r), 0);
	round_read(s->fd, &back);
	assert_memory_equal(&back, &r, sizeof(r));
	/* What was found outlives a round and a wrong clock, until it was reported. */
	(void)round_due(&back, T0 - 1, SPAN);
	assert_int_equal(back.found, 3);
	round_reach(&back, ROUND_END, T0);
	assert_int_equal(back.found, 3);
	round_reported(s->fd);
	round_read(s->fd, &back);
	r.found = 0;
	assert_memory_equal(&back, &r, sizeof(r));
	for (size_t i = 0; i < LENGTH(damaged); i++) {
		write_file(ROUND_NAME, damaged[i], strlen(damaged[i]));
		round_read(s->fd, &back);
		assert_int_equal(back.begun, 0);
		assert_int_equal(back.done, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_each_file_once),
	    cmocka_unit_test(test_oldest),
	    cmocka_unit_test(test_clock),
	    cmocka_unit_test(test_interruptions),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test_setup_teardown(test_record, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
