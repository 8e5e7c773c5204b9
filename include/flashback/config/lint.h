// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LINT_H
#define FLASHBACK_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/config/errors.h"
#include "flashback/lib/text.h"

/*
 * What libconfuse must never see.  That parser exits on some files, accepts half of others, forgets
 * lines, and rewrites values; so a file's text is checked here for its form, knowing no names, and
 * written anew as a text in which nothing is left to interpret, each value says its line, and each
 * section its number, too:
 *
 *     host "a" {                            s_host "1.1:a" {
 *             every = 1d  # comment         o_every += { "2", "2:1d" }
 *             exclude = { '*.o',            o_exclude += { "3{", "3:*.o", "4:\x24" }
 *                         "$" }             }
 *     }
 *
 * Core: works on a buffer.
 */

#define LINT_OPTION 'o'  /* the first letter of an option's name in the new text */
#define LINT_SECTION 's' /* ... and of a section's; an underscore follows */
#define LINT_DEPTH 2     /* a section within a section */
#define LINT_OPTIONS 64  /* different names of options at one depth: we have fewer */
#define LINT_SECTIONS 8  /* ... and of sections */

/** The new text and the names in it. */
struct lint {
	char *text;
	size_t len;
	struct text_list names[LINT_DEPTH + 1]; /* each once, within so many sections */
	bool cut; /* the text ends where the form could not be made sense of, sections closed */
};

/**
 * lint_clean(text, len, file, faults, out):
 * Check text and write it anew.  What is wrong is added to faults.  Return 0, out to be freed with
 * lint_free; or -1 with ENOMEM and nothing in it.
 */
int lint_clean(const char *text, size_t len, const char *file, struct errors_list *faults,
               struct lint *out);

/** lint_free(l): what l holds, not l itself. */
void lint_free(struct lint *l);

/** What a string of the new text is. */
enum lint_item {
	LINT_SINGLE, /* the beginning of an option's value, or a section without a title */
	LINT_LIST,   /* the beginning of an option's value that stands in braces */
	LINT_VALUE,  /* a value or a title */
	LINT_TOLD    /* in place of a value: it is wrong, and that has been told */
};

/** lint_read(item, line, value): take such a string apart; *value (borrowed) of a LINT_VALUE. */
enum lint_item lint_read(const char *item, int *line, const char **value);

#endif
