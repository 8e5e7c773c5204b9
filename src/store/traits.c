// SPDX-License-Identifier: ISC
#include "flashback/store/traits.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"

#define ODD_SECOND INT64_C(1795305601) /* FAT stores only even ones */

/* Create a file in the test directory.  Return its descriptor, or -1. */
static int
new_file(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	              S_IRUSR | S_IWUSR);
}

/* Like fstatat, but not from a cache: a FUSE or network file system would answer with what was set,
 * or with what was there before.  Each test asks so, by name. */
static int
look(int dir, const char *name, struct stat *st)
{
	struct statx now;

	(void)statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &now);
	return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);
}

/* By the number of names that each name tells, and not by inode numbers: mergerfs makes up one for
 * each name, and its links are good all the same. */
static bool
test_hard_links(int dir)
{
	int fd = new_file(dir, "link");
	struct stat one, other;

	if (fd == -1)
		return false;
	file_close(&fd);
	return linkat(dir, "link", dir, "another", 0) == 0 && look(dir, "another", &other) == 0 &&
	       look(dir, "link", &one) == 0 && one.st_nlink == 2 && other.st_nlink == 2;
}

/* Two descriptors of one file: the second lock must be refused.  Some file systems accept every
 * lock. */
static bool
test_locks(int dir)
{
	int one = new_file(dir, "lock"), other = openat(dir, "lock", O_RDWR | O_CLOEXEC);
	bool ok = one != -1 && other != -1 && file_lock(one) == 0 && file_lock(other) == -1;

	file_close(&one);
	file_close(&other);
	return ok;
}

/* Is this time stored exactly? */
static bool
keeps_time(int dir, const char *name, int64_t seconds, long nanoseconds)
{
	const struct timespec at = {.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds};
	const struct timespec times[2] = {at, at};
	int fd = new_file(dir, name);
	struct stat st;
	bool ok = fd != -1 && futimens(fd, times) == 0;

	file_close(&fd);
	return ok && look(dir, name, &st) == 0 && st.st_mtim.tv_sec == at.tv_sec &&
	       st.st_mtim.tv_nsec == at.tv_nsec;
}

static bool
test_seconds(int dir)
{
	return keeps_time(dir, "second", ODD_SECOND, 0);
}

static bool
test_nanoseconds(int dir)
{
	return keeps_time(dir, "nanosecond", ODD_SECOND, 123456789);
}

/* What 32 bits of seconds hold, read as signed numbers and as others: dates that files are seen to
 * have.  ext4 with small inodes and XFS without bigtime end in 2038. */
static bool
test_dates(int dir)
{
	return keeps_time(dir, "first date", INT32_MIN, 0) &&
	       keeps_time(dir, "last date", UINT32_MAX, 0);
}

static bool
test_owners(int dir)
{
	int fd = new_file(dir, "owner");
	struct stat st;
	bool ok = fd != -1 && fchown(fd, 1, 2) == 0;

	file_close(&fd);
	return ok && look(dir, "owner", &st) == 0 && st.st_uid == 1 && st.st_gid == 2;
}

static bool
test_modes(int dir)
{
	static const mode_t modes[] = {0604, 0551};
	int fd = new_file(dir, "mode");
	struct stat st;
	bool ok = fd != -1;

	for (size_t i = 0; ok && i < sizeof(modes) / sizeof(modes[0]); i++)
		ok = fchmod(fd, modes[i]) == 0 && look(dir, "mode", &st) == 0 &&
		     (st.st_mode & 07777) == modes[i];
	file_close(&fd);
	return ok;
}

static bool
test_symlinks(int dir)
{
	static const char target[] = "../no where";
	char buf[sizeof(target) + 1];

	return symlinkat(target, dir, "symlink") == 0 &&
	       readlinkat(dir, "symlink", buf, sizeof(buf)) == (ssize_t)strlen(target) &&
	       memcmp(buf, target, strlen(target)) == 0;
}

/* Two names that differ only in case must be two files; the second O_EXCL fails where they are
 * one. */
static bool
test_case_kept(int dir)
{
	int one = new_file(dir, "Case"), other = new_file(dir, "cASE");
	bool ok = one != -1 && other != -1;

	file_close(&one);
	file_close(&other);
	return ok;
}

static bool
test_xattrs(int dir)
{
	int fd = new_file(dir, "xattr");
	char buf[8];
	bool ok = fd != -1 && fsetxattr(fd, "user.flashback", "kept", 4, 0) == 0 &&
	          fgetxattr(fd, "user.flashback", buf, sizeof(buf)) == 4 &&
	          memcmp(buf, "kept", 4) == 0;

	file_close(&fd);
	return ok;
}

/* Does reading a directory give the inode numbers that stat gives? */
static int
compare_inode(void *arg, const struct dirent *entry)
{
	const int *dir = arg;
	struct stat st;

	if (look(*dir, entry->d_name, &st) < 0)
		return -1;
	return st.st_ino == entry->d_ino ? 0 : 1;
}

/* FUSE answers from a cache, for some time.  A quick run, which relies on what it has just changed,
 * has been seen to leave directories with the time of the run below bindfs. */
static bool
is_cached(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) == 0 && fs.f_type == FUSE_SUPER_MAGIC;
}

/* What the other tests made, two names of one file among it, and a few more. */
static bool
test_d_ino(int dir)
{
	static const char *const names[] = {"inode 1", "inode 2"};
	bool ok = mkdirat(dir, "inode directory", S_IRWXU) == 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = new_file(dir, names[i]);

		ok = ok && fd >= 0;
		file_close(&fd);
	}
	return ok && !is_cached(dir) && tree_names(dir, compare_inode, &dir) == 0;
}

/* The tests, and the consequence where a disk lacks the property.  A disk that lacks one of those
 * that are needed is refused. */
static const struct {
	bool needed;
	bool (*test)(int dir);
	const char *title, *lack;
} tests[MARKER_TRAITS] = {
    [MARKER_HARD_LINKS] = {true, test_hard_links, "hard links",
                           "every snapshot is a full copy and takes as much room as its source"},
    [MARKER_LOCKS] = {true, test_locks, "locks",
                      "flashbacks on two machines may work on the same volume at the same time"},
    [MARKER_SECONDS] = {true, test_seconds, "times to the second",
                        "files look changed, and are copied again at each run"},
    [MARKER_NANOSECONDS] =
        {false, test_nanoseconds, "times to the nanosecond",
         "a file that is written twice within a second, its size unchanged, may be missed"},
    [MARKER_DATES] =
        {false, test_dates, "dates from 1901 to 2106",
         "a file with a date that this disk cannot hold, such as one after 2038, is copied "
         "again at each run, and loses its date"},
    [MARKER_OWNERS] = {false, test_owners, "owners of files",
                       "restored files belong to whoever restores them (only root can set owners)"},
    [MARKER_MODES] = {false, test_modes, "modes of files", "restored files lose their modes"},
    [MARKER_SYMLINKS] = {false, test_symlinks, "symbolic links",
                         "they cannot be backed up, and runs that meet one end as PARTIAL"},
    [MARKER_CASE_KEPT] = {false, test_case_kept, "upper and lower case",
                          "of two names that differ only in case one is lost"},
    [MARKER_XATTRS] =
        {false, test_xattrs, "extended attributes",
         "they are lost, ACLs perhaps too; --no-xattrs and --no-acls in rsync_options say that"
         " this is meant"},
    [MARKER_D_INO] = {false, test_d_ino, "inode numbers in directories",
                      "each run takes as long as if many files had changed"},
};

static bool
has(const struct marker *m, int trait)
{
	struct marker copy = *m;

	return *marker_trait(&copy, (enum marker_trait)trait);
}

void
traits_print(FILE *f, const struct marker *m)
{
	for (int t = 0; t < MARKER_TRAITS; t++)
		if (has(m, t))
			fprintf(f, "%s: yes\n", tests[t].title);
		else
			fprintf(f, "%s: no: %s\n", tests[t].title, tests[t].lack);
	if (m->added[0] != '\0')
		fprintf(f,
		        "attributes that this disk adds to files by itself, which are not backed"
		        " up: %s\n",
		        m->added);
	if (m->refused[0] != '\0')
		fprintf(f, "attributes that this disk refuses, which are not backed up: %s\n",
		        m->refused);
}

char *
traits_lacking(const struct marker *m)
{
	char *words = strdup("");

	for (int t = 0; words != NULL && t < MARKER_TRAITS; t++)
		if (!has(m, t) && text_replace(&words, "%s%s%s", words, *words != '\0' ? ", " : "",
		                               tests[t].title) == -1) {
			free(words);
			words = NULL;
		}
	return words;
}

bool
traits_suffice(const struct marker *m, const struct marker *accepted)
{
	for (int t = 0; t < MARKER_TRAITS; t++)
		if (tests[t].needed && !has(m, t) && (accepted == NULL || has(accepted, t)))
			return false;
	return true;
}

/* ---- attributes ----
 *
 * A file system or the kernel may add extended attributes to files by itself: XFS shows an ACL a
 * second time as trusted.SGI_ACL_FILE, SELinux labels each file, btrfs hands a compression property
 * down.  rsync -X takes such an attribute for one that the source has lost: it removes it, with XFS
 * the ACL with it, and never links the file to its basis.  And attributes of one file system only
 * are refused by others: each run that meets one would end as PARTIAL.
 */

#define ADDED_NAME "added attributes"
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
static bool
is_listed(const char *names, const char *name, size_t len)
{
	for (const char *s = names; *s != '\0'; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		if (n == len && memcmp(s, name, len) == 0)
			return true;
		s += n;
	}
	return false;
}

/* Add a name to the list, unless it is there. */
static void
add(char *names, size_t size, const char *name)
{
	size_t used = strlen(names), len = strlen(name);

	if (strncmp(name, NOT_COPIED, strlen(NOT_COPIED)) == 0 ||
	    name[strspn(name, PLAIN)] != '\0' || is_listed(names, name, len) ||
	    used + len + 2 > size)
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
traits_added(int dir, char *names, size_t size)
{
	int fd = new_file(dir, ADDED_NAME), below = -1, rc = -1;

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
traits_refused(int dir, char *names, size_t size)
{
	int fd = new_file(dir, REFUSED_NAME);

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

/* Is this an error of the disk or of this process, rather than the answer to a test?  A disk that
 * is full or failing must not be recorded as one without hard links. */
static bool
is_trouble(int error)
{
	return error == EIO || error == ENOSPC || error == EDQUOT || file_lacks(error);
}

/* With force any error counts as "no": some file systems return EIO for all they lack. */
int
traits_test(int dir, bool force, struct marker *m)
{
	for (int t = 0; t < MARKER_TRAITS; t++) {
		bool present;

		errno = 0;
		present = tests[t].test(dir);
		if (!present && !force && is_trouble(errno))
			return -1;
		*marker_trait(m, (enum marker_trait)t) = present;
	}
	if ((traits_added(dir, m->added, sizeof(m->added)) == -1 ||
	     traits_refused(dir, m->refused, sizeof(m->refused)) == -1) &&
	    !force)
		return -1;
	return 0;
}
