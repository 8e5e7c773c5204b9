// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SAFEPATH_H
#define FLASHBACK_SAFEPATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Files and directories that nobody else can change.  "Trusted" means: owned by root or our user,
 * and writable by neither group nor others.
 */

/**
 * safepath_open_dir(path, make, why):
 * Open the directory path, creating its last component (0755) if make.  It must be trusted, and so
 * must each directory and symlink on the way; a directory on the way may be writable by others if
 * it is sticky, like /tmp.  Return a descriptor (CLOEXEC), or -1 with *why in words (new memory,
 * NULL when out of memory).
 */
int safepath_open_dir(const char *path, bool make, char **why);

/** safepath_open_above(path, make, base, why): the same of the directory that the file path is in;
 * *base is the file's name, in path. */
int safepath_open_above(const char *path, bool make, const char **base, char **why);

/**
 * safepath_check_file(path, fd, why):
 * Check the file open as fd, at path, and everything on the way to it, as above.  Return 0, or -1
 * with *why; also when path no longer names the file open as fd.
 */
int safepath_check_file(const char *path, int fd, char **why);

/** safepath_check_way(path, fd, why): the same for everything on the way to path alone. */
int safepath_check_way(const char *path, int fd, char **why);

/**
 * safepath_check_program(path, why, size):
 * May only root and our user change this program?  Return 0, also when there is none of that name;
 * or -1 with the reason in why.
 */
int safepath_check_program(const char *path, char *why, size_t size);

#endif
