// SPDX-License-Identifier: ISC
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/rsync/transfer.h"
#include "flashback/lib/event.h"

static int signals;

static int
setup_all(void **state)
{
	(void)state;
	signals = event_open();
	return signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 ? -1 : 0;
}

static void
keep_progress(void *arg, const struct output_progress *progress)
{
	*(struct output_progress *)arg = *progress;
}

/* Run a script as the transfer's program. */
static int
run_script(const char *script, int64_t patience, struct output_progress *shown,
           struct transfer_end *end)
{
	struct text_list argv = {0};
	struct transfer t = {
	    .argv = &argv,
	    .dir = -1,
	    .lock = -1,
	    .signals = signals,
	    .progress = shown != NULL ? keep_progress : NULL,
	    .progress_arg = shown,
	    .patience = patience,
	};
	int rc;

	assert_int_equal(text_list_add(&argv, "/bin/sh"), 0);
	assert_int_equal(text_list_add(&argv, "-c"), 0);
	assert_int_equal(text_list_add(&argv, script), 0);
	rc = transfer_run(&t, end);
	text_list_free(&argv);
	return rc;
}

static void
test_words_and_status(void **state)
{
	struct transfer_end end;
	struct output_progress shown = {.percent = -1};

	(void)state;
	assert_int_equal(run_script("printf '         100  50%%    1.00kB/s    0:00:02 (xfr#1, "
	                            "to-chk=1/4)\\r         200  60%%    1.00kB/s    0:00:09  "
	                            "\\rNumber of files: 12\\n'; exit 24",
	                            60, &shown, &end),
	                 0);
	assert_true(WIFEXITED(end.status));
	assert_int_equal(WEXITSTATUS(end.status), 24);
	assert_int_equal(end.stop, VERDICT_STOP_NO);
	assert_true(end.words.stats.seen);
	assert_int_equal(end.words.stats.files, 12);
	assert_int_equal(end.progress.percent, 75);
	assert_int_equal(end.progress.left, 9);
	assert_int_equal(shown.percent, 75);
}

static void
test_program_that_is_not_there(void **state)
{
	struct text_list argv = {0};
	struct transfer t = {
	    .argv = &argv, .dir = -1, .lock = -1, .signals = signals, .patience = 27};
	struct transfer_end end;

	(void)state;
	assert_int_equal(text_list_add(&argv, "/nonexistent/rsync"), 0);
	assert_int_equal(transfer_run(&t, &end), 0);
	assert_int_equal(WEXITSTATUS(end.status), 127);
	assert_non_null(strstr(end.words.last_error, "/nonexistent/rsync"));
	text_list_free(&argv);
}

/* The script tells us to stop; it is this process that the signal must reach. */
static void
test_told_to_stop(void **state)
{
	struct transfer_end end;

	(void)state;
	assert_int_equal(run_script("kill -TERM $PPID; exec sleep 100", 60, NULL, &end), 0);
	assert_int_equal(end.stop, VERDICT_STOP_SIGNAL);
	assert_true(WIFSIGNALED(end.status));
	assert_int_equal(WTERMSIG(end.status), SIGTERM);
	assert_int_equal(run_script("kill -USR2 $PPID; exec sleep 100", 60, NULL, &end), 0);
	assert_int_equal(end.stop, VERDICT_STOP_ROOM);
}

static void
test_silence_is_the_end(void **state)
{
	struct transfer_end end;

	(void)state;
	assert_int_equal(run_script("exec sleep 100", 1, NULL, &end), 0);
	assert_int_equal(end.stop, VERDICT_STOP_STALL);
}

/* A program that works without a word is healthy: three seconds of silence, with CPU used. */
static void
test_work_is_life(void **state)
{
	struct transfer_end end;

	(void)state;
	assert_int_equal(run_script("end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; "
	                            "do :; done; exit 7",
	                            1, NULL, &end),
	                 0);
	assert_int_equal(end.stop, VERDICT_STOP_NO);
	assert_int_equal(WEXITSTATUS(end.status), 7);
}

/* What the main process leaves behind in its session is ended before we go on. */
static void
test_nothing_is_left(void **state)
{
	char path[] = "/tmp/transfer.XXXXXX", script[160], text[32] = "";
	struct transfer_end end;
	pid_t left;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(script, sizeof(script), "sleep 100 & echo $! > %s; exit 0", path);
	assert_int_equal(run_script(script, 60, NULL, &end), 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	left = (pid_t)strtol(text, NULL, 10);
	assert_true(left > 1);
	assert_int_equal(kill(left, 0), -1);
	assert_int_equal(errno, ESRCH);
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words_and_status),
	    cmocka_unit_test(test_program_that_is_not_there),
	    cmocka_unit_test(test_told_to_stop),
	    cmocka_unit_test(test_silence_is_the_end),
	    cmocka_unit_test(test_work_is_life),
	    cmocka_unit_test(test_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, setup_all, NULL);
}
