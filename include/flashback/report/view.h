// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VIEW_H
#define FLASHBACK_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/schedule/plan.h"
#include "flashback/schedule/table.h"

/* What the two files report on, gathered by the daemon.  Data only. */

enum view_life { VIEW_PRESTART, VIEW_ALIVE, VIEW_DOWN };

/** The figures of the disk. */
struct view_disk {
	bool asked;                 /* the looker has answered */
	bool mounted;               /* the marker is there */
	uint64_t total, used, free; /* bytes; free is what is free to us */
};

/** All that the two files say, gathered by the daemon. */
struct view {
	const struct table *table;
	struct plan_now when;
	enum view_life life;
	int pid;
	int64_t next_wake;   /* instant; 0: none */
	int64_t next_update; /* instant by which the file is rewritten if the daemon lives */
	const char *data_dir;
	struct view_disk disk;
	const char *disk_reason;  /* in words, when plan_disk is not OK; else NULL */
	const char *config_error; /* first error of the config that broke; NULL: it is good */
	/* standing warnings: not root, old rsync, removal trouble, ... */
	const struct text_list *warnings;
	const char *version;
};

#endif
