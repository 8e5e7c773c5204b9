// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SOURCE_H
#define FLASHBACK_SOURCE_H

#include <stdbool.h>

/* Where a volume's files come from, as rsync writes it: a path, [user@]host:path,
 * rsync://host/module, host::module.  Core: no I/O. */

enum volume_transport {
	VOLUME_LOCAL, /* a path of this machine */
	VOLUME_SHELL, /* [user@]host:path, over ssh */
	VOLUME_RSYNCD /* rsync://host/module/path or host::module/path */
};

/** A source in parts, each of them new memory. */
struct source {
	enum volume_transport transport;
	char *text; /* for rsync, with a slash at its end */
	char *host; /* without user, port, brackets; NULL when local */
	char *path; /* with a slash at its end; of an rsync daemon MODULE/PATH/ */
	int port;   /* 0: the text names none */
};

/** source_parse(text, s, why): parse a source.  Return 0; or -1 with the reason in *why (NULL: out
 * of memory) and *s empty. */
int source_parse(const char *text, struct source *s, char **why);

/** source_free(s): free the contents, not s itself. */
void source_free(struct source *s);

/** source_at(text, address): the text of a remote source, whose host is a name, with that replaced
 * by a numeric address, in new memory; NULL with ENOMEM. */
char *source_at(const char *text, const char *address);

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
