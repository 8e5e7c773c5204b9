// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RUNLOG_H
#define FLASHBACK_RUNLOG_H

#include <stddef.h>

#include "flashback/store/stamp.h"

/* The log of a run: the output of rsync and ssh, its first 256 KiB and last 64 KiB, escaped. */

#define RUNLOG_HEAD (256 * 1024)
#define RUNLOG_TAIL (64 * 1024)
#define RUNLOG_OTHERS 20 /* logs kept of runs without a snapshot */

struct runlog;

/** runlog_open(meta, stamp): create logs/STAMP.log below the volume's .flashback.  Return
 * NULL with errno.
 */
struct runlog *runlog_open(int meta, const struct stamp *stamp);

/** runlog_line(log, line, len): add a line.  log may be NULL.  Write errors are ignored: a full
 * disk loses log lines, not runs. */
void runlog_line(struct runlog *log, const char *line, size_t len);

/** runlog_close(log): write the tail and close.  log may be NULL. */
void runlog_close(struct runlog *log);

/**
 * runlog_prune(meta, stamps, n):
 * Remove the logs of runs that have no snapshot any more, except the newest RUNLOG_OTHERS of them.
 * Return 0, or -1 with errno.
 */
int runlog_prune(int meta, const struct stamp *stamps, size_t n);

#endif
