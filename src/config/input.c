// SPDX-License-Identifier: ISC
#include "flashback/config/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/safepath.h"
#include "flashback/lib/text.h"

/* Remove the path from the start of a message: the caller prefixes it with the file's name.  The
 * message has it without repeated slashes. */
static void
drop_path(char *why, const char *path)
{
	size_t len = 0;

	for (size_t i = 0; why != NULL && path[i] != '\0'; i++)
		if (why[len] == path[i])
			len++;
		else if (i == 0 || path[i] != '/' || path[i - 1] != '/')
			return;
	if (why != NULL && why[len] == ' ')
		memmove(why, why + len + 1, strlen(why + len + 1) + 1);
}

/* Check and read an open file, through its descriptor: a path could be replaced between the
 * check and the read. */
static int
read_file(const char *path, int fd, struct input *in, char **why)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return text_refuse(why, "cannot be read: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return text_refuse(why, "not a regular file");
	if (st.st_size > INPUT_MAX)
		return text_refuse(why, "larger than 1 MiB: this is not a config file");
	if (safepath_check_file(path, fd, why) == -1) {
		drop_path(*why, path);
		return -1;
	}
	in->bytes = file_read_fd(fd, INPUT_MAX, &in->len);
	return in->bytes != NULL ? 0 : text_refuse(why, "cannot be read: %s", strerror(errno));
}

/* O_NONBLOCK, so that a FIFO of this name cannot block the daemon. */
int
input_read(const char *path, struct input *in, char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	*in = (struct input){0};
	if (fd == -1 && errno == ENOENT)
		return text_refuse(why, "no such file: create it, or name the right one (see "
		                        "flashback.conf(5))");
	if (fd == -1)
		return text_refuse(why, "cannot be read: %s", strerror(errno));
	rc = read_file(path, fd, in, why);
	if (rc == -1)
		input_free(in);
	close(fd);
	return rc;
}

/* The lengths count as well: a NUL byte in a file would end its text. */
uint64_t
input_digest(const struct input *first, const struct input *second)
{
	uint64_t h = text_hash(TEXT_HASH + first->len, first->bytes);

	return text_hash(h + second->len, second->bytes);
}

bool
input_is_same(const struct input *first, const char *second, uint64_t digest)
{
	struct input in;
	char *why;
	bool same;

	if (input_read(second, &in, &why) == -1) {
		free(why);
		return false;
	}
	same = input_digest(first, &in) == digest;
	input_free(&in);
	return same;
}

void
input_free(struct input *in)
{
	free(in->bytes);
	*in = (struct input){0};
}
