// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LEFTOUT_H
#define FLASHBACK_LEFTOUT_H

#include "flashback/config/volume.h"

/* What one_file_system leaves out of a local source. */

/**
 * leftout_list(v, data_dir, list):
 * Append the file systems and subvolumes below the source that a run does not enter, sorted and
 * safe to print; not those that exclude names, or that data_dir is on.  None for a source on a
 * host, where that is unknown.  Return 0, or -1 with errno when out of memory.
 */
int leftout_list(const struct volume *v, const char *data_dir, struct text_list *list);

#endif
