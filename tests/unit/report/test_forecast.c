// SPDX-License-Identifier: ISC
#include "golden.h"

#include "flashback/report/forecast.h"

#define G (UINT64_C(1) << 30)
#define DISK(free_, growth_)                                                                       \
	{                                                                                          \
		.known = true, .mounted = true, .total = 1000 * G, .free = (free_),                \
		.least = 10 * G, .growth = (growth_)                                               \
	}

static void
print_line(FILE *f, const void *disk)
{
	forecast_line(f, disk);
}

static void
test_line(void **unused)
{
	static const struct {
		struct view_disk disk;
		bool is_short;
		const char *line;
	} cases[] = {
	    {{.known = false, .growth = 1}, false, ""},
	    {{.known = true, .growth = 1}, false, "\ndisk: absent\n"},
	    {{.known = true, .mounted = true}, false, "\ndisk: 0 of 0 free (0 %)\n"},
	    {DISK(250 * G, 0), false, "\ndisk: 250G of 1000G free (25 %)\n"},
	    {DISK(1000 * G, 0), false, "\ndisk: 1000G of 1000G free (100 %)\n"},
	    {DISK(537 * G, 3 * G + G / 10), false,
	     "\ndisk: 537G of 1000G free (54 %); grows 3.1G a day: full in about 170 days\n"},
	    {DISK(40 * G, G), false,
	     "\ndisk: 40.0G of 1000G free (4 %); grows 1.0G a day: full in about 30 days\n"},
	    {DISK(40 * G - 1, G), true,
	     "\ndisk: 40.0G of 1000G free (4 %); grows 1.0G a day: full in about 29 days\n"},
	    {DISK(11 * G, G), true,
	     "\ndisk: 11.0G of 1000G free (1 %); grows 1.0G a day: full in about 1 day\n"},
	    {DISK(10 * G, G), true,
	     "\ndisk: 10.0G of 1000G free (1 %); grows 1.0G a day: full within a day\n"},
	    {DISK(0, G), true,
	     "\ndisk: 0 of 1000G free (0 %); grows 1.0G a day: full within a day\n"},
	    {DISK(510 * G, G / 5), false,
	     "\ndisk: 510G of 1000G free (51 %); grows 205M a day: full in about 2500 days\n"},
	    {DISK(510 * G, 1023), false, "\ndisk: 510G of 1000G free (51 %)\n"},
	    {DISK(510 * G, 1024), false,
	     "\ndisk: 510G of 1000G free (51 %); grows 1.0K a day: full in more than 10 years\n"},
	};

	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text = golden_text(print_line, &cases[i].disk);

		assert_string_equal(text, cases[i].line);
		assert_int_equal(forecast_is_short(&cases[i].disk), cases[i].is_short);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_line)};

	return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
