// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SCAN_H
#define FLASHBACK_SCAN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "flashback/lib/text.h"

/*
 * Parse rsync's itemized output, a line for each name.  In the scan of a quick run (`rsync -n
 * --delete`) these are the names that differ from the newest snapshot; they are written to files at
 * once, so memory use does not depend on their number.  In a full run they are the names that are
 * not linked to a base.  Core: no I/O of its own.
 */

/**
 * The format of a line: the item, 11 bytes, the size, and the name.  rsync writes every control
 * character as \#ooo, those of the format too, so none of them can serve as a separator; `//`
 * occurs in no name, and marks the end of a complete line.  (The name of a directory ends in a
 * slash of its own.)
 */
#define SCAN_FORMAT "%i %l %n//"

/** ... and for a disk that does not hold all dates: the time of the file before its name. */
#define SCAN_FORMAT_DATES "%i %l %M %n//"

/** Maximum length of a line: a path of 4,095 bytes, each written as five. */
#define SCAN_LINE_MAX 20536

#define SCAN_STORES 16

/** The result of a scan.  Starts all zero but for the files, which the caller owns. */
struct scan {
	/* Both NULL: names are counted only, as in a full run. */
	FILE *list; /* names that differ, for --files-from --from0: each ends in a NUL */
	FILE *gone; /* names that the source no longer has, likewise; contents before their
	               directory */

	/* Number of names in each; the root directory is in neither. */
	int64_t listed, gone_names;

	/* Set by the caller: take only files that differ in content though size and time are the
	 * same.  They are known to no run but one that compares by checksum. */
	bool old_bytes;

	/* Names that the destination lacks, or has as another type; names of the source that are
	 * never copied (see --no-devices, --no-specials). */
	int64_t new_names, skipped;

	/* Of names that are not directories: new; different in size or content; the same size
	 * but another time, so that only the content can tell; different in owner, mode or other
	 * attributes alone; gone. */
	int64_t created, changed, touched, attributes, gone_files;

	/* Regular files that are copied, because they or their attributes differ, their sizes, and
	 * the size of the largest. */
	int64_t new_files, new_bytes, largest;

	/* With dates, set by the caller, the lines are of SCAN_FORMAT_DATES: files that are copied
	 * and whose year is one that 32 bits of seconds do not hold, and the first of them. */
	bool dates;
	int64_t odd_dates, odd_year;
	char odd_first[PATH_MAX];

	/* Directories, with a slash at the end, that seem to be a store: they have a marker, or the
	 * lock of this volume, which each run writes to.  SCAN_STORES at most. */
	const char *id; /* HOST/VOLUME; NULL: do not look for them */
	struct text_list stores;

	bool root;   /* the attributes of the root directory differ */
	bool links;  /* a hard link was listed: its other names may be missing */
	bool broken; /* a name was invalid, or could not be written to its file */
};

/** scan_decode(s, end, out, size): copy rsync's words up to end, with the bytes that it considers
 * unprintable, and writes as \#ooo, decoded.  Return how many; those that do not fit are left out.
 */
size_t scan_decode(const char *s, const char *end, char *out, size_t size);

/** scan_list(f, name): append a name to a list for rsync, each ended by a NUL.  Return 0/-1. */
int scan_list(FILE *f, const char *name);

/** scan_listed(entry): the name in an entry of such a list. */
char *scan_listed(char *entry);

/**
 * scan_line(s, line, len):
 * Parse a line of standard output.  Return 0, or -1 when it is not a line of SCAN_FORMAT; of those
 * only the ones about names that are not copied are counted.
 */
int scan_line(struct scan *s, const char *line, size_t len);

#endif
