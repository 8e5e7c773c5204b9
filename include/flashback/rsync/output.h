// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_OUTPUT_H
#define FLASHBACK_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/rsync/verdict.h"

/* What rsync and ssh say, gathered for verdict_make.  Core: no I/O. */

/**
 * output_line(w, line, len, is_error):
 * Take in one line (without its line end) of standard output, or of standard error (is_error).
 * *w begins as all zero.
 */
void output_line(struct verdict_words *w, const char *line, size_t len, bool is_error);

#endif
