// SPDX-License-Identifier: ISC
#include "flashback/lib/columns.h"

#include <string.h>

static void
print_cell(FILE *f, const char *text, int width, bool right, bool last)
{
	fprintf(f, right ? "%*s" : "%-*s", last && !right ? 0 : width, text);
	fputs(last ? "\n" : "  ", f);
}

void
columns_print(FILE *f, const char *const *title, const struct text_list *cells)
{
	int width[COLUMNS_MAX] = {0};
	bool right[COLUMNS_MAX] = {false};
	size_t n = 0;

	for (; n < COLUMNS_MAX && title[n] != NULL; n++) {
		right[n] = title[n][0] == ' ';
		width[n] = (int)strlen(title[n] + right[n]);
	}
	for (size_t i = 0; i < cells->n; i++) {
		int len = (int)strlen(cells->item[i]);

		if (len > width[i % n])
			width[i % n] = len;
	}
	for (size_t i = 0; i < n; i++)
		print_cell(f, title[i] + right[i], width[i], right[i], i + 1 == n);
	for (size_t i = 0; i < cells->n; i++)
		print_cell(f, cells->item[i], width[i % n], right[i % n], i % n + 1 == n);
}
