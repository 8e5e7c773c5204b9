// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_COLUMNS_H
#define FLASHBACK_COLUMNS_H

#include <stdio.h>

#include "flashback/lib/text.h"

/* Tables for people: columns as wide as their widest cell.  Core: to a FILE *. */

#define COLUMNS_MAX 8

/**
 * columns_print(f, title, cells):
 * Write the titles, a list that ends with NULL, and the cells, a row after the other, two blanks
 * between columns.  A column whose title begins with a blank, which is not printed, is aligned to
 * the right.  There are at most COLUMNS_MAX; the last one is not padded.
 */
void columns_print(FILE *f, const char *const *title, const struct text_list *cells);

#endif
