// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/config/input.h"

static void
test_read(void **state)
{
	const struct scratch *s = *state;
	struct input in;
	char *why;

	write_file("file", "a\0b\n", 4);
	assert_int_equal(input_read(scratch_path(s, "file"), &in, &why), 0);
	assert_int_equal(in.len, 4);
	assert_memory_equal(in.bytes, "a\0b\n", 5);
	input_free(&in);
	write_file("file", "", 0);
	assert_int_equal(input_read(scratch_path(s, "file"), &in, &why), 0);
	assert_int_equal(in.len, 0);
	assert_string_equal(in.bytes, "");
	input_free(&in);
	input_free(&in);
}

/* A config may be a link, as some systems have it. */
static void
test_link(void **state)
{
	const struct scratch *s = *state;
	struct input in;
	char *why;

	write_file("file", "x", 1);
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(input_read(scratch_path(s, "link"), &in, &why), 0);
	assert_string_equal(in.bytes, "x");
	input_free(&in);
}

static void
assert_refused(const char *path, const char *words)
{
	struct input in;
	char *why;

	assert_int_equal(input_read(path, &in, &why), -1);
	assert_null(in.bytes);
	if (strncmp(why, words, strlen(words)) != 0)
		fail_msg("%s", why);
	free(why);
}

static void
test_refused(void **state)
{
	const struct scratch *s = *state;

	assert_refused(scratch_path(s, "file"),
	               "no such file: create it, or name the right one (see flashback.conf(5))");
	assert_refused(s->path, "not a regular file");
	assert_refused("/dev/null", "not a regular file");
	write_file("file", "x", 1);
	assert_int_equal(truncate("file", INPUT_MAX + 1), 0);
	assert_refused(scratch_path(s, "file"), "larger than 1 MiB: this is not a config file");
	assert_int_equal(truncate("file", 1), 0);
	assert_int_equal(chmod("file", 0602), 0);
	assert_refused(scratch_path(s, "file"), "can be written by others");
	assert_int_equal(mkdir("in", 0702), 0);
	assert_int_equal(chmod("in", 0702), 0);
	assert_int_equal(rename("file", "in/file"), 0);
	assert_refused(scratch_path(s, "in//file"), "/"); /* another path is said */
	assert_int_equal(chmod("in", 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown("in/file", 4711, 0), 0);
		assert_refused(scratch_path(s, "in/./file"), "belongs to user 4711");
		assert_refused(scratch_path(s, "/in///file"), "belongs to user 4711");
	}
}

static uint64_t
digest(const char *first, const char *second)
{
	char *a = strdup(first), *b = strdup(second);
	struct input in[2] = {{a, strlen(a)}, {b, strlen(b)}};
	uint64_t h = input_digest(&in[0], &in[1]);

	input_free(&in[0]);
	input_free(&in[1]);
	return h;
}

static void
test_digest(void **state)
{
	struct input plain = {(char[]){"a"}, 1}, nul = {(char[]){"a\0b"}, 3};

	(void)state;
	assert_true(digest("a", "b") == digest("a", "b"));
	assert_true(digest("ab", "c") != digest("a", "bc"));
	assert_true(digest("", "a") != digest("a", ""));
	assert_true(digest("a", "b") != digest("b", "a"));
	assert_true(digest("a", "b") != digest("a", "c"));
	assert_true(input_digest(&plain, &plain) != input_digest(&nul, &plain));
	assert_true(input_digest(&plain, &plain) != input_digest(&plain, &nul));
}

static void
test_same(void **state)
{
	const struct scratch *s = *state;
	const char *path = scratch_path(s, "file");
	struct input in, first = {(char[]){"a"}, 1};
	uint64_t h;
	char *why;

	write_file("file", "b", 1);
	assert_int_equal(input_read(path, &in, &why), 0);
	h = input_digest(&first, &in);
	input_free(&in);
	assert_true(input_is_same(&first, path, h));
	write_file("file", "c", 1);
	assert_false(input_is_same(&first, path, h));
	assert_false(input_is_same(&first, scratch_path(s, "absent"), h));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_read), TEST(test_link), TEST(test_refused), cmocka_unit_test(test_digest),
	    TEST(test_same),
	};

	return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
