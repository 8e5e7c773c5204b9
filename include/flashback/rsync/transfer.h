// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TRANSFER_H
#define FLASHBACK_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/verdict.h"
#include "flashback/rsync/version.h"
#include "flashback/store/runlog.h"

/* One rsync, watched from start to end: its words heard, its progress told, ended when it must end.
 */

struct transfer {
	const struct text_list *argv;
	int dir;            /* its working directory: the volume's, or -1 */
	int lock;           /* the volume's lock, which it holds too; -1: none */
	int signals;        /* the signalfd of this process */
	int tell;           /* where progress lines go; -1: nowhere */
	int64_t patience;   /* seconds; no sign of life for so long ends it */
	struct runlog *log; /* keeps its words; NULL: nowhere */
};

struct transfer_end {
	int status; /* as from waitpid */
	enum verdict_stop stop;
	struct output_words words;
	struct output_progress progress; /* the last that was heard */
};

/**
 * transfer_run(t, end):
 * Start it and wait until nothing of its session is left.  TERM to this process ends it (ASKED),
 * USR2 too (ROOM), and so does silence (STALL): no word, and nothing that child_activity sees.
 * Return 0, or -1 with errno when it could not be started, or EBUSY when something of it could not
 * be ended: then its directory must not be touched.
 */
int transfer_run(const struct transfer *t, struct transfer_end *end);

/**
 * transfer_version(path, out, why, size):
 * Ask the rsync at path for its version.  Return 0, or -1 with why in words: it is missing, does
 * not run, or version_judge refuses it.
 */
int transfer_version(const char *path, struct version *out, char *why, size_t size);

#endif
