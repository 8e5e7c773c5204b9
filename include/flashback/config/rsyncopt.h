// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RSYNCOPT_H
#define FLASHBACK_RSYNCOPT_H

#include <stdbool.h>

/* The rsync options that a config may name, and where each may be used.  Others may give exit
 * status 0 with an empty tree, or change other snapshots, so an option that is not listed is
 * rejected.  Core: no I/O. */

/** rsyncopt_check(option, why): is this list item one of them, written as it should be?  Return 0,
 * or -1 with *why in words (NULL: no memory). */
int rsyncopt_check(const char *option, char **why);

/** What an option is needed or allowed for. */
enum rsyncopt_use {
	RSYNCOPT_REACH = 1,   /* to reach the source, to list it for example */
	RSYNCOPT_QUICK = 2,   /* a quick run allows it: it hides no change */
	RSYNCOPT_SEND = 4,    /* a restore to where the source is needs it */
	RSYNCOPT_RESTORE = 8, /* any restore: snapshots lack something, or store it differently */
	RSYNCOPT_FILTER = 16, /* keeps something out of a snapshot, and hides it from a --delete of
	                       * the restore as well */
	RSYNCOPT_OMIT = 32    /* keeps something out, but does not hide it */
};

/** rsyncopt_has(option, uses): has an option as it stands in a list, "--port=873" or "-z", one of
 * these uses?  False for one that is unknown. */
bool rsyncopt_has(const char *option, unsigned uses);

#endif
