// SPDX-License-Identifier: ISC
#include "flashback/config/grammar.h"

#include <assert.h>
#include <stddef.h>

#define STATES GRAMMAR_WRONG

/* Where a token leads; or that it leads nowhere, and what is to be said of it or of the name. */
#define TO(state)                                                                                  \
	{                                                                                          \
		state, false, NULL                                                                 \
	}
#define BAD(words)                                                                                 \
	{                                                                                          \
		GRAMMAR_WRONG, false, words                                                        \
	}
#define BAD_NAME(words)                                                                            \
	{                                                                                          \
		GRAMMAR_WRONG, true, words                                                         \
	}

#define NO_SIGN BAD_NAME("what must follow is = and a value, or of a section its name and {")
#define NO_VALUE BAD_NAME("a value is missing after the '='")
#define NO_END BAD_NAME("the list that begins here is not closed: } is missing")
#define NO_COMMA BAD("a comma is missing in the list before this, or its }")

static const struct grammar_step steps[STATES][TOKEN_CUT] = {
    [GRAMMAR_STATEMENT] =
        {
            [TOKEN_WORD] = TO(GRAMMAR_NAMED),
            [TOKEN_STRING] = BAD("a string stands where an option or section should begin: names "
                                 "have no quotes, and several values are a list, { 'a', 'b' }"),
            [TOKEN_EQUALS] = BAD("there is no name of an option before the '='; a value with = in "
                                 "it must stand in quotes"),
            [TOKEN_OPEN] = BAD("there is no name of a section before the {"),
            [TOKEN_CLOSE] = TO(GRAMMAR_STATEMENT),
            [TOKEN_COMMA] =
                BAD("there is no list that this comma could be in; several values are a "
                    "list, { 'a', 'b' }"),
            [TOKEN_END] = TO(GRAMMAR_STATEMENT),
        },
    [GRAMMAR_NAMED] =
        {
            [TOKEN_WORD] = TO(GRAMMAR_TITLED),
            [TOKEN_STRING] = TO(GRAMMAR_TITLED),
            [TOKEN_EQUALS] = TO(GRAMMAR_VALUE),
            [TOKEN_OPEN] = TO(GRAMMAR_STATEMENT),
            [TOKEN_CLOSE] = NO_SIGN,
            [TOKEN_COMMA] = NO_SIGN,
            [TOKEN_END] = NO_SIGN,
        },
    [GRAMMAR_TITLED] =
        {
            [TOKEN_WORD] = NO_SIGN,
            [TOKEN_STRING] = NO_SIGN,
            [TOKEN_EQUALS] = NO_SIGN,
            [TOKEN_OPEN] = TO(GRAMMAR_STATEMENT),
            [TOKEN_CLOSE] = NO_SIGN,
            [TOKEN_COMMA] = NO_SIGN,
            [TOKEN_END] = NO_SIGN,
        },
    [GRAMMAR_VALUE] =
        {
            [TOKEN_WORD] = TO(GRAMMAR_STATEMENT),
            [TOKEN_STRING] = TO(GRAMMAR_STATEMENT),
            [TOKEN_EQUALS] = NO_VALUE,
            [TOKEN_OPEN] = TO(GRAMMAR_ITEM),
            [TOKEN_CLOSE] = NO_VALUE,
            [TOKEN_COMMA] = NO_VALUE,
            [TOKEN_END] = NO_VALUE,
        },
    [GRAMMAR_ITEM] =
        {
            [TOKEN_WORD] = TO(GRAMMAR_SEPARATOR),
            [TOKEN_STRING] = TO(GRAMMAR_SEPARATOR),
            [TOKEN_EQUALS] = NO_END,
            [TOKEN_OPEN] = NO_END,
            [TOKEN_CLOSE] = TO(GRAMMAR_STATEMENT),
            [TOKEN_COMMA] = BAD("a value is missing before the comma"),
            [TOKEN_END] = NO_END,
        },
    [GRAMMAR_SEPARATOR] =
        {
            [TOKEN_WORD] = NO_COMMA,
            [TOKEN_STRING] = NO_COMMA,
            [TOKEN_EQUALS] = BAD("a value with = in it must stand in quotes; or is the list not "
                                 "closed?"),
            [TOKEN_OPEN] = NO_END,
            [TOKEN_CLOSE] = TO(GRAMMAR_STATEMENT),
            [TOKEN_COMMA] = TO(GRAMMAR_ITEM),
            [TOKEN_END] = NO_END,
        },
};

const struct grammar_step *
grammar_step(enum grammar_state state, enum token_kind kind)
{
	assert(state < STATES && kind < TOKEN_CUT);
	return &steps[state][kind];
}
