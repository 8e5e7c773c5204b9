// SPDX-License-Identifier: ISC
#include "unit.h"

#include <sys/wait.h>
#include <time.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/output.h"
#include "flashback/rsync/verdict.h"

#define EXIT(n) ((n) << 8) /* as waitpid gives it */

/* A line of rsync's, of ssh's, or of none. */
static void
hear_random(struct output_words *w)
{
	static const char *const lines[] = {
	    "Number of files: 5",
	    "Number of files: 1",
	    "Number of files: 0",
	    "Number of files: 100000",
	    "rsync: [receiver] write failed on \"/FAILED\": No space left on device (28)",
	    "rsync: [generator] link \"/b\" => a failed: Too many links (31)",
	    "rsync: [sender] opendir \"/SUCCEEDED\\#033[2J\" failed: Permission denied (13)",
	    "file has vanished: \"/s\"",
	    "@ERROR: chdir failed",
	    "@ERROR: FAILED SUCCEEDED \033[2J \303",
	    "rsync: -A: invalid option",
	    "FAILED \033[2J",
	};
	char line[300];
	size_t n = (size_t)rand() % sizeof(line);

	if (rand() % 3 > 0) {
		const char *known = lines[(size_t)rand() % LENGTH(lines)];

		output_line(w, known, strlen(known), rand() % 4 > 0);
		return;
	}
	for (size_t i = 0; i < n; i++)
		line[i] = (char)(rand() % 256);
	output_line(w, line, n, rand() % 2 == 0);
}

static void
check_verdict(const struct verdict_case *c, const struct output_words *w, const struct verdict *v)
{
	char clean[RESULT_TEXT];
	bool complete = v->tree == VERDICT_TREE_COMPLETE;
	int code = WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1;

	assert_true(strlen(v->run.reason) < 200);
	assert_null(strstr(v->run.reason, "FAILED"));
	assert_null(strstr(v->run.reason, "SUCCEEDED"));
	text_clean(clean, sizeof(clean), v->run.reason, strlen(v->run.reason));
	assert_string_equal(clean, v->run.reason);
	assert_int_equal(complete, v->run.result == RESULT_SUCCEEDED);
	assert_int_equal(result_row(v->run.result)->complete, complete);
	assert_int_equal(v->tree == VERDICT_TREE_PARTIAL, v->run.result == RESULT_PARTIAL);
	assert_int_equal(result_row(v->run.result)->partial,
	                 complete || v->run.result == RESULT_PARTIAL);
	if (complete)
		assert_true(w->stats.seen && w->stats.files > 1 && (code == 0 || code == 24));
	if (complete || v->tree == VERDICT_TREE_PARTIAL)
		assert_int_equal(c->stop, VERDICT_STOP_NO);
	if (v->tree == VERDICT_TREE_PARTIAL)
		assert_true(w->stats.seen && w->stats.files > 1 && code == 23);
	if (v->run.result == RESULT_DISK || v->run.result == RESULT_FULL)
		assert_true(c->disk_broken || c->disk_full || c->stop == VERDICT_STOP_ROOM);
	if (c->stop == VERDICT_STOP_SIGNAL)
		assert_int_equal(v->tree, VERDICT_TREE_LEFT);
	if (c->stop == VERDICT_STOP_STALL)
		assert_int_equal(v->tree, VERDICT_TREE_INTERRUPTED);
}

/* Invariant 1, whatever is said: no snapshot without rsync's own end, nothing expires without one.
 */
static void
test_random_runs(void **state)
{
	static const int codes[] = {0, 1, 5, 12, 23, 24, 30, 127, 255};
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 20000; i++) {
		struct output_words w = {0};
		struct verdict v;
		struct verdict_case c = {
		    .status = rand() % 8 == 0 ? 9 : EXIT(codes[(size_t)rand() % LENGTH(codes)]),
		    .stop = rand() % 3 == 0 ? (enum verdict_stop)(rand() % 4) : VERDICT_STOP_NO,
		    .removable = rand() % 2,
		    .disk_broken = rand() % 4 == 0,
		    .disk_full = rand() % 4 == 0,
		    .shrink_guard = rand() % 10001,
		    .files_before = rand() % 20,
		    .patience = rand(),
		};

		for (int n = rand() % 6; n > 0; n--)
			hear_random(&w);
		verdict_make(&c, &w, &v);
		check_verdict(&c, &w, &v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
