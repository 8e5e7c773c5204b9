// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CHANGEGUARD_H
#define FLASHBACK_CHANGEGUARD_H

#include "flashback/jobs/copy.h"

/* change_guard: a snapshot in which far more files are changed or gone than usually. */

/** changeguard_run(c): after a run that made a snapshot: note in its verdict how much has changed
 * since the snapshot before, and make it SUSPECT if that is too much. */
void changeguard_run(struct copy *c);

#endif
