// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SUGGEST_H
#define FLASHBACK_SUGGEST_H

/* "Did you mean": the known name closest to a mistyped one.  Core: no I/O. */

/** Start with {.word = WORD}, try each name, then read best (borrowed; NULL: none is close). */
struct suggest {
	const char *word;
	const char *best;
	unsigned distance; /* of best */
};

/** suggest_try(n, name): is name nearer than what was tried before, and near enough to be meant? */
void suggest_try(struct suggest *n, const char *name);

#endif
