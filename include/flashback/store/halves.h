// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HALVES_H
#define FLASHBACK_HALVES_H

#include <stdbool.h>
#include <sys/stat.h>

/**
 * halves_keep(parent, name, dev):
 * What rsync had of a file when it was killed outright lies in the tree as .FILE.XXXXXX, where no
 * later run looks for it.  Make of each such what --partial makes when rsync ends in good order:
 * FILE, so that it serves as half of the file, with a date that no file has, so that it never
 * counts as the file itself.  (rsync's own date, 1970, may be that of the file, and what we go by
 * is but a name: it may be some other file.) What has other names than this one is not touched: it
 * may be in a snapshot too.
 */
void halves_keep(int parent, const char *name, dev_t dev);

/** halves_is_one(st): is it half of a file, as rsync or we leave one, and nowhere but here? */
bool halves_is_one(const struct stat *st);

#endif
