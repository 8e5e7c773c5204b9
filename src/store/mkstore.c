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
#include "flashback/store/addedattr.h"
#include "flashback/store/store.h"
#include "flashback/store/trust.h"

#define TEST_DIR "test"

/* A directory while it is made a store. */
struct mkstore {
	const char *data_dir;
	FILE *f;
	int dir, meta, test; /* data_dir, .flashback, .flashback/test */
	bool made_dir, made_meta;
	struct marker found;
};

/* Create a file in the test directory.  Return its descriptor, or -1. */
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

	if (fd == -1)
		return false;
	ok = linkat(dir, "link", dir, "another", 0) == 0 && fstat(fd, &one) == 0 &&
	     fstatat(dir, "another", &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	     one.st_ino == other.st_ino && one.st_nlink == 2;
	close(fd);
	return ok;
}

/* Two descriptors of one file: the second lock must be refused.  Some file systems accept every
 * lock. */
static bool
test_locks(int dir)
{
	int one = new_file(dir, "lock"), other = openat(dir, "lock", O_RDWR | O_CLOEXEC);
	bool ok = one != -1 && other != -1 && file_lock(one) == 0 && file_lock(other) == -1;

	if (one != -1)
		close(one);
	if (other != -1)
		close(other);
	return ok;
}

/* Is a time with these nanoseconds stored exactly? */
static bool
keeps_time(int dir, const char *name, long nanoseconds)
{
	/* An odd second, since FAT stores only even ones. */
	const struct timespec at = {.tv_sec = 1795305601, .tv_nsec = nanoseconds};
	const struct timespec times[2] = {at, at};
	int fd = new_file(dir, name);
	struct stat st;
	bool ok = fd != -1 && futimens(fd, times) == 0;

	if (fd != -1)
		close(fd);
	return ok && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtim.tv_sec == at.tv_sec && st.st_mtim.tv_nsec == at.tv_nsec;
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
	struct stat st;
	bool ok = fd != -1 && fchown(fd, 1, 2) == 0 && fstat(fd, &st) == 0 && st.st_uid == 1 &&
	          st.st_gid == 2;

	if (fd != -1)
		close(fd);
	return ok;
}

static bool
test_modes(int dir)
{
	static const mode_t modes[] = {0604, 0551};
	int fd = new_file(dir, "mode");
	struct stat st;
	bool ok = fd != -1;

	for (size_t i = 0; ok && i < sizeof(modes) / sizeof(modes[0]); i++)
		ok = fchmod(fd, modes[i]) == 0 && fstat(fd, &st) == 0 &&
		     (st.st_mode & 07777) == modes[i];
	if (fd != -1)
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

/* Two names that differ only in case must be two files; the second O_EXCL fails where they are
 * one. */
static bool
test_case_kept(int dir)
{
	int one = new_file(dir, "Case"), other = new_file(dir, "cASE");
	bool ok = one != -1 && other != -1;

	if (one != -1)
		close(one);
	if (other != -1)
		close(other);
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

	if (fd != -1)
		close(fd);
	return ok;
}

/* Does reading a directory give the inode numbers that stat gives? */
static int
compare_inode(void *arg, const struct dirent *entry)
{
	const int *dir = arg;
	struct stat st;

	if (fstatat(*dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return st.st_ino == entry->d_ino ? 0 : 1;
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
		if (fd >= 0)
			close(fd);
	}
	return ok && tree_names(dir, compare_inode, &dir) == 0;
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

/* Print whether the disk has it, or what follows if not. */
static void
print_trait(FILE *f, enum marker_trait trait, bool present)
{
	if (present)
		fprintf(f, "%s: yes\n", tests[trait].title);
	else
		fprintf(f, "%s: no: %s\n", tests[trait].title, tests[trait].lack);
}

/* The store exists: print what was found when it was made, and change nothing. */
static int
print_existing(const char *data_dir, struct store *s, FILE *f)
{
	char *warning = store_warning(data_dir, s);

	fprintf(f, "%s is already a flashback store (id %s); this was found when it was made:\n",
	        data_dir, s->traits.id);
	for (int t = 0; t < MARKER_TRAITS; t++)
		print_trait(f, (enum marker_trait)t,
		            *marker_trait(&s->traits, (enum marker_trait)t));
	addedattr_print(f, s->traits.added);
	if (warning != NULL)
		fprintf(f, "warning: %s\n", warning);
	free(warning);
	store_close(s);
	return 0;
}

/* Report errno.  Return -1. */
static int
fail(const struct mkstore *in, const char *doing)
{
	fprintf(in->f, "%s: cannot %s: %s\n", in->data_dir, doing, strerror(errno));
	return -1;
}

/* Report why, and free it.  Return -1. */
static int
refuse(FILE *f, char *why)
{
	fprintf(f, "%s\n", why != NULL ? why : "out of memory");
	free(why);
	return -1;
}

/* Refuse anything in the directory but lost+found and what an interrupted --init left: making a
 * store of a directory in use would mix its files with volumes. */
static int
refuse_foreign(void *arg, const struct dirent *entry)
{
	const struct mkstore *in = arg;
	char *name;

	if (strcmp(entry->d_name, "lost+found") == 0 || strcmp(entry->d_name, MARKER_DIR) == 0)
		return 0;
	name = text_escaped(entry->d_name);
	fprintf(in->f,
	        "%s is neither empty nor a flashback store (it contains %s): choose an empty "
	        "directory\n",
	        in->data_dir, name ? name : "something");
	free(name);
	return 1;
}

/* Refuse a directory inside another store: its directories would be taken for hosts, volumes and
 * snapshots.  Return 0 if it is not, 1 after reporting that it is, -1 with errno. */
static int
refuse_inside(const struct mkstore *in)
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
		        "%s is inside the store %s/, where directories are hosts, volumes and "
		        "snapshots: choose one that is not\n",
		        in->data_dir, above);
	free(above);
	return rc;
}

/* Open data_dir, creating it if necessary, and check that it may become a store. */
static int
open_dir(struct mkstore *in)
{
	struct stat dir, root;
	char *why;
	int rc;

	if (mkdir(in->data_dir, S_IRWXU) == 0)
		in->made_dir = true;
	else if (errno != EEXIST)
		return fail(in, errno == ENOENT ? "create it in a directory that does not exist"
		                                : "create it");
	in->dir = open(in->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in->dir == -1 || fstat(in->dir, &dir) == -1 || stat("/", &root) == -1)
		return fail(in, "open it");
	if (trust_path(in->data_dir, in->dir, &why) == -1)
		return refuse(in->f, why);
	rc = refuse_inside(in);
	if (rc == 0)
		rc = tree_names(in->dir, refuse_foreign, in);
	if (rc == -1)
		return fail(in, "read it");
	if (rc > 0)
		return -1;
	if (dir.st_dev == root.st_dev)
		fprintf(in->f,
		        "warning: %s is on the disk of the root directory: if that is not intended,"
		        " mount the backup disk there and run flashback --init again\n",
		        in->data_dir);
	return 0;
}

/* Is this an error of the disk or of this process, rather than the answer to a test?  A disk that
 * is full or failing must not be recorded as one without hard links. */
static bool
is_trouble(int error)
{
	return error == EIO || error == ENOSPC || error == EDQUOT || file_lacks(error);
}

static int
test_traits(struct mkstore *in, bool force)
{
	for (int t = 0; t < MARKER_TRAITS; t++) {
		bool present;

		errno = 0;
		present = tests[t].test(in->test);
		/* With --force any error counts as "no": some file systems return EIO for all they
		 * lack. */
		if (!present && !force && is_trouble(errno))
			return fail(in, "test it");
		*marker_trait(&in->found, (enum marker_trait)t) = present;
		print_trait(in->f, (enum marker_trait)t, present);
	}
	if (addedattr_find(in->test, in->found.added, sizeof(in->found.added)) == -1 && !force)
		return fail(in, "test it");
	addedattr_print(in->f, in->found.added);
	return 0;
}

/* Create .flashback and in it a directory in which the disk is tested.  The tests leave their files
 * there; all of it is removed afterwards. */
static int
make_test_dir(struct mkstore *in)
{
	struct stat st;

	if (mkdirat(in->dir, MARKER_DIR, S_IRWXU) == 0)
		in->made_meta = true;
	else if (errno != EEXIST)
		return fail(in, "write to it");
	in->meta = openat(in->dir, MARKER_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in->meta == -1 || fstat(in->meta, &st) == -1)
		return fail(in, "open " MARKER_DIR " in it");
	tree_remove(in->meta, TEST_DIR, st.st_dev, NULL, 0); /* left by an interrupted --init */
	if (mkdirat(in->meta, TEST_DIR, S_IRWXU) == -1)
		return fail(in, "write to it");
	in->test = openat(in->meta, TEST_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in->test == -1 || store_writable(in->test) == -1)
		return fail(in, "write to it");
	return 0;
}

/* Refuse a disk that lacks what flashback relies on, or a directory that others can change, unless
 * forced. */
static int
check_needed(struct mkstore *in, bool force)
{
	bool good = true;

	for (int t = 0; t < MARKER_TRAITS; t++)
		if (tests[t].needed && !*marker_trait(&in->found, (enum marker_trait)t))
			good = false;
	in->found.shared = trust_close(in->data_dir, in->dir, in->f) != 0;
	if ((good && !in->found.shared) || force)
		return 0;
	fprintf(in->f,
	        "%s is refused for what it lacks: use a disk with a Linux file system such as ext4,"
	        " or accept it with flashback --init --force\n",
	        in->data_dir);
	return -1;
}

static int
print_marker(FILE *f, void *arg)
{
	return marker_print(f, arg);
}

/* Last of all, synced to the disk: the directory is a store from the moment that this file
 * exists. */
static int
write_marker(struct mkstore *in)
{
	uint64_t id[2];

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return fail(in, "get a random id for it");
	snprintf(in->found.id, sizeof(in->found.id), "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	if (file_replace(in->meta, MARKER_NAME, S_IRUSR | S_IWUSR, print_marker, &in->found,
	                 true) == -1 ||
	    fsync(in->meta) == -1 || fsync(in->dir) == -1)
		return fail(in, "write " MARKER_DIR "/" MARKER_NAME " in it");
	fprintf(in->f, "%s is a flashback store now (id %s)\n", in->data_dir, in->found.id);
	return 0;
}

/* Remove the test directory and, after a failure, everything that was created. */
static void
clean_up(struct mkstore *in, bool good)
{
	struct stat st;

	if (in->test != -1)
		close(in->test);
	if (in->meta != -1) {
		if (fstat(in->meta, &st) == 0)
			tree_remove(in->meta, TEST_DIR, st.st_dev, NULL, 0);
		close(in->meta);
	}
	if (!good && in->made_meta)
		unlinkat(in->dir, MARKER_DIR, AT_REMOVEDIR);
	if (in->dir != -1)
		close(in->dir);
	if (!good && in->made_dir)
		rmdir(in->data_dir);
}

int
mkstore_run(const char *data_dir, bool force, FILE *f)
{
	struct mkstore in = {.data_dir = data_dir, .f = f, .dir = -1, .meta = -1, .test = -1};
	struct store s;
	char *why;
	bool good;

	/* An existing store is only described. */
	if (store_open(data_dir, &s, &why) == 0)
		return print_existing(data_dir, &s, f);
	/* A marker that cannot be read is not overwritten: it may belong to a newer version. */
	if (errno != ENOENT)
		return refuse(f, why);
	free(why);
	/* Each step reports its own error; the marker is written only if all succeed. */
	good = open_dir(&in) == 0 && make_test_dir(&in) == 0 && test_traits(&in, force) == 0 &&
	       check_needed(&in, force) == 0 && write_marker(&in) == 0;
	clean_up(&in, good);
	return good ? 0 : -1;
}
