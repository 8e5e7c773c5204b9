// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_NEAR_H
#define FLASHBACK_NEAR_H

/* "Did you mean": the known name that a mistyped one is closest to.  Core: no I/O. */

/** Start with {.word = WORD}, try each name, then read best (borrowed; NULL: none is near). */
struct near {
	const char *word;
	const char *best;
	unsigned distance; /* of best */
};

/** near_try(n, name): is name nearer than what was tried before, and near enough to be meant? */
void near_try(struct near *n, const char *name);

#endif
