// SPDX-License-Identifier: ISC
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"

/* The texts that a child sent, a line each. */
struct heard {
	char text[200000];
	size_t n;
};

static void __attribute__((format(printf, 2, 3))) say(int out, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)event_send(out, text, strlen(text) + 1);
}

/* Take what is there. */
static enum event_news
hear(struct event_child *c, struct heard *h)
{
	enum event_news news;
	char text[512];

	while ((news = event_next(c, text, sizeof(text))) == EVENT_MESSAGE) {
		size_t used = strlen(h->text);

		h->n++;
		snprintf(h->text + used, sizeof(h->text) - used, "%s\n", text);
	}
	return news;
}

/* How long anything is waited for: what only a fault comes to, on a slow and busy machine too. */
#define PATIENCE_MS 120000

/* Hear a child out and see it end. */
static void
hear_out(struct event_child *c, struct heard *h)
{
	int64_t deadline = clock_mono() + PATIENCE_MS;
	bool ready;

	while (hear(c, h) != EVENT_ENDED) {
		assert_true(clock_mono() < deadline);
		event_wait(&c->fd, c->fd >= 0, &ready, clock_mono() + 1);
	}
}

/* Wait for its first message, which says that it has come so far. */
static void
hear_first(struct event_child *c, struct heard *h)
{
	bool ready;

	while (hear(c, h) == EVENT_NOTHING && h->n == 0)
		assert_int_equal(event_wait(&c->fd, 1, &ready, clock_mono() + PATIENCE_MS), 1);
	assert_true(h->n > 0);
}

static int
say_words(int out, void *arg)
{
	say(out, "%s", (const char *)arg);
	say(out, "and %d", 2);
	return 7;
}

static void
a_child_sends_messages_and_ends(void **state)
{
	(void)state;
	static struct heard h;
	struct event_child c;

	h = (struct heard){.n = 0};
	assert_int_equal(event_fork(&c, say_words, (char[]){"one"}), 0);
	assert_true(c.pid > 0);
	hear_out(&c, &h);
	assert_string_equal(h.text, "one\nand 2\n");
	assert_true(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 7);
	event_kill(&c, SIGKILL); /* must not hit whoever has that number now */
	event_close(&c);
	assert_int_equal(c.pid, 0);
	assert_false(event_reaped(&c));
}

static int
say_what_is_open(int out, void *arg)
{
	char text[512] = "";
	DIR *d = opendir("/proc/self/fd");

	(void)arg;
	for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.' && atol(e->d_name) != dirfd(d) && atol(e->d_name) > 2)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s ",
			         e->d_name, atol(e->d_name) == out ? "=out" : "");
	say(out, "%ssession=%d cloexec=%d", text, getsid(0) == getpid(),
	    fcntl(out, F_GETFD) == FD_CLOEXEC);
	return 0;
}

static void
a_child_has_nothing_of_ours(void **state)
{
	(void)state;
	static struct heard h;
	struct event_child c;
	int extra[20];

	for (int round = 0; round < 2; round++) {
		/* In the second round the pipe's number is far from 3. */
		for (size_t i = 0; i < 20 && round == 1; i++)
			extra[i] = open("/dev/null", O_RDONLY); /* not CLOEXEC on purpose */
		h = (struct heard){.n = 0};
		assert_int_equal(event_fork(&c, say_what_is_open, NULL), 0);
		hear_out(&c, &h);
		event_close(&c);
		assert_string_equal(h.text, "3=out session=1 cloexec=1\n");
		for (size_t i = 0; i < 20 && round == 1; i++)
			close(extra[i]);
	}
}

static int
sleep_long(int out, void *arg)
{
	(void)arg;
	say(out, "ready");
	for (int i = 0; i < 1000; i++)
		sleep(1);
	return 0;
}

static void
term_ends_a_child_that_reads_no_signals(void **state)
{
	(void)state;
	static struct heard h;
	struct event_child c;

	h = (struct heard){.n = 0};
	assert_int_equal(event_fork(&c, sleep_long, NULL), 0);
	event_kill(&c, SIGTERM); /* it has TERM blocked until it is set up: none is lost */
	hear_out(&c, &h);
	assert_true(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
	event_close(&c);
}

static void
hup_and_usr_do_not_end_a_child(void **state)
{
	(void)state;
	static const int sigs[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGINT};
	static struct heard h;
	struct event_child c;

	h = (struct heard){.n = 0};
	assert_int_equal(event_fork(&c, sleep_long, NULL), 0);
	hear_first(&c, &h);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		event_kill(&c, sigs[i]);
	usleep(50000);
	assert_false(event_reaped(&c));
	event_kill(&c, SIGKILL);
	hear_out(&c, &h);
	assert_true(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGKILL);
	event_close(&c);
}

static int
read_signals(int out, void *arg)
{
	struct event_signals got = {0};
	bool ready;
	int fd = event_open();

	(void)arg;
	say(out, "ready");
	while (!got.end) {
		event_wait(&fd, 1, &ready, -1);
		event_read(fd, &got);
		say(out, "end=%d room=%d", got.end, got.room);
	}
	return 0;
}

static void
a_child_with_a_signalfd_of_its_own(void **state)
{
	(void)state;
	static struct heard h;
	struct event_child c;

	h = (struct heard){.n = 0};
	assert_int_equal(event_fork(&c, read_signals, NULL), 0);
	hear_first(&c, &h);
	event_kill(&c, SIGUSR2);
	for (int i = 0; i < PATIENCE_MS && h.n < 2; i++) {
		hear(&c, &h);
		usleep(1000);
	}
	event_kill(&c, SIGTERM);
	hear_out(&c, &h);
	assert_string_equal(h.text, "ready\nend=0 room=1\nend=1 room=0\n");
	assert_int_equal(c.status, 0);
	event_close(&c);
}

/* Leaves a process behind in its session, and tells its number. */
static int
leave_one_behind(int out, void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0) {
		close(out);
		for (;;)
			pause();
	}
	say(out, "%ld", (long)pid);
	return 0;
}

static void
what_a_child_leaves_in_its_session_is_killed(void **state)
{
	(void)state;
	static struct heard h;
	struct event_child c;
	int status = 0;
	pid_t left;

	/* So that the orphan comes to us, and we see how it ended. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	h = (struct heard){.n = 0};
	assert_int_equal(event_fork(&c, leave_one_behind, NULL), 0);
	hear_out(&c, &h);
	left = (pid_t)atol(h.text);
	assert_true(left > 1);
	assert_int_equal(waitpid(left, &status, 0), left);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	event_close(&c);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* The parent of a child, itself a child: is killed, and the child must then go too. */
static int
be_a_parent(int out, void *arg)
{
	static struct heard h;
	struct event_child c;

	(void)arg;
	if (event_fork(&c, sleep_long, NULL) < 0)
		return 1;
	hear_first(&c, &h);
	say(out, "%ld", (long)c.pid);
	for (;;)
		pause();
	return 0;
}

static void
a_child_dies_with_its_parent(void **state)
{
	(void)state;
	static struct heard h;
	struct event_child c;
	pid_t grandchild;
	int status = 0;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	h = (struct heard){.n = 0};
	assert_int_equal(event_fork(&c, be_a_parent, NULL), 0);
	hear_first(&c, &h);
	grandchild = (pid_t)atol(h.text);
	kill(c.pid, SIGKILL);
	hear_out(&c, &h);
	assert_int_equal(waitpid(grandchild, &status, 0), grandchild);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	event_close(&c);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void
no_child_is_left_alone(void **state)
{
	(void)state;
	struct event_child none = {0}; /* its fd is 0, which is someone's */

	assert_int_equal(event_next(&none, NULL, 0), EVENT_NOTHING);
	event_kill(&none, SIGKILL);
	assert_false(event_reaped(&none));
	event_close(&none);
	assert_true(fcntl(0, F_GETFD) >= 0);
}

static void
signals_are_received_once_each(void **state)
{
	(void)state;
	struct event_signals got;
	bool ready;
	int fd = event_open();

	assert_true(fd >= 0);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGUSR1);
	assert_int_equal(event_wait(&fd, 1, &ready, clock_mono() + PATIENCE_MS), 1);
	event_read(fd, &got);
	assert_true(got.wake && got.again && !got.end && !got.room && !got.child);
	kill(getpid(), SIGINT);
	kill(getpid(), SIGUSR2);
	event_read(fd, &got);
	assert_true(got.end && got.room && !got.wake && !got.again);
	event_read(fd, &got);
	assert_true(!got.end && !got.room);
	close(fd);
}

static void
a_childs_end_is_a_signal(void **state)
{
	(void)state;
	static struct heard h;
	struct event_signals got = {0};
	struct event_child c;
	bool ready;
	int fd;

	signal(SIGCHLD, SIG_IGN); /* as we may have been started */
	fd = event_open();
	h = (struct heard){.n = 0};
	assert_int_equal(event_fork(&c, say_words, (char[]){"x"}), 0);
	while (!got.child) {
		assert_int_equal(event_wait(&fd, 1, &ready, clock_mono() + PATIENCE_MS), 1);
		event_read(fd, &got);
	}
	assert_true(event_reaped(&c));
	assert_int_equal(WEXITSTATUS(c.status), 7);
	hear(&c, &h);
	assert_int_equal(h.n, 2);
	event_close(&c);
	close(fd);
}

static void
waiting_has_an_end(void **state)
{
	(void)state;
	int p[2], fds[3];
	bool ready[3] = {true, true, true};
	int64_t began = clock_mono();

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	fds[0] = -1;
	fds[1] = p[0];
	fds[2] = -1;
	assert_int_equal(event_wait(fds, 3, ready, began + 60), 0);
	assert_true(clock_mono() - began >= 60 && clock_mono() - began < PATIENCE_MS);
	assert_false(ready[0] || ready[1] || ready[2]);
	assert_int_equal(event_wait(fds, 3, ready, began), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(event_wait(fds, 3, ready, -1), 1);
	assert_true(ready[1] && !ready[0] && !ready[2]);
	assert_int_equal(event_wait(fds, 3, ready, began), 1); /* beats the deadline */
	close(p[1]);
	assert_int_equal(read(p[0], (char[1]){0}, 1), 1);
	assert_int_equal(event_wait(fds, 3, ready, -1), 1); /* end of file is input too */
	close(p[0]);
}

/* More descriptors than a process may have: poll fails. */
static void
where_poll_fails_all_are_looked_at(void **state)
{
	(void)state;
	const int fds[] = {-1, STDIN_FILENO};
	bool ready[2] = {true, false};
	int64_t began = clock_mono();
	struct rlimit usual;
	int count, without_time;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_int_equal(
	    setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 1, .rlim_max = usual.rlim_max}),
	    0);
	count = event_wait(fds, 2, ready, began + 3000);
	without_time = event_wait(fds, 2, (bool[2]){0}, began);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_int_equal(count, 1);
	assert_true(ready[1] && !ready[0]);
	assert_true(clock_mono() - began >= 50 && clock_mono() - began < PATIENCE_MS);
	assert_int_equal(without_time, 0);
}

static void
reset_gives_defaults(void **state)
{
	(void)state;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		sigset_t set;
		struct sigaction action;

		event_open();
		signal(SIGTERM, SIG_IGN);
		event_reset_signals();
		sigprocmask(SIG_BLOCK, NULL, &set);
		for (int sig = 1; sig < NSIG; sig++)
			if (sigismember(&set, sig) == 1)
				_exit(sig);
		sigaction(SIGPIPE, NULL, &action);
		if (action.sa_handler != SIG_DFL)
			_exit(100);
		raise(SIGTERM);
		_exit(101);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_child_sends_messages_and_ends),
	    cmocka_unit_test(a_child_has_nothing_of_ours),
	    cmocka_unit_test(term_ends_a_child_that_reads_no_signals),
	    cmocka_unit_test(hup_and_usr_do_not_end_a_child),
	    cmocka_unit_test(a_child_with_a_signalfd_of_its_own),
	    cmocka_unit_test(what_a_child_leaves_in_its_session_is_killed),
	    cmocka_unit_test(a_child_dies_with_its_parent),
	    cmocka_unit_test(no_child_is_left_alone),
	    cmocka_unit_test(signals_are_received_once_each),
	    cmocka_unit_test(a_childs_end_is_a_signal),
	    cmocka_unit_test(waiting_has_an_end),
	    cmocka_unit_test(where_poll_fails_all_are_looked_at),
	    cmocka_unit_test(reset_gives_defaults),
	};

	alarm(600);          /* TERM, by which a test that hangs would be ended, is blocked */
	close(event_open()); /* signals stay blocked, as in the daemon */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
