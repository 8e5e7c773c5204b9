// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/place.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void
test_options(void **state)
{
	static const struct {
		enum place place;
		const char *name, *why;
	} cases[] = {
	    {PLACE_MAIN, "data_dir", NULL},
	    {PLACE_MAIN, "notify", NULL},
	    {PLACE_DEFAULTS, "every", NULL},
	    {PLACE_HOST, "exclude", NULL},
	    {PLACE_VOLUME, "source", NULL},
	    {PLACE_VOLUME, "disabled", NULL},
	    {PLACE_MAIN, "every",
	     "every cannot stand here: it belongs in the section defaults { }"},
	    {PLACE_MAIN, "source", "source cannot stand here: it belongs in a volume"},
	    {PLACE_DEFAULTS, "source", "source cannot stand here: it belongs in a volume"},
	    {PLACE_HOST, "source", "source cannot stand here: it belongs in a volume"},
	    {PLACE_HOSTS, "every", "every cannot stand here: it belongs in a host or a volume"},
	    {PLACE_DEFAULTS, "wake", "wake belongs in flashback.conf, outside of its sections"},
	    {PLACE_VOLUME, "wake", "wake belongs in flashback.conf, outside of its sections"},
	    {PLACE_MAIN, "host", "host is a section, not an option: write host \"NAME\" { ... }"},
	    {PLACE_HOST, "defaults",
	     "defaults is a section, not an option: write defaults { ... }"},
	    {PLACE_MAIN, "datadir",
	     "there is no option datadir at this place of flashback.conf; did you mean data_dir?"},
	    {PLACE_VOLUME, "sorce", "there is no option sorce in a volume; did you mean source?"},
	    /* Nothing is proposed that would be wrong in the same place. */
	    {PLACE_HOST, "sorce", "there is no option sorce"},
	    {PLACE_HOSTS, "evry", "there is no option evry"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *why = NULL;
		int rc = place_check_option(cases[i].place, cases[i].name, &why);

		assert_int_equal(rc, cases[i].why == NULL ? 0 : -1);
		if (cases[i].why != NULL)
			assert_string_equal(why, cases[i].why);
		free(why);
	}
}

static void
test_sections(void **state)
{
	static const struct {
		enum place place, inside;
		const char *name, *title, *why;
	} cases[] = {
	    {PLACE_MAIN, PLACE_DEFAULTS, "defaults", NULL, NULL},
	    {PLACE_HOSTS, PLACE_HOST, "host", "a", NULL},
	    {PLACE_HOST, PLACE_VOLUME, "volume", "v", NULL},
	    {PLACE_HOSTS, PLACE_HOST, "host", NULL,
	     "a host needs a name: write host \"NAME\" { ... }"},
	    {PLACE_MAIN, PLACE_DEFAULTS, "defaults", "x",
	     "defaults takes no name: write defaults { ... }"},
	    {PLACE_MAIN, PLACES, "host", "a",
	     "host cannot stand here: it belongs in hosts.conf (see hosts_file), outside of other "
	     "sections"},
	    {PLACE_HOSTS, PLACES, "volume", "v",
	     "volume cannot stand here: it belongs in a host in hosts.conf"},
	    {PLACE_VOLUME, PLACES, "volume", "v",
	     "volume cannot stand here: it belongs in a host in hosts.conf"},
	    {PLACE_HOSTS, PLACES, "defaults", NULL,
	     "defaults cannot stand here: it belongs in flashback.conf, outside of other sections"},
	    {PLACE_HOSTS, PLACES, "hosts", "a",
	     "there is no section hosts in hosts.conf outside of a host; did you mean host?"},
	    {PLACE_HOST, PLACES, "every", NULL,
	     "every is an option, not a section: write every = VALUE"},
	    {PLACE_MAIN, PLACES, "data_dir", "x",
	     "data_dir is an option, not a section: write data_dir = VALUE"},
	    {PLACE_HOST, PLACES, "snapshot", "x", "there is no section snapshot"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		enum place inside = PLACE_MAIN;
		char *why = NULL;
		int rc = place_check_section(cases[i].place, cases[i].name, cases[i].title, &inside,
		                             &why);

		assert_int_equal(rc, cases[i].why == NULL ? 0 : -1);
		assert_int_equal(inside, cases[i].inside);
		if (cases[i].why != NULL)
			assert_string_equal(why, cases[i].why);
		free(why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_sections),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
