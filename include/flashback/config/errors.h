// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ERRORS_H
#define FLASHBACK_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/lib/text.h"

/* The errors of a config, with their places: collected in any order, reported in the order of
 * the files; and libconfuse's errors translated.  Core: no I/O. */

#define ERRORS_MAX 1000 /* the rest is only counted */

struct errors {
	const char *file; /* borrowed */
	int line;         /* 0: about the file as a whole */
	char *text;
};

struct errors_list {
	struct errors *item;
	size_t n;
	unsigned more; /* errors that were not kept */
	bool lost;     /* out of memory: the list is incomplete */
};

/** errors_add(list, file, line, fmt, ...): add an error.  Never fails; when out of memory it sets
 * lost. */
void errors_add(struct errors_list *list, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/**
 * errors_take(list, file, line, subject, why):
 * Add "SUBJECT: WHY", or WHY alone for no subject, and free why, as set by a check; NULL means out
 * of memory.
 */
void errors_take(struct errors_list *list, const char *file, int line, const char *subject,
                 char *why);

/**
 * errors_report(list, first, out):
 * Append each fault to out as "FILE:LINE: text" (without ":LINE" for line 0): those of the file
 * first (the same pointer) before the others, by line, without duplicates; then the number of those
 * not kept.  Every line is safe to print, as by text_clean.  Return 0, or -1 with ENOMEM.
 */
int errors_report(struct errors_list *list, const char *first, struct text_list *out);

/**
 * errors_reword(fmt, arg, section, hosts, first):
 * Translate libconfuse's message fmt with its one argument arg, in a file (hosts: hosts.conf) and a
 * section of this name.  Return new memory, NULL with ENOMEM.  first is the line of the section
 * whose title is a duplicate.
 */
char *errors_reword(const char *fmt, const char *arg, const char *section, bool hosts, int first);

/** errors_free(list): free all and leave an empty list. */
void errors_free(struct errors_list *list);

#endif
