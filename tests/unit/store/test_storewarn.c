// SPDX-License-Identifier: ISC
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

/* That the store was on a disk of its own is known until the note is gone, and for its path
 * alone. */
static void
test_note(void **state)
{
	struct scratch *s = *state;
	char beside[300], store[300];

	NEEDS_ROOT();
	snprintf(beside, sizeof(beside), "%s/run/pid", s->path);
	snprintf(store, sizeof(store), "%s/disk", s->path);
	make_dir("run");
	make_dir("disk");
	assert_int_equal(mount("none", "disk", "tmpfs", 0, "size=64k,mode=700"), 0);
	assert_false(storewarn_noted(beside, store));
	storewarn_note(beside, "/");
	assert_false(is_there("run/data_dir"));
	storewarn_note(beside, store);
	assert_true(storewarn_noted(beside, store));
	assert_false(storewarn_noted(beside, "/backup"));
	assert_int_equal(umount("disk"), 0);
	assert_true(storewarn_noted(beside, store));
	assert_int_equal(unlink("run/data_dir"), 0);
	assert_false(storewarn_noted(beside, store));
	storewarn_note("/dev/null/pid", store); /* nowhere to note it */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_warning, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_note, scratch_setup, scratch_teardown),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
