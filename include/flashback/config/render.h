// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RENDER_H
#define FLASHBACK_RENDER_H

#include "flashback/config/config.h"
#include "flashback/config/volume.h"

/* The value of an option as one would write it in the config.  Core: no I/O. */

/** render_config(c, key), render_volume(v, key): new memory, safe to print; NULL with ENOMEM. */
char *render_config(const struct config *c, enum config_key key);
char *render_volume(const struct volume *v, enum volume_key key);

#endif
