// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MARKER_H
#define FLASHBACK_MARKER_H

#include <stdbool.h>
#include <stdio.h>

/*
 * The marker of a store, `.flashback/store`: its first line says what it is, then come an id and a
 * line for each thing that --init found out about the disk.  Core: text to a struct and back.
 */

#define MARKER_DIR ".flashback"
#define MARKER_NAME "store"
#define MARKER_ID_SIZE 40
#define MARKER_DISK_SIZE 64
#define MARKER_ADDED_SIZE 256
#define MARKER_REFUSED_SIZE 64

/** What the disk can do.  True of that disk only: a store can be moved. */
struct marker {
	char id[MARKER_ID_SIZE];     /* letters and digits */
	char disk[MARKER_DISK_SIZE]; /* the file system that was tested, as store_disk names it */
	bool hard_links;             /* a second name for a file */
	bool locks;                  /* flock */
	bool seconds;                /* times are kept to the second */
	bool nanoseconds;            /* ... and to the nanosecond */
	bool dates;                  /* from 1901 to 2106 */
	bool owners, modes, symlinks, case_kept, xattrs;
	bool d_ino;  /* a directory's entries tell the inode numbers of what they name */
	bool shared; /* --init --force accepted that others own it, or can write to it */
	bool moved;  /* made on the file system of /, where a disk of its own was before */
	/* Extended attributes that it adds to files by itself, and those that it refuses though the
	 * source may have them, separated by blanks; see traits.c */
	char added[MARKER_ADDED_SIZE], refused[MARKER_REFUSED_SIZE];
};

/** One of the things above. */
enum marker_trait {
	MARKER_HARD_LINKS,
	MARKER_LOCKS,
	MARKER_SECONDS,
	MARKER_NANOSECONDS,
	MARKER_DATES,
	MARKER_OWNERS,
	MARKER_MODES,
	MARKER_SYMLINKS,
	MARKER_CASE_KEPT,
	MARKER_XATTRS,
	MARKER_D_INO,
	MARKER_TRAITS
};

/** marker_trait(m, trait): where m keeps it. */
bool *marker_trait(struct marker *m, enum marker_trait trait);

/**
 * marker_parse(text, m):
 * Read a marker.  Keys that are not known are passed over; what is not said is taken to be there,
 * but for d_ino, on whose truth the contents of snapshots depend.  Return 0, or -1 when the first
 * line is not that of a store of this version.
 */
int marker_parse(const char *text, struct marker *m);

/** marker_print(f, m): the file of a struct marker, as file_replace has it written.  Return 0, or
 * -1 when f has an error. */
int marker_print(FILE *f, void *m);

#endif
