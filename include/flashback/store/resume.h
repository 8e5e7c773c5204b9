// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESUME_H
#define FLASHBACK_RESUME_H

#include <sys/types.h>

/* Keep what interrupted runs have received for the next run: partial files, and two trees joined
 * into one, so that nothing is lost when the later run got less far than the earlier one. */

/**
 * resume_keep(parent, name, dev):
 * When rsync is killed, the file that it was receiving stays in the tree as .FILE.XXXXXX, which no
 * later run reads.  Rename each to FILE, as rsync --partial does on an orderly exit, so that the
 * next run resumes it.  It gets a date that no file has, so that it is never taken for the complete
 * file. (rsync uses 1970, which may be the date of the file; and the name alone does not prove that
 * it is a partial file.)  A file with more than one link is not changed: it may be in a snapshot
 * too.
 */
void resume_keep(int parent, const char *name, dev_t dev);

/**
 * resume_join(parent, from, to, dev):
 * Move into the tree `to` what only the tree `from` has; both are in the directory parent.  Entries
 * are renamed; no file is written or changed.  An entry that both have stays as it is in `to`; but
 * of two partial files, as left by rsync --partial, the longer one stays.  What cannot be moved
 * stays where it is; mounts of another device than dev are not entered.
 */
void resume_join(int parent, const char *from, const char *to, dev_t dev);

#endif
