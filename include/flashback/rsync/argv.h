// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ARGV_H
#define FLASHBACK_ARGV_H

#include <stdbool.h>
#include <stdio.h>

#include "flashback/config/volume.h"
#include "flashback/lib/text.h"
#include "flashback/rsync/version.h"

/* Build rsync's argv from a volume and its bases.  Core: no I/O. */

#define ARGV_BASES 4 /* of a run: rsync accepts up to 20 */

/** What the arguments of one run depend on. */
struct argv_job {
	const struct volume *volume;
	const char *program; /* an absolute path */
	const char *source;  /* of an rsync daemon by its address; NULL: the volume's */
	struct version version;
	/* Names beside target, in order of preference; NULL: no more. */
	const char *base[ARGV_BASES];
	const char *target; /* the name of the .working directory */
	const char *root;   /* real path of the volume's directory; NULL: unknown */
	const char *list;   /* argv_copy: the file with the names */
	bool checksum;      /* a base may hold wrong bytes: compare by content */
	bool whole_seconds; /* the disk keeps no nanoseconds */
	bool dates;         /* it does not hold all dates: print those of files */
	bool unlinked;      /* hard links of the source become separate files */
	/* Extended attributes that the disk adds by itself, and those that it refuses, separated by
	 * blanks; NULL or "": none */
	const char *added, *refused;
};

/**
 * argv_rsync(job, argv):
 * The arguments, argv[0] first, appended to an empty list.  -s is given only where the path needs
 * it (it has characters that a shell interprets and this rsync does not escape): rrsync refuses it.
 * Return 0, or -1 with ENOMEM.
 */
int argv_rsync(const struct argv_job *job, struct text_list *argv);

/**
 * argv_scan(job, argv):
 * The first step of a quick run: list what a full run would change in target, the spare.  It
 * changes nothing and uses no bases.  scan_line parses its output.  Return 0/-1.
 */
int argv_scan(const struct argv_job *job, struct text_list *argv);

/**
 * argv_copy(job, argv):
 * The second: copy the names in job->list into target, which is empty.  From a remote source, files
 * may be linked to those of the bases, and a large changed file is sent as a delta.  A local source
 * uses no bases, since --confine-root would confine the sender, too.  Return 0/-1.
 */
int argv_copy(const struct argv_job *job, struct text_list *argv);

/**
 * argv_recheck(job, argv):
 * Compare the names in job->list with those in target, and change nothing.  With job->checksum
 * their contents are compared.  scan_line parses the output.  Return 0/-1.
 */
int argv_recheck(const struct argv_job *job, struct text_list *argv);

/**
 * argv_top(job, argv):
 * Copy the root directory alone, without its contents, into target: on a list `.` would mean the
 * whole first level.  Return 0/-1.
 */
int argv_top(const struct argv_job *job, struct text_list *argv);

/**
 * argv_list(volume, program, version, argv):
 * `rsync --list-only --dirs --stats` of the source's root: does it exist, is it empty?  Its output
 * and exit status are for output_line and verdict_make, like those of a run, with no files before:
 * SUCCEEDED means present and not empty; NO_SOURCE, NOT_FOUND or SUSPECT mean absent or empty.
 * Return 0/-1.
 */
int argv_list(const struct volume *volume, const char *program, const struct version *version,
              struct text_list *argv);

/**
 * argv_patience(volume, checksum):
 * How many seconds rsync may make no progress before the run is aborted; checksum as in argv_job.
 */
int64_t argv_patience(const struct volume *volume, bool checksum);

/**
 * argv_print(f, argv):
 * Print the command as one line that can be pasted into a POSIX shell, without a newline at its
 * end.  Words are quoted where needed; control characters become octal escapes for printf(1).
 */
void argv_print(FILE *f, const struct text_list *argv);

#endif
