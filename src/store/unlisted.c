// SPDX-License-Identifier: ISC
#include "flashback/store/unlisted.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/config/volume.h"
#include "flashback/lib/file.h"
#include "flashback/lib/listing.h"
#include "flashback/lib/tree.h"
#include "flashback/store/stamp.h"

/* The number of snapshots in an open directory, and the newest.  Expired trees do not count: they
 * are about to be removed. */
static unsigned
count_snapshots(int fd, struct stamp *newest)
{
	struct listing list = {.n = 0};
	struct stamp stamp;
	unsigned n = 0;

	(void)listing_read(fd, &list);
	for (size_t i = 0; i < list.n; i++)
		if (stamp_parse(list.entry[i]->d_name, &stamp) == 0 &&
		    stamp.state != STAMP_EXPIRED && (n++ == 0 || stamp_compare(&stamp, newest) > 0))
			*newest = stamp;
	newest->state = STAMP_COMPLETE;
	listing_free(&list);
	return n;
}

static int
compare_id(const void *id, const void *item)
{
	return strcmp(id, *(char *const *)item);
}

/* Is the volume in the sorted list? */
static bool
is_listed(const struct text_list *ids, const char *host, const char *volume)
{
	char id[2 * NAME_MAX + 2];

	snprintf(id, sizeof(id), "%s/%s", host, volume);
	return ids->n > 0 &&
	       bsearch(id, ids->item, ids->n, sizeof(ids->item[0]), compare_id) != NULL;
}

/* The names of the config are sorted, as it may have thousands.  Without memory for them no volume
 * is known to be unlisted. */
void
unlisted_each(int fd, const struct config *c,
              void (*take)(void *arg, const char *host, const char *volume, int above), void *arg)
{
	struct listing hosts = {.n = 0}, list = {.n = 0};
	struct text_list ids = {0};

	for (size_t i = 0; i < c->n; i++)
		(void)text_list_add(&ids, c->volumes[i]->id);
	text_list_sort(&ids);
	if (!ids.lost)
		(void)listing_read(fd, &hosts);
	for (size_t i = 0; i < hosts.n; i++) {
		const char *host = hosts.entry[i]->d_name;
		int above = volume_is_name(host) ? openat(fd, host, TREE_DIR) : -1;

		if (above != -1)
			(void)listing_read(above, &list);
		for (size_t k = 0; k < list.n; k++) {
			const char *volume = list.entry[k]->d_name;

			if (volume_is_name(volume) && !is_listed(&ids, host, volume))
				take(arg, host, volume, above);
		}
		listing_free(&list);
		file_close(&above);
	}
	listing_free(&hosts);
	text_list_free(&ids);
}

/* A directory without a snapshot is no volume. */
static void
add(void *arg, const char *host, const char *volume, int above)
{
	int fd = openat(above, volume, TREE_DIR);
	struct stamp newest = {.when = 0};
	unsigned n = fd != -1 ? count_snapshots(fd, &newest) : 0;
	char name[STAMP_NAME_SIZE];

	file_close(&fd);
	if (n > 0)
		(void)text_list_addf(arg, "%s/%s: %u, the newest of %s", host, volume, n,
		                     stamp_format(&newest, name));
}

void
unlisted_find(int fd, const struct config *c, struct text_list *found)
{
	unlisted_each(fd, c, add, found);
	text_list_sort(found);
}
