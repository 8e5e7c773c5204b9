// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TITLE_H
#define FLASHBACK_TITLE_H

#include <stddef.h>

#include "flashback/config/errors.h"

/* The names of sections side by side: none may be there twice.  Core: no I/O. */

struct title {
	const char *text; /* borrowed */
	int line;
};

/**
 * title_check(titles, n, file, kind, faults):
 * Sort the names of sections of one kind ("host") and add each that is there twice, or differs from
 * another only in case, to faults.
 */
void title_check(struct title *titles, size_t n, const char *file, const char *kind,
                 struct errors_list *faults);

#endif
