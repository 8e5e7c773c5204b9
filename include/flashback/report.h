// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_REPORT_H
#define FLASHBACK_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "flashback/plan.h"
#include "flashback/table.h"

/* The table as people and scripts read it: health, status.txt, queue.txt, RESTORE.txt.  Core: to a FILE *. */

enum report_life { REPORT_PRESTART, REPORT_ALIVE, REPORT_DOWN };
enum report_health { REPORT_OK, REPORT_WARNING, REPORT_CRITICAL };

/** The figures of the disk. */
struct report_disk {
	bool asked;   /* the looker has answered */
	bool mounted; /* the marker is there */
	uint64_t total, used, free; /* bytes; free is what is free to us */
};

/** All that the two files say, gathered by the daemon. */
struct report_view {
	const struct table *table;
	struct plan_now when;
	enum report_life life;
	int pid;
	int64_t next_wake;   /* instant; 0: none */
	int64_t next_update; /* instant by which the file is rewritten if the daemon lives */
	const char *data_dir;
	struct report_disk disk;
	const char *disk_reason;  /* in words, when plan_disk is not OK; else NULL */
	const char *config_error; /* first error of the config that broke; NULL: it is good */
	const struct text_list *warnings; /* standing warnings: not root, old rsync, removal trouble, ... */
	const char *version;
};

/** What is worst, in one line. */
struct report_verdict {
	enum report_health health;
	char reason[320];
};

/** Volumes counted by state; a volume may count in several (failed and overdue). */
struct report_counts {
	unsigned total, ok, running, failed, partial, suspect, overdue, notfound, disabled;
};

void report_count(const struct table *table, int64_t now, struct report_counts *out);
void report_health(const struct report_view *view, struct report_verdict *out);
const char *report_health_name(enum report_health health);

/** report_status(f, view): status.txt.  report_queue(f, view): queue.txt. */
void report_status(FILE *f, const struct report_view *view);
void report_queue(FILE *f, const struct report_view *view);

/** report_rows(f, view, wanted_only): the header and rows of queue.txt alone, for --once. */
void report_rows(FILE *f, const struct report_view *view, bool wanted_only);

/** report_restore(f, volume, dir): RESTORE.txt for a volume whose directory is dir (absolute). */
void report_restore(FILE *f, const struct volume *volume, const char *dir, const char *rsync);

#endif
