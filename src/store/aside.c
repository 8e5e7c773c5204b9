// SPDX-License-Identifier: ISC
#include "flashback/store/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/listing.h"
#include "flashback/lib/tree.h"

#define ASIDE "spare.old"
#define ASIDE_PATH ".flashback/" ASIDE "/"

/* A file of that name may have been put there by hand. */
int
aside_dir(const struct store_volume *v, const char *name)
{
	struct stat st;

	if (mkdirat(v->meta, name, S_IRWXU) == 0)
		return 0;
	if (errno != EEXIST || fstatat(v->meta, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	if (unlinkat(v->meta, name, 0) == -1)
		return -1;
	return mkdirat(v->meta, name, S_IRWXU);
}

/* aside_sweep needs no lock and may remove the directory between mkdir and rename: retry on ENOENT.
 * Trees are named by inode number, which is unique while they exist. */
int
aside_put(const struct store_volume *v, int dir, const char *name, ino_t ino)
{
	char number[32];
	int rc = -1;

	snprintf(number, sizeof(number), "%ju", (uintmax_t)ino);
	for (int tries = 0; tries < 10; tries++) {
		int fd = aside_dir(v, ASIDE) == 0 ? openat(v->meta, ASIDE, TREE_DIR) : -1;

		rc = fd == -1 ? -1 : renameat(dir, name, fd, number);
		file_close(&fd);
		if (rc == 0 || errno != ENOENT)
			break;
	}
	return rc;
}

/* An error does not keep the other trees from being removed. */
int
aside_sweep(const struct store_volume *v, char *trouble, size_t size)
{
	int dir = openat(v->meta, ASIDE, TREE_DIR), rc = 0;
	struct listing list = {.n = 0};

	if (dir == -1)
		return 0; /* none, or no directory: the next walk replaces it */
	if (size > sizeof(ASIDE_PATH)) {
		trouble += snprintf(trouble, size, ASIDE_PATH);
		size -= sizeof(ASIDE_PATH) - 1;
	}
	if (listing_read(dir, &list) == -1) {
		snprintf(trouble, size, "%s", strerror(errno));
		rc = 1;
	}
	for (size_t i = 0; i < list.n; i++)
		if (tree_remove(dir, list.entry[i]->d_name, v->dev, rc == 0 ? trouble : NULL,
		                rc == 0 ? size : 0) != 0)
			rc = 1;
	listing_free(&list);
	close(dir);
	(void)unlinkat(v->meta, ASIDE, AT_REMOVEDIR); /* fails if a walk has added something */
	return rc;
}
