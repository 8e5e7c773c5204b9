// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_BACKUP_H
#define FLASHBACK_BACKUP_H

#include <stdbool.h>

#include "flashback/config/config.h"
#include "flashback/rsync/output.h"
#include "flashback/rsync/version.h"
#include "flashback/schedule/table.h"
#include "flashback/store/history.h"
#include "flashback/store/summary.h"

/* The worker: one run of one volume, from the lock to `after`, in a fixed order of steps. */

struct backup_job {
	const struct config *config;
	struct volume *volume;
	struct version version;
	bool forced; /* named on the command line of --once: run even when not due */
};

enum backup_kind {
	BACKUP_STAGE,
	BACKUP_PROGRESS,
	BACKUP_NOTE, /* for the log: a problem that does not change the result */
	BACKUP_RESULT
};

/** The end of a run. */
struct backup_result {
	struct history_run run; /* how it ended */
	char kind[RESULT_TEXT]; /* quick or full, and why, in words; "": neither */
	int percent;            /* how far rsync got */
	bool listed;            /* the volume could be read: seen is valid */
	struct summary seen;
	int64_t growth; /* of the disk, bytes a day: usage_growth */
	bool purge;     /* the purger has work: expired trees, or a spare to make */
};

/** What a worker sends. */
struct backup_message {
	enum backup_kind kind;
	union {
		enum table_stage stage;
		struct output_progress progress;
		char note[1024]; /* escaped */
		struct backup_result result;
	};
};

/**
 * backup_body(out, arg):
 * The body of a worker; arg is a struct backup_job *.  A run that ends without BACKUP_RESULT has
 * FAILED; `after` may still follow the result.  SIGTERM: stop rsync and leave the tree .working.
 * SIGUSR2: the same, because free space is low.  Return 0.
 */
int backup_body(int out, void *arg);

#endif
