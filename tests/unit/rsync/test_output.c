// SPDX-License-Identifier: ISC
#include "unit.h"

#include <inttypes.h>
#include <time.h>

#include "flashback/rsync/output.h"

/* What follows from it is tested with the judge; here is what it is gathered into. */

#define GONE "rsync: [sender] send_files failed to open \"/src/a\": Permission denied (13)"
#define TEN "/123456789"
#define DEEP(name)                                                                                 \
	"rsync: [sender] opendir \"" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "/" name          \
	"\" failed: Permission denied (13)"
#define REFUSED_HERE "rsync: [receiver] mkstemp \"/s/x.working/.b.3Kd02P\" failed: "

static struct output_words
hear(const char *const lines[], size_t n)
{
	struct output_words w = {.cause_rank = 0};

	for (size_t i = 0; i < n; i++)
		output_line(&w, lines[i], strlen(lines[i]), true);
	return w;
}

#define HEAR(...)                                                                                  \
	hear((const char *const[]){__VA_ARGS__},                                                   \
	     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
test_streams(void **state)
{
	static const char line[] = "Number of files: 7 (reg: 5, dir: 2)";
	struct output_words w = HEAR(line);

	(void)state;
	assert_false(w.stats.seen);
	output_line(&w, line, strlen(line), false);
	assert_true(w.stats.seen);
	assert_int_equal(w.stats.files, 7);
	output_line(&w, GONE, strlen(GONE), false);
	assert_int_equal(w.unreadable, 0);
}

static void
test_each_file_counts_once(void **state)
{
	struct output_words w =
	    HEAR(GONE, GONE,
	         "rsync: [sender] send_files failed to open \"/src/b\": Permission denied (13)");

	(void)state;
	assert_int_equal(w.unreadable, 2);
	assert_non_null(strstr(w.first_error, "/src/a"));
	assert_non_null(strstr(w.last_file, "/src/b"));
	assert_non_null(strstr(w.last_error, "/src/b"));
	/* Also where the paths differ behind what is shown of them. */
	w = HEAR(DEEP("1"), DEEP("2"), DEEP("2"), DEEP("1"));
	assert_int_equal(w.unreadable, 3);
	assert_int_equal(w.unwritten, 0);
}

static void
test_trouble_here(void **state)
{
	struct output_words w = HEAR(REFUSED_HERE "No space left on device (28)");

	(void)state;
	assert_true(w.no_space);
	assert_false(w.read_only || w.io_error || w.too_many_links);
	assert_int_equal(w.unwritten, 1);
	assert_int_equal(w.unreadable, 0);
	assert_non_null(strstr(w.first_refusal, "No space"));
	assert_string_equal(w.first_attribute, "");
	w = HEAR(REFUSED_HERE "Read-only file system (30)", REFUSED_HERE "Input/output error (5)");
	assert_true(w.read_only && w.io_error);
	assert_false(w.no_space);
	assert_int_equal(w.unwritten, 2);
	assert_non_null(strstr(w.first_refusal, "Read-only"));
}

static void
test_vanished(void **state)
{
	struct output_words w =
	    HEAR("file has vanished: \"/src/a\"", "file has vanished: \"/src/b\"",
	         "rsync warning: some files vanished before they could be "
	         "transferred (code 24) at main.c(1865) [generator=3.5.0]");

	(void)state;
	assert_int_equal(w.vanished, 2);
	assert_int_equal(w.unreadable, 0);
}

/* The most telling cause stays, in whichever order they come. */
static void
test_cause(void **state)
{
	static const char first[] =
	    "Host key for kimono has changed and you have requested strict checking.";
	static const char then[] = "Host key verification failed.";
	struct output_words one = HEAR(first), a = HEAR(first, then), b = HEAR(then, first);

	(void)state;
	assert_non_null(strstr(one.cause, "has the host key of kimono changed?"));
	assert_string_equal(a.cause, one.cause);
	assert_string_equal(b.cause, one.cause);
	assert_int_equal(b.cause_rank, one.cause_rank);
}

static int
statistic(const char *line, struct output_stats *stats)
{
	return output_statistic(line, strlen(line), stats);
}

static void
test_statistics(void **state)
{
	static const char *const lines[] = {
	    "Number of files: 1506 (reg: 1502, dir: 1, link: 1, dev: 1, special: 1)",
	    "Number of regular files transferred: 3",
	    "Total file size: 5003006396 bytes",
	    "Total transferred file size: 77 bytes",
	};
	struct output_stats s = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_int_equal(statistic(lines[i], &s), 0);
	assert_true(s.seen);
	assert_int_equal(s.files, 1506);
	assert_int_equal(s.dirs, 1);
	assert_int_equal(s.transferred, 3);
	assert_int_equal(s.bytes, INT64_C(5003006396));
	assert_int_equal(s.new_bytes, 77);
}

/* Only the number of files says that rsync came to its end. */
static void
test_statistics_seen(void **state)
{
	struct output_stats s = {0};

	(void)state;
	assert_int_equal(statistic("Total file size: 5 bytes", &s), 0);
	assert_false(s.seen);
	assert_int_equal(statistic("Number of files: 0", &s), 0);
	assert_true(s.seen);
	assert_int_equal(s.files, 0);
	assert_int_equal(s.dirs, 0);
}

static void
test_no_statistics(void **state)
{
	static const char *const lines[] = {
	    "",
	    "Number of files: ",
	    "Number of files: -1",
	    "Number of files: x",
	    "Number of files: 1,506 (reg: 1,502)",
	    "Number of files: 12x",
	    "Number of files: 99999999999999999999",
	    " Number of files: 5",
	    "Number of deleted files: 5",
	    "-rw-r--r-- 2 2026/11/22 22:40:13 Number of files: 5",
	};
	struct output_stats s, none = {0};

	(void)state;
	memset(&s, 0, sizeof(s));
	for (size_t i = 0; i < LENGTH(lines); i++) {
		print_message("%s\n", lines[i]);
		assert_int_equal(statistic(lines[i], &s), -1);
		assert_memory_equal(&s, &none, sizeof(s));
	}
}

static void
test_progress(void **state)
{
	/* Each row goes on from what the rows before it said. */
	static const struct {
		const char *line;
		struct output_progress p;
	} rows[] = {
	    {"          32768   0%    0.00kB/s    0:00:00  ", {0, 32768, 0, 0, 0, 0}},
	    {"          65536  12%   64.00kB/s    0:00:07  ", {12, 65536, 65536, 7, 0, 0}},
	    {"       21626880  32%   19.58MB/s    0:00:02  (xfr#1, to-chk=300/302)",
	     {0, 21626880, 20531118, 7, 2, 302}},
	    {"        1698304  28%    1.50kB/s    1:02:03  ", {0, 1698304, 1536, 3723, 2, 302}},
	    {"        5200000  86%    2.25GB/s    0:00:03 (xfr#26, ir-chk=100/400)",
	     {75, 5200000, INT64_C(2415919104), 3723, 300, 400}},
	    {"        4200000  70%    1.47MB/s    0:00:02 (xfr#21, to-chk=0/31) ",
	     {100, 4200000, 1541406, 3723, 31, 31}},
	    {"0 0% 0.00kB/s ??:??:??", {100, 0, 0, -1, 31, 31}},
	    {"0   0%    0.00kB/s    0:00:00 (xfr#0, to-chk=0/0)", {0, 0, 0, -1, 0, 0}},
	    {"  999999999999999 100% 1023.99GB/s 123456:59:59",
	     {100, INT64_C(999999999999999), INT64_C(1099500890357), INT64_C(444445199), 0, 0}},
	};
	struct output_progress p = {.left = -1};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		print_message("%s\n", rows[i].line);
		assert_int_equal(output_progress(rows[i].line, strlen(rows[i].line), &p), 0);
		assert_int_equal(p.percent, rows[i].p.percent);
		assert_int_equal(p.bytes, rows[i].p.bytes);
		assert_int_equal(p.rate, rows[i].p.rate);
		assert_int_equal(p.left, rows[i].p.left);
		assert_int_equal(p.done, rows[i].p.done);
		assert_int_equal(p.all, rows[i].p.all);
	}
}

static void
test_no_progress(void **state)
{
	static const char *const lines[] = {
	    "",
	    "   ",
	    "Number of files: 5",
	    "5 32%",
	    "5 32% 19.58MB/s",
	    "5 32% 19.58MB/s 0:00",
	    "5 32% 19MB/s 0:00:00",
	    "5 32% 19.58XB/s 0:00:00",
	    "5 32% 19.58MB/s 0:60:00",
	    "5 32 19.58MB/s 0:00:00",
	    "-5 32% 19.58MB/s 0:00:00",
	    "5 32% 19.58MB/s 0:00:00 (xfr#1, to-chk=3/2)",
	    "5 32% 19.58MB/s 0:00:00 (xfr#1, to-chk=-1/2)",
	    "5 32% 19.58MB/s 0:00:00 (xfr#1, xx-chk=1/2)",
	    "5 32% 19.58MB/s 0:00:00 (xfr#1, to-chk=1/2) x",
	    "99999999999999999999999 32% 19.58MB/s 0:00:00",
	    "5 32% 99999999999999999999999.58MB/s 0:00:00",
	    "5 32% 19.58MB/s 99999999999999999999:00:00",
	    "5 32% 19.58MB/s 0:00:00 (xfr#1, to-chk=1/99999999999999999999)",
	};
	struct output_progress p = {0}, none = {.percent = 7};
	char endless[100000];

	(void)state;
	memset(endless, '1', sizeof(endless));
	assert_int_equal(output_progress(endless, sizeof(endless), &p), -1);
	for (size_t i = 0; i < LENGTH(lines); i++) {
		p = none;
		print_message("%s\n", lines[i]);
		assert_int_equal(output_progress(lines[i], strlen(lines[i]), &p), -1);
		assert_int_equal(p.percent, 7);
		assert_int_equal(p.all, 0);
		assert_int_equal(p.bytes, 0);
	}
}

/* A good line with some bytes changed or cut: never a number that makes no sense. */
static void
test_random_progress(void **state)
{
	static const char good[] = "  21626880  32%  19.58MB/s  0:00:02 (xfr#1, to-chk=300/302)";
	static const char bytes[] = "0123456789999 :.%/#kMG\n\r";
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 200000; i++) {
		struct output_progress p = {.left = -1};
		char line[sizeof(good)];
		size_t n = (size_t)rand() % sizeof(good);

		memcpy(line, good, sizeof(good));
		for (int change = rand() % 4; change > 0; change--)
			line[(size_t)rand() % sizeof(good)] =
			    bytes[(size_t)rand() % (sizeof(bytes) - 1)];
		output_progress(line, n, &p);
		assert_in_range(p.percent, 0, 100);
		assert_true(p.bytes >= 0 && p.rate >= 0 && p.left >= -1);
		assert_true(p.done >= 0 && p.done <= p.all);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_streams),         cmocka_unit_test(test_each_file_counts_once),
	    cmocka_unit_test(test_trouble_here),    cmocka_unit_test(test_vanished),
	    cmocka_unit_test(test_cause),           cmocka_unit_test(test_statistics),
	    cmocka_unit_test(test_statistics_seen), cmocka_unit_test(test_no_statistics),
	    cmocka_unit_test(test_progress),        cmocka_unit_test(test_no_progress),
	    cmocka_unit_test(test_random_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
