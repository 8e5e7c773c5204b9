// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SOURCE_H
#define FLASHBACK_SOURCE_H

#include <stdbool.h>

#include "flashback/config/volume.h"

/* Where a volume's files come from, as rsync writes it: a path, [user@]host:path,
 * rsync://host/module, host::module.  Core: no I/O. */

/**
 * source_parse(text, v, why):
 * Set v's source, transport, remote_host, path, and probe_port (0: the text names no port).  Return
 * 0; or -1 with *why in words (NULL: no memory); v may then hold some of it, to be freed with it.
 */
int source_parse(const char *text, struct volume *v, char **why);

/** source_check_host(host, why): could this be a machine's name or numeric address?  Return 0/-1.
 */
int source_check_host(const char *host, char **why);

/**
 * source_tidy_path(path, why):
 * An absolute path without // or /./ in it, nor a slash at its end ("/" aside), in new memory; NULL
 * with *why when it is not absolute, has a .. in it, or a control character.
 */
char *source_tidy_path(const char *path, char **why);

/** source_is_inside(path, dir): of two tidy paths, is path dir itself or below it? */
bool source_is_inside(const char *path, const char *dir);

#endif
