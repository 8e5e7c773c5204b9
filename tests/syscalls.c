// SPDX-License-Identifier: ISC
#include "syscalls.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A call, and which of its arguments name a file: f a descriptor, p a path, a the descriptor of a
 * directory followed by a path; any other letter stands for an argument that names none. */
struct call {
	int nr;
	const char *name, *args;
};

#define CALL(name, args)                                                                           \
	{                                                                                          \
		SYS_##name, #name, args                                                            \
	}

/* What changes a file, or starts a process. */
static const struct call steps[] = {
    CALL(mkdirat, "a"),   CALL(unlinkat, "a"),   CALL(symlinkat, "-a"), CALL(linkat, "aa"),
    CALL(mknodat, "a"),   CALL(renameat2, "aa"), CALL(fsync, "f"),      CALL(syncfs, "f"),
    CALL(fdatasync, "f"), CALL(ftruncate, "f"),  CALL(fchmodat, "a"),   CALL(fchownat, "a"),
    CALL(pwrite64, "f"),  CALL(utimensat, "a"),  CALL(clone, ""),       CALL(lsetxattr, "p"),
    CALL(fchmod, "f"),    CALL(write, "f"),
#ifdef SYS_renameat
    CALL(renameat, "aa"),
#endif
#ifdef SYS_rename /* older architectures have these besides */
    CALL(rename, "pp"),   CALL(mkdir, "p"),      CALL(unlink, "p"),     CALL(symlink, "-p"),
    CALL(link, "pp"),     CALL(rmdir, "p"),      CALL(chmod, "p"),      CALL(lchown, "p"),
    CALL(mknod, "p"),     CALL(fork, ""),        CALL(vfork, ""),
#endif
};

/* What changes nothing, but may fail. */
static const struct call looks[] = {
    CALL(openat, "a"),    CALL(pipe2, ""),          CALL(close, "f"),
    CALL(read, "f"),      CALL(pread64, "f"),       CALL(newfstatat, "a"),
    CALL(statx, "a"),     CALL(fstat, "f"),         CALL(statfs, "p"),
    CALL(fstatfs, "f"),   CALL(getdents64, "f"),    CALL(readlinkat, "a"),
    CALL(flock, "f"),     CALL(fcntl, "f"),         CALL(dup, "f"),
    CALL(dup3, "f"),      CALL(chdir, "p"),         CALL(fchdir, "f"),
    CALL(getcwd, ""),     CALL(faccessat, "a"),     CALL(signalfd4, ""),
    CALL(pidfd_open, ""), CALL(timerfd_create, ""), CALL(timerfd_settime, "f"),
#ifdef SYS_rename
    CALL(readlink, "p"),  CALL(access, "p"),        CALL(dup2, "f"),
    CALL(stat, "p"),      CALL(lstat, "p"),
#endif
};

/* The network, waiting for input, what a process is and may do. */
static const struct call network[] = {
    CALL(socket, ""),     CALL(connect, ""),     CALL(bind, ""),         CALL(getsockname, ""),
    CALL(setsockopt, ""), CALL(getsockopt, ""),  CALL(sendto, ""),       CALL(sendmsg, ""),
    CALL(recvfrom, ""),   CALL(recvmsg, ""),     CALL(ppoll, ""),        CALL(pselect6, ""),
    CALL(eventfd2, ""),   CALL(setpriority, ""), CALL(memfd_create, ""), CALL(ioprio_set, ""),
    CALL(prctl, ""),      CALL(close_range, ""),
#ifdef SYS_rename
    CALL(poll, ""),       CALL(select, ""),
#endif
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))
#define LOOKS (sizeof(looks) / sizeof(looks[0]))
#define NETWORK (sizeof(network) / sizeof(network[0]))

/* ---- where to stop ---- */

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(test, value, n) BPF_JUMP(BPF_JMP | (test) | BPF_K, (unsigned)(value), 0, n)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

/* Add to code that each of these n calls is stopped at. */
static size_t
add_calls(struct sock_filter *code, const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		code[2 * i] = (struct sock_filter)SKIP_UNLESS(BPF_JEQ, calls[i].nr, 1);
		code[2 * i + 1] = (struct sock_filter)RETURN(SECCOMP_RET_TRACE);
	}
	return 2 * n;
}

/* An openat that may make a file is a step, too. */
int
syscalls_filter(bool want_looks, bool want_network)
{
	const struct sock_filter last[] = {
	    SKIP_UNLESS(BPF_JEQ, SYS_openat, 3), LOAD(args[2]),
	    SKIP_UNLESS(BPF_JSET, O_CREAT, 1),   RETURN(SECCOMP_RET_TRACE),
	    RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_filter code[1 + 2 * (STEPS + LOOKS + NETWORK) + sizeof(last) / sizeof(last[0])];
	struct sock_fprog prog = {.filter = code};
	size_t n = 1;

	code[0] = (struct sock_filter)LOAD(nr);
	if (want_network) {
		n += add_calls(code + n, network, NETWORK);
		code[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	} else {
		n += add_calls(code + n, steps, STEPS);
		if (want_looks)
			n += add_calls(code + n, looks, LOOKS);
		memcpy(code + n, last, sizeof(last));
		n += sizeof(last) / sizeof(last[0]);
	}
	prog.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* ---- what stopped there ---- */

static const struct call *
find(const struct call *calls, size_t n, uint64_t nr)
{
	for (size_t i = 0; i < n; i++)
		if ((uint64_t)calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

/* The path of a file that pid has open; of its working directory, if fd is AT_FDCWD. */
static void
read_fd(pid_t pid, int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), fd == AT_FDCWD ? "/proc/%d/cwd" : "/proc/%d/fd/%d", pid, fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
}

/* The text at that address in pid's memory; empty where there is none. */
static void
read_text(pid_t pid, uint64_t address, char text[PATH_MAX])
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = pread(fd, text, PATH_MAX - 1, (off_t)address);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
}

/* A relative path is shown below its directory. */
static void
add_path(FILE *f, pid_t pid, int dirfd, uint64_t address)
{
	char path[PATH_MAX], dir[PATH_MAX];

	read_text(pid, address, path);
	if (path[0] == '/') {
		fprintf(f, " %s", path);
		return;
	}
	read_fd(pid, dirfd, dir);
	fprintf(f, " %s%s%s", dir, path[0] != '\0' ? "/" : "", path);
}

void
syscalls_text(pid_t pid, char text[SYSCALLS_TEXT])
{
	struct __ptrace_syscall_info info = {0};
	char path[PATH_MAX];
	const struct call *c;
	const uint64_t *arg = info.seccomp.args;
	FILE *f = fmemopen(text, SYSCALLS_TEXT - 1, "w");

	text[0] = text[SYSCALLS_TEXT - 1] = '\0';
	if (f == NULL)
		return;
	ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
	if ((c = find(steps, STEPS, info.seccomp.nr)) == NULL &&
	    (c = find(looks, LOOKS, info.seccomp.nr)) == NULL)
		c = find(network, NETWORK, info.seccomp.nr);
	fputs(c != NULL ? c->name : "?", f);
	for (const char *kind = c != NULL ? c->args : ""; *kind != '\0'; kind++, arg++) {
		if (*kind == 'a') {
			add_path(f, pid, (int)arg[0], arg[1]);
			arg++;
		} else if (*kind == 'p') {
			add_path(f, pid, AT_FDCWD, *arg);
		} else if (*kind == 'f') {
			read_fd(pid, (int)*arg, path);
			fprintf(f, " %s", path);
		}
	}
	fclose(f);
}
