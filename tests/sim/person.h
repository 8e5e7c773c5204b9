// SPDX-License-Identifier: ISC
#ifndef PERSON_H
#define PERSON_H

#include "world.h"

/* What the people of the household do to their backups by hand, at any time. */

/** Accept the newest suspect one by renaming it; remove it; pin or remove a snapshot; put
 * something of one's own beside them; mend a name from the future.  Of v; nothing when there is
 * none.
 */
void person_accepts(struct world_volume *v);
void person_rejects(struct world_volume *v);
void person_pins(struct world_volume *v);
void person_removes(struct world_volume *v);
void person_adds(struct world_volume *v);
void person_mends(struct world_volume *v);

#endif
