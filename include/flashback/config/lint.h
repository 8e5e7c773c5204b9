// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LINT_H
#define FLASHBACK_LINT_H

#include <stddef.h>

/*
 * Prepare a config file for libconfuse, and report what that would get wrong.  libconfuse accepts
 * half a file without an error, deletes an unquoted * or +, expands ${X}, interprets other escapes,
 * takes a quoted string for the name of an option, and counts lines wrongly after a comment.  So it
 * gets a copy of the text without comments, in which a value is a string with nothing left to
 * expand, on its own line, and each { says on which line it belongs, for an empty list is not
 * reported, nor where a section begins.
 *
 *     host a { # here                       host "a"{ ^=^1
 *             exclude = {                    exclude={^2,
 *                     '\[x\]', "$" }          "\\[x\\]", "\$"}
 *     }                                     }
 *
 * Core: works on a buffer.
 */

#define LINT_MARK '\001' /* ^ above: an option of each section, and the first item of a list */

struct lint {
	char *text;
	size_t len;
	size_t sections; /* begun in it */
	int end;         /* the line on which it ends, of the file */
	int line;        /* of the first error, before which the text ends; or 0 */
	char *why;       /* the error */
};

/**
 * lint_clean(text, len, out):
 * Check and copy text, which a NUL follows.  Return 0, out to be freed with lint_free; or -1 with
 * ENOMEM and nothing in it.
 */
int lint_clean(const char *text, size_t len, struct lint *out);

/** lint_free(l): free the contents, not l itself. */
void lint_free(struct lint *l);

#endif
