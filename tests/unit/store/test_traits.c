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

/* What is found in the directory, which must be empty. */
static void
check_found(const char *name, size_t size, const char *expected)
{
	char names[256];
	int dir = open(name, O_RDONLY | O_DIRECTORY);

	assert_true(dir >= 0);
	assert_int_equal(traits_added(dir, names, size), 0);
	assert_string_equal(names, expected);
	close(dir);
}

static void
test_nothing_is_added(void **state)
{
	(void)state;
	make_dir("plain");
	check_found("plain", 256, "");
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "ramfs", 0, NULL), 0); /* no attributes at all */
	check_found("mnt", 256, "");
	assert_int_equal(umount("mnt"), 0);
}

static void
test_xfs(void **state)
{
	static const char *const mkfs[] = {"mkfs.xfs", "-q", "-d", "file,name=disk,size=300m",
	                                   NULL};
	static const char *const mount_it[] = {"mount", "-o", "loop", "disk", "mnt", NULL};

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	if (!run_program(mkfs) || !run_program(mount_it)) {
		print_message("not tested: no XFS on a loop device here\n");
		skip();
	}
	make_dir("mnt/a");
	make_dir("mnt/b");
	check_found("mnt/a", 256, "trusted.SGI_ACL_FILE trusted.SGI_ACL_DEFAULT");
	check_found("mnt/b", 30, "trusted.SGI_ACL_FILE"); /* no room for more */
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(unlink("disk"), 0);
}

/* What btrfs itself takes is the matter of system/attributes. */
static void
test_refused(void **state)
{
	char names[64];
	int dir;

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, NULL), 0);
	dir = open("mnt", O_RDONLY | O_DIRECTORY);
	assert_int_equal(traits_refused(dir, names, sizeof(names)), 0);
	assert_string_equal(names, "btrfs.compression");
	assert_int_equal(traits_refused(dir, names, sizeof(names)), -1);
	assert_int_equal(errno, EEXIST);
	assert_string_equal(names, "");
	close(dir);
	assert_int_equal(umount("mnt"), 0);
}

static void
test_added_failure(void **state)
{
	char names[16];

	(void)state;
	assert_int_equal(traits_added(-1, names, sizeof(names)), -1);
	assert_int_equal(errno, EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_suffices),
	    cmocka_unit_test(test_what_lacks),
	    cmocka_unit_test_setup_teardown(test_a_disk, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_is_added, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_xfs, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_refused, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_added_failure, scratch_setup, scratch_teardown),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
