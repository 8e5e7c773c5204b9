// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SPARES_H
#define FLASHBACK_SPARES_H

#include <stdbool.h>

#include "flashback/config/config.h"
#include "flashback/store/store.h"

/*
 * The purger's work for quick runs: keep the spare of each volume equal to its newest snapshot, so
 * that the next run need not do that, and remove spares without use.  The volume's lock is held
 * meanwhile, and released as soon as another process wants it.  A failure here is no error: the run
 * makes the spare itself, or does a full run and logs why.
 */

/** For all volumes of a store. */
struct spares {
	const struct store *store;
	const struct config *config;
	bool again; /* also walk spares that are noted to match */
	bool low;   /* the disk is below min_free: remove all spares, make none */
};

/** spares_due(s, volume, v): has spares_update anything to do?  v need not be locked. */
bool spares_due(const struct spares *s, const struct volume *volume, const struct store_volume *v);

/**
 * spares_update(s, volume, recycled):
 * Make the spare of an existing volume equal to its newest snapshot, from an expired tree if there
 * is no spare, if the next run can be a quick one.  Remove it where the run cannot, or the disk is
 * low.  Nothing is done while the volume is in use.  Return whether an expired tree became the
 * spare, with its stamp in recycled.
 */
bool spares_update(const struct spares *s, const struct volume *volume, struct stamp *recycled);

/** spares_remove_unlisted(s): remove the spares of volumes that are not in the config. */
void spares_remove_unlisted(struct spares *s);

#endif
