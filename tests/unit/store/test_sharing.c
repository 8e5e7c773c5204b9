// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/sharing.h"

#define FILES 20

/* What a file of the new tree is to the old one. */
enum likeness { LINKED, COPIED, FRACTION, MODE, OTHER_TIME };

static void
make_pair(int i, enum likeness likeness)
{
	const struct timespec at = {.tv_sec = 1795305601, .tv_nsec = 5};
	const struct timespec times[2] = {at, at};
	struct timespec changed[2] = {at, at};
	char old[64], new[64];

	snprintf(old, sizeof(old), "old/dir/%d", i);
	snprintf(new, sizeof(new), "new/dir/%d", i);
	make_file(old, "x");
	assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
	if (likeness == LINKED) {
		assert_int_equal(link(old, new), 0);
		return;
	}
	make_file(new, "x");
	if (likeness == FRACTION)
		changed[1].tv_nsec = 0;
	if (likeness == OTHER_TIME)
		changed[1].tv_sec++;
	assert_int_equal(utimensat(AT_FDCWD, new, changed, 0), 0);
	if (likeness == MODE)
		assert_int_equal(chmod(new, 0640), 0);
}

/* Trees of FILES files, of which the first `others` are linked. */
static enum sharing
sample(enum likeness likeness, int others)
{
	enum sharing found;

	make_dir("old");
	make_dir("old/dir");
	make_dir("new");
	make_dir("new/dir");
	for (int i = 0; i < FILES; i++)
		make_pair(i, i < others ? LINKED : likeness);
	found = sharing_sample(AT_FDCWD, "new", "old");
	scratch_remove("old");
	scratch_remove("new");
	return found;
}

static void
test_causes(void **state)
{
	(void)state;
	assert_int_equal(sample(LINKED, 0), SHARING_SOME);
	assert_int_equal(sample(COPIED, 0), SHARING_COPIES);
	assert_int_equal(sample(COPIED, 2), SHARING_COPIES);
	assert_int_equal(sample(COPIED, 3), SHARING_SOME);
	assert_int_equal(sample(FRACTION, 1), SHARING_TIMES);
	assert_int_equal(sample(MODE, 0), SHARING_OWNERS);
	assert_int_equal(sample(OTHER_TIME, 0), SHARING_SOME);
	assert_int_equal(sample(COPIED, FILES - 1), SHARING_SOME);
	assert_int_equal(sharing_sample(AT_FDCWD, "new", "old"), SHARING_SOME); /* neither exists */
}

/* Give a file of the tree a time with a fraction. */
static void
refine(int i)
{
	const struct timespec fine[2] = {{.tv_sec = 5, .tv_nsec = 1}, {.tv_sec = 5, .tv_nsec = 1}};
	char name[32];

	snprintf(name, sizeof(name), "tree/%d", i);
	assert_int_equal(utimensat(AT_FDCWD, name, fine, 0), 0);
}

/* Of a single tree: nearly all, and not too few files. */
static void
test_coarse(void **state)
{
	const struct timespec coarse[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
	char name[32];

	(void)state;
	assert_false(sharing_is_coarse(AT_FDCWD, "tree")); /* it does not exist */
	make_dir("tree");
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "tree/%d", i);
		make_file(name, "x");
		assert_int_equal(utimensat(AT_FDCWD, name, coarse, 0), 0);
		assert_int_equal(sharing_is_coarse(AT_FDCWD, "tree"), i >= 4);
	}
	for (int i = 0; i < 3; i++) {
		refine(i);
		assert_int_equal(sharing_is_coarse(AT_FDCWD, "tree"), i < 2);
	}
}

static void
test_words(void **state)
{
	(void)state;
	assert_null(sharing_words(SHARING_SOME));
	assert_non_null(strstr(sharing_words(SHARING_TIMES), "fractions of a second"));
	for (int s = SHARING_TIMES; s <= SHARING_COPIES; s++)
		assert_true(strlen(sharing_words((enum sharing)s)) < 200); /* a row */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_causes, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_coarse, scratch_setup, scratch_teardown),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
