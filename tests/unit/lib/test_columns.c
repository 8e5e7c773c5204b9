// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/lib/columns.h"

static void
expect(const char *const *titles, const char *const *cells, const char *wanted)
{
	struct text_list list = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (; *cells != NULL; cells++)
		assert_int_equal(text_list_add(&list, *cells), 0);
	columns_print(f, titles, &list);
	fclose(f);
	assert_string_equal(text, wanted);
	free(text);
	text_list_free(&list);
}

static void
test_alignment(void **state)
{
	static const char *const titles[] = {"NAME", " SIZE", "WHY", NULL};
	static const char *const none[] = {NULL};
	static const char *const some[] = {"a", "1", "x y", "longer", "12345", "", NULL};

	(void)state;
	expect(titles, none, "NAME  SIZE  WHY\n");
	expect(titles, some,
	       "NAME     SIZE  WHY\n"
	       "a           1  x y\n"
	       "longer  12345  \n");
}

static void
test_the_last_to_the_right(void **state)
{
	static const char *const titles[] = {"NAME", " N", NULL};
	static const char *const some[] = {"a", "1", "b", "100", NULL};

	(void)state;
	expect(titles, some,
	       "NAME    N\n"
	       "a       1\n"
	       "b     100\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alignment),
	    cmocka_unit_test(test_the_last_to_the_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
