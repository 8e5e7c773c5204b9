// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/lib/listing.h"

#define MANY 3000

static void
test_empty(void **state)
{
	const struct scratch *s = *state;
	struct listing list = {.n = 1};

	list = (struct listing){.n = 0};
	assert_int_equal(listing_read(s->fd, &list), 0);
	assert_int_equal(list.n, 0);
	listing_sort(&list, 0);
	listing_keep_dirs(&list);
	assert_int_equal(list.n, 0);
	listing_free(&list);
	listing_free(&list);
}

static void
test_entries(void **state)
{
	const struct scratch *s = *state;
	struct listing list = {.n = 0};

	make_file("b", "");
	make_dir("a");
	make_file("...", "");
	assert_int_equal(symlink("a", "c"), 0);
	for (int i = 0; i < 2; i++) { /* each time from the beginning */
		assert_int_equal(listing_read(s->fd, &list), 0);
		assert_int_equal(list.n, 4);
		listing_sort(&list, 0);
		assert_string_equal(list.entry[0]->d_name, "...");
		assert_string_equal(list.entry[1]->d_name, "a");
		assert_int_equal(list.entry[1]->d_type, DT_DIR);
		assert_int_equal(list.entry[2]->d_type, DT_REG);
		assert_int_equal(list.entry[3]->d_type, DT_LNK);
		assert_true(list.entry[3]->d_ino == stat_of("c").st_ino);
		listing_keep_dirs(&list);
		assert_int_equal(list.n, 1);
		assert_string_equal(list.entry[0]->d_name, "a");
		listing_free(&list);
		assert_int_equal(list.n, 0);
	}
}

/* More than is read at once, of names of every length. */
static void
test_many(void **state)
{
	const struct scratch *s = *state;
	struct listing list = {.n = 0};
	char name[256];
	size_t first;

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%0*d", 4 + i % 250, i);
		if (i % 3 == 0)
			make_dir(name);
		else
			make_file(name, "");
	}
	assert_int_equal(listing_read(s->fd, &list), 0);
	assert_int_equal(list.n, MANY);
	first = list.entry[0]->d_ino;
	listing_sort(&list, 1); /* the first stays where it is */
	assert_true(list.entry[0]->d_ino == first);
	for (size_t i = 2; i < list.n; i++)
		assert_true(strcmp(list.entry[i - 1]->d_name, list.entry[i]->d_name) < 0);
	listing_sort_inodes(&list);
	for (size_t i = 1; i < list.n; i++)
		assert_true(list.entry[i - 1]->d_ino < list.entry[i]->d_ino);
	listing_keep_dirs(&list);
	assert_int_equal(list.n, MANY / 3);
	listing_sort(&list, 0);
	for (size_t i = 0; i < list.n; i++) {
		assert_int_equal(list.entry[i]->d_type, DT_DIR);
		assert_true(S_ISDIR(stat_of(list.entry[i]->d_name).st_mode));
		assert_true(i == 0 || strcmp(list.entry[i - 1]->d_name, list.entry[i]->d_name) < 0);
	}
	listing_free(&list);
}

/* A disk whose directories have no types. */
static void
test_types_looked_up(void **state)
{
	static const char *const mkfs[] = {"mkfs.ext4", "-q",   "-F", "-O",
	                                   "^filetype", "disk", "8M", NULL};
	static const char *const mount_it[] = {"mount", "-o", "loop", "disk", "mnt", NULL};
	const struct scratch *s = *state;
	struct listing list = {.n = 0};
	int fd;

	NEEDS_ROOT();
	make_dir("mnt");
	if (!run_program(mkfs) || !run_program(mount_it)) {
		print_message("not tested: no ext4 on a loop device here\n");
		skip();
	}
	fd = openat(s->fd, "mnt", SCRATCH_OPEN_DIR);
	assert_int_equal(rmdir("mnt/lost+found"), 0);
	make_file("mnt/f", "");
	make_dir("mnt/d");
	assert_int_equal(listing_read(fd, &list), 0);
	assert_int_equal(list.n, 2);
	listing_sort(&list, 0);
	assert_int_equal(list.entry[0]->d_type, DT_DIR);
	assert_int_equal(list.entry[1]->d_type, DT_REG);
	listing_free(&list);
	close(fd);
	assert_int_equal(umount("mnt"), 0);
}

static void
test_not_a_directory(void **state)
{
	struct listing list = {.n = 0};
	int fd;

	(void)state;
	assert_int_equal(listing_read(-1, &list), -1);
	assert_int_equal(errno, EBADF);
	make_file("f", "x");
	fd = open("f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(listing_read(fd, &list), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_null(list.records);
	close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_empty), T(test_entries), T(test_many),
	                                   T(test_types_looked_up), T(test_not_a_directory)};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
