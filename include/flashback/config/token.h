// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TOKEN_H
#define FLASHBACK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/config/errors.h"

/* The words, strings and marks of a config file; comments and blanks are passed over.  Core: works
 * on a buffer. */

enum token_kind {
	TOKEN_WORD,   /* bare: daily, 10, root@host:/home/ */
	TOKEN_STRING, /* '...' or "..." */
	TOKEN_EQUALS,
	TOKEN_OPEN,  /* { */
	TOKEN_CLOSE, /* } */
	TOKEN_COMMA,
	TOKEN_END, /* of the file */
	TOKEN_CUT, /* nothing that follows can be made sense of; the fault is told */
	TOKEN_KINDS
};

struct token {
	enum token_kind kind;
	int line;          /* where it begins */
	const char *start; /* as it stands in the file; of a string, what the quotes hold */
	size_t len;
	char quote;  /* of a string */
	bool faulty; /* a word or string that a fault has been told of */
};

/** Set text, end, line = 1, file and faults, then call token_next until END or CUT. */
struct token_reader {
	const char *text, *end;
	int line;
	const char *file;
	struct errors_list *faults;
};

/**
 * token_next(r, t):
 * Read the next token.  What is wrong with it is added to faults; if it still can be told where the
 * token ends, it is returned all the same.
 */
void token_next(struct token_reader *r, struct token *t);

/**
 * token_unquote(t, &at):
 * The characters that a word or string stands for, one a call, with at = 0 at first; -1 at its end.
 * Within "..." a backslash takes the meaning from a following " or \, and joins a line to the next;
 * everything else stands for itself.
 */
int token_unquote(const struct token *t, size_t *at);

#endif
