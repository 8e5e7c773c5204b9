// SPDX-License-Identifier: ISC
#ifndef DRIVE_H
#define DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/store/history.h"
#include "flashback/store/stamp.h"
#include "process.h"

/*
 * The pretend backup disk: directories are names in memory, trees are sets of files, files are
 * inodes that trees share.  It fills up, goes away, turns read-only, has errors; and when the power
 * fails it loses what was not synced: of the names in a directory the newest changes, of the files
 * their contents, which nobody sees by size and time.
 */

/** A file's data on the disk; two snapshots that share a file have one. */
struct drive_inode {
	int file, version; /* of which it is a copy */
	unsigned refs;
	bool dirty; /* not synced */
	bool torn;  /* right size and time, wrong bytes */
};

struct drive_entry {
	struct drive_inode *inode;
	bool dirty; /* the name is not synced */
};

/** What rsync really did, whatever it said. */
enum drive_made { DRIVE_BUILDING, DRIVE_WHOLE, DRIVE_PART };

struct drive_tree {
	struct stamp stamp;
	bool foreign; /* a pin, or something of the user's own: a promise to leave it alone */
	struct drive_entry *entry;
	size_t n, max;
	bool dirty; /* something of it is not synced */
	unsigned boot;
	enum drive_made made;
	bool accepted; /* a person has made it what it is */
	bool stubborn; /* it cannot be removed */
	uint64_t fingerprint;
	uint64_t meant; /* the seal of what was in the source */
	uint64_t seal;  /* of the contents, since it became a snapshot; 0: not yet */
	int64_t at;     /* mono of its last rename */
};

/** A history file: shared by who reads it, replaced as a whole. */
struct drive_history {
	unsigned refs;
	size_t n;
	struct history_run run[];
};

/** A change of names that a power cut may undo. */
struct drive_change {
	enum { DRIVE_MADE, DRIVE_RENAMED, DRIVE_LATEST, DRIVE_HISTORY } kind;
	int64_t at; /* mono */
	struct drive_tree *tree;
	struct stamp was; /* the tree, or what `latest` named */
	struct drive_history *history;
};

/** The directory of a volume. */
struct drive_dir {
	char id[2 * VOLUME_NAME_MAX + 2];
	struct drive_tree **tree;
	size_t n, max;
	struct stamp latest; /* when == 0: it names nothing */
	struct drive_history *history;
	char noted_boot[32]; /* the lock file's note; "": unreadable */
	struct stamp noted;
	unsigned holders; /* of the lock */
	struct drive_change *change;
	size_t changes, changes_max;
};

/** A descriptor of the store itself: this, and how often the disk has been mounted. */
#define DRIVE_STORE_FD 90000000

enum drive_mode { DRIVE_GOOD, DRIVE_READ_ONLY, DRIVE_BROKEN };

/** An open volume, as a process holds it. */
struct drive_handle {
	struct process *owner; /* NULL: this one is free */
	struct drive_dir *dir;
	struct stamp tree; /* in it, if when != 0 */
	unsigned mount;
	bool locked;
	unsigned errors;               /* that it has been told of */
	struct stamp *stamps;          /* what its store_volume points to, */
	struct history_run *own_runs;  /* ... */
	size_t fresh;                  /* of these, lines that it has added */
	struct drive_history *history; /* ... */
};

/* ---- the disk as a whole ---- */

/** drive_set(mounted, mode, blocks): as somebody or something leaves it; blocks is its size.  One
 * that goes away loses what was not synced. */
void drive_set(bool mounted, enum drive_mode mode, int64_t blocks);
bool drive_is_good(void);
bool drive_mounted(void);

/** drive_since(): mono of when it was last changed by drive_set, or failed. */
int64_t drive_since(void);

int64_t drive_blocks(void);
int64_t drive_used(void);
unsigned drive_boot(void);

/** drive_mount(): how often it has been mounted: what was open before leads nowhere. */
unsigned drive_mount(void);

/** drive_sync(h): all is on the disk now.  Return 0; or -1 with EIO when something of its volume
 * could not be written and is lost, or something else since h was opened.  As Linux has it, each
 * descriptor is told once; one that is opened later only if nobody was told before. */
int drive_sync(struct drive_handle *h);

/** drive_sync_names(dir): the names in it are. */
void drive_sync_names(struct drive_dir *dir);

/** drive_power_cut(): lose what was not synced; all processes are gone; a new boot. */
void drive_power_cut(void);

/** drive_fail_sync(): what is to be written next is lost. */
void drive_fail_sync(void);

/** drive_doom(steps, act): after so many steps of a run or the sweeper upon the disk, act instead
 * of the next one; NULL: never. */
void drive_doom(int steps, void (*act)(struct process *));

/** drive_step(): the running process is about to do something to the disk; others may come first.
 */
void drive_step(void);

/* ---- handles: descriptors of pretend ---- */

/** drive_open(owner, dir, lock): lock: it holds the lock too.  Return the descriptor. */
int drive_open(struct process *owner, struct drive_dir *dir, bool lock);

/** drive_open_tree(owner, dir, s): a tree of it, to be read. */
int drive_open_tree(struct process *owner, struct drive_dir *dir, const struct stamp *s);

/** drive_handle(fd): NULL when it is none. */
struct drive_handle *drive_handle(int fd);
void drive_close(struct drive_handle *h);

/** drive_let_go(p): close all that a process had open. */
void drive_let_go(const struct process *p);

/** drive_errors_told(): those that a new descriptor need not be told of. */
unsigned drive_errors_told(void);

/** drive_may(h, write): can anything be done below it?  Return 0, or -1 with errno. */
int drive_may(const struct drive_handle *h, bool write);

/* ---- directories and trees ---- */

/** drive_dir(id, make): NULL when there is none.  drive_next_dir(d): all, from NULL to NULL. */
struct drive_dir *drive_dir(const char *id, bool make);
struct drive_dir *drive_next_dir(const struct drive_dir *d);

struct drive_tree *drive_find(const struct drive_dir *d, const struct stamp *s);
struct drive_tree *drive_make(struct drive_dir *d, const struct stamp *s);
void drive_rename(struct drive_dir *d, struct drive_tree *t, enum stamp_state state);
void drive_set_latest(struct drive_dir *d, const struct stamp *s);

/** drive_set_history(d, history): takes the reference over. */
void drive_set_history(struct drive_dir *d, struct drive_history *history);
void drive_drop_history(struct drive_history *history);

/** drive_remove(d, t): the tree with all that is in it, for good.  drive_shrink(t, n): n files
 * less.
 */
void drive_remove(struct drive_dir *d, struct drive_tree *t);
void drive_shrink(struct drive_tree *t, size_t n);

/** drive_link(t, inode): a name more.  drive_write(t, file, version): a new inode.  Return 0, or -1
 * with ENOSPC. */
void drive_link(struct drive_tree *t, struct drive_inode *inode);
int drive_write(struct drive_tree *t, int file, int version);

/** drive_settle(t): what is in it has reached the disk. */
void drive_settle(struct drive_tree *t);

/** drive_move(from, i, to): a name of one tree, the i-th, becomes one of another. */
void drive_move(struct drive_tree *from, size_t i, struct drive_tree *to);

/** drive_lookup(t, file): NULL when it is not in there. */
struct drive_inode *drive_lookup(const struct drive_tree *t, int file);

/** drive_seal(t): a number for all that a snapshot holds. */
uint64_t drive_seal(const struct drive_tree *t);

#endif
