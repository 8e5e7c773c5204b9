// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DRYRUN_H
#define FLASHBACK_DRYRUN_H

#include "flashback/config/config.h"
#include "flashback/lib/text.h"

/**
 * dryrun_run(config, wanted):
 * Simulate one wake without changing anything or taking a lock: for each volume (or those that the
 * operands name) print whether it is due and why not, the exact command (which can be pasted), and
 * what a success would expire.  No host is probed.  Return the exit status.
 */
int dryrun_run(const struct config *config, const struct text_list *wanted);

#endif
