// SPDX-License-Identifier: ISC
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/store/runlog.h"
#include "flashback/lib/file.h"

/* Logs that the tests make, in the order in which they are removed again. */
#define FIRST INT64_C(1800000000)
#define MANY (RUNLOG_OTHERS + 5)

struct place {
	char path[32];
	int fd;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->path, sizeof(p->path), "/tmp/runlog.XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY);
	assert_true(p->fd >= 0);
	*state = p;
	return 0;
}

static struct stamp
stamp_at(int64_t i)
{
	return (struct stamp){.when = FIRST + i, .offset = 0, .state = STAMP_WORKING};
}

static void
path_of(int64_t i, char *path, size_t size)
{
	struct stamp s = stamp_at(i);
	char name[STAMP_NAME_SIZE];

	s.state = STAMP_COMPLETE;
	snprintf(path, size, "logs/%s.log", stamp_format(&s, name));
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char path[64];

	for (int64_t i = 0; i < MANY; i++) {
		path_of(i, path, sizeof(path));
		unlinkat(p->fd, path, 0);
	}
	unlinkat(p->fd, "logs/foreign", 0);
	unlinkat(p->fd, "logs", AT_REMOVEDIR);
	close(p->fd);
	rmdir(p->path);
	free(p);
	return 0;
}

static bool
exists(const struct place *p, int64_t i)
{
	struct stat st;
	char path[64];

	path_of(i, path, sizeof(path));
	return fstatat(p->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static char *
content(const struct place *p, int64_t i, size_t *len)
{
	char path[64], *text;

	path_of(i, path, sizeof(path));
	assert_int_equal(file_read(p->fd, path, 1 << 20, &text, len), 0);
	return text;
}

static void
test_words_are_escaped(void **state)
{
	struct place *p = *state;
	struct stamp s = stamp_at(0);
	struct runlog *log = runlog_open(p->fd, &s);
	size_t len;
	char *text;

	assert_non_null(log);
	runlog_line(log, "a\033[31mb", 7);
	runlog_line(log, "plain", 5);
	runlog_close(log);
	text = content(p, 0, &len);
	assert_string_equal(text, "a\\033[31mb\nplain\n");
	free(text);
	runlog_line(NULL, "x", 1);
	runlog_close(NULL);
}

/* A fifo in its place must not hold up the run. */
static void
test_no_file(void **state)
{
	struct place *p = *state;
	struct stamp s = stamp_at(0);
	char path[64];

	runlog_close(runlog_open(p->fd, &s));
	path_of(0, path, sizeof(path));
	assert_int_equal(unlinkat(p->fd, path, 0), 0);
	assert_int_equal(mkfifoat(p->fd, path, 0600), 0);
	alarm(20);
	assert_null(runlog_open(p->fd, &s));
	alarm(0);
}

static void
test_middle_is_left_out(void **state)
{
	struct place *p = *state;
	struct stamp s = stamp_at(1);
	struct runlog *log = runlog_open(p->fd, &s);
	char line[101], *text, *gap;
	size_t len;

	assert_non_null(log);
	for (int i = 0; i < 10000; i++) {
		int n = snprintf(line, sizeof(line), "line %05d %089d", i, 0);

		runlog_line(log, line, (size_t)n);
	}
	runlog_close(log);
	text = content(p, 1, &len);
	assert_true(len <= RUNLOG_HEAD + RUNLOG_TAIL + 64);
	assert_true(len > RUNLOG_HEAD + RUNLOG_TAIL - 300);
	assert_int_equal(strncmp(text, "line 00000 ", 11), 0);
	gap = strstr(text, "bytes left out ...\nline ");
	assert_true(gap != NULL);
	assert_true(strstr(text, "line 09999 ") > gap);
	assert_int_equal(text[len - 1], '\n');
	free(text);
}

static void
test_prune(void **state)
{
	static const char *const foreign[] = {"logs/foreign", "logs/foreign.log"};
	struct place *p = *state;
	const struct stamp kept[] = {{.when = FIRST, .state = STAMP_COMPLETE},
	                             {.when = FIRST + 1, .state = STAMP_EXPIRED}};
	int fd;

	for (int64_t i = 0; i < MANY; i++) {
		struct stamp s = stamp_at(i);

		runlog_close(runlog_open(p->fd, &s));
		assert_true(exists(p, i));
	}
	for (size_t i = 0; i < 2; i++) {
		fd = openat(p->fd, foreign[i], O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(runlog_prune(p->fd, kept, 2), 0);
	assert_true(exists(p, 0));
	for (int64_t i = 1; i < MANY - RUNLOG_OTHERS; i++)
		assert_false(exists(p, i));
	for (int64_t i = MANY - RUNLOG_OTHERS; i < MANY; i++)
		assert_true(exists(p, i));
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(faccessat(p->fd, foreign[i], F_OK, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_words_are_escaped, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_middle_is_left_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_prune, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
