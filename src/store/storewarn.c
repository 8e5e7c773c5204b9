// SPDX-License-Identifier: ISC
#include "flashback/store/storewarn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/mounts.h"
#include "flashback/lib/text.h"
#include "flashback/store/store.h"

/* On the file system of /, although fstab would mount a disk there: since the store was made, that
 * disk is missing, or it was missing when the store was made. */
static char *
warn_of_mount(const char *data_dir)
{
	char *point = mounts_on_root(data_dir) ? mounts_listed(data_dir) : NULL, *words = NULL;

	if (point != NULL)
		words =
		    text_format("%s is on the file system of /, the system's own disk, and not on "
		                "the one that /etc/fstab mounts at %s: mount that",
		                data_dir, point);
	free(point);
	return words;
}

char *
storewarn_text(const char *data_dir, const struct store *s)
{
	struct stat st;

	if (fstat(s->fd, &st) == -1)
		return text_format("%s: %s", data_dir, strerror(errno));
	if (st.st_uid != geteuid())
		return text_format(
		    "%s belongs to user %ju, who can change every backup in it: chown it", data_dir,
		    (uintmax_t)st.st_uid);
	if ((st.st_mode & 077) && !s->traits.modes)
		return text_format("%s is open to other users, who can read what was backed up:"
		                   " this disk keeps no modes; mount it with umask=077",
		                   data_dir);
	if (st.st_mode & 077)
		return text_format("%s is open to other users (mode %04o), who can read what was"
		                   " backed up: chmod 700 %s",
		                   data_dir, (unsigned)st.st_mode & 07777, data_dir);
	return warn_of_mount(data_dir);
}
