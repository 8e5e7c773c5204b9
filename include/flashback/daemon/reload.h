// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RELOAD_H
#define FLASHBACK_RELOAD_H

#include <stdbool.h>
#include <sys/stat.h>

#include "flashback/config/conf.h"
#include "flashback/lib/event.h"
#include "flashback/lib/text.h"
#include "flashback/rsync/version.h"
#include "flashback/schedule/table.h"

/* What a running daemon reloads: the config, and the version of the rsync that it starts. */

struct reload {
	char *config_error;    /* the first error in the config; NULL: it has none */
	struct text_list held; /* messages about options whose change needs a restart */
	struct version rsync;
	struct stat rsync_file;   /* the program file of that version */
	struct event_child child; /* runs `rsync --version` */
	bool answered;
};

/** The outcome of reload_config. */
struct reload_news {
	bool renewed; /* a new config is in force */
	bool broken;  /* it had no errors and now has: reload.config_error */
	bool valid;   /* it had errors and now has none */
	bool dropped; /* volumes have left it */
};

/**
 * reload_config(r, file, config, table):
 * Read the config again if a byte of it changed.  One without errors replaces *config, except for
 * data_dir, pid_file and log, which are read only at start; the state of volumes is carried over by
 * name.  One with errors is logged, and the previous config stays in force.
 */
struct reload_news reload_config(struct reload *r, const char *file, struct config **config,
                                 struct table *table);

/**
 * reload_rsync_now(r, path, why, size): run `rsync --version` and wait for it, at start.  Return 0,
 * or -1 with why in words.
 */
int reload_rsync_now(struct reload *r, const char *path, char *why, size_t size);

/**
 * reload_rsync(r, path): start a child that runs `rsync --version`, if the program file has
 * changed.
 */
void reload_rsync(struct reload *r, const char *path);

/**
 * reload_rsync_pending(r): does that child still run?  Reads its answer; until then the previous
 * version counts.
 */
bool reload_rsync_pending(struct reload *r);

/**
 * reload_read(file):
 * Load a config, or print all its errors to standard error as FILE:LINE: words, and how many there
 * are.  Return it, to be freed with conf_free, or NULL.
 */
struct config *reload_read(const char *file);

/**
 * reload_want(config, table, operand): mark the rows that an operand names as wanted.  Return 0;
 * -1, with a message on standard error, when it names no volume or only disabled ones.
 */
int reload_want(const struct config *config, struct table *table, const char *operand);

/**
 * reload_unknown(c, operand): print to standard error that operand is an unknown host or volume,
 * with the most similar name.
 */
void reload_unknown(const struct config *c, const char *operand);

void reload_free(struct reload *r);

#endif
