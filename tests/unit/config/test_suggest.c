// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/suggest.h"

#define X32 "0123456789abcdef0123456789abcdef"
#define LONG X32 X32 X32 X32 /* HOST/VOLUME at its longest has one letter more */

static void
test_best(void **state)
{
	static const char *const known[] = {"every",  "exclude",   "keep_daily", "keep_hourly",
	                                    "before", "keep_last", "ssh",        LONG};
	static const struct {
		const char *word, *best;
	} cases[] = {
	    {"evry", "every"},
	    {"eveyr", "every"}, /* swapped */
	    {"excludes", "exclude"},
	    {"Exclude", "exclude"},
	    {"keepdaily", "keep_daily"},
	    {"keep-daily", "keep_daily"},
	    {"keep_dayly", "keep_daily"},
	    {"keep_lats", "keep_last"},
	    {"shs", "ssh"},
	    {"sh", "ssh"},
	    {"x", NULL},
	    {"", NULL},
	    {"retention", NULL},
	    {"keep_every_single_one_of_them_that_there_is_for_ever", NULL},
	    {LONG "x", LONG},
	    {LONG "xx", NULL}, /* longer than any name */
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct suggest n = {.word = cases[i].word};

		for (size_t k = 0; k < LENGTH(known); k++)
			suggest_try(&n, known[k]);
		if (cases[i].best == NULL)
			assert_null(n.best);
		else if (n.best == NULL)
			fail_msg("nothing is near %s", cases[i].word);
		else
			assert_string_equal(n.best, cases[i].best);
	}
}

static void
test_first_of_equals(void **state)
{
	struct suggest n = {.word = "abcd"};

	(void)state;
	suggest_try(&n, "abcx");
	suggest_try(&n, "abcy");
	assert_string_equal(n.best, "abcx");
	suggest_try(&n, "abcd");
	assert_string_equal(n.best, "abcd");
	assert_int_equal(n.distance, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_best),
	    cmocka_unit_test(test_first_of_equals),
	};

	return cmocka_run_group_tests_name("near", tests, NULL, NULL);
}
