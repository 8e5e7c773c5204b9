// SPDX-License-Identifier: ISC
#include "flashback/lib/subvolumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "flashback/lib/text.h"

/* The path of a subvolume, from where it hangs in the tree of the one that fd is in; NULL when that
 * is not below fd. */
static char *
path_of(int fd, const char *top, uint64_t treeid, uint64_t dirid)
{
	struct btrfs_ioctl_ino_lookup_user_args where = {.dirid = dirid, .treeid = treeid};

	if (ioctl(fd, BTRFS_IOC_INO_LOOKUP_USER, &where) != 0)
		return NULL;
	return text_format("%s%s%s%s", top, strcmp(top, "/") == 0 ? "" : "/", where.path,
	                   where.name);
}

/* The kernel lists up to 255 at a time, and says EOVERFLOW where there are more.  No rights are
 * needed, and nothing is read but the directories on the way to each. */
static int
visit_each(int fd, const char *path, int (*visit)(void *, const char *), void *arg)
{
	struct btrfs_ioctl_get_subvol_rootref_args refs = {.min_treeid = 0};
	bool more = true;
	int rc = 0;

	while (more && rc == 0) {
		more = false;
		if (ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, &refs) != 0) {
			more = errno == EOVERFLOW;
			if (!more)
				return 0;
		}
		for (unsigned i = 0; i < refs.num_items && rc == 0; i++) {
			char *where =
			    path_of(fd, path, refs.rootref[i].treeid, refs.rootref[i].dirid);

			if (where != NULL)
				rc = visit(arg, where);
			free(where);
		}
	}
	return rc;
}

int
subvolumes_below(const char *path, int (*visit)(void *arg, const char *where), void *arg)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	struct statfs fs;

	if (fd < 0)
		return 0;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC)
		rc = visit_each(fd, path, visit, arg);
	close(fd);
	return rc;
}
