// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STOREWARN_H
#define FLASHBACK_STOREWARN_H

#include <stdbool.h>

struct store;

/**
 * storewarn_text(data_dir, s):
 * A problem of an open store that is no reason to refuse it: it belongs to another user, is
 * accessible to others, or lies on the system's own disk where /etc/fstab mounts another one, or
 * where another one was before.  Return a text in new memory, or NULL when there is none.
 */
char *storewarn_text(const char *data_dir, const struct store *s);

/** storewarn_moved(data_dir): the words for a store on the system's own disk where another disk was
 * before: new memory, or NULL. */
char *storewarn_moved(const char *data_dir);

/**
 * storewarn_note(beside, data_dir):
 * When the store at data_dir is on a file system of its own, note that in the directory of the file
 * beside, for storewarn_noted.  Errors are ignored: they cost a warning.
 */
void storewarn_note(const char *beside, const char *data_dir);

/** storewarn_noted(beside, data_dir): was it on a file system of its own? */
bool storewarn_noted(const char *beside, const char *data_dir);

#endif
