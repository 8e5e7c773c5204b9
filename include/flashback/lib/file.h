// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_FILE_H
#define FLASHBACK_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Read a file whole, replace it atomically, lock it; is there room for one?  Below directory
 * descriptors.
 */

/**
 * file_replace(dirfd, name, mode, write, arg, sync):
 * Replace name (no slash) in dirfd by what write(f, arg) writes: to an O_EXCL|O_NOFOLLOW temporary
 * with a random suffix in the same directory, flushed (with sync fsynced, and the directory too),
 * renamed over name; removed when anything fails.  Readers see the old file or the new one, whole.
 * write returns 0, or -1 with errno.  Return 0, or -1 with errno.
 */
int file_replace(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg,
                 bool sync);

/** file_update(dirfd, name, mode, write, arg): as file_replace with sync, but a regular file that
 * has these contents already is left alone. */
int file_update(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg);

/** file_sweep(dirfd, names, n): remove the temporaries that a killed file_replace of one of the n
 * names has left in dirfd.  No other process may be replacing them. */
void file_sweep(int dirfd, const char *const *names, size_t n);

/**
 * file_read(dirfd, name, max, &text, &len):
 * Read a regular file, not through a symlink, into new memory, with a NUL appended.  Return 0, or
 * -1 with errno (EFBIG over max, EINVAL not a regular file, ELOOP a symlink).
 */
int file_read(int dirfd, const char *name, size_t max, char **text, size_t *len);

/** file_read_fd(fd, max, &len): read the rest of an open file, whatever size fstat reports, into
 * new memory, with a NUL appended.  Return it, or NULL with errno (EFBIG over max). */
char *file_read_fd(int fd, size_t max, size_t *len);

/** file_holds(dirfd, bytes): is there room for a file of so many bytes?  A quota may have none
 * where the file system has, and enough for a small file.  Return 0, or -1 with errno. */
int file_holds(int dirfd, uint64_t bytes);

/** file_close(&fd): close fd unless it is -1, set it to -1, and leave errno as it is. */
void file_close(int *fd);

/** file_lacks(error): does error mean that descriptors or memory ran out, which says nothing about
 * the file? */
bool file_lacks(int error);

/** file_lock(fd): take an exclusive flock without waiting.  Return 0, or -1 with errno
 * (EWOULDBLOCK: held). */
int file_lock(int fd);

/**
 * file_lock_pid(path, why):
 * Open and lock a pid file in a trusted directory, which is created if absent, and write our pid to
 * it.  Return its descriptor, which the caller keeps open and passes to file_unlock_pid; -1 with
 * *why; -2 when another process holds it, with *why naming that process.  A file whose holder
 * cannot write to it is replaced.
 */
int file_lock_pid(const char *path, char **why);

/** file_unlock_pid(fd, path): remove the file, if path still names it, and close fd. */
void file_unlock_pid(int fd, const char *path);

#endif
