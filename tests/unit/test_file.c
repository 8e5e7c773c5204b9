// SPDX-License-Identifier: ISC
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/file.h"

/* A private directory, in which each test works. */
struct place {
	char path[64];
	int fd;
};

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->path, "/tmp/test_file.XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->fd >= 0);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	close(p->fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", p->path);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static const char *
path_of(const struct place *p, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", p->path, name);
	return path;
}

static int
put_words(FILE *f, void *arg)
{
	return fputs(arg, f) < 0 ? -1 : 0;
}

static int
put_nothing(FILE *f, void *arg)
{
	(void)arg;
	fputs("half", f);
	errno = ERANGE;
	return -1;
}

/* How many names stand in the directory? */
static int
count_names(const struct place *p)
{
	DIR *d = opendir(p->path);
	int n = 0;

	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void
assert_holds(const struct place *p, const char *name, const char *words)
{
	char *text;
	size_t len;

	assert_int_equal(file_read(p->fd, name, 1000, &text, &len), 0);
	assert_int_equal(len, strlen(words));
	assert_string_equal(text, words);
	free(text);
}

static void
replace_makes_and_replaces(void **state)
{
	const struct place *p = *state;
	struct stat st;
	mode_t mask = umask(077);

	assert_int_equal(file_replace(p->fd, "f", 0644, put_words, (char[]){"one"}, false), 0);
	assert_holds(p, "f", "one");
	assert_int_equal(fstatat(p->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(file_replace(p->fd, "f", 0600, put_words, (char[]){"two"}, true), 0);
	assert_holds(p, "f", "two");
	assert_int_equal(fstatat(p->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(count_names(p), 1);
	umask(mask);
}

static void
replace_replaces_a_symlink_itself(void **state)
{
	const struct place *p = *state;

	assert_int_equal(file_replace(p->fd, "victim", 0644, put_words, (char[]){"v"}, false), 0);
	assert_int_equal(symlinkat("victim", p->fd, "f"), 0);
	assert_int_equal(file_replace(p->fd, "f", 0644, put_words, (char[]){"x"}, false), 0);
	assert_holds(p, "victim", "v");
	assert_holds(p, "f", "x");
}

static void
replace_that_fails_leaves_all_as_it_was(void **state)
{
	const struct place *p = *state;

	assert_int_equal(file_replace(p->fd, "f", 0644, put_words, (char[]){"old"}, false), 0);
	assert_int_equal(file_replace(p->fd, "f", 0644, put_nothing, NULL, false), -1);
	assert_int_equal(errno, ERANGE);
	assert_holds(p, "f", "old");
	assert_int_equal(mkdirat(p->fd, "dir", 0755), 0);
	assert_int_equal(file_replace(p->fd, "dir", 0644, put_words, (char[]){"x"}, false), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(count_names(p), 2);
}

/* A limit of file size stands for the full disk: opening works, writing does not. */
static void
replace_without_room_leaves_all_as_it_was(void **state)
{
	const struct place *p = *state;
	const struct rlimit little = {100000, RLIM_INFINITY};
	struct rlimit before;
	static char words[1 << 20];

	memset(words, 'x', sizeof(words) - 1);
	assert_int_equal(file_replace(p->fd, "f", 0644, put_words, (char[]){"old"}, false), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	int result = file_replace(p->fd, "f", 0644, put_words, words, false);
	int error = errno;

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(result, -1);
	assert_int_equal(error, EFBIG);
	assert_holds(p, "f", "old");
	assert_int_equal(count_names(p), 1);
}

static void
read_is_whole(void **state)
{
	const struct place *p = *state;
	static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 100000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *words = calloc(1, sizes[i] + 1), *text;
		size_t len;

		assert_non_null(words);
		memset(words, 'a' + (int)i, sizes[i]);
		assert_int_equal(file_replace(p->fd, "f", 0644, put_words, words, false), 0);
		assert_int_equal(file_read(p->fd, "f", sizes[i], &text, &len), 0);
		assert_int_equal(len, sizes[i]);
		assert_string_equal(text, words);
		free(text);
		if (sizes[i] > 0) {
			assert_int_equal(file_read(p->fd, "f", sizes[i] - 1, &text, &len), -1);
			assert_int_equal(errno, EFBIG);
		}
		free(words);
	}
}

static void
read_wants_a_regular_file(void **state)
{
	const struct place *p = *state;
	char *text;
	size_t len;

	assert_int_equal(mkdirat(p->fd, "dir", 0755), 0);
	assert_int_equal(symlinkat("dir", p->fd, "link"), 0);
	assert_int_equal(mkfifoat(p->fd, "fifo", 0600), 0);
	assert_int_equal(file_read(p->fd, "dir", 10, &text, &len), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(file_read(p->fd, "link", 10, &text, &len), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(file_read(p->fd, "fifo", 10, &text, &len), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(file_read(p->fd, "absent", 10, &text, &len), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/stat", 100000, &text, &len), 0);
	assert_true(len > 10);
	free(text);
}

/* What another process gets when it asks for the pid file: 0, 1 or 2, and 3 when the words are not
 * right. */
static int
ask_from_elsewhere(const char *path, const char *words)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char *why;
		int fd = file_lock_pid(path, &why);

		if (fd < 0 && words != NULL && strstr(why, words) == NULL)
			_exit(3);
		_exit(fd < 0 ? -fd : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
only_one_holds_the_pid_file(void **state)
{
	const struct place *p = *state;
	char path[256], words[64], *why;
	int fd;

	snprintf(path, sizeof(path), "%s", path_of(p, "run/pid"));
	fd = file_lock_pid(path, &why);
	if (fd < 0)
		fail_msg("%s", why);
	snprintf(words, sizeof(words), "%ld\n", (long)getpid());
	assert_holds(p, "run/pid", words);
	snprintf(words, sizeof(words), "process %ld:", (long)getpid());
	assert_int_equal(ask_from_elsewhere(path, words), 2);
	file_unlock_pid(fd, path);
	assert_int_equal(faccessat(p->fd, "run/pid", F_OK, 0), -1);
	assert_int_equal(ask_from_elsewhere(path, NULL), 0);
}

/* As it is between the lock and the number. */
static void
a_holder_may_not_have_said_who_it_is(void **state)
{
	const struct place *p = *state;
	int fd = openat(p->fd, "pid", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(ask_from_elsewhere(path_of(p, "pid"), "held by another process:"), 2);
	close(fd);
}

static void
a_pid_file_left_by_a_crash_is_taken_over(void **state)
{
	const struct place *p = *state;
	char words[64], *why;
	int fd;

	assert_int_equal(
	    file_replace(p->fd, "pid", 0644, put_words, (char[]){"123456789\n"}, false), 0);
	fd = file_lock_pid(path_of(p, "pid"), &why);
	assert_true(fd >= 0);
	snprintf(words, sizeof(words), "%ld\n", (long)getpid());
	assert_holds(p, "pid", words);
	/* Someone has removed ours and put another there: that one is not ours to remove. */
	assert_int_equal(file_replace(p->fd, "pid", 0644, put_words, (char[]){"1\n"}, false), 0);
	file_unlock_pid(fd, path_of(p, "pid"));
	assert_holds(p, "pid", "1\n");
}

static void
a_pid_file_in_bad_places_is_refused(void **state)
{
	const struct place *p = *state;

	assert_int_equal(file_replace(p->fd, "v", 0644, put_words, (char[]){"victim"}, false), 0);
	assert_int_equal(symlinkat("v", p->fd, "link"), 0);
	assert_int_equal(mkfifoat(p->fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(p->fd, "bad", 0777), 0);
	assert_int_equal(fchmodat(p->fd, "bad", 0777, 0), 0);
	assert_int_equal(ask_from_elsewhere(path_of(p, "link"), strerror(ELOOP)), 1);
	assert_int_equal(ask_from_elsewhere(path_of(p, "fifo"), "not a regular file"), 1);
	assert_int_equal(ask_from_elsewhere(path_of(p, "bad/pid"), "written by others"), 1);
	assert_holds(p, "v", "victim");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(replace_makes_and_replaces),
	    TEST(replace_replaces_a_symlink_itself),
	    TEST(replace_that_fails_leaves_all_as_it_was),
	    TEST(replace_without_room_leaves_all_as_it_was),
	    TEST(read_is_whole),
	    TEST(read_wants_a_regular_file),
	    TEST(only_one_holds_the_pid_file),
	    TEST(a_holder_may_not_have_said_who_it_is),
	    TEST(a_pid_file_left_by_a_crash_is_taken_over),
	    TEST(a_pid_file_in_bad_places_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
