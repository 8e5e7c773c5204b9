// SPDX-License-Identifier: ISC
#include "flashback/lib/event.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/compat.h"
#include "flashback/lib/file.h"

#define BUF_SIZE 8192 /* for a child's messages: an incomplete one, and space to read more */

/* Reads by event_next until it returns EVENT_NOTHING: enough to empty a full pipe, and a limit
 * for a child that writes without pause. */
#define READS_MAX 64

_Static_assert(EVENT_SIZE + sizeof(uint32_t) == PIPE_BUF, "a message is written in one piece");

static const int received[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

/* ---- signals ---- */

int
event_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(received) / sizeof(received[0]); i++)
		sigaddset(&set, received[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	/* The parent process may have ignored CHLD, and then children could not be waited for. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
event_read(int fd, struct event_signals *out)
{
	struct signalfd_siginfo si;

	*out = (struct event_signals){0};
	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		out->end |= si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT;
		out->wake |= si.ssi_signo == SIGHUP;
		out->again |= si.ssi_signo == SIGUSR1;
		out->room |= si.ssi_signo == SIGUSR2;
		out->child |= si.ssi_signo == SIGCHLD;
	}
}

void
event_reset_signals(void)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* Fails for KILL, STOP and the signals reserved by the C library. */
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- waiting ---- */

/* A descriptor that becomes ready at deadline: poll's own time-out does not advance during
 * suspend. */
static int
open_alarm(int64_t deadline)
{
	const struct itimerspec when = {
	    .it_value = {.tv_sec = (time_t)(deadline / 1000),
	                 .tv_nsec = (long)(deadline % 1000 * 1000000) + 1},
	};
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* poll's time-out in milliseconds; at most a minute where no alarm could be created. */
static int
poll_limit(int64_t deadline, bool has_alarm)
{
	int64_t left = deadline - clock_mono();

	if (deadline < 0 || (has_alarm && left > 0))
		return -1;
	return left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* poll failed, for lack of memory: pause, and report every descriptor as ready. */
static void
go_round(struct pollfd *set, size_t n)
{
	const struct timespec pause = {.tv_nsec = 50000000};

	nanosleep(&pause, NULL);
	for (size_t i = 0; i < n; i++)
		set[i].revents = set[i].fd >= 0 ? POLLIN : 0;
}

/* One wait for all descriptors and the deadline.  A wake-up with nothing ready (an interrupted
 * poll, the end of a minute) waits again. */
int
event_wait(const int *fds, size_t n, bool *ready, int64_t deadline)
{
	struct pollfd set[EVENT_FDS + 1];
	int count = 0;

	assert(n <= EVENT_FDS);
	for (size_t i = 0; i < n; i++)
		set[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	set[n].fd = deadline > clock_mono() ? open_alarm(deadline) : -1;
	set[n].events = POLLIN;
	for (;;) {
		int limit = poll_limit(deadline, set[n].fd >= 0);

		if (poll(set, n + 1, limit) < 0 && errno != EINTR && limit != 0)
			go_round(set, n);
		for (size_t i = 0; i < n; i++)
			count += set[i].revents != 0;
		if (count > 0 || limit == 0)
			break;
	}
	for (size_t i = 0; i < n; i++)
		ready[i] = set[i].revents != 0;
	if (set[n].fd >= 0)
		close(set[n].fd);
	return count;
}

/* ---- children ---- */

/*
 * The child's side of event_fork: see there.  getppid is compared after PR_SET_PDEATHSIG, since a
 * parent that has died in between sends no signal; the pipe moves to descriptor 3, so that
 * everything above it can be closed.
 */
static void
be_a_child(pid_t parent, int out, event_body *body, void *arg)
{
	sigset_t set;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	setsid();
	if (out != 3) {
		if (dup2(out, 3) < 0)
			_exit(1);
		out = 3;
	}
	fcntl(out, F_SETFD, FD_CLOEXEC);
	/* syslog keeps a descriptor of its own: closed below without its knowledge, it would
	 * later close whatever has that number by then. */
	closelog();
	closefrom(out + 1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	_exit(body(out, arg));
}

int
event_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
		return 0;
	file_close(&ends[0]);
	file_close(&ends[1]);
	return -1;
}

int
event_fork(struct event_child *c, event_body *body, void *arg)
{
	pid_t parent = getpid();
	int pipefd[2];

	*c = (struct event_child){.fd = -1, .buf = malloc(BUF_SIZE)};
	if (c->buf == NULL)
		return -1;
	if (event_pipe(pipefd) < 0)
		goto fail_buf;
	c->pid = fork();
	if (c->pid < 0)
		goto fail_pipe;
	if (c->pid == 0)
		be_a_child(parent, pipefd[1], body, arg);
	close(pipefd[1]);
	c->fd = pipefd[0];
	return 0;
fail_pipe:
	file_close(&pipefd[0]);
	file_close(&pipefd[1]);
fail_buf:
	free(c->buf);
	*c = (struct event_child){.fd = -1};
	return -1;
}

/* Has the child ended?  Its session is killed before it is reaped: see below. */
bool
event_reaped(struct event_child *c)
{
	siginfo_t si = {0};

	if (c->pid <= 0 || c->ended)
		return c->ended;
	/* Until the child is reaped, its process id cannot be reused for another session. */
	if (waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0) {
		if (si.si_pid == 0)
			return false;
		kill(-c->pid, SIGKILL);
	}
	/* A child that was reaped elsewhere has ended, too; its status is unknown. */
	if (waitpid(c->pid, &c->status, WNOHANG) < 0)
		c->status = W_EXITCODE(255, 0);
	c->ended = true;
	c->reads = 0; /* what the pipe still has is read, however much was read before */
	return true;
}

/* Close the pipe: nothing more is read from this child. */
static void
hang_up(struct event_child *c)
{
	close(c->fd);
	c->fd = -1;
}

/* Copy the first complete message to msg.  Messages larger than size are dropped. */
static bool
take_message(struct event_child *c, void *msg, size_t size)
{
	uint32_t len;
	size_t whole;
	bool fits = false;

	while (!fits && c->len >= sizeof(len)) {
		memcpy(&len, c->buf, sizeof(len));
		whole = sizeof(len) + len;
		if (c->len < whole)
			return false;
		fits = len <= size;
		if (fits) {
			memset(msg, 0, size);
			memcpy(msg, c->buf + sizeof(len), len);
		}
		c->len -= whole;
		memmove(c->buf, c->buf + whole, c->len);
	}
	return fits;
}

/* Read what the pipe has.  Return false when it is empty, or closed. */
static bool
read_more(struct event_child *c)
{
	uint32_t len = 0;
	ssize_t n;

	if (c->fd < 0)
		return false;
	n = read(c->fd, c->buf + c->len, BUF_SIZE - c->len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n > 0)
		c->len += (size_t)n;
	if (c->len >= sizeof(len))
		memcpy(&len, c->buf, sizeof(len));
	/* A length out of range: the child is broken, so read nothing more.  Its exit status
	 * will show why. */
	if (n <= 0 || len > EVENT_SIZE)
		hang_up(c);
	return n > 0;
}

enum event_news
event_next(struct event_child *c, void *msg, size_t size)
{
	bool ended;

	if (c->pid <= 0)
		return EVENT_NOTHING;
	/* Checked before the pipe is read: if the child had ended by then, the pipe has its last
	 * message. */
	ended = event_reaped(c);
	while (!take_message(c, msg, size)) {
		if (c->reads < READS_MAX && read_more(c)) {
			c->reads++;
			continue;
		}
		c->reads = 0;
		return ended ? EVENT_ENDED : EVENT_NOTHING;
	}
	return EVENT_MESSAGE;
}

void
event_kill(const struct event_child *c, int sig)
{
	if (c->pid <= 0 || c->ended)
		return;
	if (sig == SIGKILL)
		kill(-c->pid, sig);
	kill(c->pid, sig);
}

void
event_close(struct event_child *c)
{
	if (c->pid > 0 && c->fd >= 0)
		close(c->fd);
	free(c->buf);
	*c = (struct event_child){.fd = -1};
}

/* Length and message in one write of at most PIPE_BUF bytes, which the kernel makes atomic. */
int
event_send(int fd, const void *msg, size_t size)
{
	char whole[PIPE_BUF];
	uint32_t len = (uint32_t)size;
	ssize_t n;

	if (size > EVENT_SIZE) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(whole, &len, sizeof(len));
	memcpy(whole + sizeof(len), msg, size);
	do
		n = write(fd, whole, sizeof(len) + size);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)(sizeof(len) + size) ? 0 : -1;
}
