// SPDX-License-Identifier: ISC
#include "flashback/store/storewarn.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/mounts.h"
#include "flashback/lib/safepath.h"
#include "flashback/lib/text.h"
#include "flashback/store/store.h"

#define NOTE "data_dir"

/* On the file system of /, although fstab would mount a disk there: since the store was made, that
 * disk is missing, or it was missing when the store was made. */
static char *
warn_of_mount(const char *data_dir, bool moved)
{
	char *point = mounts_on_root(data_dir) ? mounts_listed(data_dir) : NULL, *words = NULL;

	if (point != NULL)
		words =
		    text_format("%s is on the file system of /, the system's own disk, and not on "
		                "the one that /etc/fstab mounts at %s: mount that",
		                data_dir, point);
	free(point);
	if (words == NULL && moved && mounts_on_root(data_dir))
		words = storewarn_moved(data_dir);
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
	return warn_of_mount(data_dir, s->traits.moved);
}

char *
storewarn_moved(const char *data_dir)
{
	return text_format("%s is on the file system of /, the system's own disk, and was on "
	                   "another one before: mount that; if backups are to stay here, run "
	                   "flashback --init --force again",
	                   data_dir);
}

/* The note is a path, in a directory that nobody else can write to.  It is kept until the next boot
 * where that is below /run; what it has led to stays in the marker. */
static int
open_beside(const char *beside)
{
	const char *base;
	char *why;
	int dir = safepath_open_above(beside, false, &base, &why);

	free(why);
	return dir;
}

static int
write_path(FILE *f, void *arg)
{
	return fputs(arg, f) == EOF ? -1 : 0;
}

void
storewarn_note(const char *beside, const char *data_dir)
{
	int dir = mounts_on_root(data_dir) ? -1 : open_beside(beside);
	char *path = dir != -1 ? strdup(data_dir) : NULL;

	if (path != NULL)
		(void)file_update(dir, NOTE, S_IRUSR | S_IWUSR, write_path, path);
	free(path);
	file_close(&dir);
}

bool
storewarn_noted(const char *beside, const char *data_dir)
{
	int dir = open_beside(beside);
	char *text = NULL;
	size_t len;
	bool noted = dir != -1 && file_read(dir, NOTE, PATH_MAX, &text, &len) == 0 &&
	             strcmp(text, data_dir) == 0;

	free(text);
	file_close(&dir);
	return noted;
}
