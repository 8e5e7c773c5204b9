// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RELOAD_H
#define FLASHBACK_RELOAD_H

#include "flashback/daemon/daemon.h"

/**
 * reload_config(d):
 * Read the config again if a byte of it changed.  A good one replaces the old, but for data_dir,
 * pid_file and log, which are read at start only; what is known of volumes is carried over by name.
 * A bad one leaves the last good one in force and is told.
 */
void reload_config(struct daemon *d);

/** reload_rsync(d): ask rsync for its version again if the program has been replaced. */
void reload_rsync(struct daemon *d);

/**
 * reload_read(file):
 * Load a config, or print all that is wrong with it to standard error, as FILE:LINE: words.  Return
 * it, to be freed with conf_free, or NULL.
 */
struct config *reload_read(const char *file);

/** reload_unknown(c, operand): say on standard error that operand is no host or volume, and which
 * may have been meant. */
void reload_unknown(const struct config *c, const char *operand);

#endif
