// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_INHERIT_H
#define FLASHBACK_INHERIT_H

#include "flashback/config/option.h"

/* All options of a place at once: their defaults, copied from what is around, freed.  Core: no
 * I/O. */

/** inherit_defaults(place, base): set all options that may stand there to their defaults.  Return
 * 0, or -1 with ENOMEM. */
int inherit_defaults(enum option_place place, void *base);

/** inherit_from(v, around): copy the options of around, with where they come from, to v, which has
 * none.  Return 0, or -1 with ENOMEM. */
int inherit_from(struct volume *v, const struct volume *around);

/** inherit_clear(place, base): option_clear for all that may stand there. */
void inherit_clear(enum option_place place, void *base);

#endif
