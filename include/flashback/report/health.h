// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HEALTH_H
#define FLASHBACK_HEALTH_H

#include <stdint.h>
#include <stdio.h>

#include "flashback/report/view.h"

/* The overall health and the worst cause; how full the disk is, and when it will be full.  Core: to
 * a FILE *. */

#define HEALTH_REASON 320

enum health_level { HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL };

/** The worst cause, in one line. */
struct health_verdict {
	enum health_level level;
	char reason[HEALTH_REASON]; /* cut with "..." where it does not fit */
};

/** Volumes counted by state; a volume may count in several (failed and overdue). */
struct health_counts {
	unsigned total, ok, running, failed, partial, suspect, overdue, notfound, disabled;
};

/** health_count(table, now, out): a disabled volume counts as disabled and nothing else. */
void health_count(const struct table *table, int64_t now, struct health_counts *out);

/** health_judge(view, out): apply the rules, worst first. */
void health_judge(const struct view *view, struct health_verdict *out);

/** health_name(level): "OK" "WARNING" "CRITICAL". */
const char *health_name(enum health_level level);

/** health_growth(f, before, disk, after): "grows 3.1G a day: full in about 170 days", that is,
 * until only min_free is left; nothing if it is not known to fill up. */
void health_growth(FILE *f, const char *before, const struct view_disk *disk, const char *after);

/** health_disk(f, disk): the last line of queue.txt, "disk: 537G of 2.0T free (25 %)" and the
 * growth. */
void health_disk(FILE *f, const struct view_disk *disk);

#endif
