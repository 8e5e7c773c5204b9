// SPDX-License-Identifier: ISC
#include "flashback/store/mkstore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/store/store.h"

#define TEST_DIR "test"

/* A directory on its way to be a store. */
struct init {
	const char *data_dir;
	FILE *f;
	int dir, meta, test; /* data_dir, .flashback, .flashback/test */
	bool made_dir, made_meta;
	struct marker found;
};

/* A new file in the test directory.  Return its descriptor, or -1. */
static int
new_file(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	              S_IRUSR | S_IWUSR);
}

static bool
test_hard_links(int dir)
{
	int fd = new_file(dir, "link");
	struct stat one, other;
	bool ok;

	if (fd < 0)
		return false;
	ok = linkat(dir, "link", dir, "another", 0) == 0 && fstat(fd, &one) == 0 &&
	     fstatat(dir, "another", &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	     one.st_ino == other.st_ino && one.st_nlink == 2;
	close(fd);
	return ok;
}

static bool
test_locks(int dir)
{
	int one = new_file(dir, "lock"), other = openat(dir, "lock", O_RDWR | O_CLOEXEC);
	bool ok = one >= 0 && other >= 0 && file_lock(one) == 0 && file_lock(other) < 0;

	if (one >= 0)
		close(one);
	if (other >= 0)
		close(other);
	return ok;
}

/* Is a time with these nanoseconds kept as it is? */
static bool
keeps_time(int dir, const char *name, long nanoseconds)
{
	/* An odd second, since FAT keeps even ones. */
	const struct timespec at = {.tv_sec = 1795305601, .tv_nsec = nanoseconds};
	const struct timespec times[2] = {at, at};
	int fd = new_file(dir, name);
	struct stat stat;
	bool ok = fd >= 0 && futimens(fd, times) == 0;

	if (fd >= 0)
		close(fd);
	return ok && fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	       stat.st_mtim.tv_sec == at.tv_sec && stat.st_mtim.tv_nsec == at.tv_nsec;
}

static bool
test_seconds(int dir)
{
	return keeps_time(dir, "second", 0);
}

static bool
test_nanoseconds(int dir)
{
	return keeps_time(dir, "nanosecond", 123456789);
}

static bool
test_owners(int dir)
{
	int fd = new_file(dir, "owner");
	struct stat stat;
	bool ok = fd >= 0 && fchown(fd, 1, 2) == 0 && fstat(fd, &stat) == 0 && stat.st_uid == 1 &&
	          stat.st_gid == 2;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
test_modes(int dir)
{
	static const mode_t modes[] = {0604, 0551};
	int fd = new_file(dir, "mode");
	struct stat stat;
	bool ok = fd >= 0;

	for (size_t i = 0; ok && i < sizeof(modes) / sizeof(modes[0]); i++)
		ok = fchmod(fd, modes[i]) == 0 && fstat(fd, &stat) == 0 &&
		     (stat.st_mode & 07777) == modes[i];
	if (fd >= 0)
		close(fd);
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

static bool
test_case_kept(int dir)
{
	int one = new_file(dir, "Case"), other = new_file(dir, "cASE");
	bool ok = one >= 0 && other >= 0;

	if (one >= 0)
		close(one);
	if (other >= 0)
		close(other);
	return ok;
}

static bool
test_xattrs(int dir)
{
	int fd = new_file(dir, "xattr");
	char buf[8];
	bool ok = fd >= 0 && fsetxattr(fd, "user.flashback", "kept", 4, 0) == 0 &&
	          fgetxattr(fd, "user.flashback", buf, sizeof(buf)) == 4 &&
	          memcmp(buf, "kept", 4) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* What is tested, and what follows where a disk lacks it.  Without what is needed it is refused. */
static const struct {
	bool needed;
	bool (*test)(int dir);
	const char *title, *lack;
} tests[MARKER_TRAITS] = {
    [MARKER_HARD_LINKS] = {true, test_hard_links, "hard links",
                           "every snapshot is a full copy and takes as much room as its source"},
    [MARKER_LOCKS] =
        {true, test_locks, "locks",
         "nothing keeps flashbacks on two machines from working on one volume at once"},
    [MARKER_SECONDS] = {true, test_seconds, "times to the second",
                        "files look changed, and are copied again at each run"},
    [MARKER_NANOSECONDS] =
        {false, test_nanoseconds, "times to the nanosecond",
         "a file that is written twice within a second, its size unchanged, may be missed"},
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
};

/* Say what is there, or what follows where it is not. */
static void
tell_trait(FILE *f, enum marker_trait trait, bool there)
{
	if (there)
		fprintf(f, "%s: yes\n", tests[trait].title);
	else
		fprintf(f, "%s: no: %s\n", tests[trait].title, tests[trait].lack);
}

static int
already(const char *data_dir, struct store *s, FILE *f)
{
	char *warning = store_warning(data_dir, s);

	fprintf(f, "%s is a flashback store already (id %s); this was found when it was made:\n",
	        data_dir, s->traits.id);
	for (int t = 0; t < MARKER_TRAITS; t++)
		tell_trait(f, (enum marker_trait)t,
		           *marker_trait(&s->traits, (enum marker_trait)t));
	if (warning != NULL)
		fprintf(f, "warning: %s\n", warning);
	free(warning);
	store_close(s);
	return 0;
}

static int
fail(const struct init *in, const char *doing)
{
	fprintf(in->f, "%s: cannot %s: %s\n", in->data_dir, doing, strerror(errno));
	return -1;
}

/* What may lie in a directory that becomes a store, besides what an --init that was cut short left.
 */
static int
refuse_foreign(void *arg, const struct dirent *entry)
{
	const struct init *in = arg;
	char *name;

	if (strcmp(entry->d_name, "lost+found") == 0 || strcmp(entry->d_name, MARKER_DIR) == 0)
		return 0;
	name = text_escaped(entry->d_name);
	fprintf(
	    in->f,
	    "%s is neither empty nor a flashback store (%s is there): choose an empty directory\n",
	    in->data_dir, name ? name : "something");
	free(name);
	return 1;
}

/* Is there a store above data_dir?  Return 0 if not, 1 after having said so, -1 with errno. */
static int
refuse_inside(const struct init *in)
{
	char *above = realpath(in->data_dir, NULL), *slash;
	int rc = above != NULL ? 0 : -1;

	while (rc == 0 && (slash = strrchr(above, '/')) != NULL) {
		char *marker;

		*slash = '\0';
		marker = text_format("%s/" MARKER_DIR "/" MARKER_NAME, above);
		if (marker == NULL)
			rc = -1;
		else if (access(marker, F_OK) == 0)
			rc = 1;
		free(marker);
	}
	if (rc > 0)
		fprintf(in->f,
		        "%s lies inside the store %s/, where directories are hosts, volumes and "
		        "snapshots: choose one that is not\n",
		        in->data_dir, above);
	free(above);
	return rc;
}

/* Open data_dir, making it if need be, and see that it may become a store. */
static int
open_dir(struct init *in)
{
	struct stat stat_dir, stat_root;
	int rc;

	if (mkdir(in->data_dir, S_IRWXU) == 0)
		in->made_dir = true;
	else if (errno != EEXIST)
		return fail(in, errno == ENOENT ? "make it in a directory that is not there"
		                                : "make it");
	in->dir = open(in->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in->dir < 0 || fstat(in->dir, &stat_dir) < 0 || stat("/", &stat_root) < 0)
		return fail(in, "open it");
	rc = refuse_inside(in);
	if (rc == 0)
		rc = tree_names(in->dir, refuse_foreign, in);
	if (rc < 0)
		return fail(in, "read it");
	if (rc > 0)
		return -1;
	if (stat_dir.st_dev == stat_root.st_dev)
		fprintf(in->f,
		        "warning: %s lies on the disk of the root directory: if that is not meant, "
		        "mount"
		        " the backup disk there and run flashback --init again\n",
		        in->data_dir);
	return 0;
}

/* Close data_dir to other users. */
static void
close_to_others(const struct init *in)
{
	struct stat stat;

	if (fstat(in->dir, &stat) == 0 && (stat.st_mode & 07777) == S_IRWXU)
		return;
	if (fchmod(in->dir, S_IRWXU) < 0)
		fprintf(in->f,
		        "warning: %s cannot be closed to other users (chmod 700: %s): they can read"
		        " what is backed up\n",
		        in->data_dir, strerror(errno));
}

/* Is this no answer of the disk to what was asked of it, but trouble of its own, or of ours? */
static bool
is_trouble(int error)
{
	return error == EIO || error == ENOSPC || error == EDQUOT || file_lacks(error);
}

static int
test_traits(struct init *in, bool force)
{
	for (int t = 0; t < MARKER_TRAITS; t++) {
		bool there;

		errno = 0;
		there = tests[t].test(in->test);
		/* Some file systems have but EIO for all that they lack. */
		if (!there && !force && is_trouble(errno))
			return fail(in, "test it");
		*marker_trait(&in->found, (enum marker_trait)t) = there;
		tell_trait(in->f, (enum marker_trait)t, there);
	}
	return 0;
}

/* Make a directory of our own in which the disk can be tested. */
static int
make_test_dir(struct init *in)
{
	struct stat stat;

	if (mkdirat(in->dir, MARKER_DIR, S_IRWXU) == 0)
		in->made_meta = true;
	else if (errno != EEXIST)
		return fail(in, "write to it");
	in->meta = openat(in->dir, MARKER_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in->meta < 0 || fstat(in->meta, &stat) < 0)
		return fail(in, "open " MARKER_DIR " in it");
	tree_remove(in->meta, TEST_DIR, stat.st_dev, NULL, 0); /* of an --init that was cut short */
	if (mkdirat(in->meta, TEST_DIR, S_IRWXU) < 0)
		return fail(in, "write to it");
	in->test = openat(in->meta, TEST_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in->test < 0 || store_writable(in->test) < 0)
		return fail(in, "write to it");
	return 0;
}

/* Is something missing on which flashback builds? */
static int
check_needed(struct init *in, bool force)
{
	bool good = true;

	for (int t = 0; t < MARKER_TRAITS; t++)
		if (tests[t].needed && !*marker_trait(&in->found, (enum marker_trait)t))
			good = false;
	if (good || force)
		return 0;
	fprintf(in->f,
	        "%s is refused for what it lacks: use a disk with a Linux file system such as ext4,"
	        " or take it as it is with flashback --init --force\n",
	        in->data_dir);
	return -1;
}

static int
print_marker(FILE *f, void *arg)
{
	return marker_print(f, arg);
}

static int
write_marker(struct init *in)
{
	uint64_t id[2];

	close_to_others(in);
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return fail(in, "find a random id for it");
	snprintf(in->found.id, sizeof(in->found.id), "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	if (file_replace(in->meta, MARKER_NAME, S_IRUSR | S_IWUSR, print_marker, &in->found, true) <
	        0 ||
	    fsync(in->meta) < 0 || fsync(in->dir) < 0)
		return fail(in, "write " MARKER_DIR "/" MARKER_NAME " in it");
	fprintf(in->f, "%s is a flashback store now (id %s)\n", in->data_dir, in->found.id);
	return 0;
}

/* Remove the test directory and, after a refusal, all that was made. */
static void
clean_up(struct init *in, bool good)
{
	struct stat stat;

	if (in->test >= 0)
		close(in->test);
	if (in->meta >= 0) {
		if (fstat(in->meta, &stat) == 0)
			tree_remove(in->meta, TEST_DIR, stat.st_dev, NULL, 0);
		close(in->meta);
	}
	if (!good && in->made_meta)
		unlinkat(in->dir, MARKER_DIR, AT_REMOVEDIR);
	if (in->dir >= 0)
		close(in->dir);
	if (!good && in->made_dir)
		rmdir(in->data_dir);
}

int
mkstore_run(const char *data_dir, bool force, FILE *f)
{
	struct init in = {.data_dir = data_dir, .f = f, .dir = -1, .meta = -1, .test = -1};
	struct store s;
	char *why;
	bool good;

	if (store_open(data_dir, &s, &why) == 0)
		return already(data_dir, &s, f);
	if (errno != ENOENT) {
		fprintf(f, "%s\n", why ? why : "out of memory");
		free(why);
		return -1;
	}
	free(why);
	good = open_dir(&in) == 0 && make_test_dir(&in) == 0 && test_traits(&in, force) == 0 &&
	       check_needed(&in, force) == 0 && write_marker(&in) == 0;
	clean_up(&in, good);
	return good ? 0 : -1;
}
