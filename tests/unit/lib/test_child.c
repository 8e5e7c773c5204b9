// SPDX-License-Identifier: ISC
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/child.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"

/* A shell script as a program; its output is read from a pipe. */
struct script {
	struct text_list argv;
	struct child_spec spec;
	int out; /* our end */
};

/* argv for a shell that runs text, and what to start it with: nothing but /dev/null. */
static struct child_spec
shell(struct text_list *argv, const char *text)
{
	*argv = (struct text_list){0};
	assert_int_equal(text_list_add(argv, "/bin/sh"), 0);
	assert_int_equal(text_list_add(argv, "-c"), 0);
	assert_int_equal(text_list_add(argv, text), 0);
	return (struct child_spec){
	    .argv = argv, .in = -1, .out = -1, .err = -1, .dir = -1, .keep = -1};
}

static void
script_open(struct script *s, const char *text)
{
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	s->out = p[0];
	s->spec = shell(&s->argv, text);
	s->spec.out = s->spec.err = p[1];
}

/* Return all that was said; everyone else must have closed the pipe. */
static const char *
script_close(struct script *s)
{
	static char said[20000];
	size_t used = 0;
	ssize_t n;

	close(s->spec.out);
	while ((n = read(s->out, said + used, sizeof(said) - used - 1)) > 0)
		used += (size_t)n;
	said[used] = '\0';
	close(s->out);
	text_list_free(&s->argv);
	return said;
}

/* Run a script to its end and return what it said. */
static const char *
run_script(const char *text, const struct text_list *env, int *status)
{
	struct script s;

	script_open(&s, text);
	s.spec.env = env;
	assert_int_equal(child_run(&s.spec, 20, -1, status), 0);
	return script_close(&s);
}

/* Wait until a line has come, which says that the script has got there.  Return it. */
static const char *
first_line(const struct script *s)
{
	static char line[100];
	size_t n = 0;

	while (n + 1 < sizeof(line) && read(s->out, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	return line;
}

/* How long anything is waited for, and a script may take: what only a fault comes to. */
#define PATIENCE 120

/* Wait for condition. */
#define AWAIT(condition)                                                                           \
	do {                                                                                       \
		int64_t await_end = clock_mono() + PATIENCE * 1000;                                \
		while (!(condition)) {                                                             \
			assert_true(clock_mono() < await_end);                                     \
			usleep(2000);                                                              \
		}                                                                                  \
	} while (0)

static void
status_is_as_from_waitpid(void **state)
{
	(void)state;
	int status;

	assert_string_equal(run_script("echo words; exit 5", NULL, &status), "words\n");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	assert_string_equal(run_script("kill -9 $$", NULL, &status), "");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
what_cannot_be_executed_says_so(void **state)
{
	(void)state;
	static const char *const words[] = {
	    "flashback: cannot run /bin/Xh: No such file or directory\n",
	    "flashback: cannot run /bin/sh: Not a directory\n",
	};

	for (size_t i = 0; i < 2; i++) {
		struct script s;
		int status;

		script_open(&s, "echo wrong");
		if (i == 0)
			s.argv.item[0][5] = 'X';
		else
			s.spec.dir = s.out;
		assert_int_equal(child_run(&s.spec, PATIENCE, -1, &status), 0);
		assert_string_equal(script_close(&s), words[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 127);
	}
}

static void
the_environment_is_made(void **state)
{
	(void)state;
	struct text_list more = {0};
	const char *said;
	int status;

	setenv("TZ", "CET-1", 1);
	setenv("RSYNC_PARTIAL_DIR", "/elsewhere", 1);
	setenv("SSH_AUTH_SOCK", "/run/agent", 1);
	unsetenv("SHELL");
	assert_int_equal(text_list_add(&more, "FLASHBACK_VOLUME=kimono/home"), 0);
	said = run_script("exec /usr/bin/env", &more, &status);
	text_list_free(&more);
	assert_non_null(strstr(said, "TZ=CET-1\n"));
	assert_non_null(strstr(said, "LC_ALL=C\n"));
	assert_non_null(strstr(said, "SSH_AUTH_SOCK=/run/agent\n"));
	assert_non_null(strstr(said, "FLASHBACK_VOLUME=kimono/home\n"));
	assert_null(strstr(said, "RSYNC"));
	assert_null(strstr(said, "SHELL="));
	unsetenv("TZ");
	unsetenv("RSYNC_PARTIAL_DIR");
	unsetenv("SSH_AUTH_SOCK");
}

static void
nothing_is_inherited_that_was_not_asked_for(void **state)
{
	(void)state;
	int leak = open("/dev/zero", O_RDONLY); /* not CLOEXEC on purpose */
	const char *said;
	int status;

	signal(SIGUSR1, SIG_IGN);
	said = run_script("for f in /proc/self/fd/*; do [ -e $f ] && echo ${f##*/}; done;"
	                  "cat; pwd; while read -r key mask; do case $key in SigBlk: | SigIgn:)"
	                  "  echo $key $((0x$mask & 0x7fffffff));; esac; done </proc/self/status;"
	                  "set -- $(cat /proc/$$/stat); [ $1 = $6 ] && echo own session",
	                  NULL, &status);
	signal(SIGUSR1, SIG_DFL);
	close(leak);
	assert_int_equal(status, 0);
	assert_string_equal(said, "0\n1\n2\n/\n"
	                          "SigBlk: 0\nSigIgn: 0\n"
	                          "own session\n");
}

static void
descriptors_find_their_places(void **state)
{
	(void)state;
	char name[] = "/tmp/test_exec.XXXXXX";
	const char *said;
	struct script s;
	int status, lock = mkstemp(name), dir = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(lock > 2 && dir >= 0);
	assert_int_equal(write(lock, "input\n", 6), 6);
	assert_int_equal(lseek(lock, 0, SEEK_SET), 0);
	script_open(&s, "read w; echo $w; pwd; readlink /proc/self/fd/3; echo wrong >&2;"
	                "ls /proc/self/fd | wc -l");
	s.spec.in = lock;
	s.spec.keep = lock;
	s.spec.dir = dir;
	s.spec.err = -1;
	assert_int_equal(child_run(&s.spec, PATIENCE, -1, &status), 0);
	said = script_close(&s);
	/* 0 to 3, and the one that ls has opened; what went to the other output is not here. */
	assert_ptr_equal(strstr(said, "input\n/usr\n/tmp/test_exec."), said);
	assert_string_equal(strchr(said, '\0') - 3, "\n5\n");
	close(lock);
	close(dir);
	unlink(name);
}

static void
a_lock_is_held_by_the_program_alone(void **state)
{
	(void)state;
	char name[] = "/tmp/test_exec.XXXXXX";
	struct script s;
	int lock = mkstemp(name), other = open(name, O_RDONLY | O_CLOEXEC), status;
	pid_t pid;

	assert_true(lock >= 0 && other >= 0);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	script_open(&s, "echo ready; exec sleep 1000");
	s.spec.keep = lock;
	pid = child_start(&s.spec);
	assert_true(pid > 0);
	first_line(&s);
	close(lock);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	child_stop(pid, false);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	script_close(&s);
	close(other);
	unlink(name);
}

static void
low_numbers_are_not_mixed_up(void **state)
{
	(void)state;
	pid_t pid = fork();
	int status;

	/* The pipe's end 1 is wanted as 1 and 2, input comes from 2, and 0 is free. */
	if (pid == 0) {
		struct text_list argv = {0};
		char said[10] = "";
		struct child_spec spec;
		int p[2], in, s;

		close(0);
		close(1);
		close(2);
		in = pipe2(p, O_CLOEXEC) < 0 ? -1 : open("/dev/zero", O_RDONLY | O_CLOEXEC);
		if (p[0] != 0 || p[1] != 1 || in != 2)
			_exit(1);
		p[0] = fcntl(0, F_DUPFD_CLOEXEC, 50);
		close(0);
		spec = shell(&argv, "head -c 3 | tr '\\0' x; echo y >&2");
		spec.in = in;
		spec.out = spec.err = 1;
		if (child_run(&spec, PATIENCE, -1, &s) < 0 || s != 0 || read(p[0], said, 9) <= 0)
			_exit(2);
		text_list_free(&argv);
		_exit(strcmp(said, "xxxy\n") == 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Run text, which does not end by itself, and see it ended by TERM with this errno. */
static void
assert_ended(const char *text, int seconds, int stop_fd, int error)
{
	int64_t began = clock_mono();
	struct text_list argv;
	const struct child_spec spec = shell(&argv, text);
	int status;

	assert_int_equal(child_run(&spec, seconds, stop_fd, &status), -1);
	assert_int_equal(errno, error);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_true(clock_mono() - began < PATIENCE * 1000);
	text_list_free(&argv);
}

static void
it_is_ended_in_time_or_when_told(void **state)
{
	(void)state;
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_ended("exec sleep 1000", 0, -1, ETIMEDOUT);
	assert_ended("exec sleep 1000", 0, p[0], ETIMEDOUT);
	assert_ended("kill -STOP $$", 1, -1, ETIMEDOUT);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_ended("exec sleep 1000", 500, p[0], ECANCELED);
	close(p[0]);
	close(p[1]);
}

/* In a child: HUP, USR1 and CHLD are no reason to stop, TERM is, and stays to be read.  The program
 * has time to end in its own way. */
static int
run_under_a_signalfd(int out, void *arg)
{
	struct event_signals got;
	struct text_list argv;
	int fd = event_open(), status = -1, result, error;
	char text[100];

	(void)arg;
	for (int i = 0; i < 2; i++) {
		const struct child_spec spec = shell(
		    &argv, i == 0 ? "kill -HUP $PPID; kill -USR1 $PPID; kill -CHLD $PPID; exit 3"
		                  : "trap 'sleep 0.2; exit 9' TERM; kill -TERM $PPID;"
		                    "while :; do sleep 0.05; done");
		result = child_run(&spec, PATIENCE, fd, &status);
		error = result < 0 ? errno : 0;
		event_read(fd, &got);
		snprintf(text, sizeof(text), "%d %d status=%d end=%d\n", result, error == ECANCELED,
		         status, got.end);
		event_send(out, text, strlen(text) + 1);
		text_list_free(&argv);
	}
	return 0;
}

static void
a_signalfd_can_say_stop(void **state)
{
	(void)state;
	struct event_child c;
	char text[100];

	assert_int_equal(event_fork(&c, run_under_a_signalfd, NULL), 0);
	AWAIT(event_reaped(&c));
	assert_int_equal(event_next(&c, text, sizeof(text)), EVENT_MESSAGE);
	assert_string_equal(text, "0 0 status=768 end=0\n");
	assert_int_equal(event_next(&c, text, sizeof(text)), EVENT_MESSAGE);
	assert_string_equal(text, "-1 1 status=2304 end=1\n");
	assert_int_equal(event_next(&c, text, sizeof(text)), EVENT_ENDED);
	event_close(&c);
}

static void
what_is_left_behind_may_follow(void **state)
{
	(void)state;
	int64_t began = clock_mono();
	int status;

	/* As mail(1) does: the main process ends, another one still delivers. */
	assert_string_equal(run_script("(sleep 0.3; echo delivered) & echo sent", NULL, &status),
	                    "sent\ndelivered\n");
	assert_int_equal(status, 0);
	assert_true(clock_mono() - began >= 300);
}

static void
nothing_of_a_session_survives_a_hard_stop(void **state)
{
	(void)state;
	/* One that ignores TERM, an orphan, and one that makes a process group of its own. */
	static const char text[] = "trap '' TERM; (sleep 1000 & exec sleep 1000) & (sleep 1000 &); "
	                           "timeout 1000 sleep 1000 & echo $!; wait";
	struct script s;
	int status;
	pid_t pid, other;

	script_open(&s, text);
	pid = child_start(&s.spec);
	other = (pid_t)atol(first_line(&s));
	assert_true(other > 0);
	AWAIT(getpgid(other) != pid);
	assert_int_equal(getsid(other), pid);
	child_stop(pid, false);
	usleep(50000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_false(child_gone(pid));
	child_stop(pid, true);
	AWAIT(waitpid(pid, &status, WNOHANG) == pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	AWAIT(child_gone(pid));
	assert_int_equal(kill(other, 0), -1);
	assert_int_equal(waitpid(-1, &status, WNOHANG), -1); /* all orphans were reaped */
	assert_int_equal(errno, ECHILD);
	script_close(&s);
}

static void
gone_leaves_the_main_process_to_the_caller(void **state)
{
	(void)state;
	struct script s;
	siginfo_t si;
	int status;
	pid_t pid;

	script_open(&s, "exit 4");
	pid = child_start(&s.spec);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_false(child_gone(pid));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 4);
	assert_true(child_gone(pid));
	child_stop(pid, false); /* the number means nothing any more */
	script_close(&s);
}

/* Nobody may touch its directory on the ground that /proc could not be read just then. */
static void
gone_is_never_guessed(void **state)
{
	(void)state;
	struct rlimit had, few;
	struct script s;
	int status;
	pid_t pid;

	script_open(&s, "sleep 1000 & echo ready");
	pid = child_start(&s.spec);
	assert_string_equal(first_line(&s), "ready");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &had), 0);
	few = (struct rlimit){.rlim_cur = 0, .rlim_max = had.rlim_max};
	/* First there is no descriptor for /proc itself, then none for what is in it. */
	for (rlim_t more = 0; more <= 1; more++) {
		few.rlim_cur = (rlim_t)s.spec.out + 1 + more;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		assert_false(child_gone(pid));
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	child_stop(pid, true);
	AWAIT(child_gone(pid));
	script_close(&s);
}

static void
activity_is_seen(void **state)
{
	(void)state;
	struct script s;
	uint64_t before;
	int status, in[2];
	pid_t pid;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	script_open(&s, "echo ready; read a; echo x >/dev/null; echo more; read b;"
	                "while :; do :; done");
	s.spec.in = in[0];
	pid = child_start(&s.spec);
	assert_string_equal(first_line(&s), "ready");
	AWAIT((before = child_activity(pid), usleep(20000), before == child_activity(pid)));
	assert_true(before > 0);
	assert_int_equal(write(in[1], "\n", 1), 1);
	assert_string_equal(first_line(&s), "more");
	assert_int_not_equal(child_activity(pid), before); /* it has read and written */
	assert_int_equal(write(in[1], "\n", 1), 1);
	before = child_activity(pid);
	AWAIT(child_activity(pid) >= before + 2); /* it computes */
	child_stop(pid, true);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	AWAIT(child_gone(pid));
	assert_int_equal(child_activity(pid), 0);
	close(in[0]);
	close(in[1]);
	script_close(&s);
}

/* A remote shell moves bytes to keep its connection alive. */
static void
activity_of_another_program_does_not_count(void **state)
{
	(void)state;
	struct script s;
	uint64_t before;
	int status;
	pid_t pid;

	script_open(&s, "cat </dev/zero >/dev/null & echo ready; wait");
	pid = child_start(&s.spec);
	assert_string_equal(first_line(&s), "ready");
	AWAIT((before = child_activity(pid), usleep(50000), before == child_activity(pid)));
	child_stop(pid, true);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	AWAIT(child_gone(pid));
	script_close(&s);
}

static int
start_and_wait(int out, void *arg)
{
	struct text_list argv;
	struct child_spec spec = shell(&argv, arg);

	spec.out = out;
	if (child_start(&spec) < 0)
		return 1;
	for (;;)
		pause();
}

static void
a_program_dies_with_its_parent(void **state)
{
	(void)state;
	static char text[] = "echo $$; exec sleep 1000";
	char said[100] = "";
	struct event_child c;
	int status = 0;

	assert_int_equal(event_fork(&c, start_and_wait, text), 0);
	AWAIT(read(c.fd, said, sizeof(said) - 1) > 0); /* the program's own words */
	event_kill(&c, SIGKILL);
	AWAIT(event_reaped(&c));
	event_close(&c);
	AWAIT(waitpid((pid_t)atol(said), &status, WNOHANG) != 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_is_as_from_waitpid),
	    cmocka_unit_test(what_cannot_be_executed_says_so),
	    cmocka_unit_test(the_environment_is_made),
	    cmocka_unit_test(nothing_is_inherited_that_was_not_asked_for),
	    cmocka_unit_test(descriptors_find_their_places),
	    cmocka_unit_test(a_lock_is_held_by_the_program_alone),
	    cmocka_unit_test(low_numbers_are_not_mixed_up),
	    cmocka_unit_test(it_is_ended_in_time_or_when_told),
	    cmocka_unit_test(a_signalfd_can_say_stop),
	    cmocka_unit_test(what_is_left_behind_may_follow),
	    cmocka_unit_test(nothing_of_a_session_survives_a_hard_stop),
	    cmocka_unit_test(gone_leaves_the_main_process_to_the_caller),
	    cmocka_unit_test(gone_is_never_guessed),
	    cmocka_unit_test(activity_is_seen),
	    cmocka_unit_test(activity_of_another_program_does_not_count),
	    cmocka_unit_test(a_program_dies_with_its_parent),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
