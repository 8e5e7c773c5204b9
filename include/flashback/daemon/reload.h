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

/* What a running daemon reads again: the config, and which rsync it starts. */

struct reload {
	char *config_error;    /* the first error of a config that broke; NULL: it is good */
	struct text_list held; /* options whose change waits for a restart, in words */
	struct version rsync;
	struct stat rsync_file;   /* the program of which that is the version */
	struct event_child child; /* runs a new one for its version */
	bool answered;
};

/** What reload_config has found. */
struct reload_news {
	bool renewed; /* another config is in force */
	bool broken;  /* it was good and now has errors: reload.config_error */
	bool mended;  /* it had errors and is good again */
};

/**
 * reload_config(r, file, config, table):
 * Read the config again if a byte of it changed.  A good one replaces *config, but for data_dir,
 * pid_file and log, which are read at start only; what is known of volumes is carried over by name.
 * A bad one leaves the last good one in force and is logged.
 */
struct reload_news reload_config(struct reload *r, const char *file, struct config **config,
                                 struct table *table);

/** reload_rsync_now(r, path, why, size): at the start: wait for rsync to print its version.  Return
 * 0, or -1 with why in words. */
int reload_rsync_now(struct reload *r, const char *path, char *why, size_t size);

/** reload_rsync(r, path): start a child that runs rsync for its version, if the program was
 * replaced. */
void reload_rsync(struct reload *r, const char *path);

/** reload_rsync_pending(r): has that child not ended yet?  Takes its answer: until then the
 * last version counts. */
bool reload_rsync_pending(struct reload *r);

/**
 * reload_read(file):
 * Load a config, or print all that is wrong with it to standard error, as FILE:LINE: words.  Return
 * it, to be freed with conf_free, or NULL.
 */
struct config *reload_read(const char *file);

/** reload_want(config, table, operand): mark the rows that an operand names as wanted.  Return 0,
 * or -1 when it names nothing, or only what is disabled, which is printed to standard error. */
int reload_want(const struct config *config, struct table *table, const char *operand);

/** reload_unknown(c, operand): say on standard error that operand is no host or volume, and which
 * may have been meant. */
void reload_unknown(const struct config *c, const char *operand);

void reload_free(struct reload *r);

#endif
