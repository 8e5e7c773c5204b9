// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_FAULT_H
#define FLASHBACK_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/text.h"

/* What is wrong with a config, and where: collected in any order, told in the order of the files.
 * Core: no I/O. */

#define FAULT_QUOTE 100 /* large enough for a quoted word, which is cut to fit */
#define FAULT_MAX 1000  /* as many as anybody will read; others are only counted */

struct fault {
	const char *file; /* borrowed */
	int line;         /* 0: about the file as a whole */
	char *text;
};

struct fault_list {
	struct fault *item;
	size_t n;
	unsigned more; /* that were not kept */
	bool lost;     /* memory ran out: there is more wrong than is said here */
};

/** fault_add(list, file, line, fmt, ...): one more.  Never fails; without memory it sets lost. */
void fault_add(struct fault_list *list, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/**
 * fault_take(list, file, line, subject, why):
 * Add "SUBJECT: WHY", or WHY alone for no subject, and free why, which a check put there; NULL is
 * no memory.
 */
void fault_take(struct fault_list *list, const char *file, int line, const char *subject,
                char *why);

/**
 * fault_report(list, first, out):
 * Append each fault to out as "FILE:LINE: text" (without ":LINE" for line 0): those of the file
 * first (the same pointer) before the others, by line, each but once; then how many more there are.
 * Whatever the names and texts hold, each line can be shown, as text_clean leaves it.  Return 0, or
 * -1 with ENOMEM.
 */
int fault_report(struct fault_list *list, const char *first, struct text_list *out);

/** fault_free(list): free all and leave an empty list. */
void fault_free(struct fault_list *list);

/** fault_refuse(why, fmt, ...): put the words into *why (new memory; NULL when there is none left).
 * Return -1, so that a check can end with it. */
int fault_refuse(char **why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** fault_quote(buf, s): s in single quotes, escaped as text_escape does, cut if it is long. */
const char *fault_quote(char buf[FAULT_QUOTE], const char *s);

#endif
