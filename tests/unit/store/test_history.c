// SPDX-License-Identifier: ISC
#include "unit.h"

#include <inttypes.h>

#include "flashback/store/history.h"

#define LINE_SIZE 1024

static struct stamp
stamp(const char *name)
{
	struct stamp s;

	assert_int_equal(stamp_parse(name, &s), 0);
	return s;
}

/* The day-th of a series of snapshots. */
static struct stamp
stamp_of_day(int day, enum stamp_state state)
{
	return (struct stamp){
	    .when = INT64_C(1795140600) + day * INT64_C(86400), .offset = 3600, .state = state};
}

static const char success_line[] =
    "2026-11-20T031000+0100   SUCCEEDED       0      540     123456        321     44238163149"
    "       327155712  00c0ffee12345678  2026-11-20T031000+0100\n";
static const char failure_line[] =
    "2026-11-21T031012+0100   FAILED        255       12          0          0               0"
    "               0  00c0ffee12345678  -                                   connection refused: "
    "is sshd running on kimono?\n";

static void
make_success(struct history_run *run)
{
	*run = (struct history_run){
	    .stamp = stamp("2026-11-20T031000+0100"),
	    .result = RESULT_SUCCEEDED,
	    .seconds = 540,
	    .files = 123456,
	    .new_files = 321,
	    .bytes = INT64_C(44238163149),
	    .new_bytes = 327155712,
	    .fingerprint = UINT64_C(0xc0ffee12345678),
	    .snapshot = stamp("2026-11-20T031000+0100"),
	};
}

static void
make_failure(struct history_run *run)
{
	*run = (struct history_run){
	    .stamp = stamp("2026-11-21T031012+0100"),
	    .result = RESULT_FAILED,
	    .code = 255,
	    .seconds = 12,
	    .fingerprint = UINT64_C(0xc0ffee12345678),
	    .reason = "connection refused: is sshd running on kimono?",
	};
}

static void
print_line(const struct history_run *run, char line[LINE_SIZE])
{
	FILE *f = fmemopen(line, LINE_SIZE, "w");

	assert_non_null(f);
	assert_int_equal(history_print(f, run), 0);
	assert_int_equal(fclose(f), 0);
}

static void
test_print(void **state)
{
	struct history_run run;
	char line[LINE_SIZE];

	(void)state;
	make_success(&run);
	print_line(&run, line);
	assert_string_equal(line, success_line);
	make_failure(&run);
	print_line(&run, line);
	assert_string_equal(line, failure_line);
}

/* What has changed stands in front of the reason, where that is known. */
static void
test_changes(void **state)
{
	static const char *const others[] = {"1/0 x",     "-1/2 x", "1/x x", "1/ 2",    "/2 x",
	                                     "a/b: gone", "1/2/ x", "1/2/x", "1/2/3/4", "0/0/0"};
	struct history_run run, back;
	char line[LINE_SIZE];

	(void)state;
	make_success(&run);
	run.changed = 40;
	run.before = INT64_MAX;
	print_line(&run, line);
	assert_non_null(strstr(line, "+0100              40/9223372036854775807\n"));
	assert_int_equal(history_parse(line, &back), 0);
	assert_memory_equal(&back, &run, sizeof(run));
	snprintf(run.reason, sizeof(run.reason), "1/2 of it");
	print_line(&run, line);
	assert_int_equal(history_parse(line, &back), 0);
	assert_memory_equal(&back, &run, sizeof(run));
	/* Old bytes were found, and nothing is known of the rest. */
	run.changed = run.before = 0;
	run.differ = 3;
	print_line(&run, line);
	assert_non_null(strstr(line, "+0100              0/0/3  1/2 of it\n"));
	assert_int_equal(history_parse(line, &back), 0);
	assert_memory_equal(&back, &run, sizeof(run));
	for (size_t i = 0; i < LENGTH(others); i++) {
		snprintf(line, sizeof(line), "%.*s  %s\n", (int)strlen(success_line) - 1,
		         success_line, others[i]);
		assert_int_equal(history_parse(line, &back), 0);
		assert_int_equal(back.before, 0);
		assert_string_equal(back.reason, others[i]);
	}
}

/* Each column of a line begins or ends where its title does. */
static void
test_header_fits(void **state)
{
	static const char *const right[] = {"code",      "seconds", "files",
	                                    "new-files", "bytes",   "new-bytes"};
	static const char *const left[] = {"result", "fingerprint", "snapshot", "reason"};

	(void)state;
	for (size_t i = 0; i < LENGTH(right); i++) {
		char title[16];
		size_t end;

		snprintf(title, sizeof(title), " %s ", right[i]);
		end = (size_t)(strstr(HISTORY_HEADER, title) - HISTORY_HEADER) + strlen(title) - 2;
		assert_in_range(failure_line[end], '0', '9');
		assert_int_equal(failure_line[end + 1], ' ');
	}
	for (size_t i = 0; i < LENGTH(left); i++) {
		size_t at = (size_t)(strstr(HISTORY_HEADER, left[i]) - HISTORY_HEADER);

		assert_int_not_equal(failure_line[at], ' ');
		assert_int_equal(failure_line[at - 1], ' ');
	}
	assert_null(strchr(HISTORY_HEADER, '\n'));
	assert_int_equal(history_parse(HISTORY_HEADER, &(struct history_run){0}), -1);
}

/* A line has all fields of a run; the bytes between them are not compared. */
static void
assert_same_run(const struct history_run *a, const struct history_run *b)
{
	char of_a[LINE_SIZE], of_b[LINE_SIZE];

	print_line(a, of_a);
	print_line(b, of_b);
	assert_string_equal(of_a, of_b);
}

static void
test_parse(void **state)
{
	struct history_run run, wanted;
	char line[LINE_SIZE];

	(void)state;
	memset(&run, 0, sizeof(run));
	make_success(&wanted);
	assert_int_equal(history_parse(success_line, &run), 0);
	assert_same_run(&run, &wanted);
	make_failure(&wanted);
	assert_int_equal(history_parse(failure_line, &run), 0);
	assert_same_run(&run, &wanted);

	/* As someone's editor may leave it: other blanks, no line end, or that of another system.
	 */
	snprintf(line, sizeof(line), "  %.*s\r\n", (int)strlen(failure_line) - 1, failure_line);
	line[36] = '\t';
	assert_int_equal(history_parse(line, &run), 0);
	assert_same_run(&run, &wanted);
}

static const char *const good_words[] = {"2026-11-20T031000+0100",
                                         "PARTIAL",
                                         "23",
                                         "540",
                                         "9",
                                         "8",
                                         "7",
                                         "6",
                                         "00c0ffee12345678",
                                         "2026-11-20T031000+0100.partial",
                                         "some words"};

static void
join(const char *const *words, size_t at, const char *replacement, char line[LINE_SIZE])
{
	size_t used = 0;

	for (size_t i = 0; i < LENGTH(good_words); i++) {
		const char *word = i == at ? replacement : words[i];

		used += (size_t)snprintf(line + used, LINE_SIZE - used, "%s ", word);
	}
}

static void
test_parse_refuses(void **state)
{
	static const struct {
		size_t at;
		const char *word;
	} cases[] = {
	    {0, "#"},
	    {0, "2026-02-30T031000+0100"},
	    {0, "2026-11-20T031000+0100.partial"},
	    {0, "-"},
	    {1, "GREAT"},
	    {1, "NONE"},
	    {1, "partial"},
	    {2, "256"},
	    {2, "-2"},
	    {2, "0x1"},
	    {3, "-2"},
	    {3, "9m"},
	    {4, "-2"},
	    {4, "9223372036854775808"},
	    {5, "x"},
	    {6, "1.5"},
	    {7, "6,000"},
	    {8, "c0ffee"},
	    {8, "00C0FFEE12345678"},
	    {8, "-0c0ffee12345678"},
	    {8, "00c0ffee123456780"},
	    {8, "00c0ffee12345678z"},
	    {9, "nothing"},
	    {9, "2026-11-20T031000+0100.my-pin"},
	    {9, ""},
	};
	char line[LINE_SIZE];
	struct history_run run, before;

	(void)state;
	join(good_words, LENGTH(good_words), NULL, line);
	assert_int_equal(history_parse(line, &run), 0);
	make_failure(&before);
	run = before;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		join(good_words, cases[i].at, cases[i].word, line);
		if (history_parse(line, &run) == 0)
			fail_msg("taken: %s", line);
		assert_memory_equal(&run, &before, sizeof(run));
	}
	assert_int_equal(history_parse("", &run), -1);
	assert_int_equal(history_parse("\n", &run), -1);
	/* A line that was cut: without its last column it is none. */
	for (size_t len = 0; len < strlen(success_line) - strlen("2026-11-20T031000+0100\n");
	     len++) {
		memcpy(line, success_line, len);
		line[len] = '\0';
		assert_int_equal(history_parse(line, &run), -1);
	}
}

/* A reason from outside stays on its line, and rewriting the file does not change it again. */
static void
test_hostile_reason(void **state)
{
	struct history_run run, back, again;
	char line[LINE_SIZE], second[LINE_SIZE];

	(void)state;
	make_failure(&run);
	snprintf(run.reason, sizeof(run.reason), "%s",
	         "a\n2026 \x1b[2J\r\\033 \xff \xe2\x80\xae b");
	print_line(&run, line);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_int_equal(history_parse(line, &back), 0);
	assert_string_equal(back.reason, "a\\0122026 \\033[2J\\015\\033 \\377 \\342\\200\\256 b");
	print_line(&back, second);
	assert_string_equal(second, line);

	/* Someone else's control characters in the file do not reach the terminal either. */
	snprintf(line, sizeof(line), "%.*s\x1b[2J\n", (int)strlen(failure_line) - 1, failure_line);
	assert_int_equal(history_parse(line, &again), 0);
	assert_non_null(strstr(again.reason, "kimono?\\033[2J"));

	/* The longest there can be, all of it to be escaped: cut, but not in the middle. */
	memset(run.reason, '\x01', sizeof(run.reason) - 1);
	print_line(&run, line);
	assert_int_equal(history_parse(line, &back), 0);
	assert_int_equal(strlen(back.reason) % 4, 0);
	assert_int_equal(strlen(back.reason), (sizeof(run.reason) - 1) / 4 * 4);
	print_line(&back, second);
	assert_string_equal(second, line);
}

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 31;
}

/* A number of any size, so that columns overflow too. */
static int64_t
any_number(uint64_t *seed)
{
	int64_t n = (int64_t)(next(seed) << 31 ^ next(seed)) & INT64_MAX;

	return n >> next(seed) % 63;
}

static void
test_round_trip(void **state)
{
	const uint64_t first_seed = 20261122;
	uint64_t seed = first_seed;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct history_run run, back;
		char line[LINE_SIZE];

		memset(&run, 0, sizeof(run));
		run.stamp.when = 1 + (int64_t)(next(&seed) % UINT64_C(200000000000));
		run.stamp.offset = (int32_t)(next(&seed) % 1440) * 60;
		run.result = (enum result)(1 + next(&seed) % (RESULT_RESULTS - 1));
		run.code = (int)(next(&seed) % 257) - 1;
		run.seconds = any_number(&seed);
		run.files = any_number(&seed);
		run.new_files = i % 2 == 0 ? -1 : any_number(&seed);
		run.bytes = any_number(&seed);
		run.new_bytes = i % 7 == 0 ? INT64_MAX : any_number(&seed);
		run.fingerprint = next(&seed) << 33 ^ next(&seed);
		if (i % 3 != 0) {
			run.snapshot = run.stamp;
			run.snapshot.state = (enum stamp_state)(next(&seed) % STAMP_PINNED);
		}
		if (i % 5 != 0)
			snprintf(run.reason, sizeof(run.reason), "- %" PRIu64 " words",
			         next(&seed));
		print_line(&run, line);
		memset(&back, 0, sizeof(back));
		if (history_parse(line, &back) == -1 || memcmp(&run, &back, sizeof(run)) != 0)
			fail_msg("seed %" PRIu64 ", round %d: %s", first_seed, i, line);
	}
}

static void
test_print_tells_errors(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	struct history_run run;

	(void)state;
	make_success(&run);
	assert_non_null(f);
	setbuf(f, NULL);
	assert_int_equal(history_print(f, &run), -1);
	fclose(f);
}

static void
test_prune(void **state)
{
	enum { DAYS = HISTORY_OTHERS + 30 };
	struct history_run *runs = calloc(DAYS, sizeof(*runs));
	/* Day 3 is pinned now, day 5 being removed, day 7's offset was mended; day 1000 is no
	 * run's. */
	struct stamp there[] = {stamp_of_day(3, STAMP_PINNED), stamp_of_day(5, STAMP_EXPIRED),
	                        stamp_of_day(7, STAMP_COMPLETE),
	                        stamp_of_day(1000000, STAMP_COMPLETE),
	                        stamp_of_day(DAYS - 1, STAMP_COMPLETE)};
	size_t n;

	(void)state;
	assert_non_null(runs);
	there[2].offset = 0;
	for (int i = 0; i < DAYS; i++) {
		runs[i].stamp = stamp_of_day(i, STAMP_COMPLETE);
		runs[i].code = i;
		if (i % 2 == 1)
			runs[i].snapshot = stamp_of_day(i, STAMP_PARTIAL);
	}
	n = history_prune(runs, DAYS, there, LENGTH(there));
	assert_int_equal(n, HISTORY_OTHERS + 4);
	assert_int_equal(runs[0].code, 3);
	assert_int_equal(runs[1].code, 5);
	assert_int_equal(runs[2].code, 7);
	/* Of the 26 others that are too many, days 0 to 28 without those three. */
	for (size_t i = 3; i < n; i++)
		assert_int_equal(runs[i].code, 26 + (int)i);
	assert_int_equal(history_prune(runs, n, there, LENGTH(there)), n);
	assert_int_equal(history_prune(runs, 10, NULL, 0), 10);
	assert_int_equal(history_prune(runs, 0, NULL, 0), 0);
	free(runs);
}

static void
test_failures(void **state)
{
	static const struct {
		enum result results[8];
		unsigned failures;
	} cases[] = {
	    {{RESULT_NONE}, 0},
	    {{RESULT_FAILED}, 1},
	    {{RESULT_FAILED, RESULT_NO_SOURCE, RESULT_LINKS}, 3},
	    {{RESULT_FAILED, RESULT_SUCCEEDED}, 0},
	    {{RESULT_FAILED, RESULT_SUCCEEDED, RESULT_FAILED, RESULT_FAILED}, 2},
	    {{RESULT_FAILED, RESULT_PARTIAL, RESULT_FAILED}, 1},
	    {{RESULT_FAILED, RESULT_SUSPECT, RESULT_FAILED}, 1},
	    {{RESULT_FAILED, RESULT_INTERRUPTED, RESULT_FAILED}, 1},
	    {{RESULT_FAILED, RESULT_NOT_FOUND}, 0},
	    {{RESULT_FAILED, RESULT_DISK}, 0},
	    {{RESULT_FAILED, RESULT_BUSY, RESULT_FAILED, RESULT_NOT_NOW, RESULT_CLOCK}, 2},
	    {{RESULT_SUCCEEDED, RESULT_ABSENT, RESULT_NOT_DUE}, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct history_run runs[LENGTH(cases[0].results)] = {{.code = 0}};
		size_t n;

		for (n = 0; n < LENGTH(runs) && cases[i].results[n] != RESULT_NONE; n++)
			runs[n].result = cases[i].results[n];
		if (history_failures(runs, n) != cases[i].failures)
			fail_msg("case %zu: %u", i, history_failures(runs, n));
	}
}

/* Of two runs that claim a snapshot the newest made it. */
static void
test_made(void **state)
{
	struct history_run runs[3] = {{.code = 0}};
	struct stamp other = stamp_of_day(7, STAMP_COMPLETE);

	(void)state;
	for (int i = 0; i < 3; i++) {
		runs[i].snapshot = stamp_of_day(i / 2, STAMP_COMPLETE);
		runs[i].fingerprint = (uint64_t)i;
	}
	assert_ptr_equal(history_made(runs, 3, &runs[0].snapshot), &runs[1]);
	assert_ptr_equal(history_made(runs, 3, &runs[2].snapshot), &runs[2]);
	assert_null(history_made(runs, 3, &other));
	assert_true(history_is_alike(runs, 3, &runs[0].snapshot, 1));
	assert_false(history_is_alike(runs, 3, &runs[0].snapshot, 0));
	assert_false(history_is_alike(runs, 3, &other, 0));
}

/* A pin counts as what it was; one whose state is unknown, or that was no snapshot, does not. */
static void
test_files_before_a_pin(void **state)
{
	struct history_run runs[2] = {{.code = 0}};
	struct stamp there[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		there[i] = stamp_of_day(i, STAMP_COMPLETE);
		runs[i].stamp = runs[i].snapshot = there[i];
		runs[i].files = 100 + i;
	}
	there[1].state = STAMP_PINNED;
	there[1].pin = ".keep";
	there[1].was = history_pinned(runs, 2, &there[1]);
	assert_int_equal(there[1].was, STAMP_COMPLETE);
	assert_int_equal(history_files_before(runs, 2, there, 2, 0, INT64_MAX), 101);
	runs[1].snapshot.state = STAMP_INTERRUPTED;
	assert_int_equal(history_pinned(runs, 2, &there[1]), STAMP_PINNED);
	there[1].was = history_pinned(runs, 1, &there[1]);
	assert_int_equal(there[1].was, STAMP_PINNED);
	assert_int_equal(history_files_before(runs, 2, there, 2, 0, INT64_MAX), 100);
}

static void
test_files_before(void **state)
{
	struct history_run runs[6] = {{.code = 0}};
	struct stamp there[6];

	(void)state;
	for (int i = 0; i < 6; i++) {
		there[i] = stamp_of_day(i, STAMP_COMPLETE);
		runs[i].stamp = runs[i].snapshot = there[i];
		runs[i].files = 100 + i;
		runs[i].fingerprint = i < 4 ? 1 : 2;
	}
	assert_int_equal(history_files_before(runs, 6, there, 6, 2, INT64_MAX), 105);
	assert_int_equal(history_files_before(runs, 6, there, 6, 1, INT64_MAX), 103);
	assert_int_equal(history_files_before(runs, 6, there, 6, 3, INT64_MAX), 0);
	/* The order of the stamps plays no part. */
	there[0] = stamp_of_day(5, STAMP_COMPLETE);
	there[5] = stamp_of_day(0, STAMP_COMPLETE);
	assert_int_equal(history_files_before(runs, 6, there, 6, 2, INT64_MAX), 105);
	there[0] = stamp_of_day(0, STAMP_COMPLETE);
	there[5] = stamp_of_day(5, STAMP_COMPLETE);
	/* It must still be there, and its numbers known. */
	assert_int_equal(history_files_before(runs, 6, there, 3, 1, INT64_MAX), 102);
	runs[2].files = 0;
	assert_int_equal(history_files_before(runs, 6, there, 3, 1, INT64_MAX), 101);
	assert_int_equal(history_files_before(runs, 0, there, 3, 1, INT64_MAX), 0);
	assert_int_equal(history_files_before(runs, 6, NULL, 0, 1, INT64_MAX), 0);
	/* What was suspect and then accepted by renaming counts as complete. */
	runs[3].result = RESULT_SUSPECT;
	runs[3].snapshot.state = STAMP_SUSPECT;
	assert_int_equal(history_files_before(runs, 6, there, 6, 1, INT64_MAX), 103);
	/* Others do not count beside a complete one, whatever that was made with. */
	for (int i = 1; i < 6; i++)
		there[i].state = STAMP_PARTIAL;
	there[5].state = STAMP_SUSPECT;
	assert_int_equal(history_files_before(runs, 6, there, 6, 1, INT64_MAX), 100);
	assert_int_equal(history_files_before(runs, 6, there, 6, 2, INT64_MAX), 0);
	/* Nor does one from the future. */
	there[0].state = STAMP_COMPLETE;
	there[1].state = STAMP_COMPLETE;
	assert_int_equal(history_files_before(runs, 6, there, 6, 1, there[0].when), 100);
	assert_int_equal(history_files_before(runs, 6, there, 6, 1, there[0].when - 1), 0);
	there[1].state = STAMP_PARTIAL;
	/* While there is none, the newest partial one does. */
	there[0].state = STAMP_INTERRUPTED;
	assert_int_equal(history_files_before(runs, 6, there, 6, 2, INT64_MAX), 104);
	assert_int_equal(history_files_before(runs, 6, there, 6, 1, INT64_MAX), 103);
	assert_int_equal(history_files_before(runs, 6, there + 5, 1, 2, INT64_MAX), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_print),
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_header_fits),
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_parse_refuses),
	    cmocka_unit_test(test_hostile_reason),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_print_tells_errors),
	    cmocka_unit_test(test_prune),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_made),
	    cmocka_unit_test(test_files_before),
	    cmocka_unit_test(test_files_before_a_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
