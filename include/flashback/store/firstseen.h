// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_FIRSTSEEN_H
#define FLASHBACK_FIRSTSEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/lib/text.h"

/*
 * Since when each volume without a snapshot is configured: the file .flashback/first-seen of the
 * store, a line "EPOCH HOST/VOLUME" each.  A volume without any run has nothing else on the disk,
 * and must become overdue even if the machine is switched off every night.
 */

#define FIRSTSEEN_NAME "first-seen"

struct firstseen {
	int dir;               /* .flashback of the store; -1: it cannot be opened */
	struct text_list old;  /* the words of the file as it was read */
	struct text_list kept; /* the lines that it must have */
	size_t next;           /* the line of old where the next search begins */
	bool changed;          /* a line of kept is not in old */
};

/** firstseen_open(f, store): read the file of the store with this descriptor.  A file that is
 * missing or cannot be read counts as empty. */
void firstseen_open(struct firstseen *f, int store);

/**
 * firstseen_of(f, id, now):
 * Since when the volume is known: now if it is not in the file, or in it with an instant that a
 * wrong clock noted (ahead of now, or before CLOCK_RELEASE_DATE).  The volume's line is kept by
 * firstseen_close.  Return 0 (unknown) while now itself is before that date, or without a place to
 * keep it.
 */
int64_t firstseen_of(struct firstseen *f, const char *id, int64_t now);

/** firstseen_close(f): replace the file if its lines have changed, and free all.  Errors are
 * ignored: they cost what a restart forgets. */
void firstseen_close(struct firstseen *f);

#endif
