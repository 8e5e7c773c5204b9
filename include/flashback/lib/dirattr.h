// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DIRATTR_H
#define FLASHBACK_DIRATTR_H

#include <sys/stat.h>

/*
 * The attributes of a directory, as rsync -aAX compares them: owner, mode, modification time to the
 * nanosecond, and all extended attributes, ACLs among them.  All by descriptor.
 */

/**
 * dirattr_same(a, stat_a, b, stat_b):
 * Do two open directories have the same attributes?  The caller has their fstat already.  Return 1,
 * 0, or -1 with errno.
 */
int dirattr_same(int a, const struct stat *stat_a, int b, const struct stat *stat_b);

/**
 * dirattr_copy(from, stat, to):
 * Copy the extended attributes of the open directory from to the directory to (those that from
 * lacks are removed), and the owner, mode and modification time in stat, which is that of from
 * before entries were moved out of it.  The time is set last.  Return 0, or -1 with errno.
 */
int dirattr_copy(int from, const struct stat *stat, int to);

#endif
