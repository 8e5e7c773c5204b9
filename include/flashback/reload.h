// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RELOAD_H
#define FLASHBACK_RELOAD_H

#include "flashback/daemon.h"

/**
 * reload_config(d):
 * Read the config again if a byte of it changed.  A good one replaces the old, but for data_dir,
 * pid_file and log, which are read at start only; what is known of volumes is carried over by name.
 * A bad one leaves the last good one in force and is told.
 */
void reload_config(struct daemon *d);

/** reload_rsync(d): ask rsync for its version again if the program has been replaced. */
void reload_rsync(struct daemon *d);

#endif
