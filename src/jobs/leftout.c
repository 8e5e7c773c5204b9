// SPDX-License-Identifier: ISC
#include "flashback/jobs/leftout.h"

#include <stdlib.h>
#include <string.h>

#include "flashback/lib/mounts.h"

/* Does an exclude name just this path, which is relative to the source? */
static bool
is_excluded(const struct volume *v, const char *path)
{
	for (size_t i = 0; i < v->exclude.n; i++) {
		const char *pattern = v->exclude.item[i];
		size_t len = strlen(path);

		if (strncmp(pattern, path, len) == 0 &&
		    (pattern[len] == '\0' || strcmp(pattern + len, "/") == 0))
			return true;
	}
	return false;
}

/* Add a place below the source, unless it is the store or excluded. */
static int
add(const struct volume *v, const char *source, const char *data_dir, const char *where,
    struct text_list *list)
{
	size_t len = strcmp(source, "/") == 0 ? 0 : strlen(source);
	char *safe;
	int rc = 0;

	if (source_is_inside(data_dir, where) || is_excluded(v, where + len))
		return 0;
	safe = text_escaped(where);
	/* A subvolume that is mounted where it is was found twice. */
	if (safe == NULL || (!text_list_has(list, safe) && text_list_add(list, safe) != 0))
		rc = -1;
	free(safe);
	return rc;
}

int
leftout_list(const struct volume *v, const char *data_dir, struct text_list *list)
{
	bool asked = v->transport == VOLUME_LOCAL && v->one_file_system;
	char *source = asked ? realpath(v->path, NULL) : NULL, *store = realpath(data_dir, NULL);
	struct text_list places = {0};
	int rc = 0;

	if (source != NULL)
		rc = mounts_below(source, &places) | mounts_subvolumes(source, &places);
	for (size_t i = 0; rc == 0 && i < places.n; i++)
		rc = add(v, source, store != NULL ? store : data_dir, places.item[i], list);
	text_list_sort(list);
	text_list_free(&places);
	free(source);
	free(store);
	return rc;
}
