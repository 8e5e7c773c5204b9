// SPDX-License-Identifier: ISC
#ifndef SCRATCH_H
#define SCRATCH_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * For tests that work on files: a private directory for each test, which is also the working
 * directory, and what is done in it again and again.  To be included after cmocka.h.
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

/* Not with code that is under test. */
static inline int
scratch_teardown(void **state)
{
	struct scratch *s = *state;
	pid_t pid;
	int status = -1;

	assert_int_equal(chdir("/"), 0);
	close(s->fd);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", s->path, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(s);
	return status;
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

static inline bool
is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

/* Run a function in a process without rights (as we are, if we are not root).  Does it return 0? */
static inline bool
as_nobody(int (*run)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (geteuid() == 0 && (setgid(SCRATCH_NOBODY) < 0 || setuid(SCRATCH_NOBODY) < 0))
			_exit(100);
		_exit(run(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
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
