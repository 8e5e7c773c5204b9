// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_UNLISTED_H
#define FLASHBACK_UNLISTED_H

#include "flashback/config/config.h"
#include "flashback/lib/text.h"

/* Volumes of the store that the config does not have. */

/** unlisted_each(fd, c, take, arg): call take for each directory below fd, of data_dir, that could
 * be of a volume and is not in c: VOLUME in above, the open directory HOST. */
void unlisted_each(int fd, const struct config *c,
                   void (*take)(void *arg, const char *host, const char *volume, int above),
                   void *arg);

/**
 * unlisted_find(fd, c, found):
 * Add to found, in order, a line "HOST/VOLUME: N, the newest of STAMP" for each volume below fd, of
 * data_dir, that holds N snapshots and is not in c.  Symbolic links are not followed; a directory
 * that cannot be read is left out.
 */
void unlisted_find(int fd, const struct config *c, struct text_list *found);

#endif
