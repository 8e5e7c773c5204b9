// SPDX-License-Identifier: ISC
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/log.h"

/* Standard error, turned into a pipe while a test runs. */
struct capture {
	int saved, fd;
	char text[2 * PIPE_BUF];
};

static void
capture_begin(struct capture *c)
{
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	c->saved = dup(STDERR_FILENO);
	assert_int_equal(dup2(p[1], STDERR_FILENO), STDERR_FILENO);
	close(p[1]);
	c->fd = p[0];
}

static void
capture_end(struct capture *c)
{
	ssize_t n;

	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	n = read(c->fd, c->text, sizeof(c->text) - 1);
	c->text[n > 0 ? n : 0] = '\0';
	close(c->fd);
}

/* Name the stream that standard error is now, off by so much, as systemd would. */
static void
set_journal_stream(unsigned off)
{
	struct stat st;
	char text[64];

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
	         (unsigned long long)st.st_ino + off);
	assert_int_equal(setenv("JOURNAL_STREAM", text, 1), 0);
}

static void
a_line_has_its_time(void **state)
{
	(void)state;
	struct capture c;

	setenv("TZ", "CET-1", 1);
	setenv("FLASHBACK_TEST_NOW", "1795400000", 1);
	capture_begin(&c);
	log_open(false, false);
	log_say(LOG_LEVEL_INFO, "kimono/home: %s", "started");
	capture_end(&c);
	unsetenv("FLASHBACK_TEST_NOW");
	unsetenv("TZ");
	assert_string_equal(c.text, "2026-11-23 03:13:20 kimono/home: started\n");
}

static void
journald_gets_levels(void **state)
{
	(void)state;
	struct capture c;

	capture_begin(&c);
	set_journal_stream(0);
	log_open(false, true);
	log_say(LOG_LEVEL_ERROR, "e");
	log_say(LOG_LEVEL_WARNING, "w");
	log_say(LOG_LEVEL_INFO, "i");
	log_say(LOG_LEVEL_DEBUG, "d");
	capture_end(&c);
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(c.text, "<3>e\n<4>w\n<6>i\n<7>d\n");
}

static void
a_foreign_stream_is_not_journald(void **state)
{
	(void)state;
	struct capture c;

	capture_begin(&c);
	set_journal_stream(1);
	log_open(false, false);
	log_say(LOG_LEVEL_ERROR, "x");
	setenv("JOURNAL_STREAM", "words", 1);
	log_open(false, false);
	log_say(LOG_LEVEL_ERROR, "y");
	capture_end(&c);
	unsetenv("JOURNAL_STREAM");
	assert_null(strchr(c.text, '<'));
	assert_non_null(strstr(c.text, " x\n"));
	assert_non_null(strstr(c.text, " y\n"));
}

static void
debug_only_when_verbose(void **state)
{
	(void)state;
	struct capture c;

	capture_begin(&c);
	log_open(false, false);
	log_say(LOG_LEVEL_DEBUG, "hidden");
	log_errno(LOG_LEVEL_DEBUG, "hidden");
	log_open(false, true);
	log_say(LOG_LEVEL_DEBUG, "shown");
	capture_end(&c);
	assert_null(strstr(c.text, "hidden"));
	assert_non_null(strstr(c.text, "shown"));
}

static void
errno_is_told_and_survives(void **state)
{
	(void)state;
	struct capture c;

	capture_begin(&c);
	log_open(false, false);
	errno = ENOSPC;
	log_errno(LOG_LEVEL_ERROR, "%s", "/backup");
	assert_int_equal(errno, ENOSPC);
	close(STDERR_FILENO);
	log_say(LOG_LEVEL_ERROR, "no one hears this");
	assert_int_equal(errno, ENOSPC);
	capture_end(&c);
	assert_non_null(strstr(c.text, " /backup: No space left on device\n"));
}

static void
one_event_is_one_line(void **state)
{
	(void)state;
	struct capture c;

	capture_begin(&c);
	log_open(false, false);
	log_say(LOG_LEVEL_INFO, "a\nb\033[2Jc\td");
	capture_end(&c);
	assert_non_null(strstr(c.text, " a\\012b\\033[2Jc\\011d\n"));
}

static void
a_long_line_is_cut_and_stays_a_line(void **state)
{
	(void)state;
	static char words[3 * PIPE_BUF];
	const int fill[] = {'x', '\n'};

	for (size_t i = 0; i < 2; i++) {
		struct capture c;
		size_t len;

		memset(words, fill[i], sizeof(words) - 1);
		capture_begin(&c);
		log_open(false, false);
		errno = EIO;
		log_errno(LOG_LEVEL_INFO, "%s", words);
		capture_end(&c);
		len = strlen(c.text);
		assert_in_range(len, PIPE_BUF - 8, PIPE_BUF);
		assert_ptr_equal(strchr(c.text, '\n'), c.text + len - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_has_its_time),
	    cmocka_unit_test(journald_gets_levels),
	    cmocka_unit_test(a_foreign_stream_is_not_journald),
	    cmocka_unit_test(debug_only_when_verbose),
	    cmocka_unit_test(errno_is_told_and_survives),
	    cmocka_unit_test(one_event_is_one_line),
	    cmocka_unit_test(a_long_line_is_cut_and_stays_a_line),
	};

	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
