// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/round.h"

#define FILES 500

static struct round_files
find(const struct scratch *s, int64_t after, int64_t upto, size_t room)
{
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	struct round_files d = {.after = after, .upto = upto, .room = room};

	assert_int_equal(round_find(&v, "tree", &d), 0);
	for (size_t i = 0; i < d.n; i++) {
		assert_true(d.file[i].place > after && d.file[i].place <= d.upto);
		assert_true(i == 0 || d.file[i].place >= d.file[i - 1].place);
		assert_int_equal(d.file[i].place, round_place(d.file[i].ino));
	}
	return d;
}

static bool
has(const struct round_files *d, const char *path)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->file[i].path, path) == 0)
			return true;
	return false;
}

/* Files that an older snapshot has; of a file with several names one. */
static void
test_which(void **state)
{
	const struct scratch *s = *state;
	struct round_files d;

	make_dir("tree");
	make_dir("tree/a");
	make_dir("tree/a/b");
	make_dir("tree/c");
	make_file("tree/new", "x");
	make_file("tree/a/b/old", "xyz");
	make_file("tree/c/#;\n", "x");
	make_file("tree/empty", "");
	assert_int_equal(link("tree/a/b/old", "old"), 0);
	assert_int_equal(link("tree/c/#;\n", "tree/two"), 0);
	assert_int_equal(link("tree/empty", "empty"), 0);
	assert_int_equal(symlink("old", "tree/a/link"), 0);
	assert_int_equal(link("tree/a/link", "link"), 0);
	d = find(s, 0, ROUND_END, ROUND_ROOM);
	assert_int_equal(d.n, 2);
	assert_true(has(&d, "a/b/old"));
	assert_true(has(&d, "c/#;\n"));
	assert_int_equal(d.file[has(&d, "a/b/old") && d.file[0].size == 3 ? 0 : 1].size, 3);
	round_free(&d);
}

/* With little room the files come in several parts, each once. */
static void
test_room(void **state)
{
	const struct scratch *s = *state;
	char path[64], other[64];
	int64_t done = 0;
	size_t n = 0, parts = 0;

	make_dir("tree");
	make_dir("tree/sub");
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "tree/%sfile%d", i % 2 == 0 ? "sub/" : "", i);
		make_file(path, "x");
		snprintf(other, sizeof(other), i % 50 == 0 ? "tree/second%d" : "old%d", i);
		assert_int_equal(link(path, other), 0);
	}
	while (done < ROUND_END) {
		struct round_files d = find(s, done, ROUND_END, 1000);

		assert_true(d.upto > done);
		n += d.n;
		parts++;
		done = d.upto;
		round_free(&d);
	}
	assert_int_equal(n, FILES);
	assert_true(parts > 5);
}

/* A path that rsync could not name is left out, and the walk finds its way back. */
static void
test_deep(void **state)
{
	const struct scratch *s = *state;
	char name[201];
	struct round_files d;
	int fd;

	memset(name, 'd', sizeof(name));
	name[200] = '\0';
	make_dir("tree");
	fd = open("tree", SCRATCH_OPEN_DIR);
	for (int i = 0; i < 25; i++) {
		int below, file = openat(fd, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_int_equal(write(file, "x", 1), 1);
		close(file);
		assert_int_equal(linkat(fd, "f", fd, "g", 0), 0);
		assert_int_equal(mkdirat(fd, name, 0700), 0);
		below = openat(fd, name, SCRATCH_OPEN_DIR);
		close(fd);
		fd = below;
	}
	close(fd);
	d = find(s, 0, ROUND_END, ROUND_ROOM);
	assert_int_equal(d.n, 21);
	round_free(&d);
}

static void
test_absent(void **state)
{
	const struct scratch *s = *state;
	const struct store_volume v = {.fd = s->fd, .dev = s->dev};
	struct round_files d = {.upto = ROUND_END, .room = ROUND_ROOM};

	assert_int_equal(round_find(&v, "tree", &d), -1);
	round_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_which, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_room, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_deep, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_absent, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
