// SPDX-License-Identifier: ISC
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "flashback/rsync/output.h"

/* What follows from it is tested with the judge; here is what it is gathered into. */

#define GONE "rsync: [sender] send_files failed to open \"/src/a\": Permission denied (13)"
#define REFUSED_HERE "rsync: [receiver] mkstemp \"/s/x.working/.b.3Kd02P\" failed: "

static struct verdict_words
hear(const char *const lines[], size_t n)
{
	struct verdict_words w = {.cause_rank = 0};

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
	struct verdict_words w = HEAR(line);

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
	struct verdict_words w =
	    HEAR(GONE, GONE,
	         "rsync: [sender] send_files failed to open \"/src/b\": Permission denied (13)");

	(void)state;
	assert_int_equal(w.unreadable, 2);
	assert_non_null(strstr(w.first_error, "/src/a"));
	assert_non_null(strstr(w.last_file, "/src/b"));
	assert_non_null(strstr(w.last_error, "/src/b"));
	assert_int_equal(w.unwritten, 0);
}

static void
test_trouble_here(void **state)
{
	struct verdict_words w = HEAR(REFUSED_HERE "No space left on device (28)");

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
	struct verdict_words w =
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
	struct verdict_words one = HEAR(first), a = HEAR(first, then), b = HEAR(then, first);

	(void)state;
	assert_non_null(strstr(one.cause, "the host key of kimono has changed"));
	assert_string_equal(a.cause, one.cause);
	assert_string_equal(b.cause, one.cause);
	assert_int_equal(b.cause_rank, one.cause_rank);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_streams),      cmocka_unit_test(test_each_file_counts_once),
	    cmocka_unit_test(test_trouble_here), cmocka_unit_test(test_vanished),
	    cmocka_unit_test(test_cause),
	};

	return cmocka_run_group_tests_name("hear", tests, NULL, NULL);
}
