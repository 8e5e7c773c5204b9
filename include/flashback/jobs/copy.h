// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_COPY_H
#define FLASHBACK_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "flashback/config/volume.h"
#include "flashback/rsync/runplan.h"
#include "flashback/rsync/scan.h"
#include "flashback/rsync/transfer.h"
#include "flashback/rsync/verdict.h"
#include "flashback/schedule/table.h"
#include "flashback/store/runlog.h"
#include "flashback/store/store.h"
#include "flashback/store/summary.h"

/* A run from its plan to its commit, and the parts that quick and full runs share. */

struct copy {
	const struct config *config;
	const struct volume *volume;
	struct version version;
	const struct store *store;
	struct store_volume *v;
	const struct summary *seen;
	const char *boot; /* id of this boot; "": unknown */
	struct stamp
	    doubtful; /* a tree of an earlier boot that serves as a base; when == 0: none */
	int signals;  /* the signalfd of this process */
	/* Callbacks: progress for each report of rsync's, stage when a stage begins. */
	void (*progress)(void *arg, const struct output_progress *progress);
	void (*stage)(void *arg, enum table_stage stage);
	void *report_arg;

	const char *root; /* real path of the volume's directory */
	char *source; /* by the address that answers (sourcecheck_address); NULL: as configured */
	struct runplan plan;
	struct stamp tree;           /* the tree being built; when == 0: none yet */
	const char *full;            /* why it was a full run, in words; NULL: it was a quick one */
	char unlinked[MESSAGE_TEXT]; /* the file whose links were too many for the disk, and why */
	char kind[RESULT_TEXT];      /* quick or full, and why, in words; "": undecided */
	struct runlog *log;
	struct scan scan; /* the result of a quick run's scan, or of a full run's copy */
	struct unreadable unreadable; /* files of the source; before: those of the run before */
	int64_t expected;             /* bytes that the copy of a quick run is about; 0: unknown */
	struct transfer_end end;
	struct masschange_alarm alarm; /* of the change guard */
	struct verdict verdict;        /* begun by the caller; the stamp becomes that of the tree */

	int64_t began, committed;  /* clock_mono at the start of the run; clock_wall at its end */
	bool linked;               /* `latest` points to the newest snapshot */
	char trouble[RESULT_TEXT]; /* at its end, that does not change the verdict; "": none */
};

/**
 * copy_keep_out(v, data_dir, why):
 * volume_keep_out for a local source, with symbolic links resolved in both paths, and for every
 * other mount point of the store.  A missing path is no error here: rsync or store_open reports it.
 */
int copy_keep_out(struct volume *v, const char *data_dir, char **why);

/**
 * copy_find_store(c):
 * Has the run copied this very store, which its source contains by way of the network, and which a
 * local source leaves out by itself?  Then change the verdict to FAILED, with the exclude that is
 * needed, and the tree to one that expires.  Return whether it was found.
 */
bool copy_find_store(struct copy *c);

/**
 * copy_fits(c):
 * After a scan, before a full run: if files differ only in their times, is there room for all of
 * them once more?  If not, change the verdict to FULL, with what is needed, and the tree to one
 * that expires.  A cause that is known goes to c->full, and so into the log.
 */
bool copy_fits(struct copy *c);

/** copy_recall(c): read which files the run before could not read. */
void copy_recall(struct copy *c);

/** copy_plan(c, now): decide in c->plan what the run does, from the volume's present snapshots.
 * --dry-run uses it too, so both plan alike: of c it reads config, volume, version, store, v, seen,
 * doubtful, root and source. */
void copy_plan(struct copy *c, int64_t now);

/** copy_make_tree(c): create the directory of the next snapshot, c->plan.tree, as c->tree, and
 * note it in the lock file.  Return 0, or -1 with the verdict. */
int copy_make_tree(struct copy *c);

/** copy_root(c): the real path of the volume's directory, in new memory, with symbolic links
 * resolved; NULL with errno. */
char *copy_root(const struct copy *c);

/**
 * copy_rsync(c, make, job, scan):
 * Run one rsync with the arguments from make and wait for its end, which is stored in c->end. Lines
 * that scan (NULL: none) parses are not logged.  Return 0, or -1 with the verdict.
 */
int copy_rsync(struct copy *c, int (*make)(const struct argv_job *, struct text_list *),
               const struct argv_job *job, struct scan *scan);

/** copy_judge(c): set c->verdict from c->end. */
void copy_judge(struct copy *c);

/** copy_is_good(c): does the verdict make the tree a snapshot, of whatever kind? */
bool copy_is_good(const struct copy *c);

/** copy_list(dir, name): create an empty file for names, in place of one that may be there.  Return
 * NULL with errno. */
FILE *copy_list(int dir, const char *name);

/** copy_full(c): a full run into c->tree, which is empty.  Return 0 when it was judged, or -1
 * with the verdict. */
int copy_full(struct copy *c);

/** copy_stage(c, stage): report a stage to the daemon.  copy_log(c, what, words): a line from
 * flashback itself in the log of the run; words may be "". */
void copy_stage(const struct copy *c, enum table_stage stage);
void copy_log(const struct copy *c, const char *what, const char *words);

#endif
