// SPDX-License-Identifier: ISC
/*
 * Linked into the build for coverage (make coverage) with --wrap: a process that ends by _exit, or
 * by a signal that it sends to itself, writes its counters first, as exit does.  fork and exec do
 * so by themselves there; what somebody else kills keeps what it had counted up to its last fork.
 */
#include <signal.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
int __real_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig);

void
__wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

int
__wrap_kill(pid_t pid, int sig)
{
	if (pid == getpid()) {
		__gcov_dump();
		__gcov_reset(); /* it may live on, and without this would never write again */
	}
	return __real_kill(pid, sig);
}
