// SPDX-License-Identifier: ISC
#include "flashback/lib/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/text.h"

#define TABLE "/proc/self/mountinfo"
#define TABLE_MAX (16 << 20)

#define FSTAB "/etc/fstab"
#define LINE_SIZE 4096

/* A line of mountinfo: which directory (root) of which disk is mounted where (point), and the type
 * and the options of the file system. */
struct mount {
	char *disk, *root, *point;
	const char *type, *options;
};

/* The rest of path after top: "", or a slash and more; NULL when path is not below top. */
static const char *
below(const char *path, const char *top)
{
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);

	if (strncmp(path, top, len) != 0 || (path[len] != '\0' && path[len] != '/'))
		return NULL;
	return strcmp(path + len, "/") == 0 ? "" : path + len;
}

/* Join top and rest, without a double slash when top is the root. */
static char *
join(const char *top, const char *rest)
{
	return text_format("%s%s", strcmp(top, "/") == 0 && *rest != '\0' ? "" : top, rest);
}

/* Undo mountinfo's escapes: blanks, tabs, newlines and backslashes are written as \040 and the
 * like. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && s[1] != '\0' && s[2] != '\0' && s[3] != '\0') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* Split a line: "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE
 * OPTIONS". */
static bool
read_line(char *line, struct mount *m)
{
	const char *word;

	strsep(&line, " ");
	strsep(&line, " ");
	m->disk = strsep(&line, " ");
	m->root = strsep(&line, " ");
	m->point = strsep(&line, " ");
	if (m->point == NULL)
		return false;
	while ((word = strsep(&line, " ")) != NULL && strcmp(word, "-") != 0)
		;
	word = strsep(&line, " ");
	m->type = word != NULL ? word : "";
	strsep(&line, " ");
	m->options = line != NULL ? line : "";
	unescape(m->root);
	unescape(m->point);
	return true;
}

/* Parse the table.  Return its lines (new memory, which points into text), or NULL. */
static struct mount *
read_table(char *text, size_t *n)
{
	struct mount *found;
	size_t max = 1;
	char *line;

	for (const char *s = text; *s != '\0'; s++)
		max += *s == '\n';
	found = calloc(max, sizeof(*found));
	*n = 0;
	while (found != NULL && *n < max && (line = strsep(&text, "\n")) != NULL)
		*n += read_line(line, &found[*n]);
	return found;
}

/* Find the mount that path is on: of those whose mount point is a prefix of path the longest, and
 * the last of equal ones, which covers the others. *rest is the path relative to it. */
static const struct mount *
find_own(const struct mount *m, size_t n, const char *path, const char **rest)
{
	const struct mount *own = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *from = below(path, m[i].point);

		if (from == NULL || (own != NULL && strlen(m[i].point) < strlen(own->point)))
			continue;
		own = &m[i];
		*rest = from;
	}
	return own;
}

/* Does where really show path?  Something else may be mounted over it.  With only a part of path
 * visible there (!whole) the inodes differ by nature. */
static bool
is_visible(const char *where, const char *path, bool whole)
{
	struct stat there, here;

	return stat(where, &there) == 0 && stat(path, &here) == 0 && there.st_dev == here.st_dev &&
	       (!whole || there.st_ino == here.st_ino);
}

/* Set *where (new memory) to the path at which mount m shows the directory inner of its disk, or
 * the part of it that it shows; NULL when it shows nothing of it, or is path itself. */
static int
find_alias(const struct mount *m, const char *inner, const char *path, char **where)
{
	const char *rest = below(inner, m->root);
	bool whole = rest != NULL;

	*where = NULL;
	if (!whole && below(m->root, inner) == NULL)
		return 0;
	*where = join(m->point, whole ? rest : "");
	if (*where == NULL)
		return -1;
	if (strcmp(*where, path) == 0 || !is_visible(*where, path, whole)) {
		free(*where);
		*where = NULL;
	}
	return 0;
}

/* Translate path to a directory of its disk, then look for that directory under every other mount
 * of the same disk. */
static int
add_aliases(const struct mount *m, size_t n, const char *path, struct text_list *found)
{
	const char *rest = "";
	const struct mount *own = find_own(m, n, path, &rest);
	char *inner = own != NULL ? join(own->root, rest) : NULL, *where;
	int rc = own != NULL && inner == NULL ? -1 : 0;

	for (size_t i = 0; inner != NULL && i < n && rc == 0; i++) {
		if (strcmp(m[i].disk, own->disk) != 0)
			continue;
		rc = find_alias(&m[i], inner, path, &where);
		if (where != NULL)
			rc = text_list_add(found, where);
		free(where);
	}
	free(inner);
	return rc;
}

/* Read the table and call work with it.  A table that cannot be read means no other mounts: /proc
 * may not be mounted in a container, which must not stop a backup. */
static int
with_table(const char *path, struct text_list *found,
           int (*work)(const struct mount *, size_t, const char *, struct text_list *))
{
	struct mount *m;
	char *text;
	size_t len, n;
	int rc;

	if (file_read(AT_FDCWD, TABLE, TABLE_MAX, &text, &len) != 0)
		return errno == ENOMEM ? -1 : 0;
	m = read_table(text, &n);
	rc = m != NULL ? work(m, n, path, found) : -1;
	free(m);
	free(text);
	return rc;
}

int
mounts_each(const char *path, struct text_list *found)
{
	return with_table(path, found, add_aliases);
}

/* Has the kernel made up what is in it, or is it the image of a package? */
static bool
is_made_up(const char *type)
{
	static const char *const types[] = {
	    "autofs",    "binfmt_misc", "bpf",    "cgroup",     "cgroup2",
	    "configfs",  "debugfs",     "devpts", "devtmpfs",   "efivarfs",
	    "fusectl",   "hugetlbfs",   "mqueue", "nsfs",       "overlay",
	    "proc",      "pstore",      "ramfs",  "rpc_pipefs", "securityfs",
	    "selinuxfs", "squashfs",    "sysfs",  "tmpfs",      "tracefs"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* A part of the same file system that is mounted below (a bind mount) is entered by rsync -x. */
static int
add_below(const struct mount *m, size_t n, const char *path, struct text_list *found)
{
	const char *rest;
	const struct mount *own = find_own(m, n, path, &rest);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		rest = below(m[i].point, path);
		if (rest == NULL || *rest == '\0' || is_made_up(m[i].type) ||
		    (own != NULL && strcmp(m[i].disk, own->disk) == 0))
			continue;
		rc = text_list_add(found, m[i].point);
	}
	return rc;
}

int
mounts_below(const char *path, struct text_list *found)
{
	return with_table(path, found, add_below);
}

/* The longest mount point in fstab that real is or lies below; NULL for none. */
static char *
find_listed(FILE *f, const char *real)
{
	struct mntent m;
	char line[LINE_SIZE], *found = NULL;

	while (getmntent_r(f, &m, line, sizeof(line)) != NULL) {
		if (m.mnt_dir[0] != '/' || strcmp(m.mnt_dir, "/") == 0 ||
		    below(real, m.mnt_dir) == NULL ||
		    (found != NULL && strlen(m.mnt_dir) < strlen(found)))
			continue;
		if (text_replace(&found, "%s", m.mnt_dir) < 0)
			break;
	}
	return found;
}

char *
mounts_listed(const char *path)
{
	FILE *f = setmntent(FSTAB, "re");
	char *real = f != NULL ? realpath(path, NULL) : NULL, *found = NULL;

	if (real != NULL)
		found = find_listed(f, real);
	free(real);
	if (f != NULL)
		endmntent(f);
	return found;
}

bool
mounts_on_root(const char *path)
{
	struct stat at, root;

	return stat(path, &at) == -1 || stat("/", &root) == -1 || at.st_dev == root.st_dev;
}

/* Does this automount point unmount by itself what is mounted at it? */
static bool
has_timeout(const struct mount *m)
{
	const char *timeout = strstr(m->options, ",timeout=");

	return timeout != NULL && timeout[strlen(",timeout=")] != '0';
}

/* The automount point stays in the table, below what is mounted at it.  The root of an indirect map
 * is above its mount points. */
static int
find_automount(const struct mount *m, size_t n, const char *path, struct text_list *found)
{
	const char *rest;
	const struct mount *own = find_own(m, n, path, &rest);

	(void)found;
	for (size_t i = 0; i < n; i++)
		if (strcmp(m[i].type, "autofs") == 0 && below(path, m[i].point) != NULL &&
		    (&m[i] == own || has_timeout(&m[i])))
			return 1;
	return 0;
}

bool
mounts_on_demand(const char *path)
{
	return with_table(path, NULL, find_automount) == 1;
}

/* ---- subvolumes of btrfs ---- */

/* The path of a subvolume, from where it hangs in the tree of the one that fd is in; NULL when that
 * is not below fd. */
static char *
subvolume_path(int fd, const char *top, uint64_t treeid, uint64_t dirid)
{
	struct btrfs_ioctl_ino_lookup_user_args where = {.dirid = dirid, .treeid = treeid};

	if (ioctl(fd, BTRFS_IOC_INO_LOOKUP_USER, &where) != 0)
		return NULL;
	return text_format("%s/%s%s", strcmp(top, "/") == 0 ? "" : top, where.path, where.name);
}

/* The kernel lists up to 255 at a time, and says EOVERFLOW where there are more.  No rights are
 * needed, and nothing is read but the directories on the way to each. */
static int
add_subvolumes(int fd, const char *path, struct text_list *found)
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
			    subvolume_path(fd, path, refs.rootref[i].treeid, refs.rootref[i].dirid);

			if (where != NULL)
				rc = text_list_add(found, where);
			free(where);
		}
	}
	return rc;
}

int
mounts_subvolumes(const char *path, struct text_list *found)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	struct statfs fs;

	if (fd < 0)
		return 0;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC)
		rc = add_subvolumes(fd, path, found);
	close(fd);
	return rc;
}
