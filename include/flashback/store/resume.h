// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESUME_H
#define FLASHBACK_RESUME_H

#include <sys/types.h>

/*
 * What interrupted runs had received is kept for the next one: half of a file, and two trees joined
 * into one, so that nothing is lost when the later run got less far than the earlier one.
 */

/**
 * resume_keep(parent, name, dev):
 * What rsync had of a file when it was killed outright lies in the tree as .FILE.XXXXXX, where no
 * later run looks for it.  Make of each such what --partial makes when rsync ends in good order:
 * FILE, so that it serves as half of the file, with a date that no file has, so that it never
 * counts as the file itself.  (rsync's own date, 1970, may be that of the file, and what we go by
 * is but a name: it may be some other file.) What has other names than this one is not touched: it
 * may be in a snapshot too.
 */
void resume_keep(int parent, const char *name, dev_t dev);

/**
 * resume_join(parent, from, to, dev):
 * Move into the tree `to`, below the directory parent, what only the tree `from` has, by renaming:
 * no file is written or changed.  What both have stays as it is in `to`; but of two halves of a
 * file, as rsync --partial leaves them, the longer one stays.  What cannot be moved is left behind;
 * nothing on another device than dev is entered.
 */
void resume_join(int parent, const char *from, const char *to, dev_t dev);

#endif
