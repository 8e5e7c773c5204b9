// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/config/volume.h"
#include "flashback/store/unlisted.h"

static void
test_store(void **state)
{
	static const char *const dirs[] = {
	    "b",
	    "b/w",
	    "b/w/2026-11-20T031000+0100",
	    "b/v",
	    "b/v/2026-11-20T031000+0100.new-year",
	    "b/v/2026-11-21T031000+0100.partial",
	    "a",
	    "a/listed",
	    "a/listed/2026-11-20T031000+0100",
	    "a/expired",
	    "a/expired/2026-11-20T031000+0100.expired",
	    "a/empty",
	    "a/.hidden",
	    "a/.hidden/2026-11-20T031000+0100",
	};
	const struct scratch *s = *state;
	struct volume listed = {.id = (char[]){"a/listed"}};
	struct volume *volumes[] = {&listed};
	const struct config c = {.volumes = volumes, .n = 1};
	struct text_list found = {0};

	for (size_t i = 0; i < LENGTH(dirs); i++)
		make_dir(dirs[i]);
	/* Links lead nowhere. */
	assert_int_equal(symlink("b", "c"), 0);
	assert_int_equal(symlink("../b/w", "a/link"), 0);
	make_file("d", "no directory");
	unlisted_find(s->fd, &c, &found);
	assert_int_equal(found.n, 2);
	assert_string_equal(found.item[0], "b/v: 2, the newest of 2026-11-21T031000+0100");
	assert_string_equal(found.item[1], "b/w: 1, the newest of 2026-11-20T031000+0100");
	text_list_free(&found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_store, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
