// SPDX-License-Identifier: ISC
#include "flashback/jobs/hook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/child.h"

/* A file in memory that holds input, to be read from its beginning; -1 for none. */
static int
input_file(const char *input)
{
	int fd;

	if (input == NULL)
		return -1;
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	if (dprintf(fd, "%s", input) < 0 || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

const char *
hook_hint(int status)
{
	switch (status) {
	case 126:
		return ": it, or a program in it, may not be run";
	case 127:
		return ": it, or a program in it, was not found";
	default:
		return "";
	}
}

int
hook_run(const struct text_list *command, const struct text_list *env, const char *input,
         int seconds, int stop_fd, char *why, size_t size)
{
	struct child_spec spec = {
	    .argv = command,
	    .env = env,
	    .in = input_file(input),
	    .out = STDERR_FILENO,
	    .err = STDERR_FILENO,
	    .dir = -1,
	    .keep = -1,
	};
	const char *name = command->item[0];
	int status, rc, error;

	rc = child_run(&spec, seconds, stop_fd, &status);
	error = errno;
	if (spec.in >= 0)
		close(spec.in);
	if (rc != 0 && error == ETIMEDOUT)
		snprintf(why, size, "%s still ran after %d s and was ended", name, seconds);
	else if (rc != 0 && error == ECANCELED && !WIFEXITED(status))
		snprintf(why, size, "%s was ended because flashback was told to stop", name);
	else if (rc != 0 && error != ECANCELED)
		snprintf(why, size, "%s could not be run: %s", name, strerror(error));
	else if (WIFSIGNALED(status))
		snprintf(why, size, "%s was killed by signal %d", name, WTERMSIG(status));
	else
		return WEXITSTATUS(status);
	return -1;
}
