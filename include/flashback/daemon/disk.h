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

/* The backup disk as the daemon knows it, from what the inspector reads. */

struct disk {
	struct event_child inspector;
	int64_t late_at;     /* clock_mono: when the inspector is late; INT64_MAX: it hangs */
	int64_t hangs_since; /* clock_mono: since when no look was answered; 0: the last one was */
	int64_t next_room;   /* clock_mono: when the free space is read again */

	bool known;               /* a look has been answered, or cannot be */
	struct inspect_disk last; /* by the last look */
	enum plan_disk state;
	char reason[256];              /* of a state other than OK */
	char store_id[MARKER_ID_SIZE]; /* of the store last opened */

	bool want_volumes; /* the next look reads all volumes */
	bool reading;      /* this look does */
	bool unread;       /* some could not be read: the next wake tries again */
	bool doubt;        /* a run met trouble with the disk: look at once */
	bool stopped;
	struct text_list warnings; /* of the last look */
	struct text_list logged;   /* those that have been logged */
};

enum disk_news {
	DISK_NOTHING,
	DISK_FIGURES, /* the disk's state was read, or is now known not to be readable */
	DISK_VOLUME,  /* a volume was read */
	DISK_LOOKED   /* the look has ended, or hangs: a wake that waits for it continues */
};

struct disk_event {
	bool changed; /* FIGURES, LOOKED: the state is another one than before */
	bool gone; /* FIGURES: the disk, or the store on it, is not the one that runs were started
	              on */
	struct inspect_message message; /* VOLUME: message.volume */
};

/** disk_look(k, config): start the inspector, unless it runs.  Return true when it cannot be
 * started and the disk's state has changed by that. */
bool disk_look(struct disk *k, const struct config *config);

/** disk_is_looking(k): does the inspector run?  Not one that hangs in the kernel. */
bool disk_is_looking(const struct disk *k);

/** disk_next(k, e): the next event.  Call it until it returns DISK_NOTHING. */
enum disk_news disk_next(struct disk *k, struct disk_event *e);

/**
 * disk_is_due(k, watched):
 * Is it time to look between two wakes?  When a run met trouble with the disk; and every ten
 * seconds for the free space, while watched: somebody writes to it.
 */
bool disk_is_due(struct disk *k, bool watched);

/** disk_deadline(k, watched): clock_mono at which disk_next or disk_is_due has an answer. */
int64_t disk_deadline(const struct disk *k, bool watched);

/** disk_words(k): its state in words. */
const char *disk_words(const struct disk *k);

/** disk_stop(k): end the inspector; what it has not sent is not missed. */
void disk_stop(struct disk *k);

void disk_free(struct disk *k);

#endif
