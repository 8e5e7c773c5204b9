// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TRANSFER_H
#define FLASHBACK_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/verdict.h"
#include "flashback/rsync/version.h"
#include "flashback/store/runlog.h"

/* Run one rsync from start to end: collect its output, report its progress, stop it when it must
 * stop. */

struct transfer {
	const struct text_list *argv;
	int dir;     /* its working directory: the volume's, or -1 */
	int lock;    /* the volume's lock, which it holds too; -1: none */
	int signals; /* the signalfd of this process */
	void (*progress)(void *arg, const struct output_progress *p); /* now and then; NULL: not */
	void *progress_arg;
	int64_t patience;   /* seconds without output or activity after which it is stopped */
	struct runlog *log; /* receives its output; NULL: none */
	/* Called with each line of standard output but progress.  Return 0 when it has taken the
	 * line, which is then neither judged nor logged.  NULL: not called. */
	int (*take)(void *arg, const char *line, size_t len);
	void *arg;
	struct unreadable *unreadable; /* the files that it could not read are added; NULL: not */
};

struct transfer_end {
	int status; /* as from waitpid */
	enum verdict_stop stop;
	struct output_words words;
	struct output_progress progress; /* the last one reported */
};

/**
 * transfer_run(t, end):
 * Start it and wait until its whole session has ended.  TERM to this process stops it (ASKED), USR2
 * too (ROOM), and so does a stall (STALL): neither output nor activity as child_activity counts it.
 * Return 0, or -1 with errno when it could not be started, or EBUSY when a process of it could not
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
