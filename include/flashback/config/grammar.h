// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_GRAMMAR_H
#define FLASHBACK_GRAMMAR_H

#include "flashback/config/token.h"

/*
 * The form of a config file: which token may follow which.
 *
 *     file = { option | section }
 *     option = name "=" ( value | "{" [ value { "," value } [ "," ] ] "}" )
 *     section = name [ value ] "{" { option | section } "}"
 *
 * Core: no I/O.
 */

/** What is expected next. */
enum grammar_state {
	GRAMMAR_STATEMENT, /* an option or section, or the end of what is around */
	GRAMMAR_NAMED,     /* after a name */
	GRAMMAR_TITLED,    /* after a name and a title */
	GRAMMAR_VALUE,     /* after '=' */
	GRAMMAR_ITEM,      /* within a list, where a value may stand */
	GRAMMAR_SEPARATOR, /* within a list, after a value */
	GRAMMAR_WRONG      /* nothing: this cannot be */
};

/** What a token leads to, and the words for one that leads nowhere. */
struct grammar_step {
	enum grammar_state next;
	bool at_name; /* the fault lies where the name stands, not here */
	const char *wrong;
};

/** grammar_step(state, kind): kind is not TOKEN_CUT. */
const struct grammar_step *grammar_step(enum grammar_state state, enum token_kind kind);

#endif
