// SPDX-License-Identifier: ISC
#include "flashback/jobs/hook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/child.h"
#include "flashback/lib/file.h"
#include "flashback/lib/safepath.h"

/* A file in memory that holds input, positioned at its beginning; -1 for none.  A pipe would need
 * somebody who writes to it while the command runs, and a command that does not read would block
 * that. */
static int
input_file(const char *input)
{
	int fd;

	if (input == NULL)
		return -1;
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd == -1)
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
		return ": it, or a program that it calls, may not be executed";
	case 127:
		return ": it, or a program that it calls, was not found";
	default:
		return "";
	}
}

/* Output goes to standard error, so that it is in the log.  A command that was terminated and
 * exited by itself counts by its exit status: it has done its work, and its result must not be
 * lost. */
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

	if (safepath_check_program(name, why, size) != 0) {
		file_close(&spec.in);
		return -1;
	}
	rc = child_run(&spec, seconds, stop_fd, &status);
	error = errno;
	file_close(&spec.in);
	if (rc != 0 && error == ETIMEDOUT)
		snprintf(why, size, "%s was still running after %d s and was terminated", name,
		         seconds);
	else if (rc != 0 && error == ECANCELED && !WIFEXITED(status))
		snprintf(why, size, "%s was terminated because flashback is stopping", name);
	else if (rc != 0 && error != ECANCELED)
		snprintf(why, size, "cannot run %s: %s", name, strerror(error));
	else if (WIFSIGNALED(status))
		snprintf(why, size, "%s was killed by signal %d", name, WTERMSIG(status));
	else
		return WEXITSTATUS(status);
	return -1;
}
