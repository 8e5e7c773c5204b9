// SPDX-License-Identifier: ISC
#include "flashback/jobs/leftout.h"

#include <stdlib.h>
#include <string.h>

#include "flashback/lib/mounts.h"

/* Argument of take. */
struct search {
	const struct volume *v;
	const char *source, *data_dir; /* real paths */
	struct text_list *list;
};

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

static int
take(void *arg, const char *where)
{
	const struct search *s = arg;
	size_t len = strcmp(s->source, "/") == 0 ? 0 : strlen(s->source);
	char *safe;
	int rc = 0;

	if (source_is_inside(s->data_dir, where) || is_excluded(s->v, where + len))
		return 0;
	safe = text_escaped(where);
	/* A subvolume that is mounted where it is was found twice. */
	if (safe == NULL || (!text_list_has(s->list, safe) && text_list_add(s->list, safe) != 0))
		rc = -1;
	free(safe);
	return rc;
}

int
leftout_list(const struct volume *v, const char *data_dir, struct text_list *list)
{
	bool asked = v->transport == VOLUME_LOCAL && v->one_file_system;
	char *source = asked ? realpath(v->path, NULL) : NULL, *store = realpath(data_dir, NULL);
	struct search s = {v, source, store != NULL ? store : data_dir, list};
	int rc = 0;

	if (source != NULL) {
		rc = mounts_below(source, take, &s);
		if (rc == 0)
			rc = mounts_subvolumes(source, take, &s);
	}
	text_list_sort(list);
	free(source);
	free(store);
	return rc;
}
