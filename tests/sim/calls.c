// SPDX-License-Identifier: ISC
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "flashback/lib/tree.h"
#include "flashback/store/resume.h"
#include "flashback/store/runlog.h"
#include "flashback/store/stamp.h"
#include "flashback/store/treediff.h"

#include "check.h"
#include "drive.h"
#include "sim.h"

/*
 * In the place of the modules tree, treediff, resume and runlog, and of the few system calls that
 * modules of the product make by themselves on descriptors which are of pretend here.
 */

#define BLOCK (1u << 20)
#define OWN_FSID 77
#define ROOT_FSID 1
#define REMOVED_AT_ONCE 10
#define REMOVAL_MS 300

static struct drive_tree *
tree_of(int fd, const char *name)
{
	const struct drive_handle *h = drive_handle(fd);
	struct stamp s;

	if (h == NULL || stamp_parse(name, &s) != 0)
		return NULL;
	return drive_find(h->dir, &s);
}

int
tree_remove(int parent, const char *name, dev_t dev, char *trouble, size_t size)
{
	struct drive_handle *h = drive_handle(parent);
	struct drive_tree *t;

	(void)dev;
	while ((t = tree_of(parent, name)) != NULL) {
		drive_step();
		if (drive_may(h, true) != 0 || (t->stubborn && t->n < REMOVED_AT_ONCE)) {
			snprintf(trouble, size, "%s: it will not go", name);
			return 1;
		}
		check_removal(process_self(), h->dir, t);
		/* A journal is kept in order: what is removed now was renamed before. */
		drive_sync_names(h->dir);
		drive_shrink(t, REMOVED_AT_ONCE);
		if (t->n == 0)
			drive_remove(h->dir, t);
		else
			process_wait(sim_mono() + REMOVAL_MS);
	}
	return 0;
}

/* Of all but trees: there nothing is left behind. */
int
tree_names(int dirfd, int (*take)(void *arg, const struct dirent *entry), void *arg)
{
	(void)take;
	(void)arg;
	drive_step();
	return drive_may(drive_handle(dirfd), false) != 0 ? -1 : 0;
}

int
tree_open(int fd, const char *path)
{
	(void)fd;
	(void)path;
	errno = ENOENT;
	return -1;
}

bool
tree_is_empty(int dirfd)
{
	const struct drive_handle *h = drive_handle(dirfd);
	const struct drive_tree *t;

	drive_step();
	if (drive_may(h, false) != 0)
		return false;
	t = h->tree.when != 0 ? drive_find(h->dir, &h->tree) : NULL;
	return t == NULL || t->n == 0;
}

void
resume_join(int parent, const char *from, const char *to, dev_t dev)
{
	struct drive_tree *old = tree_of(parent, from), *new = tree_of(parent, to);

	(void)dev;
	for (size_t i = 0; old != NULL && new != NULL &&i < old->n;) {
		drive_step();
		if (drive_may(drive_handle(parent), true) != 0)
			return;
		if (drive_lookup(new, old->entry[i].inode->file) != NULL)
			i++;
		else
			drive_move(old, i, new);
	}
}

/* A walk of a tree, in which nothing is found here. */
int
tree_walk(int parent, const char *name, const struct tree *w)
{
	(void)name;
	(void)w;
	drive_step();
	return drive_may(drive_handle(parent), false) != 0;
}

int
treediff_count(const struct store_volume *v, const char *snapshot, const char *tree,
               struct treediff *d)
{
	const struct drive_tree *old = tree_of(v->fd, snapshot), *new = tree_of(v->fd, tree);

	drive_step();
	if (old == NULL || new == NULL || drive_may(drive_handle(v->fd), false) != 0)
		return -1;
	*d = (struct treediff){.files = (int64_t)old->n};
	for (size_t i = 0; i < old->n; i++) {
		const struct drive_inode *was = old->entry[i].inode,
		                         *is = drive_lookup(new, was->file);

		d->changed += is == NULL || is->version != was->version;
	}
	return 0;
}

enum sharing
treediff_sharing(const struct store_volume *v, const char *tree, const char *base)
{
	(void)v;
	(void)tree;
	(void)base;
	drive_step();
	return SHARING_SOME;
}

bool
treediff_is_coarse(const struct store_volume *v, const char *base)
{
	(void)v;
	(void)base;
	drive_step();
	return false;
}

const char *
treediff_words(enum sharing sharing)
{
	sim_broken("shares nothing: %d", (int)sharing);
}

int
tree_path(const struct tree_dir *dir, const char *entry, char path[PATH_MAX])
{
	(void)dir;
	(void)path;
	sim_broken("the path of %s", entry);
}

/* Files come whole here, or not at all. */
void
resume_keep(int parent, const char *name, dev_t dev)
{
	(void)parent;
	(void)name;
	(void)dev;
	drive_step();
}

int
tree_measure(int parent, const char *name, dev_t dev, struct tree_size *out)
{
	const struct drive_tree *t = tree_of(parent, name);

	(void)dev;
	drive_step();
	*out = (struct tree_size){.entries = 1};
	if (t == NULL)
		return 1;
	out->entries += t->n;
	for (size_t i = 0; i < t->n; i++)
		out->own += t->entry[i].inode->refs == 1 ? BLOCK : 0;
	return 0;
}

struct runlog *
runlog_open(int meta, const struct stamp *stamp)
{
	(void)meta;
	(void)stamp;
	return NULL;
}

void
runlog_line(struct runlog *log, const char *line, size_t len)
{
	(void)log;
	(void)line;
	(void)len;
}

void
runlog_close(struct runlog *log)
{
	(void)log;
}

int
runlog_prune(int meta, const struct stamp *stamps, size_t n)
{
	(void)stamps;
	(void)n;
	return drive_may(drive_handle(meta), true);
}

/* ---- system calls ---- */

int
openat(int fd, const char *name, int flags, ...)
{
	struct drive_handle *h = drive_handle(fd);
	const struct drive_tree *t = h != NULL ? tree_of(fd, name) : NULL;
	int meta;

	(void)flags;
	if (h == NULL) {
		meta = drive_open(process_self(), NULL, false);
		drive_handle(meta)->mount = (unsigned)(fd - DRIVE_STORE_FD);
		return meta;
	}
	errno = ENOENT;
	return t != NULL ? drive_open_tree(process_self(), h->dir, &t->stamp) : -1;
}

/* Those of pretend; there are no others. */
int
close(int fd)
{
	struct drive_handle *h = drive_handle(fd);

	if (h != NULL)
		drive_close(h);
	return 0;
}

int
mkdirat(int fd, const char *name, mode_t mode)
{
	struct drive_handle *h = drive_handle(fd);
	struct stamp s;

	(void)mode;
	drive_step();
	if (drive_may(h, true) != 0)
		return -1;
	if (stamp_parse(name, &s) != 0)
		sim_broken("%s: makes a directory %s", h->dir->id, name);
	errno = EEXIST;
	if (drive_find(h->dir, &s) != NULL)
		return -1;
	check_made(process_self(), h->dir, &s);
	drive_make(h->dir, &s);
	drive_step();
	return 0;
}

int
syncfs(int fd)
{
	struct drive_handle store = {.mount = drive_mount()}, *h = drive_handle(fd);

	drive_step();
	process_wait(sim_mono() + sim_range(1, 3000));
	drive_step();
	if (h == NULL)
		h = &store;
	return drive_may(h, false) != 0 ? -1 : drive_sync(h);
}

int
fsync(int fd)
{
	struct drive_handle *h = drive_handle(fd);

	drive_step();
	if (drive_may(h, true) != 0)
		return -1;
	drive_sync_names(h->dir);
	return 0;
}

int
fchdir(int fd)
{
	return drive_may(drive_handle(fd), false);
}

static int
figures(struct statvfs *out)
{
	fsblkcnt_t blocks = (fsblkcnt_t)drive_blocks(), used = (fsblkcnt_t)drive_used();
	fsblkcnt_t left = used < blocks ? blocks - used : 0;

	*out = (struct statvfs){.f_bsize = BLOCK,
	                        .f_frsize = BLOCK,
	                        .f_blocks = blocks,
	                        .f_bfree = left,
	                        .f_bavail = left,
	                        .f_fsid = OWN_FSID};
	return 0;
}

int
fstatvfs(int fd, struct statvfs *out)
{
	(void)fd;
	drive_step();
	errno = EIO;
	return drive_mounted() ? figures(out) : -1;
}

int
statvfs(const char *path, struct statvfs *out)
{
	(void)path;
	drive_step();
	if (drive_mounted())
		return figures(out);
	*out = (struct statvfs){.f_frsize = BLOCK,
	                        .f_blocks = 1000000,
	                        .f_bfree = 500000,
	                        .f_bavail = 500000,
	                        .f_fsid = ROOT_FSID};
	return 0;
}

/* Asked at each turn of the loop; it is the same for all of the years. */
pid_t
getpid(void)
{
	return 1;
}

/* The simulation keeps its memory: the next wake needs it again. */
int
malloc_trim(size_t pad)
{
	(void)pad;
	return 0;
}

/* And its priority. */
int
setpriority(__priority_which_t which, id_t who, int priority)
{
	(void)which;
	(void)who;
	(void)priority;
	return 0;
}
