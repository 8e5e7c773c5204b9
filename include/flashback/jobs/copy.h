// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_COPY_H
#define FLASHBACK_COPY_H

#include <stdint.h>

#include "flashback/config/conf.h"
#include "flashback/config/volume.h"
#include "flashback/rsync/argv.h"
#include "flashback/rsync/transfer.h"
#include "flashback/rsync/verdict.h"
#include "flashback/store/store.h"
#include "flashback/store/summary.h"

/* The heart of a run: a new tree, the bases that it may share files with, rsync, and what is to be
 * thought of it. */

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
	int tell;     /* where progress lines go */

	struct stamp tree; /* what is built; when == 0: nothing was */
	struct transfer_end end;
	struct verdict verdict; /* begun by the caller; the stamp becomes that of the tree */
};

/**
 * copy_keep_out(v, data_dir, why):
 * volume_keep_out for a local source, whatever links lead to it or to data_dir, and wherever else
 * the store is mounted.  What is not there is for rsync, or for store_open, to say.
 */
int copy_keep_out(struct volume *v, const char *data_dir, char **why);

/**
 * copy_run(c):
 * Make the tree, run rsync into it, judge.  Return 0 with the verdict on what rsync left in the
 * tree; -1 when there is nothing to judge, with the verdict saying why, and a tree that was made
 * left .working.
 */
int copy_run(struct copy *c);

#endif
