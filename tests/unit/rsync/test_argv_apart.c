// SPDX-License-Identifier: ISC
#include "rows.h"

#include "flashback/rsync/argv.h"

/* A local sender that merges files is not to be confined; all others stay as they are. */
static void
test_sender_apart(void **state)
{
	static const struct {
		const char *source, *option;
		bool apart;
	} rows[] = {
	    {"source=/home/", "rsync_options=--filter=: .rsync-filter", true},
	    {"source=/home/", "rsync_options=--filter=dir-merge,e .f", true},
	    {"source=/home/", "rsync_options=--filter=. /etc/rules", true},
	    {"source=/home/", "rsync_options=--filter=merge /etc/rules", true},
	    {"source=/home/", "rsync_options=--filter=- /x", false},
	    {"source=/home/", "rsync_options=--filter=exclude .f", false},
	    {"source=/home/", "rsync_options=--exclude-from=/f", false},
	    {"source=/home/", "rsync_options=--include=: .f", false},
	    {"source=h:/home/", "rsync_options=--filter=: .rsync-filter", false},
	    {"source=rsync://h/home/", "rsync_options=--filter=: .rsync-filter", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows) * 2; i++) {
		const bool confined = i < LENGTH(rows);
		const bool apart = confined && rows[i % LENGTH(rows)].apart;
		struct volume *v = rows_volume("here/v", rows[i % LENGTH(rows)].source,
		                               rows[i % LENGTH(rows)].option, NULL);
		const struct argv_job job = {.volume = v,
		                             .program = "/usr/bin/rsync",
		                             .version = {.confine_root = confined},
		                             .target = "4.working",
		                             .root = "/s"};
		struct text_list argv = {0};

		assert_int_equal(argv_rsync(&job, &argv), 0);
		assert_int_equal(text_list_has(&argv, "apart=sender:/home/"), apart);
		assert_int_equal(!text_list_has(&argv, v->source), apart);
		assert_int_equal(text_list_has(&argv, "/usr/bin/env"), apart);
		assert_int_equal(text_list_has(&argv, "-s"), apart);
		assert_int_equal(text_list_has(&argv, "--rsync-path=/usr/bin/rsync"), apart);
		assert_int_equal(text_list_has(&argv, "--confine-root=/s"), confined);
		text_list_free(&argv);
		volume_free(v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sender_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
