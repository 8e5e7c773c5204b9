// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_BACKUP_H
#define FLASHBACK_BACKUP_H

#include <stdbool.h>

#include "flashback/config/conf.h"
#include "flashback/rsync/argv.h"

/* The worker: one run of one volume, from lock to `after`, in a straight line. */

struct backup_job {
	const struct config *config;
	struct volume *volume;
	struct version version;
	bool forced; /* an operand of --once: due or not */
};

/**
 * backup_body(out, arg):
 * The body of a worker; arg is a struct backup_job *.  Writes lines:
 *   stage NAME                       table_stage_name
 *   progress PERCENT BYTES RATE LEFT DONE ALL
 *   note words                       for the log: something that is wrong besides the result
 *   summary PACKED                   what is in the volume's directory now; the last run only if
 *                                    this one is NOTDUE
 *   expired N                        there is work for the sweeper
 *   result PERCENT PACKED            history_pack; a run that ends without it is FAILED; `after`
 *                                    may still follow
 * SIGTERM: end rsync, leave the tree .working.  SIGUSR2: the same, for lack of room.  Return
 * 0.
 */
int backup_body(int out, void *arg);

#endif
