// SPDX-License-Identifier: ISC
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "flashback/daemon/notify.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"

static char dir[] = "/tmp/notify.XXXXXX";
static char out[64];
static int signals;

static int
setup_all(void **state)
{
	(void)state;
	signals = event_open();
	if (signals < 0 || mkdtemp(dir) == NULL)
		return -1;
	snprintf(out, sizeof(out), "%s/out", dir);
	return 0;
}

static int
teardown_all(void **state)
{
	(void)state;
	close(signals);
	unlink(out);
	return rmdir(dir);
}

static void
make_command(struct text_list *command, const char *script)
{
	assert_int_equal(text_list_add(command, "/bin/sh"), 0);
	assert_int_equal(text_list_add(command, "-c"), 0);
	assert_int_equal(text_list_add(command, script), 0);
}

/* As the daemon's loop does it, until nothing is left to tell. */
static void
step_until_idle(struct notify *n, const struct text_list *command)
{
	int64_t until = clock_mono() + 120000;
	struct event_signals taken;
	bool ready;

	notify_step(n, command);
	while (notify_busy(n)) {
		assert_true(clock_mono() < until);
		event_wait(&signals, 1, &ready, clock_mono() + 200);
		event_read(signals, &taken);
		notify_step(n, command);
	}
}

static void
test_one_after_the_other(void **state)
{
	struct notify n = {.dropped = 0};
	struct text_list command = {0};
	struct notify_event failed = {.event = "failed",
	                              .volume = "kimono/home",
	                              .state = "FAILED",
	                              .reason = "no; rsync $(x)"};
	struct notify_event disk = {
	    .event = "disk", .volume = "", .state = "disk", .reason = "it went away"};
	char script[200], *text;
	size_t len;

	(void)state;
	snprintf(script, sizeof(script),
	         "{ cat; echo "
	         "\"$FLASHBACK_EVENT|$FLASHBACK_VOLUME|$FLASHBACK_STATE|$FLASHBACK_REASON\"; "
	         "} >> %s",
	         out);
	make_command(&command, script);
	assert_false(notify_busy(&n));
	notify_add(&n, &failed);
	notify_add(&n, &disk);
	assert_true(notify_busy(&n));
	step_until_idle(&n, &command);
	assert_int_equal(file_read(AT_FDCWD, out, 4096, &text, &len), 0);
	assert_string_equal(text, "kimono/home failed: no; rsync $(x)\n"
	                          "failed|kimono/home|FAILED|no; rsync $(x)\n"
	                          "disk: it went away\n"
	                          "disk||disk|it went away\n");
	free(text);
	text_list_free(&command);
	notify_free(&n);
}

static void
test_no_storm(void **state)
{
	struct notify n = {.dropped = 0};
	struct text_list none = {0};
	struct notify_event e = {.event = "failed", .volume = "a/b", .state = "", .reason = ""};

	(void)state;
	for (int i = 0; i < NOTIFY_WAITING + 7; i++)
		notify_add(&n, &e);
	assert_int_equal(n.waiting, NOTIFY_WAITING);
	assert_int_equal(n.dropped, 7);
	notify_step(&n, &none);
	assert_false(notify_busy(&n));
	notify_free(&n);
}

static bool
is_news(struct table_row *row, enum result result, int64_t fresh)
{
	struct notify n = {.dropped = 0};
	bool news;

	row->seen.last.result = result;
	row->seen.last.fresh = fresh;
	notify_end(&n, row);
	news = notify_busy(&n);
	notify_free(&n);
	return news;
}

static void
test_what_is_news(void **state)
{
	char id[] = "a/b";
	struct volume v = {.id = id};
	struct table_row row = {.volume = &v};

	(void)state;
	assert_false(is_news(&row, RESULT_SUCCEEDED, 0));
	assert_true(is_news(&row, RESULT_PARTIAL, 0));
	assert_false(is_news(&row, RESULT_PARTIAL, 0));
	assert_true(is_news(&row, RESULT_PARTIAL, 2));
	assert_false(is_news(&row, RESULT_PARTIAL, 0));
	assert_true(is_news(&row, RESULT_FAILED, 0));
	assert_false(is_news(&row, RESULT_FAILED, 0));
	assert_true(is_news(&row, RESULT_SUCCEEDED, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_after_the_other),
	    cmocka_unit_test(test_no_storm),
	    cmocka_unit_test(test_what_is_news),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
