// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VOLUME_H
#define FLASHBACK_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/lib/text.h"

/*
 * A volume: what to back up, how, and when, with every option resolved.  This module owns names and
 * inheritance (rule has the rules for values); conf only reads them from the files.  Core: no I/O.
 */

#define VOLUME_NAME_MAX 64
#define VOLUME_ID_SIZE (2 * VOLUME_NAME_MAX + 2) /* HOST/VOLUME and its NUL */

enum volume_key {
	VOLUME_SOURCE,
	VOLUME_EVERY,
	VOLUME_KEEP_LAST,
	VOLUME_KEEP_HOURLY,
	VOLUME_KEEP_DAILY,
	VOLUME_KEEP_WEEKLY,
	VOLUME_KEEP_MONTHLY,
	VOLUME_KEEP_YEARLY,
	VOLUME_EXCLUDE,
	VOLUME_RSYNC_OPTIONS,
	VOLUME_SSH,
	VOLUME_ONE_FILE_SYSTEM,
	VOLUME_PROBE,
	VOLUME_ADDRESS,
	VOLUME_WINDOW,
	VOLUME_IO_TIMEOUT,
	VOLUME_REMOVABLE,
	VOLUME_BEFORE,
	VOLUME_AFTER,
	VOLUME_SHRINK_GUARD,
	VOLUME_OVERDUE,
	VOLUME_DISABLED,
	VOLUME_KEYS
};

/** Where a value came from: a file and line, or (file NULL) the built-in default. */
struct volume_origin {
	const char *file; /* borrowed from the config, and good for as long as that is */
	int line;
};

/** An option as it stands in a section; an empty list is set and has no values. */
struct volume_setting {
	bool set;
	struct text_list values;
	struct volume_origin origin;
};

/** The options of one section: defaults, a host, or a volume. */
struct volume_layer {
	struct volume_setting setting[VOLUME_KEYS];
};

enum volume_transport {
	VOLUME_LOCAL, /* a path of this machine */
	VOLUME_SHELL, /* [user@]host:path, over ssh */
	VOLUME_RSYNCD /* rsync://host/module/path or host::module/path */
};

enum volume_probe { VOLUME_PROBE_NONE, VOLUME_PROBE_PING, VOLUME_PROBE_TCP };

/** A time of day, in minutes from midnight: [from, to); from > to spans midnight. */
struct volume_window {
	int from, to;
};

/** hourly = 5 keeps the newest snapshot of each of the last 5 hours that have one; and so on. */
struct volume_keep {
	unsigned last, hourly, daily, weekly, monthly, yearly;
};

struct volume {
	unsigned refs; /* volume_ref, volume_free */
	char *id;      /* HOST/VOLUME, as it is shown everywhere and as it lies below data_dir */
	char *host, *name;
	char *source; /* as given to rsync, with the trailing slash */
	enum volume_transport transport;
	char *remote_host; /* in source, without user, port, brackets; NULL when local */
	char *path;        /* the path part of source, slash and all; for rsyncd module/path/ */
	int64_t every;     /* seconds */
	struct volume_keep keep;
	struct text_list exclude, rsync_options;
	char *ssh;
	bool one_file_system;
	enum volume_probe probe;
	int probe_port; /* for VOLUME_PROBE_TCP */
	char *address; /* what is probed, and what counts as one machine, in small letters; "" for a
	                * local source that names none */
	struct volume_window *windows;
	size_t nwindows; /* 0: always */
	int64_t io_timeout;
	bool removable;
	struct text_list before, after;
	int shrink_guard; /* hundredths of a percent; 0 is off */
	int64_t overdue;  /* seconds */
	bool disabled;
	struct volume_origin origin[VOLUME_KEYS]; /* of the innermost setting that counted */
};

/** volume_key_name(key): "keep_daily". */
const char *volume_key_name(enum volume_key key);

/** volume_key_find(name): the key of that name, or VOLUME_KEYS. */
enum volume_key volume_key_find(const char *name);

/** volume_key_is_list(key): may it be a list?  volume_key_is_command(key): is it a command, so that
 * a single string is cut at blanks? */
bool volume_key_is_list(enum volume_key key);
bool volume_key_is_command(enum volume_key key);

/**
 * volume_check_name(name, why), volume_check_value(key, index, value, why):
 * Is name fit for a directory, is value (the item with this index, or with 0 the whole value) right
 * for key?  Return 0, or -1 with *why (new memory) saying what is wrong and what would be right;
 * *why may be NULL for ENOMEM.
 */
int volume_check_name(const char *name, char **why);
int volume_check_value(enum volume_key key, size_t index, const char *value, char **why);

/**
 * volume_resolve(host, name, layers, data_dir, why, blame):
 * Make the volume from its three layers (defaults, host, volume; any may be NULL), every value of
 * which has passed volume_check_value: the innermost wins, exclude and rsync_options add up.
 * data_dir (may be NULL, else absolute and without // or a slash at its end) must not contain a
 * local source; where a local source contains it, an exclude of it is added in front.  Return the
 * volume with one reference; or NULL with *why (what concerns the volume as a whole: no source, no
 * keep_ above zero; NULL for ENOMEM) and *blame set to the key that it is about.
 */
struct volume *volume_resolve(const char *host, const char *name,
                              const struct volume_layer *const layers[3], const char *data_dir,
                              char **why, enum volume_key *blame);

/**
 * volume_keep_out(v, source, data_dir, why):
 * A source that holds the store would grow with each run: exclude data_dir from v where it is below
 * the source of v, unless that is excluded already.  Both are tidy, or real paths.  Return 0; or -1
 * with *why, NULL for ENOMEM, when the source is inside data_dir.
 */
int volume_keep_out(struct volume *v, const char *source, const char *data_dir, char **why);

/** volume_keeps_any(p): is any of the numbers above zero? */
bool volume_keeps_any(const struct volume_keep *p);

/** volume_is_named(v, operand): does operand, HOST or HOST/VOLUME, name v?  Slashes at its end, as
 * a shell that completes directories puts them, mean nothing. */
bool volume_is_named(const struct volume *v, const char *operand);

/** volume_ref(v): one more reference; v.  volume_free(v): one less; NULL is nothing. */
struct volume *volume_ref(struct volume *v);
void volume_free(struct volume *v);

/** volume_layer_free(layer): what the layer holds, not the layer itself. */
void volume_layer_free(struct volume_layer *layer);

/** volume_fingerprint(v): a number for (source, one_file_system, excludes, options): the shrink
 * guard compares like with like. */
uint64_t volume_fingerprint(const struct volume *v);

/**
 * volume_window_open(v, minute): may v run at this minute of the local day?
 * volume_window_next(v, minute): minutes from then until it changes (closes if open, opens if
 * closed); 0 when it never does.
 */
bool volume_window_open(const struct volume *v, int minute);
int volume_window_next(const struct volume *v, int minute);

#endif
