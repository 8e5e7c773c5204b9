// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CONF_H
#define FLASHBACK_CONF_H

#include "flashback/config/config.h"
#include "flashback/lib/text.h"

/* The two config files: a new, wholly checked config, or all their errors.  The only module that
 * uses libconfuse. */

/**
 * conf_load(file, old, out, errors):
 * Read and check both files; file is an absolute path.  Return 1 with *out NULL when their bytes
 * are the same as those of old (may be NULL); 0 with a new config in *out; -1 with every error
 * appended to errors as "FILE:LINE: what is wrong and what would be right", in the order of the
 * files.  Nothing is printed, and old is not changed.  The data_dir of old stays in force: sources
 * are checked against it.
 */
int conf_load(const char *file, const struct config *old, struct config **out,
              struct text_list *errors);

/** conf_free(c): c may be NULL; volumes live on while others hold references. */
void conf_free(struct config *c);

#endif
