// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_GRAFT_H
#define FLASHBACK_GRAFT_H

#include <sys/types.h>

/*
 * Two trees that runs which were cut have left become one, so that nothing that came is lost when
 * the later run got less far than the earlier one.
 */

/**
 * graft_tree(parent, from, to, dev):
 * Move into the tree `to`, below the directory parent, what only the tree `from` has, by renaming:
 * no file is written or changed.  What both have stays as it is in `to`; but of two halves of a
 * file, as rsync --partial leaves them, the longer one stays.  What cannot be moved is left behind;
 * nothing on another device than dev is entered.
 */
void graft_tree(int parent, const char *from, const char *to, dev_t dev);

#endif
