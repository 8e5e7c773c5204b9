// SPDX-License-Identifier: ISC
#include "flashback/lib/dirattr.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define VALUE_MAX 65536 /* the kernel's limit */

/* The names of a directory's extended attributes, each with its NUL.  All zero: none. */
struct names {
	char *text;
	size_t len;
};

/* Read the names.  A file system without extended attributes (ENOTSUP) has none. */
static int
read_names(int fd, struct names *names)
{
	ssize_t len = flistxattr(fd, NULL, 0);

	*names = (struct names){.len = 0};
	if (len == -1)
		return errno == ENOTSUP ? 0 : -1;
	if (len == 0)
		return 0;
	names->text = malloc((size_t)len);
	if (names->text == NULL)
		return -1;
	len = flistxattr(fd, names->text, (size_t)len);
	if (len == -1)
		return -1;
	names->len = (size_t)len;
	return 0;
}

static const char *
next_name(const struct names *names, const char *name)
{
	const char *end = names->text + names->len;

	name = name == NULL ? names->text : name + strlen(name) + 1;
	return names->len != 0 && name < end ? name : NULL;
}

static bool
has_name(const struct names *names, const char *sought)
{
	for (const char *name = NULL; (name = next_name(names, name)) != NULL;)
		if (strcmp(name, sought) == 0)
			return true;
	return false;
}

/* Does fd have this attribute with this value?  Return 1, 0, or -1 with errno. */
static int
has_value(int fd, const char *name, const char *value, ssize_t len, char *buf)
{
	ssize_t other = fgetxattr(fd, name, buf, VALUE_MAX);

	if (other == -1)
		return errno == ENODATA ? 0 : -1;
	return other == len && memcmp(buf, value, (size_t)len) == 0;
}

/* Set on `to` the attributes in names with the values that they have on `from`; with only_look
 * return 1 if they are equal, 0 if not.  buf has room for two values. */
static int
carry_over(int from, const struct names *names, int to, bool only_look, char *buf)
{
	for (const char *name = NULL; (name = next_name(names, name)) != NULL;) {
		ssize_t len = fgetxattr(from, name, buf, VALUE_MAX);
		int same = len == -1 ? -1 : has_value(to, name, buf, len, buf + VALUE_MAX);

		if (same == -1 || (same == 0 && only_look))
			return same;
		if (same == 0 && fsetxattr(to, name, buf, (size_t)len, 0) == -1)
			return -1;
	}
	return 1;
}

/* Compare the extended attributes (only_look: return 1 or 0), or make those of `to` equal
 * (return 1).  Return -1 with errno on failure.  Most directories have none, and need no buffer. */
static int
match_xattrs(int from, int to, bool only_look)
{
	struct names wanted = {.len = 0}, found = {.len = 0};
	char *buf = NULL;
	int rc = -1, error;

	if (read_names(from, &wanted) == -1 || read_names(to, &found) == -1)
		goto out;
	rc = 1;
	if (wanted.len == 0 && found.len == 0)
		goto out;
	buf = malloc((size_t)2 * VALUE_MAX);
	if (buf == NULL)
		rc = -1;
	/* Remove surplus attributes first: a file system may have two names for one attribute. */
	for (const char *name = NULL; rc == 1 && (name = next_name(&found, name)) != NULL;) {
		if (has_name(&wanted, name))
			continue;
		if (only_look)
			rc = 0;
		else if (fremovexattr(to, name) == -1 && errno != ENODATA)
			rc = -1;
	}
	if (rc == 1)
		rc = carry_over(from, &wanted, to, only_look, buf);
out:
	error = errno;
	free(wanted.text);
	free(found.text);
	free(buf);
	errno = error;
	return rc;
}

int
dirattr_same(int a, const struct stat *stat_a, int b, const struct stat *stat_b)
{
	if (stat_a->st_uid != stat_b->st_uid || stat_a->st_gid != stat_b->st_gid ||
	    stat_a->st_mode != stat_b->st_mode ||
	    stat_a->st_mtim.tv_sec != stat_b->st_mtim.tv_sec ||
	    stat_a->st_mtim.tv_nsec != stat_b->st_mtim.tv_nsec)
		return 0;
	return match_xattrs(a, b, true);
}

int
dirattr_copy(int from, const struct stat *stat, int to)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, stat->st_mtim};

	/* Owner before mode: chown may clear mode bits.  ACL before mode, which is part of it.
	 * The time last, since changes update it. */
	if (fchown(to, stat->st_uid, stat->st_gid) == -1 || match_xattrs(from, to, false) == -1 ||
	    fchmod(to, stat->st_mode & 07777) == -1)
		return -1;
	return futimens(to, times);
}
