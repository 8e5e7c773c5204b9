// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/jobs/changes.h"

/* What is said of a tree that has lost these names, of which each ends in a NUL. */
static void
check(const struct scratch *s, const char *names, size_t len, const char *reason, const char *words)
{
	FILE *gone = tmpfile();
	struct history_run run = {.code = 0};

	assert_non_null(gone);
	assert_int_equal(fwrite(names, 1, len, gone), len);
	snprintf(run.reason, sizeof(run.reason), "%s", reason);
	changes_emptied(s->fd, "tree", gone, &run);
	assert_string_equal(run.reason, words);
	fclose(gone);
}

#define CHECK(names, reason, words) check(s, names, sizeof(names) - 1, reason, words)

static void
test_emptied(void **state)
{
	struct scratch *s = *state;

	make_dir("tree");
	make_dir("tree/docs");
	make_dir("tree/more");
	make_dir("tree/#notes");
	make_dir("tree/some");
	make_dir("tree/some/deep");
	make_file("tree/some/file", "x");
	make_dir("else");
	assert_int_equal(symlink("../else", "tree/link"), 0);
	CHECK("", "", "");
	CHECK("docs/a\0", "", "docs/ is empty now, it had 1 file");
	CHECK("docs/a\0docs/sub/x\0docs/sub/y\0docs/sub\0docs/z\0", "1 file vanished",
	      "1 file vanished; docs/ is empty now, it had 4 files");
	CHECK("docs/a\0more/a\0more/b\0some/deep/q\0", "",
	      "more/ is empty now, it had 2 files (and 2 more directories)");
	CHECK("docs/a\0some/deep/q\0some/deep/r\0", "",
	      "some/deep/ is empty now, it had 2 files (and 1 more directory)");
	CHECK("./#notes/a\0", "", "#notes/ is empty now, it had 1 file");
	/* One that is not empty, is gone itself, is the whole tree, is reached by a link. */
	CHECK("some/a\0gone/a\0gone\0a\0link/a\0", "", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_emptied, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
