// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VOLUME_H
#define FLASHBACK_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/option.h"

/*
 * A volume (the struct is in option): what to back up, how, and when.  It inherits from its host,
 * that from the defaults and the built-in ones; option_set sets its own options, and volume_finish
 * completes it. Core: no I/O.
 */

#define VOLUME_NAME_MAX 64
#define VOLUME_ID_SIZE (2 * VOLUME_NAME_MAX + 2) /* HOST/VOLUME and its NUL */

/** volume_check_name(name, why): is name fit for a directory?  Return 0, or -1 with *why in words
 * (NULL: no memory). */
int volume_check_name(const char *name, char **why);

/** volume_new(around): the options of around, or (NULL) the built-in defaults, in a volume with one
 * reference that is yet to be finished; NULL with ENOMEM. */
struct volume *volume_new(const struct volume *around);

/**
 * volume_finish(v, host, name, data_dir, why, blame):
 * Set the names of v, and the options that depend on its source.  data_dir (may be NULL, else
 * absolute and without // or a slash at its end) must not contain a local source; where a local
 * source contains it, an exclude of it is added in front.  Return 0; or -1 with *why (what concerns
 * the volume as a whole, such as no source, or no keep_ above zero; NULL for ENOMEM) and *blame set
 * to the name of the option that it is about.
 */
int volume_finish(struct volume *v, const char *host, const char *name, const char *data_dir,
                  char **why, const char **blame);

/** volume_daemon_port(v): the port of the rsync daemon of v: of its source, --port, or 873. */
int volume_daemon_port(const struct volume *v);

/** volume_pattern(path): the exclude pattern that stands for just this path; new memory, NULL with
 * ENOMEM. */
char *volume_pattern(const char *path);

/**
 * volume_keep_out(v, source, data_dir, why):
 * A source that holds the store would grow with each run: exclude data_dir from v, before its other
 * excludes, where it is below the source of v, unless that is excluded already.  Both are tidy, or
 * real paths.  Return 0; or -1 with *why, NULL for ENOMEM, when the source is inside data_dir.
 */
int volume_keep_out(struct volume *v, const char *source, const char *data_dir, char **why);

/** volume_is_name(name): is it a valid name of a host or volume?  Such a name is also safe to
 * print. */
bool volume_is_name(const char *name);

/** volume_keeps_any(p): is any of the numbers above zero? */
bool volume_keeps_any(const struct volume_keep *p);

/** volume_is_named(v, operand): does operand, HOST or HOST/VOLUME, name v?  Slashes at its end, as
 * a shell that completes directories puts them, mean nothing. */
bool volume_is_named(const struct volume *v, const char *operand);

/** volume_ref(v): add a reference; return v.  volume_free(v): drop one; v may be NULL. */
struct volume *volume_ref(struct volume *v);
void volume_free(struct volume *v);

/** volume_fingerprint(v): a hash of source, one_file_system, excludes and options: only runs with
 * the same one are comparable (shrink guard, quick runs). */
uint64_t volume_fingerprint(const struct volume *v);

/**
 * volume_window_open(v, minute): may v run at this minute of the local day?
 * volume_window_next(v, minute): minutes from then until it changes (closes if open, opens if
 * closed); 0 when it never does.
 */
bool volume_window_open(const struct volume *v, int minute);
int volume_window_next(const struct volume *v, int minute);

#endif
