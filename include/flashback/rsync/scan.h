// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SCAN_H
#define FLASHBACK_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What rsync does, a line a name.  In the scan of a quick run (`rsync -n --delete`) that is what
 * differs from the newest snapshot; names go to files at once, so memory does not depend on how
 * many there are.  In a full run it is what is not shared with a base.  Core: no I/O of its own.
 */

/**
 * The format of a line: the item, 11 bytes, the size, and the name.  rsync writes every control
 * character as
 * \#ooo, those of the format too, so none of them can separate; `//` occurs in no name, and says
 * that the line is whole.  (The name of a directory ends in a slash of its own.)
 */
#define SCAN_FORMAT "%i %l %n//"

/** No line of a scan is longer: a path of 4,095 bytes, each written as five. */
#define SCAN_LINE_MAX 20536

/** Before a name on the list that begins as a comment would. */
#define SCAN_HERE "./"

/** What was named.  Begins all zero but for the files, which are the caller's. */
struct scan {
	/* NULL, both: names are counted only, as in a full run. */
	FILE *list; /* what differs, for --files-from --from0: each name ended by a NUL */
	FILE *gone; /* what the source no longer has, likewise; what is in a directory before it */

	/* Names on each; the root directory is on neither. */
	int64_t listed, gone_names;

	/* Of what is no directory: new; different in size or content; the same size but another
	 * time, so that only the bytes can tell; different in owner, mode or other attributes
	 * alone; gone. */
	int64_t created, changed, touched, attributes, gone_files;

	/* Regular files that are copied, because they or their attributes differ, and their
	 * sizes. */
	int64_t new_files, new_bytes;

	bool root;   /* the attributes of the root directory differ */
	bool links;  /* a hard link was named: other names of its group may not be */
	bool broken; /* a name that cannot be one, or that could not be written to its file */
};

/**
 * scan_line(s, line, len):
 * Take in a line of standard output.  Return 0, or -1 and *s untouched when it is not a line of
 * SCAN_FORMAT.
 */
int scan_line(struct scan *s, const char *line, size_t len);

#endif
