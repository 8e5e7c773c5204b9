// SPDX-License-Identifier: ISC
#include "flashback/store/treediff.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"

#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
#define PIECE 16384
#define PIECES 64

/* Fill buf as far as the file goes: a read may be short. */
static ssize_t
read_piece(int fd, char buf[PIECE])
{
	size_t n = 0;
	ssize_t got;

	while (n < PIECE && (got = read(fd, buf + n, PIECE - n)) != 0) {
		if (got < 0)
			return -1;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static bool
is_same_content(int a, int b)
{
	char of_a[PIECE], of_b[PIECE];

	for (int i = 0; i < PIECES; i++) {
		ssize_t n = read_piece(a, of_a);

		if (n < 0 || read_piece(b, of_b) != n || memcmp(of_a, of_b, (size_t)n) != 0)
			return false;
		if (n < PIECE)
			break;
	}
	return true;
}

static bool
is_same_file(int a, int b, const char *name)
{
	int of_a = openat(a, name, OPEN_FILE), of_b = openat(b, name, OPEN_FILE);
	bool same = of_a >= 0 && of_b >= 0 && is_same_content(of_a, of_b);

	file_close(&of_a);
	file_close(&of_b);
	return same;
}

static bool
is_same_target(int a, int b, const char *name)
{
	char of_a[PATH_MAX], of_b[PATH_MAX];
	ssize_t n = readlinkat(a, name, of_a, sizeof(of_a));

	return n >= 0 && readlinkat(b, name, of_b, sizeof(of_b)) == n &&
	       memcmp(of_a, of_b, (size_t)n) == 0;
}

static bool
is_same_time(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Is the name the same in both directories, attributes aside? */
static bool
is_same(int a, int b, const char *name)
{
	struct stat old, now;

	if (fstatat(a, name, &old, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstatat(b, name, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (old.st_mode & S_IFMT) != (now.st_mode & S_IFMT))
		return false;
	if (S_ISLNK(old.st_mode))
		return old.st_ino == now.st_ino || is_same_target(a, b, name);
	if (!S_ISREG(old.st_mode) || old.st_ino == now.st_ino)
		return true;
	if (old.st_size != now.st_size)
		return false;
	return is_same_time(&old, &now) || is_same_file(a, b, name);
}

/* A directory of the other tree that is absent has none of the files. */
static int
enter(void *arg, struct tree_dir *dir)
{
	struct treediff *d = arg;

	if (dir->depth == 0 && dir->twin == -1)
		return -1;
	if (dir->depth == 0)
		d->files = 0;
	else if (dir->twin != -1 && tree_is_empty(dir->twin))
		d->before = d->files;
	if (!d->names_only)
		listing_sort_inodes(&dir->entries);
	for (size_t i = 0; i < dir->entries.n; i++) {
		const struct dirent *entry = dir->entries.entry[i];

		if (entry->d_type == DT_DIR)
			continue;
		d->files++;
		if (!d->names_only)
			d->changed +=
			    dir->twin == -1 || !is_same(dir->fd, dir->twin, entry->d_name);
	}
	return 0;
}

/* What is below an empty directory has no twin, so of those that have one it is the next to be
 * left. */
static int
leave(void *arg, struct tree_dir *dir)
{
	struct treediff *d = arg;
	int64_t lost = d->before >= 0 ? d->files - d->before : 0;

	if (dir->twin == -1)
		return 0;
	d->before = -1;
	d->emptied += lost > 0;
	if (lost > d->lost && tree_path(dir, NULL, d->most) == 0)
		d->lost = lost;
	return 0;
}

int
treediff_count(const struct store_volume *v, const char *snapshot, const char *tree,
               struct treediff *d)
{
	const struct tree walk = {
	    .dev = v->dev, .twin = tree, .beside = v->fd, .enter = enter, .leave = leave, .arg = d};

	*d = (struct treediff){.names_only = d->names_only, .files = -1, .before = -1};
	return tree_walk(v->fd, snapshot, &walk) == 0 && d->files >= 0 ? 0 : -1;
}

/* ---- what two trees share ---- */

#define NOTHING "shares nothing with the snapshot before, which took its room once more: "

#define SAMPLE 64   /* files: reading all would cost as much as a run */
#define ENOUGH 5    /* of fewer files nothing is concluded */
#define LOOKED 4096 /* entries, where there are few files */

/* What the sample has come to. */
struct sample {
	unsigned looked, files, shared, times, owners, copies, coarse; /* coarse: of the base */
};

/* Same second, other fraction, and one of both has none. */
static bool
lacks_fraction(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec != b->tv_nsec &&
	       (a->tv_nsec == 0 || b->tv_nsec == 0);
}

/* A file of the same size that is not shared: why? */
static void
count_copy(struct sample *s, const struct stat *now, const struct stat *old)
{
	bool owners = now->st_uid != old->st_uid || now->st_gid != old->st_gid ||
	              now->st_mode != old->st_mode;

	if (lacks_fraction(&now->st_mtim, &old->st_mtim))
		s->times++;
	else if (is_same_time(now, old) && owners)
		s->owners++;
	else if (is_same_time(now, old))
		s->copies++;
}

/* Compare a directory with its twin, as far as both are there, until there are files enough. */
static int
take_sample(void *arg, struct tree_dir *dir)
{
	struct sample *s = arg;
	struct stat now, old;

	if (dir->twin == -1)
		listing_free(&dir->entries);
	for (size_t i = 0; i < dir->entries.n; i++) {
		const char *name = dir->entries.entry[i]->d_name;

		if (++s->looked > LOOKED || s->files >= SAMPLE)
			return 1;
		if (fstatat(dir->fd, name, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
		    fstatat(dir->twin, name, &old, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(now.st_mode) || !S_ISREG(old.st_mode) || now.st_size != old.st_size)
			continue;
		s->files++;
		s->coarse += old.st_mtim.tv_nsec == 0;
		s->shared += now.st_ino == old.st_ino;
		if (now.st_ino != old.st_ino)
			count_copy(s, &now, &old);
	}
	return 0;
}

static struct sample
sample(const struct store_volume *v, const char *tree, const char *base)
{
	struct sample s = {0};
	const struct tree walk = {
	    .dev = v->dev, .twin = base, .beside = v->fd, .enter = take_sample, .arg = &s};

	(void)tree_walk(v->fd, tree, &walk);
	return s;
}

/* A cause is named when it is that of nearly all files: rounding, a file that changed meanwhile. */
enum sharing
treediff_sharing(const struct store_volume *v, const char *tree, const char *base)
{
	struct sample s = sample(v, tree, base);
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
treediff_is_coarse(const struct store_volume *v, const char *base)
{
	struct sample s = sample(v, base, base);

	return s.files >= ENOUGH && s.coarse >= s.files - s.files / 10;
}

const char *
treediff_words(enum sharing sharing)
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
