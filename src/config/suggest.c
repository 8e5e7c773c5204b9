// SPDX-License-Identifier: ISC
#include "flashback/config/suggest.h"

#include <string.h>

#define LENGTH_MAX 129 /* of HOST/VOLUME, the longest name that is tried */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein distance: letters added, removed, replaced or swapped with a neighbour to
 * get from a to b. */
static unsigned
distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned rows[3][LENGTH_MAX + 1];

	for (size_t j = 0; j <= blen; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= blen; j++) {
			row[j] = least(above[j], row[j - 1]) + 1;
			row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	return rows[alen % 3][blen];
}

void
suggest_try(struct suggest *n, const char *name)
{
	size_t alen = strlen(n->word), blen = strlen(name);
	unsigned d;

	if (alen > LENGTH_MAX || blen > LENGTH_MAX)
		return;
	d = distance(n->word, alen, name, blen);
	/* A third of the letters may be wrong, but not more than two. */
	if (d > 2 || d > (blen + 2) / 3 || (n->best != NULL && d >= n->distance))
		return;
	n->best = name;
	n->distance = d;
}
