// SPDX-License-Identifier: ISC
#include "flashback/jobs/example.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"

#define DEPTH_MAX 8

/* The first names, of each kind, in a directory. */
struct first {
	int fd;
	char *file, *directory;
};

/* Would a shell take the name as it stands, also behind a blank? */
static bool
is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "._-";

	return *name != '.' && *name != '-' && name[strspn(name, plain)] == '\0';
}

static unsigned char
type_of(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN ||
	    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return entry->d_type;
	return (unsigned char)IFTODT(st.st_mode);
}

static int
take(void *arg, const struct dirent *entry)
{
	struct first *first = arg;
	unsigned char type = is_plain(entry->d_name) ? type_of(first->fd, entry) : DT_UNKNOWN;
	char **best = type == DT_DIR ? &first->directory : &first->file;

	if ((type == DT_DIR || type == DT_REG) &&
	    (*best == NULL || strcmp(entry->d_name, *best) < 0))
		(void)text_replace(best, "%s", entry->d_name);
	return 0;
}

/* Descend into the first directory, until there is a file below the top. */
char *
example_find(int parent, const char *name)
{
	char *path = strdup(""), *found = NULL;
	struct first first = {.fd = openat(parent, name, TREE_DIR)};
	int next;

	for (int depth = 0; path != NULL && first.fd >= 0 && depth < DEPTH_MAX; depth++) {
		(void)tree_names(first.fd, take, &first);
		if (first.file != NULL)
			(void)text_replace(&found, "%s%s", path, first.file);
		next = -1;
		if (first.directory != NULL && (depth == 0 || first.file == NULL) &&
		    text_replace(&path, "%s%s/", path, first.directory) == 0)
			next = openat(first.fd, first.directory, TREE_DIR);
		free(first.file);
		free(first.directory);
		file_close(&first.fd);
		first = (struct first){.fd = next};
	}
	file_close(&first.fd);
	free(path);
	return found;
}
