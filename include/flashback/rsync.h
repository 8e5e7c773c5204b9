// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RSYNC_H
#define FLASHBACK_RSYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "flashback/text.h"
#include "flashback/volume.h"

/* A volume and its bases to rsync's argv, as data.  Core: no I/O. */

#define RSYNC_BASES 3

/** What this machine's rsync is and can do. */
struct rsync_version {
	int major, minor, patch;
	bool confine_root; /* 3.5.0: a backed-up symlink cannot lead out of the volume */
	bool usable;       /* 3.1.3 or newer */
};

/** rsync_version(line, out): from the first line of `rsync --version`.  Return 0/-1. */
int rsync_version(const char *line, struct rsync_version *out);

/** What one run is built from. */
struct rsync_job {
	const struct volume *volume;
	const char *program; /* an absolute path */
	struct rsync_version version;
	const char *base[RSYNC_BASES]; /* names beside target, in order of preference; NULL: no more */
	const char *target;            /* the name of the .working directory */
	const char *root;              /* real path of the volume's directory; NULL: unknown (dry run) */
	bool checksum;                 /* a base may hold wrong bytes: compare by content */
	bool whole_seconds;            /* the disk keeps no nanoseconds */
	const char *const *skip;       /* more excludes (data_dir inside the source); NULL: none */
};

/** rsync_argv(job, argv): the arguments, argv[0] first, appended to an empty list.  Return 0/-1. */
int rsync_argv(const struct rsync_job *job, struct text_list *argv);

/** rsync_ask_argv(volume, program, argv): `rsync --list-only` of the source's root: is it there, is it empty? */
int rsync_ask_argv(const struct volume *volume, const char *program, struct text_list *argv);

/** rsync_shell(volume, out): the value of -e: the `ssh` option with BatchMode and the time-outs added.  New memory. */
char *rsync_shell(const struct volume *volume);

/** rsync_print(f, argv): the command as one pasteable line for a POSIX shell, each word quoted if need be. */
void rsync_print(FILE *f, const struct text_list *argv);

#endif
