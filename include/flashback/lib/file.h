// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_FILE_H
#define FLASHBACK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Files read whole, replaced atomically, locked.  On descriptors.
 */

/**
 * file_replace(dirfd, name, mode, write, arg, sync):
 * Make name (no path) in dirfd hold what write(f, arg) writes: an O_EXCL|O_NOFOLLOW temporary with
 * a random suffix in the same directory, flushed (fsynced, and the directory too, if sync), renamed
 * over name; removed when anything fails.  Readers see the old file or the new one, whole.  write
 * returns 0, or -1 with errno.  Return 0, or -1 with errno.
 */
int file_replace(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg,
                 bool sync);

/** file_is_temporary(entry, name): is entry the temporary that a file_replace of name would leave
 * if it were killed? */
bool file_is_temporary(const char *entry, const char *name);

/**
 * file_read(dirfd, name, max, &text, &len):
 * A regular file, not through a symlink, whole, with a NUL after it, into new memory.  Return 0, or
 * -1 with errno (EFBIG over max, EINVAL not a regular file, ELOOP a symlink).
 */
int file_read(int dirfd, const char *name, size_t max, char **text, size_t *len);

/** file_read_fd(fd, max, &len): the rest of an open file in new memory, whatever fstat says of its
 * size, with a NUL after it.  Return it, or NULL with errno (EFBIG over max). */
char *file_read_fd(int fd, size_t max, size_t *len);

/** file_lacks(error): does it tell of a lack of descriptors or memory, and nothing of the file? */
bool file_lacks(int error);

/** file_lock(fd): flock exclusively, at once.  Return 0, or -1 with errno (EWOULDBLOCK: held). */
int file_lock(int fd);

/**
 * file_lock_pid(path, why):
 * Open, lock and fill a pid file in a trusted directory, which is made if absent.  Return its
 * descriptor, to be kept open and given to file_unlock_pid; -1 with *why; -2 when another process
 * holds it, with *why saying which.
 */
int file_lock_pid(const char *path, char **why);

/** file_unlock_pid(fd, path): remove the file, if path is still that file, and close fd. */
void file_unlock_pid(int fd, const char *path);

#endif
