// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RSYNC_H
#define FLASHBACK_RSYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "flashback/text.h"
#include "flashback/volume.h"

/* A volume and its bases to rsync's argv, as data.  Core: no I/O. */

#define RSYNC_BASES 4

/** What this machine's rsync is and can do. */
struct rsync_version {
	int major, minor, patch;
	bool confine_root; /* 3.5.0: a backed-up symlink cannot lead out of the volume */
	bool usable;       /* 3.1.3 or newer */
};

/**
 * rsync_version(line, out):
 * From the first line of `rsync --version`.  Return 0, or -1 when this is no rsync that we know
 * (openrsync).
 */
int rsync_version(const char *line, struct rsync_version *out);

/** What one run is built from. */
struct rsync_job {
	const struct volume *volume;
	const char *program; /* an absolute path */
	struct rsync_version version;
	/* Names beside target, in order of preference; NULL: no more. */
	const char *base[RSYNC_BASES];
	const char *target; /* the name of the .working directory */
	const char *root;   /* real path of the volume's directory; NULL: unknown */
	bool checksum;      /* a base may hold wrong bytes: compare by content */
	bool whole_seconds; /* the disk keeps no nanoseconds */
};

/**
 * rsync_argv(job, argv):
 * The arguments, argv[0] first, appended to an empty list.  -s is given only where the path needs
 * it (it has characters that a shell takes and rsync is too old to shield them): rrsync refuses it.
 * Return 0, or -1 with ENOMEM.
 */
int rsync_argv(const struct rsync_job *job, struct text_list *argv);

/**
 * rsync_ask_argv(volume, program, version, argv):
 * `rsync --list-only --dirs --stats` of the source's root: is it there, is it empty?  Its output
 * and status are for hear_line and judge_run, as those of a run are (with nothing to compare
 * with): SUCCEEDED is there and not empty; NO_SOURCE, NOT_FOUND or SUSPECT is absent or empty.
 * Return 0/-1.
 */
int rsync_ask_argv(const struct volume *volume, const char *program,
                   const struct rsync_version *version, struct text_list *argv);

/**
 * rsync_patience(volume, checksum):
 * How many seconds rsync may show no sign of life before it counts as hanging; checksum as in
 * rsync_job.
 */
int64_t rsync_patience(const struct volume *volume, bool checksum);

/**
 * rsync_print(f, argv):
 * The command as one pasteable line for a POSIX shell, without a newline at its end; each word is
 * quoted if need be, and control characters are written as numbers for printf(1).
 */
void rsync_print(FILE *f, const struct text_list *argv);

#endif
