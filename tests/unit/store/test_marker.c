// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/store/marker.h"

#define ID "0123456789abcdefABCDEF0123456789"

/* The marker as text, in new memory. */
static char *
printed(struct marker *m)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(marker_print(f, m), 0);
	fclose(f);
	return text;
}

static void
test_text(void **state)
{
	struct marker m = {
	    .id = ID, .disk = "ef53-1", .hard_links = true, .seconds = true, .case_kept = true};
	char *text = printed(&m);

	(void)state;
	assert_string_equal(
	    text,
	    "flashback store 1\nid=" ID "\ndisk=ef53-1\nhard_links=yes\nlocks=no\nseconds=yes\n"
	    "nanoseconds=no\ndates=no\nowners=no\nmodes=no\nsymlinks=no\ncase_kept=yes\n"
	    "xattrs=no\nd_ino=no\nadded_xattrs=\nrefused_xattrs=\nshared=no\nmoved=no\n");
	free(text);
}

static void
test_each_trait_there_and_back(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1U << MARKER_TRAITS; bits++) {
		struct marker m = {.id = ID}, back = {.id = ""};

		for (int t = 0; t < MARKER_TRAITS; t++)
			*marker_trait(&m, (enum marker_trait)t) = bits >> t & 1;

		char *text = printed(&m);

		assert_int_equal(marker_parse(text, &back), 0);
		assert_string_equal(back.id, ID);
		for (int t = 0; t < MARKER_TRAITS; t++)
			assert_int_equal(*marker_trait(&back, (enum marker_trait)t), bits >> t & 1);
		free(text);
	}
}

static void
test_not_a_marker(void **state)
{
	static const char *const texts[] = {"",
	                                    "\n",
	                                    "flashback store 2\nid=" ID "\n",
	                                    "flashback store 10\n",
	                                    "flashback store 1 \n",
	                                    "flashback stor",
	                                    "\nflashback store 1\n",
	                                    "# flashback store 1\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct marker m = {.id = "kept"};

		assert_int_equal(marker_parse(texts[i], &m), -1);
		assert_string_equal(m.id, "kept");
	}
}

static void
test_what_is_not_said_is_there(void **state)
{
	struct marker m;

	(void)state;
	assert_int_equal(marker_parse("flashback store 1", &m), 0);
	assert_string_equal(m.id, "");
	for (int t = 0; t < MARKER_TRAITS; t++)
		assert_int_equal(*marker_trait(&m, (enum marker_trait)t), t != MARKER_D_INO);
	assert_int_equal(marker_parse("flashback store 1\nxattrs=no\nxattr=no\nmore words\n=\n"
	                              "colour=no\nmodes no\nowners=no",
	                              &m),
	                 0);
	assert_false(m.xattrs);
	assert_false(m.owners);
	assert_true(m.modes);
}

static void
test_strange_ids(void **state)
{
	struct marker m;
	char text[200];

	(void)state;
	assert_int_equal(marker_parse("flashback store 1\nid=../../etc\n", &m), 0);
	assert_string_equal(m.id, "");
	assert_int_equal(marker_parse("flashback store 1\nid=a\033b\n", &m), 0);
	assert_string_equal(m.id, "");
	for (size_t len = 1; len < 100; len++) {
		snprintf(text, sizeof(text), "flashback store 1\nid=%0*d\n", (int)len, 0);
		assert_int_equal(marker_parse(text, &m), 0);
		assert_int_equal(strlen(m.id), len < MARKER_ID_SIZE ? len : 0);
	}
}

/* They become arguments of rsync. */
static void
test_added(void **state)
{
	struct marker m = {.id = ID,
	                   .added = "trusted.SGI_ACL_FILE security.selinux",
	                   .refused = "btrfs.compression"},
	              back;
	char *text = printed(&m);

	(void)state;
	assert_non_null(strstr(text, "\nadded_xattrs=trusted.SGI_ACL_FILE security.selinux\n"));
	assert_int_equal(marker_parse(text, &back), 0);
	assert_string_equal(back.added, m.added);
	assert_string_equal(back.refused, m.refused);
	free(text);
	assert_int_equal(
	    marker_parse("flashback store 1\nadded_xattrs=a*\nrefused_xattrs=b*\n", &back), 0);
	assert_string_equal(back.added, "");
	assert_string_equal(back.refused, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),         cmocka_unit_test(test_each_trait_there_and_back),
	    cmocka_unit_test(test_not_a_marker), cmocka_unit_test(test_what_is_not_said_is_there),
	    cmocka_unit_test(test_strange_ids),  cmocka_unit_test(test_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
