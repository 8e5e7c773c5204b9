// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"

#include "flashback/store/store.h"
#include "flashback/store/storewarn.h"

/* Make the working directory a store and open it. */
static struct store
open_store(const struct scratch *s)
{
	struct store store;
	char *why;

	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\n");
	assert_int_equal(store_open(s->path, &store, &why), 0);
	return store;
}

static void
test_warning(void **state)
{
	struct scratch *s = *state;
	struct store store = open_store(s);
	char *words;

	assert_null(storewarn_text("/backup", &store));
	assert_int_equal(chmod(s->path, 0750), 0);
	words = storewarn_text("/backup", &store);
	assert_string_equal(words,
	                    "/backup is open to other users (mode 0750), who can read what was"
	                    " backed up: chmod 700 /backup");
	free(words);
	if (geteuid() == 0) {
		assert_int_equal(chown(s->path, 1234, 0), 0);
		words = storewarn_text("/backup", &store);
		assert_string_equal(words,
		                    "/backup belongs to user 1234, who can change every backup"
		                    " in it: chown it");
		free(words);
	}
	store_close(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_warning, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
