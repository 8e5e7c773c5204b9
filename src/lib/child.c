// SPDX-License-Identifier: ISC
#include "flashback/lib/child.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/compat.h"
#include "flashback/lib/event.h"
#include "flashback/lib/file.h"
#include "flashback/lib/units.h"

#define GRACE 10000 /* milliseconds: from TERM to KILL, and from KILL to giving up */

/* What a descriptor is moved above, before it takes its place among 0 to 3. */
#define PLACES 4

/* ---- starting ---- */

/* Append what every program gets. */
static int
add_environment(struct text_list *env)
{
	static const char *const kept[] = {"PATH",  "HOME", "USER",         "LOGNAME",
	                                   "SHELL", "TZ",   "SSH_AUTH_SOCK"};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = getenv(kept[i]);

		if (value != NULL && text_list_addf(env, "%s=%s", kept[i], value) < 0)
			return -1;
	}
	return text_list_add(env, "LC_ALL=C");
}

/* Put the descriptors of spec in their places, whatever numbers they have, and close all others. */
static int
place_descriptors(const struct child_spec *spec)
{
	const int wanted[PLACES] = {spec->in, spec->out, spec->err, spec->keep};
	int moved[PLACES];

	for (int i = 0; i < PLACES; i++) {
		int fd = wanted[i];

		moved[i] = -1;
		if (fd < 0 && i < 3)
			fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		else if (fd < 0)
			continue;
		moved[i] = fcntl(fd, F_DUPFD_CLOEXEC, PLACES);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i < PLACES; i++)
		if (moved[i] >= 0 && dup2(moved[i], i) < 0)
			return -1;
	closefrom(spec->keep < 0 ? PLACES - 1 : PLACES);
	return 0;
}

/* In the child: become the program.  Does not return. */
static void
become(const struct child_spec *spec, char *const *env, pid_t parent)
{
	const char *program = spec->argv->item[0];
	int entered, error;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	setsid();
	entered = spec->dir >= 0 ? fchdir(spec->dir) : chdir("/");
	error = errno;
	closelog();
	if (place_descriptors(spec) < 0)
		goto fail;
	errno = error;
	if (entered < 0)
		goto fail;
	event_reset_signals();
	execve(program, spec->argv->item, env);
fail:
	dprintf(STDERR_FILENO, "flashback: cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

pid_t
child_start(const struct child_spec *spec)
{
	struct text_list env = {0};
	pid_t parent = getpid(), pid = -1;

	assert(spec->argv->n > 0 && spec->argv->item[0][0] == '/');
	if (add_environment(&env) == 0 &&
	    (spec->env == NULL || text_list_append(&env, spec->env) == 0))
		pid = fork();
	if (pid == 0)
		become(spec, env.item, parent);
	text_list_free(&env);
	return pid;
}

/* ---- its session ---- */

/* A process, as /proc/PID/stat tells. */
struct process {
	pid_t pid, group, session;
	char state;
	uint64_t cpu; /* ticks */
};

/* Read a small file of /proc/PID whole.  Return 0, or -1 with errno and an empty text. */
static int
read_proc(const char *pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.16s/%.16s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Read the next word of *s as a number; 0 when it is none. */
static int64_t
next_number(const char **s)
{
	int64_t n = 0;

	units_read_integer(s, 0, INT64_MAX, &n);
	return n;
}

/* Return 0, with p->pid 0 when it is no more, or is hidden from us as none of ours are; or -1 when
 * we lack what it takes to look. */
static int
read_process(const char *pid, struct process *p)
{
	/* What follows the name in /proc/PID/stat, as proc(5) has it. */
	enum { STATE, PARENT, GROUP, SESSION, USER_TIME = 11, SYSTEM_TIME, FIELDS };
	int64_t field[FIELDS] = {0};
	char text[1024], state[8];
	const char *s = text;

	*p = (struct process){0};
	if (read_proc(pid, "stat", text, sizeof(text)) != 0)
		return file_lacks(errno) ? -1 : 0;
	p->pid = (pid_t)next_number(&s);
	/* The name stands in parentheses, and may hold anything. */
	s = strrchr(text, ')');
	s = s == NULL ? "" : s + 1;
	if (text_word(&s, state, sizeof(state)) < 0)
		return 0;
	for (int i = PARENT; i < FIELDS; i++)
		field[i] = next_number(&s);
	p->state = state[0];
	p->group = (pid_t)field[GROUP];
	p->session = (pid_t)field[SESSION];
	p->cpu = (uint64_t)(field[USER_TIME] + field[SYSTEM_TIME]);
	return 0;
}

/* Call visit for each process of the session or group pid.  Return 0, or -1 when there may be more
 * than could be seen. */
static int
each_process(pid_t pid, void (*visit)(const struct process *, void *), void *arg)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	struct process p;
	int rc = 0;

	if (proc == NULL)
		return -1;
	while ((errno = 0, e = readdir(proc)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		if (read_process(e->d_name, &p) != 0)
			rc = -1;
		else if (p.session == pid || p.group == pid)
			visit(&p, arg);
	}
	if (errno != 0)
		rc = -1;
	closedir(proc);
	return rc;
}

/* Is pid a child of ours that has not been waited for?  Only then does its number mean it. */
static bool
is_our_child(pid_t pid)
{
	siginfo_t si;

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void
kill_process(const struct process *p, void *arg)
{
	(void)arg;
	kill(p->pid, SIGKILL);
}

void
child_stop(pid_t pid, bool hard)
{
	if (is_our_child(pid)) {
		kill(pid, hard ? SIGKILL : SIGTERM);
		kill(pid, SIGCONT);
	}
	if (hard) {
		kill(-pid, SIGKILL);
		/* Those that made groups of their own, as far as they are seen. */
		(void)each_process(pid, kill_process, NULL);
	}
}

/* Count the living; bury the dead that are ours. */
static void
count_process(const struct process *p, void *arg)
{
	size_t *n = arg;

	if (p->state == 'Z' || p->state == 'X')
		waitpid(p->pid, NULL, WNOHANG);
	else
		++*n;
}

bool
child_gone(pid_t pid)
{
	size_t n = 0;

	if (is_our_child(pid))
		return false;
	return each_process(pid, count_process, &n) == 0 && n == 0;
}

/* What is summed up: the activity of all that run this program. */
struct activity {
	struct stat program;
	uint64_t sum;
};

static int
find_program(pid_t pid, struct stat *st)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, st);
}

static void
add_activity(const struct process *p, void *arg)
{
	struct activity *a = arg;
	char pid[16], text[512], word[32];
	const char *s = text;
	struct stat st;

	if (find_program(p->pid, &st) != 0 || st.st_ino != a->program.st_ino ||
	    st.st_dev != a->program.st_dev)
		return;
	snprintf(pid, sizeof(pid), "%d", p->pid);
	a->sum += p->cpu;
	/* "rchar: N" stands on the first line. */
	(void)read_proc(pid, "io", text, sizeof(text));
	if (text_word(&s, word, sizeof(word)) == 0)
		a->sum += (uint64_t)next_number(&s);
}

uint64_t
child_activity(pid_t pid)
{
	struct activity a = {.sum = 0};

	if (find_program(pid, &a.program) == 0)
		(void)each_process(pid, add_activity, &a);
	return a.sum;
}

/* ---- from start to end ---- */

/* Has stop_fd something that is a reason to stop?  Signals that are none are taken away, one by
 * one: only what is still readable when there are none left is a reason. */
static bool
is_told_to_stop(int stop_fd)
{
	const struct timespec at_once = {0};
	sigset_t idle;
	bool ready;

	sigemptyset(&idle);
	sigaddset(&idle, SIGCHLD);
	sigaddset(&idle, SIGHUP);
	sigaddset(&idle, SIGUSR1);
	while (stop_fd >= 0 && event_wait(&stop_fd, 1, &ready, 0) > 0)
		if (sigtimedwait(&idle, NULL, &at_once) < 0)
			return true;
	return false;
}

/* A program that is being run. */
struct running {
	pid_t pid;
	int pidfd;   /* readable when it has ended; -1 where the kernel has none */
	int stop_fd; /* -1: none, or heeded already */
	bool ended;
	int status;
};

static bool
has_ended(struct running *r)
{
	pid_t pid = r->ended ? 0 : waitpid(r->pid, &r->status, WNOHANG);

	/* No one but us waits for it; if it cannot be waited for, it has not ended well. */
	if (pid < 0)
		r->status = W_EXITCODE(255, 0);
	r->ended = r->ended || pid != 0;
	return r->ended;
}

/* Wait until the program has ended.  Return 0, ECANCELED when told to stop, ETIMEDOUT. */
static int
await_end(struct running *r, int64_t deadline)
{
	while (!has_ended(r)) {
		const int fds[] = {r->pidfd, r->stop_fd};
		int64_t now = clock_mono();
		bool ready[2];

		if (now >= deadline)
			return ETIMEDOUT;
		event_wait(fds, 2, ready,
		           r->pidfd < 0 && now + 50 < deadline ? now + 50 : deadline);
		if (!has_ended(r) && is_told_to_stop(r->stop_fd))
			return ECANCELED;
	}
	return 0;
}

/* Wait until nothing is left of its session, looking ever less often.  Return false when told to
 * stop, or at the deadline. */
static bool
await_gone(struct running *r, int64_t deadline)
{
	for (int64_t pause = 2;; pause = pause < 100 ? pause * 2 : 100) {
		int64_t now = clock_mono();

		if (has_ended(r) && child_gone(r->pid))
			return true;
		if (now >= deadline || is_told_to_stop(r->stop_fd))
			return false;
		event_wait(NULL, 0, NULL, now + pause);
	}
}

int
child_run(const struct child_spec *spec, int seconds, int stop_fd, int *status)
{
	struct running r = {.pid = child_start(spec), .stop_fd = stop_fd};
	int error;

	if (r.pid < 0)
		return -1;
	r.pidfd = (int)syscall(SYS_pidfd_open, r.pid, 0);
	error = await_end(&r, clock_mono() + (int64_t)seconds * 1000);
	if (error != 0) {
		child_stop(r.pid, false);
		r.stop_fd = -1;
	}
	if (!await_gone(&r, clock_mono() + GRACE)) {
		child_stop(r.pid, true);
		r.stop_fd = -1;
		if (!await_gone(&r, clock_mono() + GRACE))
			error = EBUSY;
	}
	if (r.pidfd >= 0)
		close(r.pidfd);
	*status = r.status;
	errno = error;
	return error == 0 ? 0 : -1;
}
