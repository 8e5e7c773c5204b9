// SPDX-License-Identifier: ISC
#include "flashback/lib/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"

#define SHOWN 3
#define NAME_MAX_LEN 64 /* of a process: 15 characters and a newline, in /proc/PID/comm */

/* What is searched, and what was found. */
struct search {
	int proc;
	int fds; /* /proc/PID/fd of the process that is looked at */
	const struct stat *file;
	const char *base;
	char *out;
	size_t size, n;
};

/* Is this descriptor the file?  Its path is compared first, since stat(2) of any other file may
 * hang on a dead network file system. */
static int
is_file(void *arg, const struct dirent *entry)
{
	const struct search *s = arg;
	char path[PATH_MAX];
	ssize_t len = readlinkat(s->fds, entry->d_name, path, sizeof(path) - 1);
	const char *slash;
	struct stat st;

	if (len <= 0)
		return 0;
	path[len] = '\0';
	slash = strrchr(path, '/');
	return slash != NULL && strcmp(slash + 1, s->base) == 0 &&
	       fstatat(s->fds, entry->d_name, &st, 0) == 0 && st.st_dev == s->file->st_dev &&
	       st.st_ino == s->file->st_ino;
}

/* Add a process to the text. */
static void
add(struct search *s, const char *pid)
{
	char path[NAME_MAX_LEN], name[4 * NAME_MAX_LEN] = "?", *text;
	size_t used = strlen(s->out), len;

	if (s->n++ >= SHOWN) {
		if (s->n == SHOWN + 1)
			snprintf(s->out + used, s->size - used, ", ...");
		return;
	}
	snprintf(path, sizeof(path), "%.20s/comm", pid);
	if (file_read(s->proc, path, NAME_MAX_LEN, &text, &len) == 0) {
		text_escape(name, sizeof(name), text, strcspn(text, "\n"));
		free(text);
	}
	snprintf(s->out + used, s->size - used, "%s%s (%s)", used > 0 ? ", " : "", pid, name);
}

static int
look_at(void *arg, const struct dirent *entry)
{
	struct search *s = arg;
	const char *pid = entry->d_name;
	char path[NAME_MAX_LEN];

	if (strspn(pid, "0123456789") != strlen(pid) || strtol(pid, NULL, 10) == getpid())
		return 0;
	snprintf(path, sizeof(path), "%.20s/fd", pid);
	s->fds = openat(s->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fds == -1)
		return 0;
	if (tree_names(s->fds, is_file, s) == 1)
		add(s, pid);
	close(s->fds);
	return 0;
}

size_t
holder_find(const struct stat *file, const char *base, char *out, size_t size)
{
	struct search s = {.file = file, .base = base, .out = out, .size = size};

	out[0] = '\0';
	s.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.proc == -1)
		return 0;
	(void)tree_names(s.proc, look_at, &s);
	close(s.proc);
	return s.n;
}
