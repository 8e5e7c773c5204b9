// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_INSPECT_H
#define FLASHBACK_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/conf.h"
#include "flashback/store/store.h"

/* The looker: is the disk there, how full is it, and (at start and when asked) which snapshots are
 * there. */

#define INSPECT_DEADLINE 20         /* seconds, for marker and free space */
#define INSPECT_VOLUME_DEADLINE 120 /* seconds, for each volume after that */

/** What to look at, and what is known. */
struct inspect_job {
	const struct config *config;
	uint64_t fsid; /* of the last look; 0: none */
	bool marker;   /* was the marker there at the last look? */
	bool volumes;  /* read the snapshots of all volumes */
	bool test;     /* it could not be written: can it now? */
	int64_t now;
};

/** What it saw. */
struct inspect_disk {
	bool mounted;
	bool opened; /* the store was opened: what warnings there are were told in this look */
	uint64_t fsid;
	uint64_t total, used, free; /* bytes */
	bool low, very_low;         /* below min_free (blocks or inodes); below half of it */
	bool broken;                /* mounted read-only, or nothing can be written to it */
	char id[MARKER_ID_SIZE];    /* of the store, if it was opened; else "" */
	char reason[256]; /* when not mounted: why; else when broken or low: of what; escaped */
};

/**
 * inspect_body(out, arg):
 * The body of the looker; arg is a struct inspect_job *.  Writes "disk ..." once, first; then, when
 * the store was opened (not when the file system is the one of the last look and its marker was
 * there), "warning words" for what is wrong with it, and if asked "volume ID packed" for each
 * volume (one that cannot be read: "warning ID words" and "unread ID"), followed by "stale ID" if
 * `latest` is not what it should be.  Return 0.
 */
int inspect_body(int out, void *arg);

/** inspect_parse(line, disk): the "disk" line.  Return 0/-1. */
int inspect_parse(const char *line, struct inspect_disk *disk);

/** inspect_room(fd, config, disk): the figures of the file system behind fd against min_free.
 * Return 0, or -1 with the reason alone filled in. */
int inspect_room(int fd, const struct config *config, struct inspect_disk *disk);

/** inspect_send(out, word, id, v, now): one line "word ID packed": the summary of an open volume.
 * Return 0/-1. */
int inspect_send(int out, const char *word, const char *id, const struct store_volume *v,
                 int64_t now);

#endif
