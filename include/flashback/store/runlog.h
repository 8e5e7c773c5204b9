// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RUNLOG_H
#define FLASHBACK_RUNLOG_H

#include <stddef.h>

#include "flashback/store/history.h"
#include "flashback/store/stamp.h"

/* The log of a run: what rsync and ssh said, the first 256 KiB and the last 64 KiB, escaped. */

#define RUNLOG_HEAD (256 * 1024)
#define RUNLOG_TAIL (64 * 1024)
#define RUNLOG_OTHERS 20 /* logs kept of runs that left no snapshot */

struct runlog;

/** runlog_open(meta, stamp): make logs/STAMP.log below the volume's .flashback.  NULL with errno.
 */
struct runlog *runlog_open(int meta, const struct stamp *stamp);

/** runlog_line(log, line, len): add a line.  log may be NULL.  A disk that is full loses words, not
 * runs. */
void runlog_line(struct runlog *log, const char *line, size_t len);

/** runlog_close(log): write the tail and close.  log may be NULL. */
void runlog_close(struct runlog *log);

/**
 * runlog_prune(meta, stamps, n):
 * Remove the logs of runs whose snapshot is gone, but for the newest RUNLOG_OTHERS of those.
 * Return 0, or -1 with errno.
 */
int runlog_prune(int meta, const struct stamp *stamps, size_t n);

#endif
