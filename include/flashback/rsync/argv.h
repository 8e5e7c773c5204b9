// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ARGV_H
#define FLASHBACK_ARGV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "flashback/config/volume.h"
#include "flashback/lib/text.h"
#include "flashback/rsync/version.h"
#include "flashback/store/linkdest.h"

/* A volume and its bases to rsync's argv, as data.  Core: no I/O. */

/** What one run is built from. */
struct argv_job {
	const struct volume *volume;
	const char *program; /* an absolute path */
	struct version version;
	/* Names beside target, in order of preference; NULL: no more. */
	const char *base[LINKDEST_MAX];
	const char *target; /* the name of the .working directory */
	const char *root;   /* real path of the volume's directory; NULL: unknown */
	const char *list;   /* argv_copy: the file with the names */
	bool checksum;      /* a base may hold wrong bytes: compare by content */
	bool whole_seconds; /* the disk keeps no nanoseconds */
};

/**
 * argv_rsync(job, argv):
 * The arguments, argv[0] first, appended to an empty list.  -s is given only where the path needs
 * it (it has characters that a shell takes and rsync is too old to shield them): rrsync refuses it.
 * Return 0, or -1 with ENOMEM.
 */
int argv_rsync(const struct argv_job *job, struct text_list *argv);

/**
 * argv_scan(job, argv):
 * The first step of a quick run: what would the full run change in target, the spare?  It changes
 * nothing; the bases play no part.  Its lines are for scan_line.  Return 0/-1.
 */
int argv_scan(const struct argv_job *job, struct text_list *argv);

/**
 * argv_copy(job, argv):
 * The second: copy the names in job->list into target, which is empty.  From another machine they
 * may share files with the bases, and a big changed file is sent as a difference.  From this one no
 * bases are used, since --confine-root would confine the sender, too.  Return 0/-1.
 */
int argv_copy(const struct argv_job *job, struct text_list *argv);

/**
 * argv_top(job, argv):
 * The root directory alone, without what is in it, into target: on a list `.` would stand for all
 * of the first level.  Return 0/-1.
 */
int argv_top(const struct argv_job *job, struct text_list *argv);

/**
 * argv_list(volume, program, version, argv):
 * `rsync --list-only --dirs --stats` of the source's root: is it there, is it empty?  Its output
 * and status are for output_line and verdict_make, as those of a run are (with nothing to compare
 * with): SUCCEEDED is there and not empty; NO_SOURCE, NOT_FOUND or SUSPECT is absent or empty.
 * Return 0/-1.
 */
int argv_list(const struct volume *volume, const char *program, const struct version *version,
              struct text_list *argv);

/**
 * argv_patience(volume, checksum):
 * How many seconds rsync may show no sign of life before it counts as hanging; checksum as in
 * argv_job.
 */
int64_t argv_patience(const struct volume *volume, bool checksum);

/**
 * argv_print(f, argv):
 * The command as one pasteable line for a POSIX shell, without a newline at its end; each word is
 * quoted if need be, and control characters are written as numbers for printf(1).
 */
void argv_print(FILE *f, const struct text_list *argv);

#endif
