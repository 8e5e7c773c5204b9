// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CONFIG_H
#define FLASHBACK_CONFIG_H

#include <stdbool.h>

#include "flashback/config/errors.h"
#include "flashback/config/option.h"
#include "flashback/config/volume.h"

/* The result of both config files (the struct is in option).  Core: no I/O. */

/** config_new(file): a config of defaults, of the file with this absolute path; NULL with ENOMEM.
 */
struct config *config_new(const char *file);

/**
 * config_finish(c, whole, errors):
 * Run the checks that involve several options, and add what is wrong to errors.  An option is
 * reported as missing only if the whole file was read.
 */
void config_finish(struct config *c, bool whole, struct errors_list *errors);

/** config_add(c, v): append a volume, taking over the reference.  Return 0, or -1 with ENOMEM and
 * the reference given back. */
int config_add(struct config *c, struct volume *v);

/** config_named(c, operand): how many volumes does operand name (volume_is_named)? */
size_t config_named(const struct config *c, const char *operand);

/** config_nearest(c, operand): the host or volume whose name is closest to an unknown operand;
 * NULL: none is close. */
const char *config_nearest(const struct config *c, const char *operand);

/** config_free(c): c may be NULL; volumes live on while others hold references. */
void config_free(struct config *c);

#endif
