// SPDX-License-Identifier: ISC
#include "flashback/jobs/example.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/file.h"
#include "flashback/lib/listing.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"

#define DEPTH_MAX 8

/* Would a shell take the name as it stands, also behind a blank? */
static bool
is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "._-";

	return *name != '.' && *name != '-' && name[strspn(name, plain)] == '\0';
}

/* Set the first names, of each kind, in an open directory: new memory, or NULL. */
static void
find_first(int fd, char **file, char **directory)
{
	struct listing list = {.n = 0};

	*file = *directory = NULL;
	(void)listing_read(fd, &list);
	listing_sort(&list, 0);
	for (size_t i = 0; i < list.n; i++) {
		unsigned char type = list.entry[i]->d_type;
		char **first = type == DT_DIR ? directory : file;

		if ((type == DT_DIR || type == DT_REG) && *first == NULL &&
		    is_plain(list.entry[i]->d_name))
			*first = strdup(list.entry[i]->d_name);
	}
	listing_free(&list);
}

/* Descend into the first directory, until there is a file below the top. */
char *
example_find(int parent, const char *name)
{
	char *path = strdup(""), *found = NULL, *file, *directory;
	int fd = openat(parent, name, TREE_DIR), next;

	for (int depth = 0; path != NULL && fd >= 0 && depth < DEPTH_MAX; depth++) {
		find_first(fd, &file, &directory);
		if (file != NULL)
			(void)text_replace(&found, "%s%s", path, file);
		next = -1;
		if (directory != NULL && (depth == 0 || file == NULL) &&
		    text_replace(&path, "%s%s/", path, directory) == 0)
			next = openat(fd, directory, TREE_DIR);
		free(file);
		free(directory);
		file_close(&fd);
		fd = next;
	}
	file_close(&fd);
	free(path);
	return found;
}
