// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_COPY_H
#define FLASHBACK_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/conf.h"
#include "flashback/config/volume.h"
#include "flashback/rsync/runplan.h"
#include "flashback/rsync/scan.h"
#include "flashback/rsync/transfer.h"
#include "flashback/rsync/verdict.h"
#include "flashback/schedule/table.h"
#include "flashback/store/runlog.h"
#include "flashback/store/store.h"
#include "flashback/store/summary.h"

/* What quick and full runs are made of: the tree, rsync, the verdict on it. */

struct copy {
	const struct config *config;
	const struct volume *volume;
	struct version version;
	const struct store *store;
	struct store_volume *v;
	const struct summary *seen;
	const char *boot; /* id of this boot; "" if it is not to be had */
	struct stamp
	    doubtful; /* a tree of an earlier boot that serves as a base; when == 0: none */
	int signals;  /* the signalfd of this process */
	/* Called now and then with the progress of rsync, and when a stage begins. */
	void (*progress)(void *arg, const struct output_progress *progress);
	void (*stage)(void *arg, enum table_stage stage);
	void *report_arg;

	const char *root; /* real path of the volume's directory */
	struct runplan plan;
	struct stamp tree;      /* what is built; when == 0: nothing was */
	const char *full;       /* why it was a full run, in words; NULL: it was a quick one */
	char kind[RESULT_TEXT]; /* which of them it is, and why, in words; "": undecided */
	struct runlog *log;
	struct scan scan; /* what the scan of a quick run named, or a full run copied */
	struct transfer_end end;
	struct verdict verdict; /* begun by the caller; the stamp becomes that of the tree */
};

/**
 * copy_keep_out(v, data_dir, why):
 * volume_keep_out for a local source, whatever links lead to it or to data_dir, and wherever else
 * the store is mounted.  What is not there is for rsync, or for store_open, to say.
 */
int copy_keep_out(struct volume *v, const char *data_dir, char **why);

/** copy_check_room(c): after "too many links" everything is stored anew: does that fit?  Return 0,
 * or -1 with the verdict. */
int copy_check_room(struct copy *c);

/** copy_plan(c): decide what the run does, in c->plan, from what is on the disk now. */
void copy_plan(struct copy *c);

/** copy_make_tree(c): make the directory for the next snapshot, c->plan.tree, as c->tree; it is
 * noted in the lock file.  Return 0, or -1 with the verdict. */
int copy_make_tree(struct copy *c);

/** copy_root(c): the real path of the volume's directory, whatever links the configured one goes
 * through; NULL with errno. */
char *copy_root(const struct copy *c);

/**
 * copy_rsync(c, make, job, scan):
 * Run one rsync, with the arguments that make gives it, to its end: how it ended is in c->end.  The
 * lines that scan (NULL: none) takes in are not logged.  Return 0, or -1 with the verdict.
 */
int copy_rsync(struct copy *c, int (*make)(const struct argv_job *, struct text_list *),
               const struct argv_job *job, struct scan *scan);

/** copy_judge(c): the verdict on c->end. */
void copy_judge(struct copy *c);

/** copy_is_good(c): does the verdict make the tree a snapshot, of whatever kind? */
bool copy_is_good(const struct copy *c);

/** copy_full(c): a full run into c->tree, which is empty.  Return 0 when it was judged, or -1
 * with the verdict. */
int copy_full(struct copy *c);

/** copy_stage(c, stage): tell the daemon.  copy_log(c, what, words): a line of our own in the log
 * of the run; words may be "". */
void copy_stage(const struct copy *c, enum table_stage stage);
void copy_log(const struct copy *c, const char *what, const char *words);

#endif
