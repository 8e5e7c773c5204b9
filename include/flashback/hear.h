// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_HEAR_H
#define FLASHBACK_HEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/judge.h"

/* What rsync and ssh say, gathered for judge_run.  Core: no I/O. */

/**
 * hear_line(w, line, len, is_error):
 * Take in one line (without its line end) of standard output, or of standard error (is_error).
 * *w begins as all zero.
 */
void hear_line(struct judge_words *w, const char *line, size_t len, bool is_error);

#endif
