// SPDX-License-Identifier: ISC
#include "flashback/store/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/text.h"

/* Permission bits that let others change something. */
#define WRITABLE (S_IWGRP | S_IWOTH)

static bool
is_foreign(uid_t uid)
{
	return uid != 0 && uid != geteuid();
}

char *
trust_owner(const char *data_dir, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return text_format("%s: %s", data_dir, strerror(errno));
	if (is_foreign(st.st_uid))
		return text_format("%s belongs to user %ju, who can change every backup in it: "
		                   "chown it",
		                   data_dir, (uintmax_t)st.st_uid);
	if ((st.st_mode & WRITABLE) != 0)
		return text_format("%s can be written by others (mode %04o), who can change every "
		                   "backup in it: chmod 700 it, or mount it with umask=077",
		                   data_dir, (unsigned)st.st_mode & 07777);
	return NULL;
}

/* Is the directory on another mounted file system than the store?  A subvolume of btrfs has a
 * device number of its own, but is no mount. */
static bool
is_mounted(int store, const struct stat *st, int fd)
{
	struct statx here, there;
	struct stat above;

	if (fstat(store, &above) < 0 || above.st_dev == st->st_dev)
		return false;
	return statx(store, "", AT_EMPTY_PATH, STATX_MNT_ID, &here) != 0 ||
	       statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &there) != 0 ||
	       (here.stx_mask & there.stx_mask & STATX_MNT_ID) == 0 ||
	       here.stx_mnt_id != there.stx_mnt_id;
}

int
trust_below(int store, int fd, const struct marker *traits)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (is_mounted(store, &st, fd)) {
		errno = EXDEV;
		return -1;
	}
	if ((!traits->owners || !is_foreign(st.st_uid)) &&
	    (!traits->modes || (st.st_mode & WRITABLE) == 0))
		return 0;
	errno = TRUST_NOT_OURS;
	return -1;
}

const char *
trust_error(int error)
{
	if (error == TRUST_NOT_OURS)
		return "its directory belongs to another user, or can be written by others, who "
		       "could change the backups: look at them, then chown and chmod 700 it";
	if (error == EXDEV)
		return "another file system is mounted there: mount it elsewhere, as a store of "
		       "its own";
	if (error == ENOTDIR || error == ELOOP)
		return "it is a symbolic link or a file; links within a store are not followed";
	return strerror(error);
}

/* Not an error if chmod fails: some disks have no modes, and are mounted with a umask instead. */
int
trust_close(const char *data_dir, int fd, FILE *f)
{
	struct stat st;
	char *why;

	if ((fstat(fd, &st) < 0 || (st.st_mode & 07777) != S_IRWXU) && fchmod(fd, S_IRWXU) < 0)
		fprintf(f,
		        "warning: %s cannot be closed to other users (chmod 700: %s): they can read"
		        " what is backed up\n",
		        data_dir, strerror(errno));
	why = trust_owner(data_dir, fd);
	if (why == NULL)
		return 0;
	fprintf(f, "%s\n", why);
	free(why);
	return -1;
}
