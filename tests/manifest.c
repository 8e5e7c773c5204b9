// SPDX-License-Identifier: ISC
/*
 * manifest [-i] [-b] [-d OUT] DIR...: a line for every name below DIR, DIR itself included, with
 * all that a backup must bring back: type, mode, owner, size, mtime to the nanosecond, content,
 * link target, device number, extended attributes (ACLs among them), and with which other names it
 * shares an inode.  Two trees are equal when their manifests are.  -i adds the inode (has anything
 * been replaced?), -b the blocks used.  -d: that of each DIR goes to a file of the same name in
 * OUT.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/** One name; group is the path of the first name of the same inode. */
struct entry {
	char *access;
	const char *path;
	const char *group;
	struct stat st;
};

struct list {
	struct entry *entry;
	size_t n, room;
};

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "manifest: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *
grow(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n, size);

	if (!p)
		die("memory");
	return p;
}

/** print_bytes: with everything but plain ASCII as \ooo, so that a line is a line. */
static void
print_bytes(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c > 0x20 && c < 0x7f && c != '\\')
			putchar(c);
		else
			printf("\\%03o", c);
	}
}

static void
print_content(const char *path)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	unsigned char buf[65536];
	ssize_t got;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die(path);
	while ((got = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < got; i++)
			hash = (hash ^ buf[i]) * UINT64_C(0x100000001b3);
	if (got < 0)
		die(path);
	close(fd);
	printf(" hash=%016llx", (unsigned long long)hash);
}

static void
print_target(const char *path, off_t size)
{
	size_t room = (size_t)size + 1;
	char *buf = grow(NULL, room, 1);
	ssize_t len = readlink(path, buf, room);

	if (len < 0)
		die(path);
	fputs(" target=", stdout);
	print_bytes(buf, (size_t)len);
	free(buf);
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
print_xattr(const char *path, const char *name)
{
	char value[65536]; /* the kernel's limit */
	ssize_t len = lgetxattr(path, name, value, sizeof(value));

	if (len < 0)
		die(path);
	printf(" %s=", name);
	print_bytes(value, (size_t)len);
}

static void
print_xattrs(const char *path)
{
	ssize_t len = llistxattr(path, NULL, 0);
	char *names, **sorted = NULL;
	size_t n = 0;

	if (len < 0 && errno != ENOTSUP)
		die(path);
	if (len <= 0)
		return;
	names = grow(NULL, (size_t)len, 1);
	len = llistxattr(path, names, (size_t)len);
	if (len < 0)
		die(path);
	for (char *p = names; p < names + len; p += strlen(p) + 1) {
		sorted = grow(sorted, n + 1, sizeof(*sorted));
		sorted[n++] = p;
	}
	qsort(sorted, n, sizeof(*sorted), compare_text);
	for (size_t i = 0; i < n; i++)
		print_xattr(path, sorted[i]);
	free(sorted);
	free(names);
}

static void
print_entry(const struct entry *e, bool inode, bool blocks)
{
	const struct stat *st = &e->st;

	print_bytes(e->path, strlen(e->path));
	printf(" mode=%o owner=%u:%u", st->st_mode, st->st_uid, st->st_gid);
	printf(" mtime=%lld.%09ld", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (inode)
		printf(" inode=%llu", (unsigned long long)st->st_ino);
	if (!S_ISDIR(st->st_mode))
		printf(" size=%lld", (long long)st->st_size);
	if (blocks && S_ISREG(st->st_mode))
		printf(" blocks=%lld", (long long)st->st_blocks);
	if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode))
		printf(" device=%u:%u", major(st->st_rdev), minor(st->st_rdev));
	if (S_ISREG(st->st_mode))
		print_content(e->access);
	if (S_ISLNK(st->st_mode))
		print_target(e->access, st->st_size);
	print_xattrs(e->access);
	if (e->group) {
		fputs(" same-as=", stdout);
		print_bytes(e->group, strlen(e->group));
	}
	putchar('\n');
}

static int
compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
collect(char *dir, struct list *list)
{
	char *const roots[] = {dir, NULL};
	size_t skip = strlen(dir);
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, compare_names);
	FTSENT *f;

	if (!fts)
		die(dir);
	while (errno = 0, (f = fts_read(fts))) {
		struct entry *e;

		if (f->fts_info == FTS_DP)
			continue;
		if (f->fts_info == FTS_ERR || f->fts_info == FTS_DNR || f->fts_info == FTS_NS) {
			errno = f->fts_errno;
			die(f->fts_path);
		}
		if (list->n == list->room) {
			list->room = list->room * 2 + 64;
			list->entry = grow(list->entry, list->room, sizeof(*list->entry));
		}
		e = &list->entry[list->n++];
		*e = (struct entry){.access = strdup(f->fts_path), .st = *f->fts_statp};
		if (!e->access)
			die("memory");
		e->path = e->access[skip] ? e->access + skip + 1 : ".";
	}
	if (errno)
		die(dir);
	fts_close(fts);
}

static int
compare_inodes(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;

	if (x->st.st_dev != y->st.st_dev)
		return x->st.st_dev < y->st.st_dev ? -1 : 1;
	if (x->st.st_ino != y->st.st_ino)
		return x->st.st_ino < y->st.st_ino ? -1 : 1;
	return strcmp(x->path, y->path);
}

static void
find_groups(struct list *list)
{
	struct entry **sorted = grow(NULL, list->n + 1, sizeof(struct entry *));
	struct entry *first = NULL;

	for (size_t i = 0; i < list->n; i++)
		sorted[i] = &list->entry[i];
	qsort(sorted, list->n, sizeof(struct entry *), compare_inodes);
	for (size_t i = 0; i < list->n; i++) {
		struct entry *e = sorted[i];

		if (first && e->st.st_ino == first->st.st_ino && e->st.st_dev == first->st.st_dev)
			e->group = first->group = first->path;
		else
			first = e;
	}
	free(sorted);
}

static void
print_tree(char *dir, bool inode, bool blocks)
{
	struct list list = {0};

	collect(dir, &list);
	find_groups(&list);
	for (size_t i = 0; i < list.n; i++)
		print_entry(&list.entry[i], inode, blocks);
	for (size_t i = 0; i < list.n; i++) /* only now: a group is named by one of its paths */
		free(list.entry[i].access);
	free(list.entry);
	if (ferror(stdout) || fflush(stdout))
		die(dir);
}

/** print_to: what is printed from now on goes to a file in OUT, named as dir is. */
static void
print_to(const char *out, const char *dir)
{
	const char *slash = strrchr(dir, '/');
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", out, slash ? slash + 1 : dir);
	if (!freopen(path, "w", stdout))
		die(path);
}

int
main(int argc, char **argv)
{
	bool inode = false, blocks = false;
	const char *out = NULL;
	int c;

	while ((c = getopt(argc, argv, "ibd:")) != -1) {
		inode = inode || c == 'i';
		blocks = blocks || c == 'b';
		if (c == 'd')
			out = optarg;
		if (c == '?')
			return 1;
	}
	if (argc == optind || (!out && argc - optind > 1)) {
		fprintf(stderr, "usage: manifest [-i] [-b] [-d OUT] DIR...\n");
		return 1;
	}
	for (; optind < argc; optind++) {
		if (out)
			print_to(out, argv[optind]);
		print_tree(argv[optind], inode, blocks);
	}
	return 0;
}
