// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SOURCECHECK_H
#define FLASHBACK_SOURCECHECK_H

#include "flashback/config/volume.h"
#include "flashback/rsync/argv.h"

/* Is a removable source present?  Checked before data_dir is opened: a stick that is not plugged in
 * must not spin up the backup disk. */

enum sourcecheck_answer {
	SOURCECHECK_THERE, /* or rsync will report what is wrong with it */
	SOURCECHECK_ABSENT,
	SOURCECHECK_EMPTY,
	SOURCECHECK_STOPPED, /* stopped by a signal */
	SOURCECHECK_CANNOT   /* with errno */
};

/**
 * sourcecheck_run(volume, rsync, version, signals):
 * Read a local directory, or run rsync (the program, of this version) to list the root of a remote
 * source.
 */
enum sourcecheck_answer sourcecheck_run(const struct volume *volume, const char *rsync,
                                        const struct version *version, int signals);

#endif
