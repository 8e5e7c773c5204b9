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

/* Of an option as it stands in a list, "--port=873" or "-z"; false for one that is unknown: */

/** rsyncopt_reaches(option): is it needed to reach the source, to list it for example? */
bool rsyncopt_reaches(const char *option);

/** rsyncopt_quick(option): does a quick run allow it? */
bool rsyncopt_quick(const char *option);

/** rsyncopt_restores(option, local): does a restore need it, to a directory of this machine (local)
 * or to the source? */
bool rsyncopt_restores(const char *option, bool local);

/** rsyncopt_filters(option): does it keep something out of a snapshot, and hide it from a --delete
 * of the restore as well?  rsyncopt_omits(option): does it keep something out and not hide it? */
bool rsyncopt_filters(const char *option);
bool rsyncopt_omits(const char *option);

#endif
