// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "flashback/input.h"
#include "flashback/text.h"

/* A private directory with a file in it. */
struct fixture {
	char *dir, *file;
};

static void
write_file(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	fx->dir = text_format("%s/input.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(fx->dir));
	fx->file = text_format("%s/file", fx->dir);
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	remove(fx->file);
	assert_int_equal(rmdir(fx->dir), 0);
	free(fx->dir);
	free(fx->file);
	free(fx);
	return 0;
}

static void
test_read(void **state)
{
	const struct fixture *fx = *state;
	struct input in;
	char *why;

	write_file(fx->file, "a\0b\n", 4);
	assert_int_equal(input_read(fx->file, &in, &why), 0);
	assert_int_equal(in.len, 4);
	assert_memory_equal(in.bytes, "a\0b\n", 5);
	input_free(&in);
	write_file(fx->file, "", 0);
	assert_int_equal(input_read(fx->file, &in, &why), 0);
	assert_int_equal(in.len, 0);
	assert_string_equal(in.bytes, "");
	input_free(&in);
	input_free(&in);
}

/* A config may be a link, as some systems have it. */
static void
test_link(void **state)
{
	const struct fixture *fx = *state;
	char *link = text_format("%s/link", fx->dir), *why;
	struct input in;

	write_file(fx->file, "x", 1);
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(input_read(link, &in, &why), 0);
	assert_string_equal(in.bytes, "x");
	input_free(&in);
	unlink(link);
	free(link);
}

static void
assert_refused(const char *path, const char *words)
{
	struct input in;
	char *why;

	assert_int_equal(input_read(path, &in, &why), -1);
	assert_null(in.bytes);
	if (strstr(why, words) == NULL)
		fail_msg("%s", why);
	free(why);
}

static void
test_refused(void **state)
{
	const struct fixture *fx = *state;

	assert_refused(
	    fx->file,
	    "there is no such file: make it, or name the right one (see flashback.conf(5))");
	assert_refused(fx->dir, "is not a regular file");
	assert_refused("/dev/null", "is not a regular file");
	write_file(fx->file, "x", 1);
	assert_int_equal(truncate(fx->file, INPUT_MAX + 1), 0);
	assert_refused(fx->file, "is larger than 8 MiB");
	assert_int_equal(truncate(fx->file, 1), 0);
	assert_int_equal(chmod(fx->file, 0602), 0);
	assert_refused(fx->file, "can be written by others");
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
	(void)state;
	assert_true(digest("a", "b") == digest("a", "b"));
	assert_true(digest("ab", "c") != digest("a", "bc"));
	assert_true(digest("", "a") != digest("a", ""));
	assert_true(digest("a", "b") != digest("b", "a"));
	assert_true(digest("a", "b") != digest("a", "c"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_read),
	    TEST(test_link),
	    TEST(test_refused),
	    cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
