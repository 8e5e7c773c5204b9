// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HALVES_H
#define FLASHBACK_HALVES_H

#include <sys/types.h>

/**
 * halves_keep(parent, name, dev):
 * What rsync had of a file when it was killed outright lies in the tree as .FILE.XXXXXX, where no
 * later run looks for it.  Make of each such what --partial makes when rsync ends in good order:
 * FILE, dated to 1970, so that it serves as half of the file and never counts as the file itself.
 * What has other names than this one is not touched: it may be in a snapshot too.
 */
void halves_keep(int parent, const char *name, dev_t dev);

#endif
