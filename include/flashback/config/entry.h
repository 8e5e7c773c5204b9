// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ENTRY_H
#define FLASHBACK_ENTRY_H

#include <stdbool.h>

#include "flashback/config/config.h"
#include "flashback/config/errors.h"
#include "flashback/config/volume.h"
#include "flashback/lib/text.h"

/* One option as it stands in a file, name and value and lines, and the way from there into a layer
 * or a config.  Core: no I/O. */

struct entry {
	const char *file, *name; /* borrowed */
	int line;                /* of the name */
	bool list;               /* the value stands in braces */
	bool told;               /* a value is missing here: what is wrong with it has been told */
	struct text_list values;
	int *lines; /* of each value */
};

/** entry_add(e, line, value): append a value.  Return 0, or -1 with ENOMEM. */
int entry_add(struct entry *e, int line, const char *value);

/** entry_to_layer(e, key, layer, faults): check it and set it; what is wrong goes to faults. */
void entry_to_layer(const struct entry *e, enum volume_key key, struct volume_layer *layer,
                    struct errors_list *faults);

/** entry_to_config(e, key, c, faults): the same for an option of the program. */
void entry_to_config(const struct entry *e, enum config_key key, struct config *c,
                     struct errors_list *faults);

/** entry_free(e): what e holds, not e itself. */
void entry_free(struct entry *e);

#endif
