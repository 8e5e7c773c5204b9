// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VIEW_H
#define FLASHBACK_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/schedule/plan.h"
#include "flashback/schedule/table.h"

/* The data that status.txt and queue.txt are made of, collected by the daemon. */

enum view_life { VIEW_PRESTART, VIEW_ALIVE, VIEW_DOWN };

/** The figures of the disk. */
struct view_disk {
	bool known;                 /* the disk has been inspected */
	bool mounted;               /* the marker is there */
	uint64_t total, used, free; /* bytes; free is what is available to us */
	uint64_t least;             /* of it, what min_free keeps free */
	int64_t growth;             /* bytes a day; 0: none, or unknown */
};

/** All of it. */
struct view {
	const struct table *table;
	struct plan_now when;
	enum view_life life;
	bool once; /* --once: there is no next wake */
	int pid;
	int64_t next_wake;   /* instant; 0: none */
	int64_t next_update; /* instant by which the file is rewritten if the daemon lives */
	const char *data_dir;
	struct view_disk disk;
	const char *disk_reason;  /* in words, when plan_disk is not OK; else NULL */
	const char *config_error; /* first error of the config; NULL: it has none */
	/* warnings that persist: not root, old rsync, removal trouble, ... */
	const struct text_list *warnings;
	const char *version;
};

#endif
