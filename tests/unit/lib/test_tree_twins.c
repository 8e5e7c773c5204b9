// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/lib/tree.h"

/* The paths below "top" that have a twin, and an exclamation mark behind those that have none. */
static int
note_twin(void *arg, struct tree_dir *dir)
{
	char path[PATH_MAX], *seen = arg;
	struct stat st;

	assert_int_equal(tree_path(dir, "mark", path), 0);
	if (dir->twin != -1)
		assert_int_equal(fstatat(dir->twin, "mark", &st, 0),
		                 strcmp(path, "mark") == 0 ? -1 : 0);
	assert_int_equal(tree_path(dir, NULL, path), 0);
	snprintf(seen + strlen(seen), 200 - strlen(seen), "%s%s;", path,
	         dir->twin == -1 ? "!" : "");
	return strcmp(path, "stop") == 0;
}

static void
test_twins(void **state)
{
	static const char *const dirs[] = {"top",     "top/a",   "top/a/b",  "top/c",     "top/c/d",
	                                   "top/e",   "other",   "other/a",  "other/a/b", "other/c",
	                                   "other/e", "outside", "outside/d"};
	struct scratch *s = *state;
	char seen[200] = "", trouble[200] = "";
	struct tree w = {.dev = s->dev,
	                 .twin = "other",
	                 .beside = s->fd,
	                 .leave = note_twin,
	                 .arg = seen,
	                 .trouble = trouble,
	                 .size = sizeof(trouble)};

	for (size_t i = 0; i < LENGTH(dirs); i++)
		make_dir(dirs[i]);
	make_file("other/a/mark", "");
	make_file("other/a/b/mark", "");
	make_file("other/e/mark", "");
	assert_int_equal(rmdir("other/c"), 0);
	assert_int_equal(symlink("../outside", "other/c"), 0);
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_non_null(strstr(seen, "a/b;a;"));
	assert_non_null(strstr(seen, "c/d!;c!;"));
	assert_non_null(strstr(seen, "e;"));
	assert_string_equal(seen + strlen(seen) - 2, ";;");
	/* A walk that is strict wants all of them, and one may end at any time. */
	w.strict = true;
	assert_int_equal(tree_walk(s->fd, "top", &w), 1);
	assert_true(errno == ENOTDIR || errno == ELOOP);
	assert_int_equal(strncmp(trouble, "top/c: ", 7), 0);
	w.strict = false;
	make_dir("top/stop");
	seen[0] = '\0';
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_string_equal(seen + strlen(seen) - 6, "stop!;");
	/* Without the other tree there are no twins. */
	w.twin = "none";
	seen[0] = '\0';
	assert_int_equal(rmdir("top/stop"), 0);
	assert_int_equal(tree_walk(s->fd, "top", &w), 0);
	assert_non_null(strstr(seen, "a/b!;a!;"));
}

/* Moves the other tree's directory out of it, while the walk is there. */
static int
move_twin(void *arg, struct tree_dir *dir)
{
	struct scratch *s = arg;

	return dir->depth == 2 ? renameat(s->fd, "other/a/b", s->fd, "c/b") : 0;
}

static void
test_a_moved_twin_leads_nowhere(void **state)
{
	struct scratch *s = *state;
	char trouble[200] = "";
	const struct tree w = {.dev = s->dev,
	                       .twin = "other",
	                       .beside = s->fd,
	                       .enter = move_twin,
	                       .arg = s,
	                       .trouble = trouble,
	                       .size = sizeof(trouble)};
	static const char *const dirs[] = {"top",   "top/a",   "top/a/b",   "c",
	                                   "other", "other/a", "other/a/b", "top/z"};

	for (size_t i = 0; i < LENGTH(dirs); i++)
		make_dir(dirs[i]);
	assert_int_equal(tree_walk(s->fd, "top", &w), 1);
	assert_int_equal(errno, ESTALE);
	assert_string_equal(trouble, "top/a/b: it was moved during the walk");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_twins, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_a_moved_twin_leads_nowhere, scratch_setup,
	                                    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
