// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/file.h>

#include "flashback/lib/file.h"

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
count_names(const struct scratch *s)
{
	DIR *d = opendir(s->path);
	int n = 0;

	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void
assert_holds(const struct scratch *s, const char *name, const char *words)
{
	char *text;
	size_t len;

	assert_int_equal(file_read(s->fd, name, 1000, &text, &len), 0);
	assert_int_equal(len, strlen(words));
	assert_string_equal(text, words);
	free(text);
}

static void
replace_makes_and_replaces(void **state)
{
	const struct scratch *s = *state;
	struct stat st;
	mode_t mask = umask(077);

	assert_int_equal(file_replace(s->fd, "f", 0644, put_words, (char[]){"one"}, false), 0);
	assert_holds(s, "f", "one");
	assert_int_equal(fstatat(s->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(file_replace(s->fd, "f", 0600, put_words, (char[]){"two"}, true), 0);
	assert_holds(s, "f", "two");
	assert_int_equal(fstatat(s->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(count_names(s), 1);
	umask(mask);
}

static void
replace_replaces_a_symlink_itself(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(file_replace(s->fd, "victim", 0644, put_words, (char[]){"v"}, false), 0);
	assert_int_equal(symlinkat("victim", s->fd, "f"), 0);
	assert_int_equal(file_replace(s->fd, "f", 0644, put_words, (char[]){"x"}, false), 0);
	assert_holds(s, "victim", "v");
	assert_holds(s, "f", "x");
}

static void
replace_that_fails_leaves_all_as_it_was(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(file_replace(s->fd, "f", 0644, put_words, (char[]){"old"}, false), 0);
	assert_int_equal(file_replace(s->fd, "f", 0644, put_nothing, NULL, false), -1);
	assert_int_equal(errno, ERANGE);
	assert_holds(s, "f", "old");
	assert_int_equal(mkdirat(s->fd, "dir", 0755), 0);
	assert_int_equal(file_replace(s->fd, "dir", 0644, put_words, (char[]){"x"}, false), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(count_names(s), 2);
}

static ino_t
inode_of(const struct scratch *s, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

static void
update_leaves_alone_what_is_equal(void **state)
{
	static char others[][8] = {"new", "longer", "lon", ""};
	struct scratch *s = *state;
	ino_t first;

	assert_int_equal(file_update(s->fd, "f", 0640, put_words, (char[]){"old"}), 0);
	assert_holds(s, "f", "old");
	first = inode_of(s, "f");
	assert_int_equal(file_update(s->fd, "f", 0640, put_words, (char[]){"old"}), 0);
	assert_int_equal(inode_of(s, "f"), first);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(file_update(s->fd, "f", 0640, put_words, others[i]), 0);
		assert_holds(s, "f", others[i]);
	}
	assert_int_equal(file_update(s->fd, "f", 0640, put_nothing, NULL), -1);
	assert_int_equal(errno, ERANGE);
	/* Only a file of its own: one behind a link is somebody else's. */
	assert_int_equal(symlinkat("f", s->fd, "link"), 0);
	assert_int_equal(file_update(s->fd, "link", 0640, put_words, (char[]){""}), 0);
	assert_holds(s, "link", "");
	assert_int_not_equal(inode_of(s, "link"), inode_of(s, "f"));
	assert_int_equal(count_names(s), 2);
}

/* A limit of file size stands for the full disk: opening works, writing does not. */
static void
touch_file(const struct scratch *s, const char *name)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT, 0600);

	assert_return_code(fd, errno);
	close(fd);
}

static void
sweep_removes_temporaries_of_these_names_only(void **state)
{
	static const char *const stay[] = {"f",
	                                   ".f",
	                                   ".f.0123456789abcde",
	                                   ".f.0123456789abcdef0",
	                                   ".f.0123456789abcdeg",
	                                   ".ff.0123456789abcdef",
	                                   "f.0123456789abcdef"};
	static const char *const names[] = {"f", "g"};
	struct scratch *s = *state;

	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		touch_file(s, stay[i]);
	touch_file(s, ".f.0123456789abcdef");
	touch_file(s, ".g.00000000ffffffff");
	file_sweep(s->fd, names, 2);
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		assert_int_equal(faccessat(s->fd, stay[i], F_OK, 0), 0);
	assert_int_equal(count_names(s), sizeof(stay) / sizeof(stay[0]));
}

static void
replace_without_room_leaves_all_as_it_was(void **state)
{
	const struct scratch *s = *state;
	const struct rlimit little = {100000, RLIM_INFINITY};
	struct rlimit before;
	static char words[1 << 20];

	memset(words, 'x', sizeof(words) - 1);
	assert_int_equal(file_replace(s->fd, "f", 0644, put_words, (char[]){"old"}, false), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	int result = file_replace(s->fd, "f", 0644, put_words, words, false);
	int error = errno;

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(result, -1);
	assert_int_equal(error, EFBIG);
	assert_holds(s, "f", "old");
	assert_int_equal(count_names(s), 1);
}

static void
read_is_whole(void **state)
{
	const struct scratch *s = *state;
	static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 100000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *words = calloc(1, sizes[i] + 1), *text;
		size_t len;

		assert_non_null(words);
		memset(words, 'a' + (int)i, sizes[i]);
		assert_int_equal(file_replace(s->fd, "f", 0644, put_words, words, false), 0);
		assert_int_equal(file_read(s->fd, "f", sizes[i], &text, &len), 0);
		assert_int_equal(len, sizes[i]);
		assert_string_equal(text, words);
		free(text);
		if (sizes[i] > 0) {
			assert_int_equal(file_read(s->fd, "f", sizes[i] - 1, &text, &len), -1);
			assert_int_equal(errno, EFBIG);
		}
		free(words);
	}
}

static void
read_wants_a_regular_file(void **state)
{
	const struct scratch *s = *state;
	char *text;
	size_t len;

	assert_int_equal(mkdirat(s->fd, "dir", 0755), 0);
	assert_int_equal(symlinkat("dir", s->fd, "link"), 0);
	assert_int_equal(mkfifoat(s->fd, "fifo", 0600), 0);
	assert_int_equal(file_read(s->fd, "dir", 10, &text, &len), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(file_read(s->fd, "link", 10, &text, &len), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(file_read(s->fd, "fifo", 10, &text, &len), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(file_read(s->fd, "absent", 10, &text, &len), -1);
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
	const struct scratch *s = *state;
	char path[300], words[64], *why;
	int fd;

	snprintf(path, sizeof(path), "%s", scratch_path(s, "run/pid"));
	fd = file_lock_pid(path, &why);
	if (fd < 0)
		fail_msg("%s", why);
	snprintf(words, sizeof(words), "%ld\n", (long)getpid());
	assert_holds(s, "run/pid", words);
	snprintf(words, sizeof(words), "process %ld:", (long)getpid());
	assert_int_equal(ask_from_elsewhere(path, words), 2);
	file_unlock_pid(fd, path);
	assert_int_equal(faccessat(s->fd, "run/pid", F_OK, 0), -1);
	assert_int_equal(ask_from_elsewhere(path, NULL), 0);
}

/* As it is between the lock and the number. */
static void
a_holder_may_not_have_said_who_it_is(void **state)
{
	const struct scratch *s = *state;
	int fd = openat(s->fd, "pid", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(ask_from_elsewhere(scratch_path(s, "pid"), "held by another process:"), 2);
	close(fd);
}

static void
a_pid_file_left_by_a_crash_is_taken_over(void **state)
{
	const struct scratch *s = *state;
	char words[64], *why;
	int fd;

	assert_int_equal(
	    file_replace(s->fd, "pid", 0644, put_words, (char[]){"123456789\n"}, false), 0);
	fd = file_lock_pid(scratch_path(s, "pid"), &why);
	assert_true(fd >= 0);
	snprintf(words, sizeof(words), "%ld\n", (long)getpid());
	assert_holds(s, "pid", words);
	/* Someone has removed ours and put another there: that one is not ours to remove. */
	assert_int_equal(file_replace(s->fd, "pid", 0644, put_words, (char[]){"1\n"}, false), 0);
	file_unlock_pid(fd, scratch_path(s, "pid"));
	assert_holds(s, "pid", "1\n");
}

/* Hold a lock on the pid file from elsewhere, until told is closed. */
static pid_t
hold_from_elsewhere(const char *path, int flags, int told[2])
{
	pid_t pid;
	char c;

	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, flags);

		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || fd < 0 ||
		    flock(fd, LOCK_EX | LOCK_NB) != 0)
			_exit(1);
		(void)!write(told[1], "x", 1);
		close(told[1]);
		for (;;)
			pause();
	}
	assert_int_equal(read(told[0], &c, 1), 1);
	return pid;
}

static void
end(pid_t pid, const int told[2])
{
	close(told[0]);
	close(told[1]);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define TAKERS 8

/* Of several that try at once, how many get the pid file?  Each keeps what it got until all have
 * tried. */
static int
takers(const char *path)
{
	int told[2], go[2], got = 0;
	pid_t pid[TAKERS];
	char c;

	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < TAKERS; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			char *why;
			bool ok = file_lock_pid(path, &why) >= 0;

			close(go[1]);
			(void)!write(told[1], ok ? "y" : "n", 1);
			(void)!read(go[0], &c, 1);
			_exit(0);
		}
	}
	for (int i = 0; i < TAKERS; i++) {
		assert_int_equal(read(told[0], &c, 1), 1);
		got += c == 'y';
	}
	close(go[1]);
	for (int i = 0; i < TAKERS; i++)
		assert_int_equal(waitpid(pid[i], NULL, 0), pid[i]);
	close(go[0]);
	close(told[0]);
	close(told[1]);
	return got;
}

/* As version 1.0.0 made it: who can only read it is no flashback, who can write to it may be. */
static void
a_pid_file_that_others_hold_is_replaced(void **state)
{
	const struct scratch *s = *state;
	char path[300], *why;
	int told[2], got;
	pid_t pid;

	snprintf(path, sizeof(path), "%s", scratch_path(s, "pid"));
	for (int i = 0; i < 20; i++) {
		assert_int_equal(
		    file_replace(s->fd, "pid", 0644, put_words, (char[]){"1\n"}, false), 0);
		pid = hold_from_elsewhere(path, O_RDWR, told);
		assert_int_equal(ask_from_elsewhere(path, "is held by process 1:"), 2);
		assert_int_equal(takers(path), 0);
		end(pid, told);
		pid = hold_from_elsewhere(path, O_RDONLY, told);
		got = takers(path);
		assert_int_equal(got, 1);
		assert_int_equal(faccessat(s->fd, "pid.new", F_OK, 0), -1);
		end(pid, told);
	}
	pid = hold_from_elsewhere(path, O_RDONLY, told);
	got = file_lock_pid(path, &why);
	assert_true(got >= 0);
	assert_null(why);
	assert_int_equal(ask_from_elsewhere(path, "is already running"), 2);
	file_unlock_pid(got, path);
	assert_int_equal(faccessat(s->fd, "pid", F_OK, 0), -1);
	end(pid, told);
}

static void
a_pid_file_in_bad_places_is_refused(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(file_replace(s->fd, "v", 0644, put_words, (char[]){"victim"}, false), 0);
	assert_int_equal(symlinkat("v", s->fd, "link"), 0);
	assert_int_equal(mkfifoat(s->fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(s->fd, "bad", 0777), 0);
	assert_int_equal(fchmodat(s->fd, "bad", 0777, 0), 0);
	assert_int_equal(ask_from_elsewhere(scratch_path(s, "link"), strerror(ELOOP)), 1);
	assert_int_equal(ask_from_elsewhere(scratch_path(s, "fifo"), "not a regular file"), 1);
	assert_int_equal(ask_from_elsewhere(scratch_path(s, "bad/pid"), "written by others"), 1);
	assert_holds(s, "v", "victim");
}

static void
test_close(void **state)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC), was = fd;

	(void)state;
	errno = EIO;
	file_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(fcntl(was, F_GETFD), -1);
	errno = EIO;
	file_close(&fd);
	assert_int_equal(errno, EIO);
}

static void
test_holds(void **state)
{
	int fd;

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=64k"), 0);
	fd = open("mnt", SCRATCH_OPEN_DIR);
	for (int i = 0; i < 3; i++) { /* nothing is left behind */
		assert_int_equal(file_holds(fd, 48 << 10), 0);
		assert_int_equal(file_holds(fd, 65 << 10), -1);
		assert_int_equal(errno, ENOSPC);
	}
	close(fd);
	assert_int_equal(rmdir("mnt/.flashback-room-test"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(umount("mnt"), 0);
}

/* Where room cannot be reserved it is written. */
static int
without_fallocate(void *arg)
{
	int fd = open("mnt", SCRATCH_OPEN_DIR);

	(void)arg;
	if (!deny_call(SYS_fallocate, EOPNOTSUPP))
		return 10;
	if (file_holds(fd, 128 << 10) != 0)
		return 1;
	return file_holds(fd, 2 << 20) == -1 && errno == ENOSPC ? 0 : 2;
}

static void
test_without_fallocate(void **state)
{
	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=1m"), 0);
	assert_true(in_child(without_fallocate, NULL));
	assert_int_equal(umount("mnt"), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_close),
	    TEST(replace_makes_and_replaces),
	    TEST(replace_replaces_a_symlink_itself),
	    TEST(replace_that_fails_leaves_all_as_it_was),
	    TEST(update_leaves_alone_what_is_equal),
	    TEST(sweep_removes_temporaries_of_these_names_only),
	    TEST(replace_without_room_leaves_all_as_it_was),
	    TEST(read_is_whole),
	    TEST(read_wants_a_regular_file),
	    TEST(only_one_holds_the_pid_file),
	    TEST(a_holder_may_not_have_said_who_it_is),
	    TEST(a_pid_file_left_by_a_crash_is_taken_over),
	    TEST(a_pid_file_that_others_hold_is_replaced),
	    TEST(a_pid_file_in_bad_places_is_refused),
	    TEST(test_holds),
	    TEST(test_without_fallocate),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
