// SPDX-License-Identifier: ISC
#include "flashback/lib/event.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/jobs/backup.h"
#include "flashback/jobs/inspect.h"
#include "flashback/jobs/probe.h"
#include "flashback/jobs/purge.h"

#include "process.h"
#include "sim.h"

/* In the place of the module event: children are pretend processes, and the wait is no wait. */

/* Descriptors: what a child sends, the end that it writes to, the signals of a process. */
enum { PIPE_READ, PIPE_WRITE, SIGNAL, DESCRIPTORS };

#define FIRST_FD 4096
#define SPINS_MAX 100

/* A machine that is busy with other things lets the daemon oversleep, so that years pass quickly.
 */
enum { IDLE_LATE_MS = 600000, BUSY_LATE_MS = 20000 };

/* The bodies of children, and how large their own copy of what they are told is. */
static const struct {
	event_body *body;
	enum process_kind kind;
	size_t size;
} bodies[] = {
    {backup_body, PROCESS_WORKER, sizeof(struct backup_job)},
    {inspect_body, PROCESS_LOOKER, sizeof(struct inspect_job)},
    {purge_body, PROCESS_SWEEPER, sizeof(struct purge_job)},
    {probe_body, PROCESS_PROBER, sizeof(struct probe_hosts)},
};

struct child {
	event_body *body;
	int out;
	union {
		struct backup_job run;
		struct inspect_job look;
		struct purge_job sweep;
		struct probe_hosts probe;
	} arg;
};

static int
descriptor(const struct process *p, int what)
{
	return FIRST_FD + p->pid * DESCRIPTORS + what;
}

/* The process of a descriptor; NULL when it is no more. */
static struct process *
process_of(int fd)
{
	return process_find((fd - FIRST_FD) / DESCRIPTORS);
}

int
event_open(void)
{
	process_self()->careful = true;
	return descriptor(process_self(), SIGNAL);
}

void
event_read(int fd, struct event_signals *out)
{
	(void)fd;
	*out = process_self()->pending;
	process_self()->pending = (struct event_signals){0};
}

static bool
is_ready(int fd)
{
	const struct process *p;

	if (fd < 0)
		return false;
	p = process_of(fd);
	if ((fd - FIRST_FD) % DESCRIPTORS != SIGNAL)
		return p == NULL || p->ended || p->pipe_len > 0;
	return p->pending.end || p->pending.wake || p->pending.again || p->pending.room ||
	       p->pending.child;
}

static int64_t
be_late(int64_t deadline)
{
	int64_t late = BUSY_LATE_MS, wake;

	if (process_self()->kind != PROCESS_DAEMON || deadline < 0)
		return deadline;
	if (process_next(process_next(NULL)) == NULL)
		late = IDLE_LATE_MS;
	wake = (deadline + late - 1) / late * late;
	return wake;
}

/* A wait that is none, again and again, is no wait: the daemon takes all of the processor. */
static void
check_spin(void)
{
	static int64_t at;
	static int times;

	times = at == sim_mono() ? times + 1 : 0;
	at = sim_mono();
	if (times > SPINS_MAX)
		sim_broken("the daemon does not wait");
}

int
event_wait(const int *fds, size_t n, bool *ready, int64_t deadline)
{
	int count = 0;

	for (;;) {
		for (size_t i = 0; i < n; i++) {
			ready[i] = is_ready(fds[i]);
			count += ready[i];
		}
		if (count > 0)
			return count;
		if (deadline >= 0 && sim_mono() >= deadline) {
			check_spin();
			return 0;
		}
		process_wait(be_late(deadline));
	}
}

static int
child_main(void *arg)
{
	struct child *c = arg;
	int status = c->body(c->out, &c->arg);

	free(c);
	return status << 8;
}

int
event_fork(struct event_child *c, event_body *body, void *arg)
{
	struct child *child = calloc(1, sizeof(*child));
	size_t i = 0;
	struct process *p;

	while (i < sizeof(bodies) / sizeof(bodies[0]) && bodies[i].body != body)
		i++;
	if (child == NULL || i == sizeof(bodies) / sizeof(bodies[0]))
		abort();
	child->body = body;
	memcpy(&child->arg, arg, bodies[i].size);
	p = process_start(bodies[i].kind, child_main, child);
	child->out = descriptor(p, PIPE_WRITE);
	if (body == backup_body) {
		p->volume = child->arg.run.volume;
		p->config = child->arg.run.config;
	} else if (body == purge_body) {
		p->config = child->arg.sweep.config;
	}
	*c = (struct event_child){.pid = p->pid, .fd = descriptor(p, PIPE_READ)};
	return 0;
}

int
event_send(int fd, const void *msg, size_t size)
{
	struct process *p = process_of(fd);

	if (size > EVENT_SIZE)
		sim_broken("a message to the parent is %zu bytes long", size);
	while (p->pipe_len + sizeof(size) + size >= p->pipe_max)
		p->pipe = sim_grow(p->pipe, &p->pipe_max, p->pipe_max, 1);
	memcpy(p->pipe + p->pipe_len, &size, sizeof(size));
	memcpy(p->pipe + p->pipe_len + sizeof(size), msg, size);
	p->pipe_len += sizeof(size) + size;
	if (p->parent != NULL)
		process_wake(p->parent);
	return 0;
}

bool
event_reaped(struct event_child *c)
{
	const struct process *p = process_find(c->pid);

	if (!c->ended && p != NULL && p->ended) {
		c->ended = true;
		c->status = p->status;
	}
	return c->ended;
}

enum event_news
event_next(struct event_child *c, void *msg, size_t size)
{
	struct process *p = process_find(c->pid);
	size_t len;

	if (p == NULL)
		return EVENT_NOTHING;
	if (p->pipe_len == 0)
		return event_reaped(c) ? EVENT_ENDED : EVENT_NOTHING;
	memcpy(&len, p->pipe, sizeof(len));
	if (len > size)
		sim_broken("a message of %zu bytes is read as one of %zu", len, size);
	memset(msg, 0, size);
	memcpy(msg, p->pipe + sizeof(len), len);
	p->pipe_len -= sizeof(len) + len;
	memmove(p->pipe, p->pipe + sizeof(len) + len, p->pipe_len);
	return EVENT_MESSAGE;
}

void
event_kill(const struct event_child *c, int sig)
{
	struct process *p = c->pid != 0 ? process_find(c->pid) : NULL;

	if (p == NULL || p->ended)
		return;
	if (sig == SIGUSR2 && p->careful) {
		p->pending.room = true;
		process_wake(p);
	} else if (sig == SIGTERM) {
		process_term(p);
	} else {
		process_kill(p, sig);
	}
}

void
event_close(struct event_child *c)
{
	struct process *p = process_find(c->pid);

	if (p != NULL)
		process_forget(p);
	*c = (struct event_child){.fd = -1};
}
