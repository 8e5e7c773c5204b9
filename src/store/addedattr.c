// SPDX-License-Identifier: ISC
#include "flashback/store/addedattr.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"

#define FILE_NAME "added attributes"
#define DIR_NAME "added attributes, directory"
#define REFUSED_NAME "refused attributes"

/* Characters without a meaning in a filter rule of rsync. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-"

/* rsync -X copies no attribute of this namespace: it has the ACLs, which -A copies. */
#define NOT_COPIED "system."

/* An ACL as the kernel takes it: a version, then entries. */
struct acl {
	uint32_t version;
	struct {
		uint16_t tag, mode;
		uint32_t id;
	} entry[5];
};

/* Give fd an ACL that is more than its mode: user::rwx user:1:rw- group::--- mask::rw- other::---.
 * A disk without ACLs is not of interest here. */
static void
set_acl(int fd, const char *name)
{
	const struct acl acl = {
	    .version = htole32(2),
	    .entry =
	        {
	            {htole16(0x01), htole16(7), UINT32_MAX},
	            {htole16(0x02), htole16(6), htole32(1)},
	            {htole16(0x04), htole16(0), UINT32_MAX},
	            {htole16(0x10), htole16(6), UINT32_MAX},
	            {htole16(0x20), htole16(0), UINT32_MAX},
	        },
	};

	(void)fsetxattr(fd, name, &acl, sizeof(acl), 0);
}

/* Is the name, of length len, in the list? */
static int
has(const char *names, const char *name, size_t len)
{
	for (const char *s = names; *s != '\0'; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		if (n == len && memcmp(s, name, len) == 0)
			return 1;
		s += n;
	}
	return 0;
}

/* Add a name to the list, unless it is there. */
static void
add(char *names, size_t size, const char *name)
{
	size_t used = strlen(names), len = strlen(name);

	if (strncmp(name, NOT_COPIED, strlen(NOT_COPIED)) == 0 ||
	    name[strspn(name, PLAIN)] != '\0' || has(names, name, len) || used + len + 2 > size)
		return;
	snprintf(names + used, size - used, "%s%s", used > 0 ? " " : "", name);
}

/* Add the attributes of fd, all of which somebody else has set.  Return 0, or -1 with errno. */
static int
add_all(int fd, char *names, size_t size)
{
	ssize_t len = flistxattr(fd, NULL, 0);
	char *text;

	if (len <= 0)
		return len == 0 || errno == ENOTSUP ? 0 : -1;
	text = malloc((size_t)len);
	if (text == NULL)
		return -1;
	len = flistxattr(fd, text, (size_t)len);
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(text + at) + 1)
		add(names, size, text + at);
	free(text);
	return len < 0 ? -1 : 0;
}

int
addedattr_find(int dir, char *names, size_t size)
{
	int fd = openat(dir, FILE_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int below = -1, rc = -1;

	names[0] = '\0';
	if (fd < 0 || mkdirat(dir, DIR_NAME, S_IRWXU) < 0)
		goto out;
	below = openat(dir, DIR_NAME, TREE_DIR);
	if (below < 0)
		goto out;
	set_acl(fd, "system.posix_acl_access");
	set_acl(below, "system.posix_acl_access");
	set_acl(below, "system.posix_acl_default");
	if (add_all(fd, names, size) == 0 && add_all(below, names, size) == 0)
		rc = 0;
out:
	file_close(&below);
	file_close(&fd);
	return rc;
}

/* Attributes that only some file systems have, each with a value that these take. */
static const struct {
	const char *name, *value;
} foreign[] = {
    {"btrfs.compression", "zlib"},
};

/* Only "not supported" is an answer: a lack of rights or of room is not one of the disk. */
int
addedattr_refused(int dir, char *names, size_t size)
{
	int fd =
	    openat(dir, REFUSED_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	names[0] = '\0';
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (fsetxattr(fd, foreign[i].name, foreign[i].value, strlen(foreign[i].value), 0) !=
		        0 &&
		    errno == ENOTSUP)
			add(names, size, foreign[i].name);
	file_close(&fd);
	return 0;
}

void
addedattr_print(FILE *f, const char *added, const char *refused)
{
	if (added[0] != '\0')
		fprintf(f,
		        "attributes that this disk adds to files by itself, which are not backed"
		        " up: %s\n",
		        added);
	if (refused[0] != '\0')
		fprintf(f, "attributes that this disk refuses, which are not backed up: %s\n",
		        refused);
}
