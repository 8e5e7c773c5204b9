// SPDX-License-Identifier: ISC
#include "flashback/store/unlisted.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "flashback/config/volume.h"
#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/store/stamp.h"

struct search {
	const struct config *c;
	struct text_list *found;
	int above; /* the directory whose names are read */
	const char *host;
	unsigned n; /* snapshots of a volume, */
	struct stamp newest;
};

/* Read the names of a directory below the one that is read. */
static void
descend(struct search *s, const char *name, int (*take)(void *arg, const struct dirent *entry))
{
	int above = s->above;

	s->above = openat(above, name, TREE_DIR);
	if (s->above != -1)
		(void)tree_names(s->above, take, s);
	file_close(&s->above);
	s->above = above;
}

/* Expired trees do not count: they are about to be removed. */
static int
take_snapshot(void *arg, const struct dirent *entry)
{
	struct search *s = arg;
	struct stamp stamp;

	if (stamp_parse(entry->d_name, &stamp) == -1 || stamp.state == STAMP_EXPIRED)
		return 0;
	if (s->n++ == 0 || stamp_compare(&stamp, &s->newest) > 0)
		s->newest = stamp;
	return 0;
}

/* A directory without a snapshot is no volume. */
static int
take_volume(void *arg, const struct dirent *entry)
{
	struct search *s = arg;
	char name[STAMP_NAME_SIZE];

	if (!volume_is_name(entry->d_name) || config_lists(s->c, s->host, entry->d_name))
		return 0;
	s->n = 0;
	descend(s, entry->d_name, take_snapshot);
	s->newest.state = STAMP_COMPLETE;
	return s->n == 0 ? 0
	                 : text_list_addf(s->found, "%s/%s: %u, the newest of %s", s->host,
	                                  entry->d_name, s->n, stamp_format(&s->newest, name));
}

static int
take_host(void *arg, const struct dirent *entry)
{
	struct search *s = arg;

	s->host = entry->d_name;
	if (volume_is_name(entry->d_name))
		descend(s, entry->d_name, take_volume);
	return 0;
}

void
unlisted_find(int fd, const struct config *c, struct text_list *found)
{
	struct search s = {.c = c, .found = found, .above = fd};

	(void)tree_names(fd, take_host, &s);
	text_list_sort(found);
}
