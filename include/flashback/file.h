// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_FILE_H
#define FLASHBACK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Files read whole, replaced atomically, locked; directories that must be ours.  On descriptors. */

/**
 * file_replace(dirfd, name, mode, write, arg, sync):
 * Make name in dirfd hold what write(f, arg) writes: an O_EXCL|O_NOFOLLOW temporary with a random suffix in
 * the same directory, flushed (fsynced if sync), renamed over name; removed when anything fails.  Readers see
 * the old file or the new one, whole.  write returns 0/-1.  Return 0, or -1 with errno.
 */
int file_replace(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg,
    bool sync);

/** file_read(dirfd, name, max, &text, &len): a regular file, not through a symlink, whole, with a NUL
 * after it, into new memory.  Return 0, or -1 with errno (EFBIG over max, EINVAL not a regular file). */
int file_read(int dirfd, const char *name, size_t max, char **text, size_t *len);

/**
 * file_open_trusted_dir(path, make, why):
 * Open the directory path, making its last component (0755) if make; it must belong to root or us and not
 * be writable by others.  Return a descriptor (CLOEXEC), or -1 with *why in words (new memory).
 */
int file_open_trusted_dir(const char *path, bool make, char **why);

/** file_check_trusted(path, fd, why): the file open as fd, at path, and every directory above it: owned
 * by root or us, not writable by others (sticky directories aside).  Return 0, or -1 with *why. */
int file_check_trusted(const char *path, int fd, char **why);

/** file_lock(fd): flock exclusively, at once.  Return 0, or -1 with errno (EWOULDBLOCK: held). */
int file_lock(int fd);

/** file_lock_pid(path, why): open, lock and fill a pid file; kept open by the caller, removed with file_unlock_pid.
 * Return its descriptor, or -1 with *why; -2 when another process holds it. */
int file_lock_pid(const char *path, char **why);
void file_unlock_pid(int fd, const char *path);

#endif
