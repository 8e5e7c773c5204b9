// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RSYNCOPT_H
#define FLASHBACK_RSYNCOPT_H

#include <stdbool.h>

/* The rsync options that a config may name.  Others give exit 0 and an empty tree, or reach into
 * other snapshots: so what is not listed is refused.  Core: no I/O. */

/** rsyncopt_check(option, why): is this list item one of them, written as it should be?  Return 0,
 * or -1 with *why in words (NULL: no memory). */
int rsyncopt_check(const char *option, char **why);

/** rsyncopt_quick(option): may a quick run have this allowed option?  Not those that make names
 * absent, or change contents or attributes, without a line that says so. */
bool rsyncopt_quick(const char *option);

#endif
