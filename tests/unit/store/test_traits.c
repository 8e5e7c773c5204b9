// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/traits.h"

static void
test_what_suffices(void **state)
{
	const struct marker all = {.hard_links = true, .locks = true, .seconds = true};
	const struct marker no_links = {.locks = true, .seconds = true};

	(void)state;
	assert_true(traits_suffice(&all, NULL));
	assert_false(traits_suffice(&no_links, NULL));
	assert_false(traits_suffice(&no_links, &all));
	assert_true(traits_suffice(&no_links, &no_links));
}

static void
test_what_lacks(void **state)
{
	struct marker m = {.id = ""};
	char *words;

	(void)state;
	for (int t = 0; t < MARKER_TRAITS; t++)
		*marker_trait(&m, (enum marker_trait)t) = true;
	words = traits_lacking(&m);
	assert_string_equal(words, "");
	free(words);
	m.dates = m.symlinks = false;
	words = traits_lacking(&m);
	assert_string_equal(words, "dates from 1901 to 2106, symbolic links");
	free(words);
}

/* The tests of one disk are in test_mkstore, with what is printed. */
static void
test_a_disk(void **state)
{
	const struct scratch *s = *state;
	struct marker m = {.id = "kept"};

	assert_int_equal(traits_test(s->fd, false, &m), 0);
	assert_string_equal(m.id, "kept");
	assert_true(m.hard_links && m.modes && m.symlinks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_suffices),
	    cmocka_unit_test(test_what_lacks),
	    cmocka_unit_test_setup_teardown(test_a_disk, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
