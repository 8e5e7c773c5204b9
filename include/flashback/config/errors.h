// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ERRORS_H
#define FLASHBACK_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/lib/text.h"

/* What is wrong with a config, and where: collected in any order, reported in the order of the
 * files; and libconfuse's errors in words of ours.  Core: no I/O. */

#define ERRORS_MAX 1000 /* as many as anybody will read; the rest is only counted */

struct errors {
	const char *file; /* borrowed */
	int line;         /* 0: about the file as a whole */
	char *text;
};

struct errors_list {
	struct errors *item;
	size_t n;
	unsigned more; /* that were not kept */
	bool lost;     /* memory ran out: there are more than are here */
};

/** errors_add(list, file, line, fmt, ...): one more.  Never fails; without memory it sets lost. */
void errors_add(struct errors_list *list, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/**
 * errors_take(list, file, line, subject, why):
 * Add "SUBJECT: WHY", or WHY alone for no subject, and free why, which a check put there; NULL is
 * no memory.
 */
void errors_take(struct errors_list *list, const char *file, int line, const char *subject,
                 char *why);

/**
 * errors_report(list, first, out):
 * Append each fault to out as "FILE:LINE: text" (without ":LINE" for line 0): those of the file
 * first (the same pointer) before the others, by line, each but once; then how many more there are.
 * Whatever the names and texts hold, each line can be shown, as text_clean leaves it.  Return 0, or
 * -1 with ENOMEM.
 */
int errors_report(struct errors_list *list, const char *first, struct text_list *out);

/**
 * errors_reword(fmt, arg, section, hosts, first):
 * What libconfuse reports by fmt with the one argument arg, of a file (hosts: hosts.conf) within a
 * section of this name, in new memory, NULL with ENOMEM.  first is the line of the section whose
 * title is a duplicate.
 */
char *errors_reword(const char *fmt, const char *arg, const char *section, bool hosts, int first);

/** errors_free(list): free all and leave an empty list. */
void errors_free(struct errors_list *list);

#endif
