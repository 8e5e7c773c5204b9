// SPDX-License-Identifier: ISC
/*
 * churn SEED N DIR: make N random changes to the tree DIR, of all kinds: files small and large,
 * with holes, rewritten, edited in place, grown and cut; directories, symlinks, devices, fifos,
 * sockets and hard links made, renamed, removed, and put where something of another kind was;
 * modes, owners, times, extended attributes and ACLs, those of DIR too.  The same SEED on an equal
 * tree makes the same changes, but for the times that the kernel sets.  What needs root is left out
 * without.  So is what rsync 3.5.0 --link-dest leaves out where only the owner, mode, time or ACL
 * of a file changes (xattrs of links and devices, capabilities), and ACLs of directories with the
 * sticky bit.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FULL 150 /* with more names than this one goes whenever one comes */

/* The tree as it is before a change, in an order that does not depend on the disk. */
struct tree {
	uint64_t seed;
	const char *dir;
	char **path;
	size_t n, room;
};

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* What only root may do is left out; anything else is a mistake of ours. */
static void
may(int rc, const char *what)
{
	if (rc != 0 && errno != EPERM && errno != ENOTSUP && errno != EACCES)
		die(what);
}

/* ---- chance ---- */

/* splitmix64 */
static uint64_t
draw(struct tree *t)
{
	uint64_t z = t->seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned
below(struct tree *t, unsigned n)
{
	return (unsigned)(draw(t) % n);
}

/* ---- the tree ---- */

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		die("memory");
	return path;
}

static bool
is_kind(const char *path, mode_t kind)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		die(path);
	return (st.st_mode & S_IFMT) == kind;
}

static void
collect(struct tree *t, const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (!d)
		die(dir);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (t->n == t->room) {
			t->room = t->room * 2 + 64;
			t->path = reallocarray(t->path, t->room, sizeof(*t->path));
			if (!t->path)
				die("memory");
		}
		t->path[t->n++] = join(dir, e->d_name);
		if (is_kind(t->path[t->n - 1], S_IFDIR))
			collect(t, t->path[t->n - 1]);
	}
	closedir(d);
}

static void
forget(struct tree *t)
{
	while (t->n > 0)
		free(t->path[--t->n]);
}

/* One of that kind (0: any); NULL if the tree has none. */
static const char *
pick(struct tree *t, mode_t kind)
{
	size_t start = t->n ? draw(t) % t->n : 0;

	for (size_t i = 0; i < t->n; i++) {
		const char *path = t->path[(start + i) % t->n];

		if (kind == 0 || is_kind(path, kind))
			return path;
	}
	return NULL;
}

/* Whose attributes to change: sometimes the root of the tree, which all may go on to read. */
static const char *
pick_owned(struct tree *t, mode_t kind)
{
	bool root = (kind == 0 || kind == S_IFDIR) && below(t, 12) == 0;

	return root ? t->dir : pick(t, kind);
}

static void
remove_all(const char *path)
{
	struct tree below_it = {0};

	if (is_kind(path, S_IFDIR)) {
		collect(&below_it, path);
		qsort(below_it.path, below_it.n, sizeof(*below_it.path), compare);
		for (size_t i = below_it.n; i-- > 0;) /* what is in a directory sorts after it */
			may(remove(below_it.path[i]), below_it.path[i]);
		forget(&below_it);
		free(below_it.path);
	}
	may(remove(path), path);
}

/* A path for something new: few names, so that things come to be where others were; whatever is
 * there goes. */
static char *
place(struct tree *t)
{
	static const char *const pool[] = {
	    "a",     "b",   "c",     "d",        "e",        "f",           "g",           "h",
	    "i",     "j",   "k",     "with two", "-n",       "new\nline",   "*?[x]",       "it's",
	    "~",     "a:b", ".x",    "...",      "\377\376", "gr\303\274n", "back\\slash", "\\#012",
	    "$(id)", " ",   "tab\t", "\033[31m", ".a.XyZ123"};
	const char *dir = below(t, 4) ? pick(t, S_IFDIR) : NULL;
	char *path = join(dir ? dir : t->dir, pool[below(t, sizeof(pool) / sizeof(pool[0]))]);
	struct stat st;

	/* Not too deep, and seldom where it takes half the tree with it. */
	if (strlen(path) > strlen(t->dir) + 60 ||
	    (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && below(t, 4))) {
		free(path);
		path = join(t->dir, "top");
	}
	if (lstat(path, &st) == 0)
		remove_all(path);
	return path;
}

/* ---- changes: each does what its name says to something, if there is something ---- */

static void
write_some(struct tree *t, const char *path, int flags, size_t len, off_t at)
{
	static unsigned char buf[1 << 21];
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0600 | below(t, 0200));

	if (fd < 0) {
		may(-1, path);
		return;
	}
	/* Some files are easily compressed, some have parts in common. */
	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = draw(t);

		memcpy(buf + i, &word, 8);
	}
	if (len > 0 && pwrite(fd, buf, len, at) != (ssize_t)len)
		die(path);
	close(fd);
}

static size_t
some_size(struct tree *t)
{
	switch (below(t, 12)) {
	case 0:
		return 0;
	case 1:
		return below(t, 400000);
	case 2:
		return below(t, 4) ? below(t, 40000) : 1000000 + below(t, 1000000);
	default:
		return below(t, 3000);
	}
}

static void
make_file(struct tree *t)
{
	char *path = place(t);

	write_some(t, path, O_CREAT | O_EXCL, some_size(t), 0);
	free(path);
}

static void
make_holes(struct tree *t)
{
	char *path = place(t);

	write_some(t, path, O_CREAT | O_EXCL, 1 + below(t, 9000), below(t, 3000000));
	may(truncate(path, 1000000 + below(t, 5000000)), path);
	free(path);
}

static void
make_directory(struct tree *t)
{
	char *path = place(t);

	may(mkdir(path, below(t, 8) ? 0755 : below(t, 01000)), path);
	free(path);
}

static void
make_symlink(struct tree *t)
{
	static const char *const target[] = {"a", "../b",    "/etc/passwd",
	                                     ".", "nowhere", "new\nline"};
	char *path = place(t);

	may(symlink(target[below(t, sizeof(target) / sizeof(target[0]))], path), path);
	free(path);
}

static void
make_special(struct tree *t)
{
	static const mode_t kind[] = {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK};
	char *path = place(t);

	may(mknod(path, kind[below(t, 4)] | below(t, 01000),
	          makedev(1 + below(t, 300), below(t, 70000))),
	    path);
	free(path);
}

static void
make_link(struct tree *t)
{
	const char *old = pick(t, below(t, 4) ? S_IFREG : 0);
	char *path;

	if (!old || is_kind(old, S_IFDIR))
		return;
	path = join(t->dir, "link");
	path[strlen(path) - 1] = (char)('a' + below(t, 26));
	if (link(old, path) != 0 && errno != EEXIST)
		may(-1, path);
	free(path);
}

static void
rename_one(struct tree *t)
{
	const char *old = pick(t, 0);
	char *path = old ? place(t) : NULL;

	/* It may have gone to make place, or lie above the new name. */
	if (path && rename(old, path) != 0 && errno != ENOENT && errno != EINVAL)
		may(-1, path);
	free(path);
}

static void
remove_one(struct tree *t)
{
	const char *path = pick(t, below(t, 4) ? S_IFREG : 0);

	if (path)
		remove_all(path);
}

static void
rewrite(struct tree *t)
{
	const char *path = pick(t, S_IFREG);

	if (path)
		write_some(t, path, O_TRUNC, some_size(t), 0);
}

static void
edit(struct tree *t)
{
	const char *path = pick(t, S_IFREG);
	struct stat st;

	if (path && lstat(path, &st) == 0 && st.st_size > 0)
		write_some(t, path, 0, 1, (off_t)(draw(t) % (uint64_t)st.st_size));
}

static void
append(struct tree *t)
{
	const char *path = pick(t, S_IFREG);
	struct stat st;

	if (path && lstat(path, &st) == 0 && st.st_size < 8000000)
		write_some(t, path, 0, 1 + below(t, 5000), st.st_size);
}

static void
cut(struct tree *t)
{
	const char *path = pick(t, S_IFREG);
	struct stat st;

	if (path && lstat(path, &st) == 0 && st.st_size > 0)
		may(truncate(path, (off_t)(draw(t) % (uint64_t)st.st_size)), path);
}

/* But for the sticky bit of directories: where there is an ACL besides, rsync loses the rights of
 * the group (3.5.0). */
static void
change_mode(struct tree *t)
{
	const char *path = pick_owned(t, 0);
	mode_t mode = below(t, 3) ? 0400 | below(t, 0400) : below(t, 010000);

	if (path == t->dir)
		mode |= 0555;
	if (path && !is_kind(path, S_IFLNK))
		may(chmod(path, is_kind(path, S_IFDIR) ? mode & ~(mode_t)S_ISVTX : mode), path);
}

static void
change_owner(struct tree *t)
{
	const char *path = pick_owned(t, 0);

	if (path)
		may(lchown(path, below(t, 3), below(t, 70000)), path);
}

/* With nanoseconds: two different contents of one size must never have the same time. */
static void
change_time(struct tree *t)
{
	const char *path = pick_owned(t, 0);
	const struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT},
	    {.tv_sec = below(t, 6) ? below(t, 2000000000) : 0, .tv_nsec = below(t, 1000000000)}};

	if (path)
		may(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), path);
}

static void
change_xattr(struct tree *t)
{
	static const char *const name[] = {"user.a", "user.b", "trusted.a", "trusted.\303\274"};
	const char *path = pick_owned(t, below(t, 3) ? S_IFREG : S_IFDIR);
	char value[300];
	size_t len = below(t, 5) ? below(t, 30) : below(t, sizeof(value));
	unsigned which = below(t, 4);

	for (size_t i = 0; i < len; i++)
		value[i] = (char)draw(t);
	if (!path)
		return;
	if (below(t, 4))
		may(lsetxattr(path, name[which], value, len, 0), path);
	else if (lremovexattr(path, name[which]) != 0 && errno != ENODATA)
		may(-1, path);
}

/* As linux/posix_acl_xattr.h has it: one named user, one named group, the mask. */
static void
change_acl(struct tree *t)
{
	static const uint16_t tag[] = {1, 2, 4, 8, 16, 32};
	const char *path = pick_owned(t, below(t, 2) ? S_IFREG : S_IFDIR);
	unsigned char acl[4 + sizeof(tag) / sizeof(tag[0]) * 8] = {2};
	bool by_default = path && is_kind(path, S_IFDIR) && below(t, 2);
	const char *name = by_default ? "system.posix_acl_default" : "system.posix_acl_access";

	for (size_t i = 0; i < sizeof(tag) / sizeof(tag[0]); i++) {
		unsigned char *entry = acl + 4 + 8 * i;
		bool named = tag[i] == 2 || tag[i] == 8;

		entry[0] = (unsigned char)tag[i];
		entry[2] = (unsigned char)(below(t, 8) | (path == t->dir && !by_default ? 5 : 0));
		memset(entry + 4, named ? 0 : 0xff, 4);
		entry[4] = named ? (unsigned char)below(t, 200) : 0xff;
	}
	if (!path)
		return;
	if (below(t, 4))
		may(lsetxattr(path, name, acl, sizeof(acl), 0), path);
	else if (lremovexattr(path, name) != 0 && errno != ENODATA)
		may(-1, path);
}

static const struct {
	void (*change)(struct tree *);
	unsigned often;
	bool makes;
} changes[] = {
    {make_file, 10, true},    {make_holes, 1, true},    {make_directory, 4, true},
    {make_symlink, 3, true},  {make_special, 2, true},  {make_link, 3, true},
    {rename_one, 4, false},   {remove_one, 3, false},   {rewrite, 4, false},
    {edit, 4, false},         {append, 3, false},       {cut, 2, false},
    {change_mode, 4, false},  {change_owner, 4, false}, {change_time, 4, false},
    {change_xattr, 3, false}, {change_acl, 3, false},
};

static void
change_one(struct tree *t)
{
	const size_t n = sizeof(changes) / sizeof(changes[0]);
	unsigned all = 0, which;
	size_t i = 0;

	collect(t, t->dir);
	qsort(t->path, t->n, sizeof(*t->path), compare);
	for (size_t k = 0; k < n; k++)
		all += changes[k].often;
	for (which = below(t, all); which >= changes[i].often; i++)
		which -= changes[i].often;
	if (changes[i].makes && t->n > FULL)
		remove_one(t);
	else
		changes[i].change(t);
	forget(t);
}

int
main(int argc, char **argv)
{
	struct tree t = {0};

	if (argc != 4) {
		fprintf(stderr, "usage: churn SEED N DIR\n");
		return 1;
	}
	umask(0);
	t.seed = strtoull(argv[1], NULL, 10);
	t.dir = argv[3];
	for (long n = strtol(argv[2], NULL, 10); n > 0; n--)
		change_one(&t);
	free(t.path);
	return 0;
}
