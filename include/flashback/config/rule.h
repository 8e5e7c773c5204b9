// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RULE_H
#define FLASHBACK_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "flashback/config/volume.h"

/* What the values of options look like: text to the fields of a volume, or words that say what
 * would be right.  Core: no I/O. */

/** The shortest time that the config may name anywhere. */
#define RULE_SECONDS_MIN 1

/**
 * rule_apply(key, value, v, why):
 * Set in v what value says; of an option that takes a list, append it, so that the first word of a
 * command is known by its list being empty.  Return 0; or -1 with *why in words (NULL: no memory),
 * v to be freed all the same.
 */
int rule_apply(enum volume_key key, const char *value, struct volume *v, char **why);

/** rule_default(key): the value of an option that is set nowhere; NULL: none, an empty list. */
const char *rule_default(enum volume_key key);

/** These fit other options, too.  They return 0; or -1 with *why in words (NULL: no memory). */
int rule_duration(const char *value, int64_t max, int64_t *out, char **why);
int rule_count(const char *value, unsigned min, unsigned max, unsigned *out, char **why);

/** rule_program(path, why): is it an absolute path, as the first word of a command must be? */
int rule_program(const char *path, char **why);

#endif
