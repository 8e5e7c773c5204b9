// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DAEMON_H
#define FLASHBACK_DAEMON_H

#include <stdbool.h>

#include "flashback/lib/text.h"

/* The daemon: one process that schedules and never touches the disk.  Its loop takes one step
 * after the other; the parts that do the work are independent of each other (dispatch.h connects
 * them). */

/**
 * The exit status.  DAEMON_WENT_WRONG and DAEMON_NOT_NOW are for --once: a run ended as anything
 * but SUCCEEDED; a run could not be made now (EX_TEMPFAIL, as in sysexits.h).
 */
enum daemon_exit {
	DAEMON_GOOD = 0,
	DAEMON_CANNOT_START = 1,
	DAEMON_WENT_WRONG = 2,
	DAEMON_NOT_NOW = 75
};

struct daemon_options {
	const char *config_file;
	bool once, verbose;
	struct text_list wanted; /* operands: HOST or HOST/VOLUME */
};

/** daemon_run(options): run until a signal ends it, or for one wake.  Return the exit status. */
int daemon_run(const struct daemon_options *options);

#endif
