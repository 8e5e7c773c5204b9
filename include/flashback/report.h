// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_REPORT_H
#define FLASHBACK_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "flashback/plan.h"
#include "flashback/table.h"

/* The table as people and scripts read it: status.txt and queue.txt.  Core: to a FILE *. */

enum report_life { REPORT_PRESTART, REPORT_ALIVE, REPORT_DOWN };

/** The figures of the disk. */
struct report_disk {
	bool asked;                 /* the looker has answered */
	bool mounted;               /* the marker is there */
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
	/* standing warnings: not root, old rsync, removal trouble, ... */
	const struct text_list *warnings;
	const char *version;
};

/** report_status(f, view): status.txt.  report_queue(f, view): queue.txt. */
void report_status(FILE *f, const struct report_view *view);
void report_queue(FILE *f, const struct report_view *view);

#endif
