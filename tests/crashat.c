// SPDX-License-Identifier: ISC
/*
 * crashat [-n N] [-m REGEX] [-p WHO] [-k WHOM] [-s SIGNAL] [-A] [-e ERRNO [-a] [-N]] [-w SECONDS]
 * [-o FILE] COMMAND [ARG...]: run COMMAND and stop it at its N-th step.  A step is a system call
 * that changes a file or starts a process, made by WHO: flashback (the children of COMMAND, which
 * is flashback itself), daemon (COMMAND), or rsync (any).  With -m only those are steps whose name
 * and files match, as "renameat2 /d/store/h/v/S.working /d/store/h/v/S" (see syscalls.h).  Just
 * before that call, with -A just after it, WHOM gets the signal (9, or another number): one (the
 * process that makes it), daemon, flashback (daemon and children), rsync, or all.  N = 0: nobody
 * does. With -e nobody is stopped: that call fails with this error (a number), with -a every one
 * from there on; then a step is also every other attempt to open, read, look at, lock or close
 * something.  (What fails to be closed is closed all the same, as Linux has it; and those after the
 * first do not fail where they have to do with /proc, which is no disk.)  With -N a step is instead
 * a call that has to do with the network, with waiting for input, or with what a process is.
 * When COMMAND has ended so does crashat, with its exit status (128 + signal), having written to
 * FILE how many steps there were.  What is left of its children runs on; with -w it
 * has SECONDS to end, or is named and killed, and the exit status is 124.
 */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syscalls.h"

#define PROCESSES 256

struct tracer {
	unsigned long at, count;
	const char *who, *whom, *file;
	int signal, error;
	bool on;       /* from that step on, each fails */
	bool network;  /* steps are those of network[] */
	unsigned wait; /* so many seconds for all that COMMAND has started */
	bool after;    /* the signal comes once the call has been made */
	bool matched;  /* steps are the calls of that match */
	regex_t match;
	pid_t command, traced[PROCESSES];
};

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "crashat: %s: %s\n", what, strerror(errno));
	_exit(125);
}

/* ---- who it is made by ---- */

/* The name of the program that it runs; empty when it is no more. */
static const char *
name_of(pid_t pid, char name[32])
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(name, 32, f))
		name[0] = '\0';
	if (f)
		fclose(f);
	name[strcspn(name, "\n")] = '\0';
	return name;
}

static bool
is_named(pid_t pid, const char *name)
{
	char comm[32];

	return strcmp(name_of(pid, comm), name) == 0;
}

static bool
is_who(const struct tracer *t, pid_t pid)
{
	if (strcmp(t->who, "daemon") == 0)
		return pid == t->command;
	return pid != t->command && is_named(pid, t->who);
}

static bool
is_whom(const struct tracer *t, pid_t pid, pid_t one)
{
	if (strcmp(t->whom, "one") == 0)
		return pid == one;
	if (strcmp(t->whom, "daemon") == 0)
		return pid == t->command;
	return strcmp(t->whom, "all") == 0 || is_named(pid, t->whom);
}

static void
strike(const struct tracer *t, pid_t one)
{
	for (size_t i = 0; i < PROCESSES; i++)
		if (t->traced[i] != 0 && is_whom(t, t->traced[i], one))
			kill(t->traced[i], t->signal);
}

/* Has the call to do with /proc?  What is told there of other processes comes from no disk. */
static bool
is_proc(pid_t pid)
{
	char text[SYSCALLS_TEXT];

	syscalls_text(pid, text);
	return strstr(text, " /proc/") != NULL;
}

/* Is the call that pid stands before one of those that are asked for? */
static bool
is_meant(const struct tracer *t, pid_t pid)
{
	char text[SYSCALLS_TEXT];

	if (!t->matched)
		return true;
	syscalls_text(pid, text);
	return regexec(&t->match, text, 0, NULL, 0) == 0;
}

/* Make the call that pid stands before fail, or, if over, the one that it comes from.  Return false
 * where the call must be made first. */
static bool
refuse(pid_t pid, int error, bool over)
{
#ifdef __x86_64__
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
		return true;
	if (!over && regs.orig_rax == SYS_close)
		return false;
	if (!over)
		regs.orig_rax = UINT64_MAX;
	regs.rax = (unsigned long long)(-(long long)error);
	if (ptrace(PTRACE_SETREGS, pid, 0, &regs) != 0)
		die("registers");
	return true;
#else
	(void)pid;
	(void)error;
	(void)over;
	errno = ENOSYS;
	die("-e on this kind of machine");
#endif
}

/* ---- tracing ---- */

/* Put to where from was. */
static void
replace(struct tracer *t, pid_t from, pid_t to)
{
	for (size_t i = 0; i < PROCESSES; i++)
		if (t->traced[i] == from) {
			t->traced[i] = to;
			return;
		}
}

static void
note(struct tracer *t, pid_t pid)
{
	for (size_t i = 0; i < PROCESSES; i++)
		if (t->traced[i] == pid)
			return;
	replace(t, 0, pid);
}

/* Pid stands before a step.  Return true when it is to stop after it once more. */
static bool
take_step(struct tracer *t, pid_t pid)
{
	if (!is_meant(t, pid))
		return false;
	t->count++;
	if (t->at == 0 || (t->on ? t->count < t->at : t->count != t->at))
		return false;
	if (t->on && t->count > t->at && is_proc(pid))
		return false;
	if (t->error != 0)
		return !refuse(pid, t->error, false);
	if (!t->after)
		strike(t, pid);
	return t->after;
}

static void
take_stop(struct tracer *t, pid_t pid, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	note(t, pid);
	if (event == PTRACE_EVENT_SECCOMP && is_who(t, pid) && take_step(t, pid)) {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		return;
	}
	if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		ptrace(PTRACE_LISTEN, pid, 0, 0); /* it is stopped, and stays so until CONT */
		return;
	}
	if (sig == (SIGTRAP | 0x80)) {
		if (t->error != 0)
			refuse(pid, t->error, true);
		else
			strike(t, pid);
		sig = 0;
	}
	ptrace(PTRACE_CONT, pid, 0, event != 0 ? 0 : sig);
}

static void
write_count(const struct tracer *t)
{
	FILE *f = t->file ? fopen(t->file, "we") : NULL;

	if (t->file && (!f || fprintf(f, "%lu\n", t->count) < 0 || fclose(f) != 0))
		die(t->file);
}

/* COMMAND has ended: say so, and hold nothing that somebody may wait for. */
static void
tell_end(struct tracer *t, int tell, int status)
{
	write_count(t);
	prctl(PR_SET_PDEATHSIG, 0);
	if (write(tell, &status, sizeof(status)) != sizeof(status))
		die("pipe");
	close(tell);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
}

/* Name what has not ended by itself; it dies with us. */
static bool
tell_left(const struct tracer *t)
{
	char name[32];
	bool any = false;

	for (size_t i = 0; i < PROCESSES; i++)
		if (t->traced[i] != 0) {
			fprintf(stderr, "crashat: left behind: %d (%s)\n", t->traced[i],
			        name_of(t->traced[i], name));
			any = true;
		}
	return any;
}

static void
wake_up(int sig)
{
	(void)sig;
}

static void __attribute__((noreturn)) trace(struct tracer *t, int tell)
{
	const struct sigaction wake = {.sa_handler = wake_up}; /* waitpid is to end with EINTR */
	int status, result = 0;
	bool over = false;
	pid_t pid;

	sigaction(SIGALRM, &wake, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || (errno == EINTR && !over)) {
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			take_stop(t, pid, status);
			continue;
		}
		replace(t, pid, 0);
		if (pid != t->command)
			continue;
		result = status;
		over = t->wait > 0;
		if (t->wait > 0)
			alarm(t->wait);
		else
			tell_end(t, tell, status);
	}
	if (t->wait > 0)
		tell_end(t, tell, tell_left(t) ? 124 << 8 : result);
	_exit(0);
}

/* Start COMMAND, held until it is traced. */
static void
start(struct tracer *t, char **argv)
{
	const unsigned long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
	                              PTRACE_O_TRACECLONE | PTRACE_O_TRACESECCOMP |
	                              PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int gate[2];
	char go;

	if (pipe2(gate, O_CLOEXEC) != 0)
		die("pipe");
	t->command = fork();
	if (t->command < 0)
		die("fork");
	if (t->command == 0) {
		close(gate[1]);
		if (read(gate[0], &go, 1) < 0)
			die("pipe");
		if (syscalls_filter(t->error != 0, t->network) != 0)
			die("seccomp");
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (ptrace(PTRACE_SEIZE, t->command, 0, options) != 0)
		die("ptrace");
	note(t, t->command);
	close(gate[0]);
	close(gate[1]);
}

static void
parse(struct tracer *t, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+n:m:p:k:s:Ae:aNw:o:")) != -1) {
		switch (c) {
		case 'n':
			t->at = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			t->matched = true;
			if (regcomp(&t->match, optarg, REG_EXTENDED | REG_NOSUB) != 0)
				die(optarg);
			break;
		case 'A':
			t->after = true;
			break;
		case 'p':
			t->who = optarg;
			break;
		case 'k':
			t->whom = optarg;
			break;
		case 's':
			t->signal = (int)strtol(optarg, NULL, 10);
			break;
		case 'e':
			t->error = (int)strtol(optarg, NULL, 10);
			break;
		case 'a':
			t->on = true;
			break;
		case 'N':
			t->network = true;
			break;
		case 'w':
			t->wait = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			t->file = optarg;
			break;
		default:
			exit(125);
		}
	}
	if (optind == argc) {
		fprintf(stderr,
		        "usage: crashat [-n N] [-m REGEX] [-p WHO] [-k WHOM] [-s SIGNAL] [-A]"
		        " [-e ERRNO [-a] [-N]] [-w SECONDS] [-o FILE] COMMAND [ARG...]\n");
		exit(125);
	}
}

int
main(int argc, char **argv)
{
	struct tracer t = {.who = "flashback", .whom = "one", .signal = SIGKILL};
	int told[2], status;
	ssize_t n;
	pid_t pid;

	parse(&t, argc, argv);
	if (pipe2(told, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(told[0]);
		start(&t, argv + optind);
		trace(&t, told[1]);
	}
	close(told[1]);
	do
		n = read(told[0], &status, sizeof(status));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(status))
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
