// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/grammar.h"

/* Where a row of tokens, a letter each, leads. */
static const struct grammar_step *
follow(const char *tokens)
{
	static const char letters[] = "ws={},.";
	const struct grammar_step *step = NULL;
	enum grammar_state state = GRAMMAR_STATEMENT;

	for (; *tokens != '\0'; tokens++) {
		assert_int_not_equal(state, GRAMMAR_WRONG);
		step = grammar_step(state, (enum token_kind)(strchr(letters, *tokens) - letters));
		state = step->next;
	}
	return step;
}

static void
test_good(void **state)
{
	static const char *const files[] = {
	    ".",       "w=w.",        "w=s.",         "w={}.",       "w={w}.",
	    "w={w,}.", "w={s,w,s}.",  "w=ww=s.",      "w{}.",        "ww{}.",
	    "ws{}.",   "ws{w=ww=w}.", "ws{ws{w=w}}.", "w={s}w={s}.", "w{w={w}w{}}w=w.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct grammar_step *step = follow(files[i]);

		if (step->next != GRAMMAR_STATEMENT || step->wrong != NULL)
			fail_msg("%s", files[i]);
	}
}

static void
test_bad(void **state)
{
	static const char *const files[] = {
	    "s",      "=",     "{",    ",",     "w}",   "w,",    "w.",      "www",
	    "wws",    "ww=",   "ww}",  "w==",   "w=}",  "w=,",   "w=.",     "w=w,",
	    "w=s=",   "w={,",  "w={=", "w={{",  "w={.", "w={ww", "w={w=",   "w={w{",
	    "w={w,,", "w={w.", "w=ws", "w={}s", "w=w{", "ws{,",  "ws{w=w,",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct grammar_step *step = follow(files[i]);

		if (step->next != GRAMMAR_WRONG || step->wrong == NULL)
			fail_msg("%s", files[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests_name("grammar", tests, NULL, NULL);
}
