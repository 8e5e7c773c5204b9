// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DISK_H
#define FLASHBACK_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/config.h"
#include "flashback/jobs/inspect.h"
#include "flashback/lib/event.h"
#include "flashback/lib/text.h"
#include "flashback/schedule/plan.h"

/* The state of the backup disk as the daemon knows it, from the messages of the inspector. */

struct disk {
	struct event_child inspector;
	int64_t late_at;     /* clock_mono: when the inspector is late; INT64_MAX: it hangs */
	int64_t hangs_since; /* clock_mono: since when the disk does not answer; 0: it does */
	int64_t next_room;   /* clock_mono: when the free space is read again */

	bool known;               /* the inspector has answered, or failed */
	struct inspect_disk last; /* as last read */
	enum plan_disk state;
	char reason[256];              /* of a state other than OK */
	char store_id[MARKER_ID_SIZE]; /* of the store last opened */

	bool want_volumes; /* the next inspector reads all volumes */
	bool reading;      /* the one that runs does */
	bool unread;       /* some volumes could not be read: retry at the next wake */
	bool doubt;        /* a run had an error of the disk: inspect it now */
	bool stopped;
	struct text_list warnings; /* of the last inspector */
	struct text_list logged;   /* those that have been logged */
};

enum disk_news {
	DISK_NOTHING,
	DISK_FIGURES,  /* the state of the disk was read, or reading it failed */
	DISK_VOLUME,   /* a volume was read */
	DISK_UNLISTED, /* volumes that have snapshots are not in the config, which is news */
	DISK_INSPECTED /* the inspector has ended or hangs: a waiting wake continues */
};

struct disk_event {
	bool changed; /* FIGURES, LOOKED: the state has changed */
	bool gone; /* FIGURES: the disk, or the store on it, is not the one that runs were started
	              on */
	struct inspect_message message; /* VOLUME: message.volume; UNLISTED: message.warning */
};

/**
 * disk_inspect(k, config, watched): start the inspector, unless it runs.  Return true when it
 * cannot be started and the state of the disk has changed because of that.  watched as in
 * disk_is_due.
 */
bool disk_inspect(struct disk *k, const struct config *config, bool watched);

/** disk_is_inspecting(k): does the inspector run?  False for one that hangs in the kernel. */
bool disk_is_inspecting(const struct disk *k);

/** disk_next(k, e): the next event.  Call it until it returns DISK_NOTHING. */
enum disk_news disk_next(struct disk *k, struct disk_event *e);

/**
 * disk_is_due(k, watched):
 * Must the disk be inspected now, between two wakes?  Yes after a run had an error of the disk; and
 * every ten seconds for the free space while watched, that is, while something writes to it.
 */
bool disk_is_due(struct disk *k, bool watched);

/** disk_deadline(k, watched): the clock_mono at which disk_next or disk_is_due must be called. */
int64_t disk_deadline(const struct disk *k, bool watched);

/** disk_words(k): the state in words. */
const char *disk_words(const struct disk *k);

/** disk_stop(k): kill the inspector.  What it has not sent yet is not needed. */
void disk_stop(struct disk *k);

void disk_free(struct disk *k);

#endif
