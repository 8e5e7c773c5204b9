// SPDX-License-Identifier: ISC
#include "flashback/store/sharing.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"

#define NOTHING "shares nothing with the snapshot before, which took its room once more: "

#define SAMPLE 64   /* files: reading all would cost as much as a run */
#define ENOUGH 5    /* of fewer files nothing is concluded */
#define DEPTH 16    /* descriptors: two for each level */
#define LOOKED 4096 /* entries, where there are few files */

/* What the sample has come to. */
struct sample {
	unsigned looked, files, shared, times, owners, copies, coarse; /* coarse: of the base */
};

/* A directory in both trees. */
struct pair {
	struct sample *sample;
	int tree, base, depth;
};

static int compare_entry(void *arg, const struct dirent *entry);

/* Compare what is in two directories, as far as both are there, and close them. */
static void
compare_dirs(struct pair *p)
{
	if (p->tree != -1 && p->base != -1 && p->depth < DEPTH)
		(void)tree_names(p->tree, compare_entry, p);
	file_close(&p->tree);
	file_close(&p->base);
}

static void
compare_below(const struct pair *above, const char *name)
{
	struct pair p = {
	    .sample = above->sample,
	    .tree = openat(above->tree, name, TREE_DIR),
	    .base = openat(above->base, name, TREE_DIR),
	    .depth = above->depth + 1,
	};

	compare_dirs(&p);
}

/* Same second, other fraction, and one of both has none. */
static bool
lacks_fraction(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec != b->tv_nsec &&
	       (a->tv_nsec == 0 || b->tv_nsec == 0);
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* A file of the same size that is not shared: why? */
static void
count_copy(struct sample *s, const struct stat *now, const struct stat *old)
{
	bool owners = now->st_uid != old->st_uid || now->st_gid != old->st_gid ||
	              now->st_mode != old->st_mode;

	if (lacks_fraction(&now->st_mtim, &old->st_mtim))
		s->times++;
	else if (is_same_time(&now->st_mtim, &old->st_mtim) && owners)
		s->owners++;
	else if (is_same_time(&now->st_mtim, &old->st_mtim))
		s->copies++;
}

/* Stops where there are files enough. */
static int
compare_entry(void *arg, const struct dirent *entry)
{
	const struct pair *p = arg;
	struct sample *s = p->sample;
	struct stat now, old;

	if (++s->looked > LOOKED || s->files >= SAMPLE)
		return 1;
	if (fstatat(p->tree, entry->d_name, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstatat(p->base, entry->d_name, &old, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (now.st_mode & S_IFMT) != (old.st_mode & S_IFMT))
		return 0;
	if (S_ISDIR(now.st_mode)) {
		compare_below(p, entry->d_name);
	} else if (S_ISREG(now.st_mode) && now.st_size == old.st_size) {
		s->files++;
		s->coarse += old.st_mtim.tv_nsec == 0;
		s->shared += now.st_ino == old.st_ino;
		if (now.st_ino != old.st_ino)
			count_copy(s, &now, &old);
	}
	return 0;
}

static struct sample
take_sample(int dirfd, const char *tree, const char *base)
{
	struct sample s = {0};
	struct pair p = {
	    .sample = &s,
	    .tree = openat(dirfd, tree, TREE_DIR),
	    .base = openat(dirfd, base, TREE_DIR),
	};

	compare_dirs(&p);
	return s;
}

/* A cause is named when it is that of nearly all files: rounding, a file that changed meanwhile. */
enum sharing
sharing_sample(int dirfd, const char *tree, const char *base)
{
	struct sample s = take_sample(dirfd, tree, base);
	unsigned most = s.files - s.files / 10;

	if (s.files < ENOUGH || s.shared > s.files - most)
		return SHARING_SOME;
	if (s.times >= most)
		return SHARING_TIMES;
	if (s.owners >= most)
		return SHARING_OWNERS;
	return s.copies >= most ? SHARING_COPIES : SHARING_SOME;
}

bool
sharing_is_coarse(int dirfd, const char *base)
{
	struct sample s = take_sample(dirfd, base, base);

	return s.files >= ENOUGH && s.coarse >= s.files - s.files / 10;
}

const char *
sharing_words(enum sharing sharing)
{
	static const char *const words[] = {
	    [SHARING_SOME] = NULL,
	    [SHARING_TIMES] =
	        NOTHING "times of one of them have no fractions of a second (moved by "
	                "tar? an old rsync?)",
	    [SHARING_OWNERS] = NOTHING "owners or modes have changed",
	    [SHARING_COPIES] = NOTHING "equal files could not be linked (are they immutable, see "
	                               "lsattr?)",
	};

	return words[sharing];
}
