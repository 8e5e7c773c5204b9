// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DRY_H
#define FLASHBACK_DRY_H

#include "flashback/config.h"
#include "flashback/text.h"

/**
 * dry_run(config, wanted):
 * One wake that changes nothing and takes no lock: for each volume (or those that the operands
 * name) print whether it is due and why not, the exact command (pasteable), and what a success
 * would expire.  Nobody is probed.  Return the exit status.
 */
int dry_run(const struct config *config, const struct text_list *wanted);

#endif
