// SPDX-License-Identifier: ISC
/* Whose longjmp refuses another stack. */
#undef _FORTIFY_SOURCE

#include "process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "check.h"
#include "drive.h"
#include "sim.h"

#define STACK_SIZE (256 * 1024)
#define MAX 512
#define FIRST_PID 1000

/* A context is for the first step alone: each swap of contexts is a system call. */
struct process_inside {
	ucontext_t context;
	bool begun;
	jmp_buf here; /* where it waits */
	void *stack;
	int (*body)(void *);
	void *arg;
	bool awake;
	int64_t until; /* mono; -1: for ever */
};

static struct {
	struct process *all[MAX];
	size_t n;
	struct process *self;
	jmp_buf machine;
	int last_pid;
	void (*act)(struct process *);
	void *stack[MAX]; /* free ones */
	size_t stacks;
} table = {.last_pid = FIRST_PID};

struct process *
process_self(void)
{
	return table.self;
}

struct process *
process_find(int pid)
{
	for (size_t i = 0; i < table.n; i++)
		if (table.all[i]->pid == pid)
			return table.all[i];
	return NULL;
}

struct process *
process_next(struct process *p)
{
	size_t i = 0;

	while (p != NULL && table.all[i++] != p)
		;
	return i < table.n ? table.all[i] : NULL;
}

static void *
take_stack(void)
{
	void *stack;

	if (table.stacks > 0)
		return table.stack[--table.stacks];
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED)
		abort();
	return stack;
}

static void
drop(struct process *p)
{
	for (size_t i = 0; i < table.n; i++)
		if (table.all[i] == p)
			table.all[i] = table.all[--table.n];
	free(p->pipe);
	free(p->inside);
	free(p);
}

static struct process *
find_child(const struct process *p)
{
	for (size_t i = 0; i < table.n; i++)
		if (table.all[i]->parent == p)
			return table.all[i];
	return NULL;
}

/* It is over: its parent hears of it, its children get TERM, and what it held is free. */
static void
finish(struct process *p, int status)
{
	struct process *child;

	p->ended = true;
	p->status = status;
	table.stack[table.stacks++] = p->inside->stack;
	p->inside->stack = NULL;
	drive_let_go(p);
	while ((child = find_child(p)) != NULL) {
		child->parent = NULL;
		process_term(child);
	}
	if (p->parent == NULL) {
		drop(p);
		return;
	}
	p->parent->pending.child = true;
	process_wake(p->parent);
}

static void
begin(void)
{
	struct process *p = table.self;
	int status = p->inside->body(p->inside->arg);

	p->ended = true;
	p->status = status;
	_longjmp(table.machine, 1);
}

struct process *
process_start(enum process_kind kind, int (*body)(void *), void *arg)
{
	struct process *p = calloc(1, sizeof(*p));
	struct process_inside *inside = calloc(1, sizeof(*inside));

	if (p == NULL || inside == NULL || table.n == MAX)
		abort();
	*inside =
	    (struct process_inside){.stack = take_stack(), .body = body, .arg = arg, .awake = true};
	*p = (struct process){.pid = ++table.last_pid,
	                      .kind = kind,
	                      .parent = table.self,
	                      .began = sim_mono(),
	                      .inside = inside};
	getcontext(&inside->context);
	inside->context.uc_stack.ss_sp = inside->stack;
	inside->context.uc_stack.ss_size = STACK_SIZE;
	makecontext(&inside->context, begin, 0);
	table.all[table.n++] = p;
	return p;
}

void
process_wait(int64_t until)
{
	struct process *p = table.self;

	p->inside->until = until;
	p->inside->awake = false;
	if (_setjmp(p->inside->here) == 0)
		_longjmp(table.machine, 1);
}

void
process_wake(struct process *p)
{
	p->inside->awake = true;
}

void
process_kill(struct process *p, int status)
{
	if (!p->ended)
		finish(p, status);
}

void
process_term(struct process *p)
{
	if (p->ended && p->parent == NULL) {
		drop(p);
	} else if (p->ended) {
		return;
	} else if (p->careful) {
		p->pending.end = true;
		process_wake(p);
	} else {
		finish(p, SIGTERM);
	}
}

void
process_forget(struct process *p)
{
	p->parent = NULL;
	if (p->ended)
		drop(p);
}

void
process_stop_here(void (*act)(struct process *))
{
	table.act = act;
	process_wait(-1);
}

static bool
can_go_on(const struct process *p)
{
	return !p->ended &&
	       (p->inside->awake || (p->inside->until >= 0 && p->inside->until <= sim_mono()));
}

static struct process *
pick(void)
{
	struct process *found = NULL;
	int n = 0;

	for (size_t i = 0; i < table.n; i++)
		if (can_go_on(table.all[i]) && sim_roll(++n) == 0)
			found = table.all[i];
	return found;
}

/* Until it waits again. */
static void
go_on(struct process_inside *inside)
{
	if (_setjmp(table.machine) != 0)
		return;
	if (inside->begun)
		_longjmp(inside->here, 1);
	inside->begun = true;
	setcontext(&inside->context);
}

static void
resume(struct process *p)
{
	void (*act)(struct process *);

	table.self = p;
	go_on(p->inside);
	table.self = NULL;
	if (p->ended) {
		check_over(p);
		finish(p, p->status);
	}
	act = table.act;
	table.act = NULL;
	if (act != NULL)
		act(p);
}

/* The next instant at which somebody goes on by himself. */
static int64_t
next_deadline(void)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < table.n; i++) {
		const struct process *p = table.all[i];

		if (!p->ended && p->inside->until >= 0 && p->inside->until < next)
			next = p->inside->until;
	}
	return next;
}

void
process_run(int64_t until)
{
	for (;;) {
		struct process *p = pick();
		int64_t next;

		if (p != NULL) {
			resume(p);
			continue;
		}
		next = next_deadline();
		if (next > until)
			break;
		sim_pass(next);
	}
	sim_pass(until);
}
