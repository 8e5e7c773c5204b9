// SPDX-License-Identifier: ISC
#include "flashback/config/title.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* For qsort: by name whatever its case, then as they stand in the file. */
static int
compare(const void *a, const void *b)
{
	const struct title *x = a, *y = b;
	int order = strcasecmp(x->text, y->text);

	return order != 0 ? order : x->line - y->line;
}

static void
complain(const struct title *first, const struct title *second, const char *file, const char *kind,
         struct errors_list *faults)
{
	char a[TEXT_QUOTE], b[TEXT_QUOTE];

	text_quote(a, first->text);
	text_quote(b, second->text);
	if (strcmp(first->text, second->text) == 0)
		errors_add(faults, file, second->line,
		           "%s %s is there a second time: first on line %d", kind, b, first->line);
	else
		errors_add(faults, file, second->line,
		           "%s %s differs from %s on line %d only in case: some disks take them "
		           "for one directory",
		           kind, b, a, first->line);
}

void
title_check(struct title *titles, size_t n, const char *file, const char *kind,
            struct errors_list *faults)
{
	if (n > 0)
		qsort(titles, n, sizeof(*titles), compare);
	for (size_t i = 1; i < n; i++)
		if (strcasecmp(titles[i - 1].text, titles[i].text) == 0)
			complain(&titles[i - 1], &titles[i], file, kind, faults);
}
