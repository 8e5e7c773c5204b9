// SPDX-License-Identifier: ISC
#ifndef SCRATCH_H
#define SCRATCH_H

#include "unit.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * For tests that work on files: a private directory for each test, which is also the working
 * directory, and what is done in it again and again.
 */

#define SCRATCH_OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define SCRATCH_NOBODY 65534

struct scratch {
	char path[256]; /* absolute */
	int fd;
	dev_t dev;
};

static inline int
scratch_setup(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	const char *tmp = getenv("TMPDIR");
	struct stat stat;
	int n;

	assert_non_null(s);
	n = snprintf(s->path, sizeof(s->path), "%s/flashback.XXXXXX", tmp ? tmp : "/tmp");
	assert_true(n > 0 && (size_t)n < sizeof(s->path));
	assert_non_null(mkdtemp(s->path));
	assert_int_equal(chdir(s->path), 0);
	s->fd = open(".", SCRATCH_OPEN_DIR);
	assert_int_equal(fstat(s->fd, &stat), 0);
	s->dev = stat.st_dev;
	*state = s;
	return 0;
}

/* Run a program, silently.  Does it end well? */
static inline bool
run_program(const char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Remove a tree.  Not with code that is under test. */
static inline void
scratch_remove(const char *path)
{
	const char *const argv[] = {"rm", "-rf", "--", path, NULL};

	assert_true(run_program(argv));
}

static inline int
scratch_teardown(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(chdir("/"), 0);
	close(s->fd);
	scratch_remove(s->path);
	free(s);
	return 0;
}

static inline void
make_dir(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static inline void
make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Make the file hold these bytes, readable by us alone. */
static inline void
write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, 0600), 0);
	close(fd);
}

/* The absolute path of a name; until the next call. */
static inline const char *
scratch_path(const struct scratch *s, const char *name)
{
	static char path[288];

	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	return path;
}

static inline struct stat
stat_of(const char *path)
{
	struct stat stat;

	assert_int_equal(lstat(path, &stat), 0);
	return stat;
}

static inline bool
is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

/* Run a function in another process.  Does it return 0? */
static inline bool
in_child(int (*run)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct scratch_call {
	int (*run)(void *arg);
	void *arg;
};

static inline int
without_rights(void *arg)
{
	const struct scratch_call *call = arg;

	if (geteuid() == 0 && (setgid(SCRATCH_NOBODY) < 0 || setuid(SCRATCH_NOBODY) < 0))
		return 100;
	return call->run(call->arg);
}

/* The same in a process without rights (as we are, if we are not root). */
static inline bool
as_nobody(int (*run)(void *arg), void *arg)
{
	struct scratch_call call = {run, arg};

	return in_child(without_rights, &call);
}

/* From now on, in this process, a system call fails with this error: a disk that lacks it.  For a
 * child. */
static inline bool
deny_call(long call, int error)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {.len = 4, .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Give the tests mounts of their own, which go when the process does.  For main. */
static inline bool
private_mounts(void)
{
	return geteuid() != 0 || (unshare(CLONE_NEWNS) == 0 &&
	                          mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

/* Skip a test, not silently, where only root can do it. */
#define NEEDS_ROOT()                                                                               \
	do {                                                                                       \
		if (geteuid() != 0) {                                                              \
			print_message("not tested: only root can mount and chown\n");              \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

#endif
