// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ASK_H
#define FLASHBACK_ASK_H

#include "flashback/rsync.h"
#include "flashback/volume.h"

/* Is a removable source there?  Asked before data_dir is opened: a stick that is not plugged in
 * must not wake the disk. */

enum ask_answer {
	ASK_THERE, /* or rsync will say what is wrong with it */
	ASK_ABSENT,
	ASK_EMPTY,
	ASK_STOPPED, /* we were told to stop */
	ASK_CANNOT   /* errno says why */
};

/**
 * ask_source(volume, rsync, version, signals):
 * Read a local directory, or have rsync (the program, of this version) list the root of a remote
 * source.
 */
enum ask_answer ask_source(const struct volume *volume, const char *rsync,
                           const struct rsync_version *version, int signals);

#endif
