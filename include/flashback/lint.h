// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LINT_H
#define FLASHBACK_LINT_H

#include <stddef.h>

#include "flashback/text.h"

/*
 * What libconfuse must never see: a config file's text is checked for what makes that parser exit, accept
 * half a file, miscount lines or rewrite values, and comments are blanked so that they may stand anywhere
 * and every line number is right.  Core: works on a buffer.
 */

/**
 * lint_clean(text, len, file, errors):
 * Check text (len bytes and a NUL) and blank its comments in place, newlines kept.  Append each error to
 * errors as "FILE:LINE: ...".  Return 0 when libconfuse may have it, -1 when not.
 */
int lint_clean(char *text, size_t len, const char *file, struct text_list *errors);

#endif
