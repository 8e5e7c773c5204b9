// SPDX-License-Identifier: ISC
#include "unit.h"

#include <time.h>

#include "flashback/store/retain.h"

#define MOST 64 /* stamps in one history */

static void
test_keeps_any(void **state)
{
	(void)state;
	assert_false(volume_keeps_any(&(struct volume_keep){0}));
	assert_true(volume_keeps_any(&(struct volume_keep){.last = 1}));
	assert_true(volume_keeps_any(&(struct volume_keep){.hourly = 1}));
	assert_true(volume_keeps_any(&(struct volume_keep){.daily = 1}));
	assert_true(volume_keeps_any(&(struct volume_keep){.weekly = 1}));
	assert_true(volume_keeps_any(&(struct volume_keep){.monthly = 1}));
	assert_true(volume_keeps_any(&(struct volume_keep){.yearly = 1}));
}

/* A history, each line "+ name" for what is kept and "- name" for what is not. */
struct table {
	const char *what;
	struct volume_keep policy;
	const char *lines[MOST];
};

static const struct table tables[] = {
    {"nothing there", {.daily = 3}, {NULL}},
    {"one a year", {.yearly = 1}, {"- 2026-11-19T031000+0100", "+ 2026-11-20T031000+0100", NULL}},
    {"a policy that keeps nothing is a mistake",
     {0},
     {"+ 2026-11-19T031000+0100", "+ 2026-11-20T031000+0100", NULL}},
    {"the last few",
     {.last = 2},
     {"- 2026-11-18T031000+0100", "+ 2026-11-19T031000+0100", "+ 2026-11-20T031000+0100", NULL}},
    {"more than there are",
     {.last = 9},
     {"+ 2026-11-19T031000+0100", "+ 2026-11-20T031000+0100", NULL}},
    {"the newest of each hour that has one",
     {.hourly = 3},
     {"- 2026-11-20T010000+0100", "- 2026-11-20T020000+0100", "+ 2026-11-20T025959+0100",
      "+ 2026-11-20T030000+0100", "- 2026-11-20T080100+0100", "+ 2026-11-20T085900+0100", NULL}},
    {"the newest of each day that has one: a month away loses nothing",
     {.daily = 3},
     {"- 2026-08-01T031000+0200", "+ 2026-08-02T031000+0200", "- 2026-08-03T031000+0200",
      "+ 2026-08-03T235959+0200", "- 2026-11-20T000000+0100", "+ 2026-11-20T031000+0100", NULL}},
    {"ISO weeks begin on Monday",
     {.weekly = 2},
     {"- 2026-11-08T120000+0100", "- 2026-11-09T000000+0100", "+ 2026-11-15T235959+0100",
      "- 2026-11-16T000000+0100", "+ 2026-11-22T120000+0100", NULL}},
    {"week 53 of 2026 reaches into January",
     {.weekly = 3},
     {"- 2026-12-20T120000+0100", "+ 2026-12-27T235959+0100", "- 2026-12-28T000000+0100",
      "- 2026-12-31T235959+0100", "- 2027-01-01T000000+0100", "+ 2027-01-03T235959+0100",
      "+ 2027-01-04T000000+0100", NULL}},
    {"week 1 of 2025 begins in December",
     {.weekly = 2},
     {"+ 2024-12-29T235959+0100", "- 2024-12-30T000000+0100", "- 2024-12-31T235959+0100",
      "+ 2025-01-05T235959+0100", NULL}},
    {"months and years",
     {.monthly = 2, .yearly = 3},
     {"- 2023-12-31T120000+0100", "- 2024-01-01T000000+0100", "+ 2024-12-31T235959+0100",
      "- 2025-01-01T000000+0100", "- 2025-11-30T120000+0100", "- 2025-12-01T120000+0100",
      "+ 2025-12-31T235959+0100", "- 2026-01-01T000000+0100", "+ 2026-01-31T000000+0100", NULL}},
    {"the same month of two years is two months",
     {.monthly = 2},
     {"- 2024-11-20T031000+0100", "+ 2025-11-20T031000+0100", "+ 2026-11-20T031000+0100", NULL}},
    {"the union of all",
     {.last = 1, .daily = 2, .weekly = 2},
     {"- 2026-11-11T031000+0100", "+ 2026-11-15T031000+0100", "- 2026-11-17T031000+0100",
      "- 2026-11-18T031000+0100", "+ 2026-11-19T031000+0100", "- 2026-11-20T031000+0100",
      "+ 2026-11-20T041000+0100", NULL}},
    {"days as written, not as in UTC",
     {.daily = 2},
     {"- 2026-11-19T233000-0500", "- 2026-11-20T003000-0500", "+ 2026-11-20T200000-0500",
      "+ 2026-11-21T003000-0500", NULL}},
    {"the hour that comes twice is one hour, and its newest is the later instant",
     {.hourly = 2},
     {"- 2026-10-25T015000+0200", "- 2026-10-25T025500+0200", "+ 2026-10-25T020500+0100",
      "+ 2026-10-25T030000+0100", NULL}},
    {"the newest by the instant, though its name is the lesser",
     {.last = 1},
     {"- 2026-10-25T025500+0200", "+ 2026-10-25T020500+0100", NULL}},
    {"a journey west comes to the same day again",
     {.daily = 2},
     {"- 2026-11-19T220000+1000", "- 2026-11-20T220000+1000", "+ 2026-11-21T003000+1000",
      "+ 2026-11-20T200000+0000", NULL}},
};

/* Set drop[i] for what no number of the policy keeps, as expire_list goes by it.  Return how many.
 */
static int
mark(const struct stamp *stamps, size_t n, const struct volume_keep *policy, bool *drop)
{
	struct volume_keep rank[MOST];
	int dropped = 0;

	assert_int_equal(retain_rank(stamps, n, policy, rank), 0);
	for (size_t i = 0; i < n; i++) {
		drop[i] = volume_keeps_any(policy) && !volume_keeps_any(&rank[i]);
		dropped += drop[i];
	}
	return dropped;
}

static void
test_tables(void **state)
{
	(void)state;
	for (size_t t = 0; t < LENGTH(tables); t++) {
		const char *const *lines = tables[t].lines;
		struct stamp stamps[MOST];
		bool drop[MOST];
		int wanted = 0;
		size_t n;

		for (n = 0; lines[n] != NULL; n++) {
			assert_int_equal(stamp_parse(lines[n] + 2, &stamps[n]), 0);
			drop[n] = n % 2 == 0;
			wanted += lines[n][0] == '-';
		}
		assert_int_equal(mark(stamps, n, &tables[t].policy, drop), wanted);
		for (size_t i = 0; i < n; i++)
			if (drop[i] != (lines[i][0] == '-'))
				fail_msg("%s: %s", tables[t].what, lines[i]);
	}
}

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* A random history, oldest first, without two stamps at one instant. */
static size_t
make_history(uint64_t *seed, struct stamp *stamps)
{
	static const int64_t steps[] = {600, 3600, 20000, 86400, 200000, 700000, 5000000};
	static const int32_t offsets[] = {0, 3600, 7200, -18000, 36000, 20700};
	int64_t when = INT64_C(1600000000) + (int64_t)(next(seed) % 300000000);
	int32_t offset = offsets[next(seed) % LENGTH(offsets)];
	int64_t step = steps[next(seed) % LENGTH(steps)];
	size_t n = (size_t)(next(seed) % (MOST + 1));

	for (size_t i = 0; i < n; i++) {
		if (next(seed) % 8 == 0)
			step = steps[next(seed) % LENGTH(steps)];
		if (next(seed) % 16 == 0)
			offset = offsets[next(seed) % LENGTH(offsets)];
		when += 1 + (int64_t)next(seed) % step;
		stamps[i] = (struct stamp){.when = when, .offset = offset, .state = STAMP_COMPLETE};
	}
	return n;
}

static void
make_policy(uint64_t *seed, struct volume_keep *p)
{
	unsigned *count[] = {&p->last, &p->hourly, &p->daily, &p->weekly, &p->monthly, &p->yearly};

	*p = (struct volume_keep){0};
	while (!volume_keeps_any(p))
		for (size_t i = 0; i < LENGTH(count); i++)
			*count[i] = next(seed) % 2 == 0 ? 0 : (unsigned)(next(seed) % 12);
}

/* The span of a stamp as a text: a part of its name, or the week as the C library counts it. */
static void
span_text(const struct stamp *s, char span, char text[STAMP_NAME_SIZE])
{
	struct tm tm;

	stamp_format(s, text);
	stamp_local(s, &tm);
	switch (span) {
	case 'h':
		text[13] = '\0';
		break;
	case 'd':
		text[10] = '\0';
		break;
	case 'w':
		strftime(text, STAMP_NAME_SIZE, "%G-W%V", &tm);
		break;
	case 'm':
		text[7] = '\0';
		break;
	default:
		text[4] = '\0';
	}
}

/* The same by other means: of n ascending stamps, keep the last of each of the newest count spans.
 */
static void
expect_spans(const struct stamp *stamps, size_t n, char span, unsigned count, bool *keep)
{
	char seen[MOST][STAMP_NAME_SIZE], text[STAMP_NAME_SIZE];
	unsigned used = 0;

	for (size_t i = n; i-- > 0 && used < count;) {
		bool again = false;

		span_text(&stamps[i], span, text);
		for (unsigned k = 0; k < used; k++)
			again = again || strcmp(seen[k], text) == 0;
		if (again)
			continue;
		memcpy(seen[used++], text, sizeof(text));
		keep[i] = true;
	}
}

static void
expect(const struct stamp *stamps, size_t n, const struct volume_keep *p, bool *keep)
{
	memset(keep, 0, n * sizeof(*keep));
	for (size_t i = 0; i < n; i++)
		keep[i] = i + 1 == n || i + p->last >= n;
	expect_spans(stamps, n, 'h', p->hourly, keep);
	expect_spans(stamps, n, 'd', p->daily, keep);
	expect_spans(stamps, n, 'w', p->weekly, keep);
	expect_spans(stamps, n, 'm', p->monthly, keep);
	expect_spans(stamps, n, 'y', p->yearly, keep);
}

/* Mark the same stamps in another order: each must fare as before. */
static bool
same_when_shuffled(uint64_t *seed, const struct stamp *stamps, size_t n,
                   const struct volume_keep *p, const bool *drop)
{
	struct stamp shuffled[MOST];
	size_t from[MOST];
	bool again[MOST];

	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)(next(seed) % (i + 1));

		from[i] = from[at];
		from[at] = i;
	}
	for (size_t i = 0; i < n; i++)
		shuffled[i] = stamps[from[i]];
	mark(shuffled, n, p, again);
	for (size_t i = 0; i < n; i++)
		if (again[i] != drop[from[i]])
			return false;
	return true;
}

static void
test_properties(void **state)
{
	const char *given = getenv("SEED");
	uint64_t first_seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	uint64_t seed = first_seed;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		struct stamp stamps[MOST], left[MOST];
		bool drop[MOST], keep[MOST], again[MOST];
		struct volume_keep policy;
		size_t n = make_history(&seed, stamps), nleft = 0;
		const char *wrong = NULL;

		make_policy(&seed, &policy);
		expect(stamps, n, &policy, keep);
		mark(stamps, n, &policy, drop);
		for (size_t i = 0; i < n; i++) {
			if (drop[i] == keep[i])
				wrong = "not what the rules say";
			if (!drop[i])
				left[nleft++] = stamps[i];
		}
		if (n > 0 && drop[n - 1])
			wrong = "the newest is gone";
		if (mark(left, nleft, &policy, again) != 0)
			wrong = "more goes at the second time";
		if (!same_when_shuffled(&seed, stamps, n, &policy, drop))
			wrong = "the order matters";
		if (wrong != NULL)
			fail_msg("SEED=%llu, round %d: %s", (unsigned long long)first_seed, round,
			         wrong);
	}
}

/* Removing a few at a time, and making new ones between, loses nothing that was to be kept. */
static void
test_daily_use(void **state)
{
	const struct volume_keep policy = {.daily = 10, .weekly = 8};
	struct stamp stamps[MOST];
	bool drop[MOST];
	size_t n = 0, kept;

	(void)state;
	for (int day = 0; day < 400; day++) {
		stamps[n++] =
		    (struct stamp){.when = INT64_C(1795140600) + day * 86400, .offset = 3600};
		mark(stamps, n, &policy, drop);
		kept = 0;
		for (size_t i = 0; i < n; i++)
			if (!drop[i])
				stamps[kept++] = stamps[i];
		n = kept;
	}
	/* Ten days, and of the eight weeks the Sundays that are not among them. */
	assert_in_range(n, 16, 17);
	for (size_t i = n - 10; i < n; i++)
		assert_true(stamps[n - 1].when - stamps[i].when == (int64_t)(n - 1 - i) * 86400);
	assert_true(stamps[n - 1].when - stamps[0].when >= INT64_C(43) * 86400);
}

static void
test_words(void **state)
{
	static const struct {
		struct volume_keep policy;
		const char *words;
	} cases[] = {
	    {{.last = 3, .daily = 10, .weekly = 8}, "last 3, daily 10, weekly 8"},
	    {{.last = 1}, "last 1"},
	    {{.hourly = 24, .daily = 1}, "hourly 24, daily 1"},
	    {{.monthly = 2, .yearly = 100}, "monthly 2, yearly 100"},
	    {{0}, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *words = retain_why(&cases[i].policy);

		assert_string_equal(words, cases[i].words);
		free(words);
	}
}

static void
test_last_needed(void **state)
{
	const struct volume_keep usual = {.last = 3, .daily = 10, .weekly = 8};
	const char *period = NULL;

	(void)state;
	assert_int_equal(retain_last_needed(&usual, 86400, &period), 0);
	assert_int_equal(retain_last_needed(&usual, 28800, &period), 0);
	assert_int_equal(retain_last_needed(&usual, 21600, &period), 4);
	assert_string_equal(period, "day");
	assert_int_equal(retain_last_needed(&usual, 1, &period), 86400);
	assert_int_equal(
	    retain_last_needed(&(struct volume_keep){.hourly = 1, .daily = 1}, 3600, &period), 0);
	assert_int_equal(retain_last_needed(&(struct volume_keep){.weekly = 1}, 86400, &period), 7);
	assert_string_equal(period, "week");
	assert_int_equal(retain_last_needed(&(struct volume_keep){.last = 1}, 1, &period), 0);
}

/* Each number of the policy numbers what it keeps, the newest first. */
static void
test_ranks(void **state)
{
	static const struct volume_keep policy = {.last = 2, .daily = 2, .weekly = 3};
	static const char *const names[] = {
	    "2026-11-08T031000+0100", "2026-11-14T031000+0100", "2026-11-15T031000+0100",
	    "2026-11-20T031000+0100", "2026-11-20T041000+0100",
	};
	static const char *const why[] = {"weekly 3", "", "daily 2, weekly 2", "last 2",
	                                  "last 1, daily 1, weekly 1"};
	struct stamp stamps[LENGTH(names)];
	struct volume_keep rank[LENGTH(names)];

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++)
		assert_int_equal(stamp_parse(names[i], &stamps[i]), 0);
	assert_int_equal(retain_rank(stamps, LENGTH(names), &policy, rank), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		char *words = retain_why(&rank[i]);

		assert_string_equal(words, why[i]);
		free(words);
	}
}

/* Complete and partial snapshots are numbered apart; others not at all. */
static void
test_series(void **state)
{
	static const enum stamp_state states[] = {STAMP_COMPLETE, STAMP_PARTIAL,  STAMP_SUSPECT,
	                                          STAMP_PINNED,   STAMP_COMPLETE, STAMP_PARTIAL};
	static const unsigned daily[] = {2, 2, 0, 0, 1, 1};
	const struct volume_keep keep = {.daily = 3};
	struct stamp stamps[LENGTH(states)];
	struct volume_keep rank[LENGTH(states)];

	(void)state;
	for (size_t i = 0; i < LENGTH(states); i++)
		stamps[i] =
		    (struct stamp){.when = 1800000000 + (int64_t)i * 86400, .state = states[i]};
	assert_int_equal(retain_rank(stamps, LENGTH(states), &keep, rank), 0);
	for (size_t i = 0; i < LENGTH(states); i++)
		assert_int_equal(rank[i].daily, daily[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ranks),      cmocka_unit_test(test_series),
	    cmocka_unit_test(test_words),      cmocka_unit_test(test_last_needed),
	    cmocka_unit_test(test_keeps_any),  cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_properties), cmocka_unit_test(test_daily_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
