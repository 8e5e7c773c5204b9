// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/rsync/unreadable.h"

/* A run that cannot read the files named by letters. */
static void
run(struct unreadable *u, const char *letters)
{
	struct message m = {.kind = MESSAGE_UNREADABLE};

	unreadable_begin(u);
	for (; *letters != '\0'; letters++) {
		snprintf(m.whole, sizeof(m.whole), "/%c: no", *letters);
		snprintf(m.text, sizeof(m.text), "%c, cut", *letters);
		unreadable_add(u, &m);
	}
}

/* A run that cannot read the files number a to number b. */
static void
run_range(struct unreadable *u, int a, int b)
{
	struct message m = {.kind = MESSAGE_UNREADABLE, .text = "cut"};

	unreadable_begin(u);
	for (int i = a; i <= b; i++) {
		snprintf(m.whole, sizeof(m.whole), "/%d: no", i);
		unreadable_add(u, &m);
	}
}

static char *
print(struct unreadable *u)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(unreadable_print(f, &u->now), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* What this run could not read is what the next one compares with. */
static void
pass(struct unreadable *u)
{
	char *text = print(u);

	unreadable_free(u);
	memset(u, 0, sizeof(*u));
	unreadable_parse(u, text);
	assert_true(u->compared);
	free(text);
}

static void
test_what_is_new(void **state)
{
	struct unreadable u = {.compared = false};
	char *text;

	(void)state;
	run(&u, "ab");
	assert_int_equal(u.fresh, 0);
	text = print(&u);
	assert_string_equal(text, "# files that could not be read: 2\n/a: no\n/b: no\n");
	free(text);
	pass(&u);
	run(&u, "ba");
	assert_int_equal(u.fresh, 0);
	/* As a quick run that becomes a full one has it. */
	run(&u, "xacbydx");
	assert_int_equal(u.now.all, 6);
	assert_int_equal(u.fresh, 4);
	assert_string_equal(u.first, "x, cut");
	run(&u, "ca");
	assert_int_equal(u.fresh, 1);
	assert_string_equal(u.first, "c, cut");
	/* One that could be read meanwhile is new again. */
	pass(&u);
	run(&u, "abc");
	assert_int_equal(u.fresh, 1);
	assert_string_equal(u.first, "b, cut");
	unreadable_free(&u);
}

static void
test_more_than_a_list_holds(void **state)
{
	struct unreadable u = {.compared = false};

	(void)state;
	run_range(&u, 1, UNREADABLE_NAMES);
	pass(&u);
	run_range(&u, 1, UNREADABLE_NAMES);
	assert_int_equal(u.fresh, 0);
	run_range(&u, 2, UNREADABLE_NAMES + 1);
	assert_int_equal(u.fresh, 1);
	assert_string_equal(u.first, "cut");
	run_range(&u, 1, UNREADABLE_NAMES + 3);
	assert_int_equal(u.now.names.n, UNREADABLE_NAMES);
	assert_int_equal(u.now.all, UNREADABLE_NAMES + 3);
	assert_int_equal(u.fresh, 3);
	assert_string_equal(u.first, "");
	pass(&u);
	run_range(&u, 1, UNREADABLE_NAMES + 3);
	assert_int_equal(u.fresh, 0);
	run_range(&u, 1, UNREADABLE_NAMES + 5);
	assert_int_equal(u.fresh, 2);
	assert_string_equal(u.first, "");
	run_range(&u, UNREADABLE_NAMES, UNREADABLE_NAMES + 10);
	assert_int_equal(u.fresh, 0);
	unreadable_free(&u);
}

static void
test_damaged(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\n",
	    "# files that could not be read:",
	    "# files that could not be read: 0\n",
	    "# files that could not be read: -1\n",
	    "# files that could not be read: 1 more\n/a: no\n",
	    "# files that could not be read: 2\n/a: no\n",
	    "# files that could not be read: 2\n/a: no\n/b: n",
	    "# files that could not be read: 1\n/a: no\n/b: no\n",
	    "# files that could not be read: 99999999999999999999\n/a: no\n",
	    "/a: no\n/b: no\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct unreadable u = {.compared = false};

		unreadable_parse(&u, texts[i]);
		assert_false(u.compared);
		run(&u, "abc");
		assert_int_equal(u.fresh, 0);
		assert_int_equal(u.now.all, 3);
		unreadable_free(&u);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_new),
	    cmocka_unit_test(test_more_than_a_list_holds),
	    cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
