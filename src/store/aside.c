// SPDX-License-Identifier: ISC
#include "flashback/store/aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
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

/* The state of aside_sweep. */
struct sweep {
	int dir;
	dev_t dev;
	char *trouble;
	size_t size;
	bool failed;
};

/* Remove one tree.  An error does not keep the others from being removed. */
static int
sweep_one(void *arg, const struct dirent *entry)
{
	struct sweep *s = arg;

	if (tree_remove(s->dir, entry->d_name, s->dev, s->failed ? NULL : s->trouble,
	                s->failed ? 0 : s->size) != 0)
		s->failed = true;
	return 0;
}

int
aside_sweep(const struct store_volume *v, char *trouble, size_t size)
{
	struct sweep s = {.dev = v->dev, .trouble = trouble, .size = size};

	s.dir = openat(v->meta, ASIDE, TREE_DIR);
	if (s.dir == -1)
		return 0; /* none, or no directory: the next walk replaces it */
	if (size > sizeof(ASIDE_PATH)) {
		s.trouble += snprintf(trouble, size, ASIDE_PATH);
		s.size -= sizeof(ASIDE_PATH) - 1;
	}
	if (tree_names(s.dir, sweep_one, &s) == -1 && !s.failed) {
		snprintf(s.trouble, s.size, "%s", strerror(errno));
		s.failed = true;
	}
	close(s.dir);
	(void)unlinkat(v->meta, ASIDE, AT_REMOVEDIR); /* fails if a walk has added something */
	return s.failed ? 1 : 0;
}
