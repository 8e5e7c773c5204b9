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

/* Descriptors 0 to 3 are the ones a program gets.  They are first duplicated to PLACES and above,
 * so that no dup2 overwrites a source that is still needed. */
#define PLACES 4

/* ---- starting ---- */

/* Append what every program gets.  A fixed list, because the daemon's own environment may hold
 * secrets, and variables such as RSYNC_PARTIAL_DIR change what rsync does.  LC_ALL=C because
 * rsync's and ssh's messages are parsed. */
static void
add_environment(struct text_list *env)
{
	static const char *const kept[] = {"PATH",  "HOME", "USER",         "LOGNAME",
	                                   "SHELL", "TZ",   "SSH_AUTH_SOCK"};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = getenv(kept[i]);

		if (value != NULL)
			text_list_addf(env, "%s=%s", kept[i], value);
	}
	text_list_add(env, "LC_ALL=C");
}

/* Move the descriptors of spec to 0, 1, 2 and 3, whatever numbers they have, and close all others:
 * a lock or a directory descriptor that leaks into a program would keep the disk from being
 * unmounted. */
static int
place_descriptors(const struct child_spec *spec)
{
	const int wanted[PLACES] = {spec->in, spec->out, spec->err, spec->keep};
	int moved[PLACES];

	for (int i = 0; i < PLACES; i++) {
		int fd = wanted[i];

		moved[i] = -1;
		if (fd == -1 && i < 3)
			fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		else if (fd == -1)
			continue;
		moved[i] = fcntl(fd, F_DUPFD_CLOEXEC, PLACES);
		if (moved[i] == -1)
			return -1;
	}
	for (int i = 0; i < PLACES; i++)
		if (moved[i] != -1 && dup2(moved[i], i) == -1)
			return -1;
	/* closefrom, since a list of the descriptors to close could be incomplete. */
	closefrom(spec->keep == -1 ? PLACES - 1 : PLACES);
	return 0;
}

/* In the child: become the program.  Does not return.  The order matters: PR_SET_PDEATHSIG before
 * getppid, so that a parent that dies in between is noticed; the working directory is entered
 * before the descriptors are closed, as dir is one of them, but its failure is reported only once
 * standard error is in place. setsid, because in a mere process group a password prompt on the
 * terminal stops rsync for ever. */
static void
become(const struct child_spec *spec, char *const *env, pid_t parent)
{
	const char *program = spec->argv->item[0];
	int entered, error;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	setsid();
	entered = spec->dir != -1 ? fchdir(spec->dir) : chdir("/");
	error = errno;
	closelog();
	if (place_descriptors(spec) == -1)
		goto fail;
	errno = error;
	if (entered == -1)
		goto fail;
	event_reset_signals();
	execve(program, spec->argv->item, env);
fail:
	dprintf(STDERR_FILENO, "flashback: cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

/* The environment is prepared before the fork: the child does nothing that could allocate memory
 * or fail for another reason than the program itself. */
pid_t
child_start(const struct child_spec *spec)
{
	struct text_list env = {0};
	pid_t parent = getpid(), pid = -1;

	assert(spec->argv->n > 0 && spec->argv->item[0][0] == '/');
	add_environment(&env);
	if (spec->env != NULL)
		text_list_append(&env, spec->env);
	if (!env.lost)
		pid = fork();
	if (pid == 0)
		become(spec, env.item, parent);
	text_list_free(&env);
	return pid;
}

/* ---- its session ---- */

/* A process, as /proc/PID/stat describes it. */
struct process {
	pid_t pid, group, session;
	char state;
	uint64_t cpu; /* ticks */
};

/* Read a small file of /proc/PID. Return 0, or -1 with errno and an empty text. */
static int
read_proc(const char *pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.16s/%.16s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	file_close(&fd);
	return n == -1 ? -1 : 0;
}

/* Read the next word of *s as a number; 0 when it is not one. */
static int64_t
next_number(const char **s)
{
	int64_t n = 0;

	units_read_integer(s, 0, INT64_MAX, &n);
	return n;
}

/* Fill *p from /proc/PID/stat.  Return 0, with p->pid 0 when the process no longer exists or is
 * hidden from us (processes of our own never are); or -1 when descriptors or memory are exhausted,
 * which says nothing about the process. */
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
	/* The command name is in parentheses and may contain anything, even parentheses and
	 * blanks. */
	s = strrchr(text, ')');
	s = s == NULL ? "" : s + 1;
	if (text_word(&s, state, sizeof(state)) == -1)
		return 0;
	for (int i = PARENT; i < FIELDS; i++)
		field[i] = next_number(&s);
	p->state = state[0];
	p->group = (pid_t)field[GROUP];
	p->session = (pid_t)field[SESSION];
	p->cpu = (uint64_t)(field[USER_TIME] + field[SYSTEM_TIME]);
	return 0;
}

/* Call visit for each process of the session or group pid.  All of /proc is searched: the kernel
 * has no call that lists a session.  Return 0, or -1 when some processes could not be examined. */
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

/* Is pid a child of ours that has not been waited for?  Only then is the number certain to mean
 * that child: afterwards the kernel may give it to another process. */
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

/* First TERM to the main process alone: rsync then ends its own children in order and keeps the
 * partial file.  A TERM to the group would end ssh first, and rsync would report a broken
 * connection.  CONT, since a stopped process acts on no signal but KILL. */
void
child_stop(pid_t pid, bool hard)
{
	if (is_our_child(pid)) {
		kill(pid, hard ? SIGKILL : SIGTERM);
		kill(pid, SIGCONT);
	}
	if (hard) {
		kill(-pid, SIGKILL);
		/* kill(-pid) misses processes that made groups of their own. */
		(void)each_process(pid, kill_process, NULL);
	}
}

/* Count the living; reap zombies that are children of ours. */
static void
count_process(const struct process *p, void *arg)
{
	size_t *n = arg;

	if (p->state == 'Z' || p->state == 'X')
		waitpid(p->pid, NULL, WNOHANG);
	else
		++*n;
}

/* Only when this is true may the caller touch the directory that the program wrote to. */
bool
child_gone(pid_t pid)
{
	size_t n = 0;

	if (is_our_child(pid))
		return false;
	return each_process(pid, count_process, &n) == 0 && n == 0;
}

/* Sum of the activity of all processes that run the same program. */
struct usage_sum {
	struct stat program;
	uint64_t sum;
};

/* Identify the program that pid runs by device and inode. */
static int
stat_program(pid_t pid, struct stat *st)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, st);
}

/* Add what one process has done: CPU ticks and characters read.  Only processes of the same
 * program count, and writes do not: ssh, and rsync itself, send keepalives even when the other
 * end hangs. */
static void
add_activity(const struct process *p, void *arg)
{
	struct usage_sum *a = arg;
	char pid[16], text[512], word[32];
	const char *s = text;
	struct stat st;

	if (stat_program(p->pid, &st) != 0 || st.st_ino != a->program.st_ino ||
	    st.st_dev != a->program.st_dev)
		return;
	snprintf(pid, sizeof(pid), "%d", p->pid);
	a->sum += p->cpu;
	/* The first line is "rchar: N". */
	(void)read_proc(pid, "io", text, sizeof(text));
	if (text_word(&s, word, sizeof(word)) == 0)
		a->sum += (uint64_t)next_number(&s);
}

/* 0 when the program cannot be identified, that is, when it has ended. */
uint64_t
child_activity(pid_t pid)
{
	struct usage_sum a = {.sum = 0};

	if (stat_program(pid, &a.program) == 0)
		(void)each_process(pid, add_activity, &a);
	return a.sum;
}

/* ---- from start to end ---- */

/* Is a signal pending on stop_fd that is a reason to stop?  CHLD, HUP and USR1 are not: they are
 * consumed one by one, and the descriptor is polled again after each, since it stays readable
 * while any other signal is pending. */
static bool
must_stop(int stop_fd)
{
	const struct timespec at_once = {0};
	sigset_t idle;
	bool ready;

	sigemptyset(&idle);
	sigaddset(&idle, SIGCHLD);
	sigaddset(&idle, SIGHUP);
	sigaddset(&idle, SIGUSR1);
	while (stop_fd != -1 && event_wait(&stop_fd, 1, &ready, 0) > 0)
		if (sigtimedwait(&idle, NULL, &at_once) == -1)
			return true;
	return false;
}

/* A program while child_run waits for it. */
struct running {
	pid_t pid;
	int pidfd;   /* readable once it has ended; -1 where the kernel has no pidfd */
	int stop_fd; /* -1: none, or already acted upon */
	bool ended;
	int status;
};

/* Reap the main process, if it has ended. */
static bool
has_ended(struct running *r)
{
	pid_t pid = r->ended ? 0 : waitpid(r->pid, &r->status, WNOHANG);

	/* Nobody else reaps it: if waitpid fails, its exit status is lost.  Not a success. */
	if (pid == -1)
		r->status = W_EXITCODE(255, 0);
	r->ended = r->ended || pid != 0;
	return r->ended;
}

/* Wait until the main process has ended.  Return 0, ECANCELED when asked to stop, ETIMEDOUT at the
 * deadline.  Without a pidfd it polls every 50 ms. */
static int
await_end(struct running *r, int64_t deadline)
{
	while (!has_ended(r)) {
		const int fds[] = {r->pidfd, r->stop_fd};
		int64_t now = clock_mono();
		bool ready[2];

		if (now >= deadline)
			return ETIMEDOUT;
		/* Both a signal and the end of the child wake it. */
		event_wait(fds, 2, ready,
		           r->pidfd == -1 && now + 50 < deadline ? now + 50 : deadline);
		if (!has_ended(r) && must_stop(r->stop_fd))
			return ECANCELED;
	}
	return 0;
}

/* Wait until no process of its session is left, polling at growing intervals: there is no event
 * for the end of a session.  Return false when asked to stop, or at the deadline. */
static bool
await_gone(struct running *r, int64_t deadline)
{
	for (int64_t pause = 2;; pause = pause < 100 ? pause * 2 : 100) {
		int64_t now = clock_mono();

		if (has_ended(r) && child_gone(r->pid))
			return true;
		if (now >= deadline || must_stop(r->stop_fd))
			return false;
		event_wait(NULL, 0, NULL, now + pause);
	}
}

/* Three steps: wait for the main process; wait GRACE for the rest of its session (after TERM, if
 * it was stopped); KILL the session and wait GRACE once more.  A command's background processes
 * thus get a chance to finish, but never outlive it: they would go on to use the volume while the
 * next run writes there. */
int
child_run(const struct child_spec *spec, int seconds, int stop_fd, int *status)
{
	struct running r = {.pid = child_start(spec), .stop_fd = stop_fd};
	int error;

	if (r.pid == -1)
		return -1;
	/* A pidfd, since poll cannot wait for a child otherwise; SIGCHLD belongs to the caller. */
	r.pidfd = (int)syscall(SYS_pidfd_open, r.pid, 0);
	/* 1. The main process: until it ends, its time is over, or the caller is asked to stop. */
	error = await_end(&r, clock_mono() + (int64_t)seconds * 1000);
	if (error != 0) {
		child_stop(r.pid, false);
		r.stop_fd = -1; /* acted upon: what follows has a deadline of its own */
	}
	/* 2. The rest of its session. 3. KILL, for what ignores TERM; then only the kernel can
	 * hold it. */
	if (!await_gone(&r, clock_mono() + GRACE)) {
		child_stop(r.pid, true);
		r.stop_fd = -1;
		if (!await_gone(&r, clock_mono() + GRACE))
			error = EBUSY;
	}
	file_close(&r.pidfd);
	*status = r.status;
	errno = error;
	return error == 0 ? 0 : -1;
}
