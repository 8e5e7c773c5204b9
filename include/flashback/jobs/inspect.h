// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_INSPECT_H
#define FLASHBACK_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/config.h"
#include "flashback/config/volume.h"
#include "flashback/store/marker.h"
#include "flashback/store/store.h"
#include "flashback/store/summary.h"

/* The inspector: is the backup disk mounted, how full is it, and (on request) which snapshots
 * does it hold? */

#define INSPECT_DEADLINE 20         /* seconds, for marker and free space */
#define INSPECT_VOLUME_DEADLINE 120 /* seconds, for each volume after that */

/** What to inspect, and what the last inspection found. */
struct inspect_job {
	const struct config *config;
	uint64_t fsid, mount; /* at the last inspection; 0: none */
	bool marker;          /* the marker was found at the last inspection */
	bool volumes;         /* read the snapshots of all volumes */
	bool test;            /* test whether the disk can be written to */
	bool idle;            /* the disk was usable, and nothing writes to it */
	int64_t now;
};

/** What was found. */
struct inspect_disk {
	bool mounted;
	bool opened; /* the store was opened, and its warnings were sent */
	uint64_t fsid;
	uint64_t mount; /* which mount of which device: a clone has the same fsid; 0: unknown */
	uint64_t total, used, free; /* bytes */
	uint64_t least;             /* what min_free keeps free, bytes */
	int64_t growth;             /* bytes a day; 0: none, or unknown; if it was opened */
	bool low, very_low;         /* below min_free (blocks or inodes); below half of it */
	bool broken;                /* mounted read-only, or nothing can be written to it */
	char id[MARKER_ID_SIZE];    /* of the store, if it was opened; else "" */
	char reason[256];           /* why not mounted, or why broken or low; escaped */
};

enum inspect_kind {
	INSPECT_DISK,     /* first, once */
	INSPECT_WARNING,  /* a problem of the store */
	INSPECT_UNLISTED, /* a warning of volumes that are not in the config */
	INSPECT_UNREAD,   /* a volume cannot be read, and why; a later inspection may succeed */
	INSPECT_VOLUME
};

/** What the inspector sends. */
struct inspect_message {
	enum inspect_kind kind;
	union {
		struct inspect_disk disk;
		struct {
			char id[VOLUME_ID_SIZE];
			struct summary seen;
			bool stale; /* `latest` is wrong or missing */
		} volume;
		char warning[2048]; /* escaped */
	};
};

/**
 * inspect_body(out, arg):
 * The body of the inspector; arg is a struct inspect_job *.  Sends INSPECT_DISK; then, when the
 * store was opened (not when the file system is the same as last time and had its marker),
 * warnings, and on request each volume.  Sends nothing when the disk is idle and is one that is
 * mounted on demand: what was found last still holds.  Return 0.
 */
int inspect_body(int out, void *arg);

/** inspect_room(fd, config, disk): compare the free space of the file system of fd with min_free.
 * Return 0, or -1 with the reason alone filled in. */
int inspect_room(int fd, const struct config *config, struct inspect_disk *disk);

/**
 * inspect_blame(s, error):
 * The result of a run that met this errno in its volume's directory: FULL; DISK when the store
 * cannot be written either; else FAILED, for it concerns that volume alone.  errno is kept.
 */
enum result inspect_blame(const struct store *s, int error);

#endif
