// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/jobs/example.h"

static void
expect(const struct scratch *s, const char *path)
{
	char *found = example_find(s->fd, "tree");

	if (path == NULL)
		assert_null(found);
	else
		assert_string_equal(found, path);
	free(found);
}

/* From nothing to a file in a directory; what needs quotes, is hidden or is no file never counts.
 */
static void
test_find(void **state)
{
	struct scratch *s = *state;

	expect(s, NULL);
	make_dir("tree");
	expect(s, NULL);
	make_file("tree/.hidden", "");
	make_file("tree/two words", "");
	make_file("tree/-n", "");
	make_file("tree/it's", "");
	assert_int_equal(symlink("..", "tree/a"), 0);
	assert_int_equal(mkfifo("tree/b", 0600), 0);
	expect(s, NULL);
	make_file("tree/z", "");
	make_file("tree/y", "");
	expect(s, "y");
	make_dir("tree/bob");
	expect(s, "y"); /* nothing in it */
	make_dir("tree/ann");
	make_dir("tree/ann/Documents");
	make_file("tree/ann/Documents/letter.odt", "");
	make_file("tree/bob/x", "");
	expect(s, "ann/Documents/letter.odt");
	make_file("tree/ann/todo", "");
	expect(s, "ann/todo");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_find, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests_name("example", tests, NULL, NULL);
}
