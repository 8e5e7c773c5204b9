// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_COMPAT_H
#define FLASHBACK_COMPAT_H

/* Functions that the GNU C library has since 2.34, and musl or an older one lacks.  The kernel has
 * all of them; each behaves as its manual page says. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#define COMPAT_CLOSEFROM !__GLIBC_PREREQ(2, 34)
#else
#define malloc_trim(pad) ((void)(pad))
#define COMPAT_CLOSEFROM 1
#endif

#ifndef W_EXITCODE
#define W_EXITCODE(status, signal) ((status) << 8 | (signal))
#endif

#ifndef STATX_BASIC_STATS
#include <linux/stat.h>
#define statx(...) ((int)syscall(SYS_statx, __VA_ARGS__))
#endif
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
#ifndef AT_NO_AUTOMOUNT
#define AT_NO_AUTOMOUNT 0x800
#endif

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define renameat2(...) ((int)syscall(SYS_renameat2, __VA_ARGS__))
#endif

#if COMPAT_CLOSEFROM
static inline void
compat_closefrom(int first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	for (int fd = first, end = (int)sysconf(_SC_OPEN_MAX); fd < end; fd++)
		close(fd);
}
#define closefrom compat_closefrom
#endif

#endif
