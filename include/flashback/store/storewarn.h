// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STOREWARN_H
#define FLASHBACK_STOREWARN_H

struct store;

/**
 * storewarn_text(data_dir, s):
 * A problem of an open store that is no reason to refuse it: it belongs to another user, is
 * accessible to others, or lies on the system's own disk where /etc/fstab mounts another one.
 * Return a text in new memory, or NULL when there is none.
 */
char *storewarn_text(const char *data_dir, const struct store *s);

#endif
