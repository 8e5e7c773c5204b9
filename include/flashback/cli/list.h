// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LIST_H
#define FLASHBACK_LIST_H

#include <stdio.h>

#include "flashback/config/config.h"
#include "flashback/lib/text.h"

/**
 * list_run(f, config, wanted):
 * Print what is in the store: without operands a line a volume; for a host or volume a line a
 * snapshot, with why it is kept; for a path in a volume a line a version of it, and the command
 * that restores the last.  No lock is taken and nothing is written.  Return the exit status: 1 when
 * the store or a volume cannot be read, an operand is unknown, or no snapshot holds a path.
 */
int list_run(FILE *f, const struct config *config, const struct text_list *wanted);

#endif
