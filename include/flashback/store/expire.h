// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EXPIRE_H
#define FLASHBACK_EXPIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"
#include "flashback/store/store.h"

/* Expiry: the rename that takes a snapshot out of its volume's history.  The sweeper removes it
 * afterwards. */

#define EXPIRE_MAX 3 /* renames a call: a mistyped number takes days, visibly */

/** Which of the two series, each by itself, may lose snapshots. */
struct expire_series {
	bool complete, partial;
};

/**
 * expire_list(stamps, n, keep, series, now, at):
 * Set at (room for n) to the places among the n ascending stamps of what keep no longer keeps, in
 * the order in which it is to go: oldest first, complete ones before partial ones; never the newest
 * of a series; nothing while a stamp is from the future.  Return how many, or -1 with ENOMEM.
 */
int expire_list(const struct stamp *stamps, size_t n, const struct volume_keep *keep,
                struct expire_series series, int64_t now, size_t *at);

/**
 * expire_policy(v, volume, series, now, trouble, size):
 * Rename to .expired what expire_list says, at most EXPIRE_MAX.  v->stamps must be up to date and
 * is kept so.  Return the number renamed; -1 with the first thing that went wrong in trouble
 * (escaped), other renames done all the same.
 */
int expire_policy(struct store_volume *v, const struct volume *volume, struct expire_series series,
                  int64_t now, char *trouble, size_t size);

/**
 * expire_allowed(runs, n):
 * What may expire where there is no room, after these runs (oldest first): what the newest one that
 * says anything of the source would have let go.  One that was stopped, by the disk or by us, says
 * nothing.
 */
struct expire_series expire_allowed(const struct history_run *runs, size_t n);

#endif
