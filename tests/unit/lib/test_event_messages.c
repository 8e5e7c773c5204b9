// SPDX-License-Identifier: ISC
#include "unit.h"

/* What children send, and what they fail to send. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"

/* Messages of all sizes; one that is too large is refused. */
static int
send_sizes(int out, void *arg)
{
	char bytes[EVENT_SIZE + 1];

	(void)arg;
	for (size_t size = 0; size <= EVENT_SIZE; size++) {
		memset(bytes, (int)(size % 251), sizeof(bytes));
		if (event_send(out, bytes, size) != 0)
			return 1;
	}
	if (event_send(out, bytes, EVENT_SIZE + 1) == 0 || errno != EMSGSIZE)
		return 2;
	return 0;
}

static void
messages_of_every_size_are_whole(void **state)
{
	(void)state;
	unsigned char bytes[EVENT_SIZE];
	enum event_news news;
	struct event_child c;
	size_t size = 0;
	bool ready;

	assert_int_equal(event_fork(&c, send_sizes, NULL), 0);
	while ((news = event_next(&c, bytes, sizeof(bytes))) != EVENT_ENDED) {
		if (news == EVENT_NOTHING) {
			event_wait(&c.fd, c.fd >= 0, &ready, clock_mono() + 1);
			continue;
		}
		for (size_t i = 0; i < sizeof(bytes); i++)
			if (bytes[i] != (i < size ? size % 251 : 0))
				fail_msg("byte %zu of %zu is %d", i, size, bytes[i]);
		size++;
	}
	assert_int_equal(size, EVENT_SIZE + 1);
	assert_int_equal(c.status, 0);
	event_close(&c);
}

static void
a_message_that_is_too_large_is_dropped(void **state)
{
	(void)state;
	unsigned char small[8];
	struct event_child c;
	size_t n = 0;

	assert_int_equal(event_fork(&c, send_sizes, NULL), 0);
	for (enum event_news news = EVENT_NOTHING; news != EVENT_ENDED;) {
		news = event_next(&c, small, sizeof(small));
		n += news == EVENT_MESSAGE;
	}
	assert_int_equal(n, sizeof(small) + 1);
	event_close(&c);
}

/* What is no message at all, and a message that its sender did not live to send wholly. */
static int
send_rubbish(int out, void *arg)
{
	const uint32_t size = 100;

	(void)event_send(out, "before", sizeof("before"));
	if (*(bool *)arg)
		return write(out, "this is a text and no message", 29) != 29;
	return write(out, &size, sizeof(size)) != sizeof(size) || write(out, "half", 4) != 4;
}

static void
rubbish_is_not_taken_for_a_message(void **state)
{
	(void)state;
	char text[64];
	struct event_child c;

	for (int i = 0; i < 2; i++) {
		bool is_text = i == 0, ready;
		enum event_news news;

		assert_int_equal(event_fork(&c, send_rubbish, &is_text), 0);
		while ((news = event_next(&c, text, sizeof(text))) == EVENT_NOTHING)
			event_wait(&c.fd, c.fd >= 0, &ready, clock_mono() + 10000);
		assert_string_equal(text, "before");
		while ((news = event_next(&c, text, sizeof(text))) == EVENT_NOTHING)
			event_wait(&c.fd, c.fd >= 0, &ready, clock_mono() + 10);
		assert_int_equal(news, EVENT_ENDED);
		assert_int_equal(c.status, 0);
		event_close(&c);
	}
}

/* A child that is killed while it sends has sent whole messages. */
static int
send_without_end(int out, void *arg)
{
	char bytes[EVENT_SIZE];

	(void)arg;
	memset(bytes, 'x', sizeof(bytes));
	while (event_send(out, bytes, sizeof(bytes)) == 0)
		;
	return 1;
}

static void
a_killed_child_leaves_no_half(void **state)
{
	(void)state;
	char bytes[EVENT_SIZE];
	enum event_news news;
	struct event_child c;
	bool ready;

	assert_int_equal(event_fork(&c, send_without_end, NULL), 0);
	assert_int_equal(event_wait(&c.fd, 1, &ready, clock_mono() + 10000), 1);
	event_kill(&c, SIGKILL);
	while ((news = event_next(&c, bytes, sizeof(bytes))) != EVENT_ENDED)
		assert_true(news == EVENT_NOTHING ||
		            (bytes[0] == 'x' && bytes[sizeof(bytes) - 1] == 'x'));
	assert_int_equal(c.len, 0);
	event_close(&c);
}

static int
flood(int out, void *arg)
{
	(void)arg;
	while (event_send(out, "flood", sizeof("flood")) == 0)
		;
	return errno == EPIPE ? 9 : 1;
}

static void
a_flood_leaves_the_loop_alive(void **state)
{
	(void)state;
	char text[64];
	struct event_child c;
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	bool ready;

	signal(SIGPIPE, SIG_DFL); /* the child is to ignore it by itself */
	assert_int_equal(event_fork(&c, flood, NULL), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(event_wait(&c.fd, 1, &ready, clock_mono() + 10000), 1);
	assert_int_equal(dup2(zero, c.fd), c.fd); /* empty messages without an end */
	while (event_next(&c, text, sizeof(text)) == EVENT_MESSAGE)
		;
	assert_true(c.fd >= 0);
	close(zero);
	while (!event_reaped(&c))
		usleep(1000);
	assert_true(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 9);
	event_close(&c);
}

static int
send_last(int out, void *arg)
{
	(void)arg;
	return event_send(out, "last", sizeof("last"));
}

/* However much has been read of a child in one go, what it sent before its end is not lost. */
static void
the_last_message_is_read(void **state)
{
	(void)state;
	char text[64];
	struct event_child c;
	siginfo_t si;

	assert_int_equal(event_fork(&c, send_last, NULL), 0);
	assert_int_equal(waitid(P_PID, (id_t)c.pid, &si, WEXITED | WNOWAIT), 0);
	c.reads = 1000;
	assert_int_equal(event_next(&c, text, sizeof(text)), EVENT_MESSAGE);
	assert_string_equal(text, "last");
	assert_int_equal(event_next(&c, text, sizeof(text)), EVENT_ENDED);
	event_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_of_every_size_are_whole),
	    cmocka_unit_test(a_message_that_is_too_large_is_dropped),
	    cmocka_unit_test(rubbish_is_not_taken_for_a_message),
	    cmocka_unit_test(a_killed_child_leaves_no_half),
	    cmocka_unit_test(a_flood_leaves_the_loop_alive),
	    cmocka_unit_test(the_last_message_is_read),
	};

	alarm(60);
	close(event_open()); /* signals stay blocked, as in the daemon */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
