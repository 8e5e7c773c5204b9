// SPDX-License-Identifier: ISC
#include "flashback/store/unlisted.h"

#include <fcntl.h>

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

/* The volumes of one host.  A directory without a snapshot is none. */
static void
find_in_host(int above, const char *host, const struct config *c, struct text_list *found)
{
	struct listing list = {.n = 0};

	(void)listing_read(above, &list);
	for (size_t i = 0; i < list.n; i++) {
		const char *volume = list.entry[i]->d_name;
		struct stamp newest = {.when = 0};
		char name[STAMP_NAME_SIZE];
		unsigned n;
		int fd;

		if (!volume_is_name(volume) || config_lists(c, host, volume))
			continue;
		fd = openat(above, volume, TREE_DIR);
		n = fd != -1 ? count_snapshots(fd, &newest) : 0;
		file_close(&fd);
		if (n > 0)
			(void)text_list_addf(found, "%s/%s: %u, the newest of %s", host, volume, n,
			                     stamp_format(&newest, name));
	}
	listing_free(&list);
}

void
unlisted_find(int fd, const struct config *c, struct text_list *found)
{
	struct listing hosts = {.n = 0};

	(void)listing_read(fd, &hosts);
	for (size_t i = 0; i < hosts.n; i++) {
		const char *host = hosts.entry[i]->d_name;
		int above = volume_is_name(host) ? openat(fd, host, TREE_DIR) : -1;

		if (above != -1)
			find_in_host(above, host, c, found);
		file_close(&above);
	}
	listing_free(&hosts);
	text_list_sort(found);
}
