// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_OPTION_H
#define FLASHBACK_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/source.h"
#include "flashback/lib/text.h"

/*
 * The options of both config files: a table with a row for each, and the structs with a field for
 * each, one for the program's own options and one for those of volumes.  To add an option, add a
 * row and a field.  Core: no I/O.
 */

/** Where an option may stand. */
enum option_place {
	OPTION_MAIN = 1,     /* flashback.conf, outside of sections */
	OPTION_DEFAULTS = 2, /* its section defaults */
	OPTION_HOST = 4,     /* a host in hosts.conf */
	OPTION_VOLUME = 8    /* a volume in that */
};

enum option_shape {
	OPTION_ONE,    /* one value, without braces */
	OPTION_LIST,   /* several; an inner list replaces an outer one */
	OPTION_SUM,    /* several; an inner list adds to an outer one */
	OPTION_COMMAND /* several, or one that is split at blanks */
};

struct option_row {
	const char *name;
	unsigned places;      /* bits of option_place */
	const char *fallback; /* the default, as one would write it; NULL: none, or computed */
	const struct option_kind *kind; /* how it is parsed and printed */
	size_t field;     /* its offset in struct volume, or (OPTION_MAIN) in struct config */
	int64_t min, max; /* of numbers and durations */
};

/** Where a value came from: a file and line, or (file NULL) the default. */
struct option_origin {
	const char *file; /* borrowed from the config, and valid as long as that is */
	int line;
	enum option_place place;
};

#define OPTION_VOLUMES 32 /* options of volumes, at most: the first rows */
#define OPTION_ALL 64     /* options, at most */

enum volume_probe { VOLUME_PROBE_NONE, VOLUME_PROBE_PING, VOLUME_PROBE_TCP };

/** hourly = 5 keeps the newest snapshot of each of the last 5 hours that have one; and so on. */
struct volume_keep {
	unsigned last, hourly, daily, weekly, monthly, yearly;
};

/** What to back up, how, and when; see volume. */
struct volume {
	unsigned refs; /* volume_ref, volume_free */
	char *id;      /* HOST/VOLUME, as shown everywhere and as the path below data_dir */
	char *host, *name;
	char *source; /* as given to rsync, with the trailing slash */
	enum volume_transport transport;
	char *remote_host; /* in source, without user, port, brackets; NULL when local */
	char *path;        /* the path part of source, slash and all; for rsyncd module/path/ */
	int source_port;   /* in source; 0: none */
	int64_t every;     /* seconds */
	struct volume_keep keep;
	struct text_list exclude, rsync_options;
	char *ssh;
	bool one_file_system;
	enum volume_probe probe;
	int probe_port; /* for VOLUME_PROBE_TCP */
	char *address; /* what is probed, and what counts as one machine, in small letters; "" for a
	                * local source that names none */
	struct text_list windows; /* such as "22:00-06:00"; none: always */
	int64_t io_timeout;
	bool removable;
	struct text_list before, after;
	int shrink_guard, change_guard; /* hundredths of a percent; 0 is off */
	int64_t recheck, overdue;       /* seconds; recheck 0: off */
	char
	    *restore_to; /* where RESTORE.txt restores to, with the trailing slash; NULL: not set */
	bool disabled;
	struct option_origin origin[OPTION_VOLUMES]; /* of the innermost setting that counted */
};

/** The result of both files; see config. */
struct config {
	char *file, *hosts_file; /* absolute */
	char *data_dir;          /* absolute, without a trailing slash */
	char *status_file, *queue_file, *pid_file;
	bool syslog;
	int64_t wake, time_slice; /* seconds */
	unsigned parallel;
	int min_free_percent;    /* hundredths; -1 when min_free is in bytes */
	uint64_t min_free_bytes; /* ... or, with a percentage, the most that it may come to */
	struct text_list notify;
	char *rsync;
	struct text_list idle;   /* hosts without volumes, with where they are */
	struct volume **volumes; /* a reference each, in the order of the file */
	size_t n;
	uint64_t digest; /* of the bytes of both files: equal means nothing changed */
	struct option_origin origin[OPTION_ALL];
};

/** option_at(i): the rows of the table, those of volumes first; NULL after the last. */
const struct option_row *option_at(size_t i);

/** option_find(name): the option of that name, or NULL. */
const struct option_row *option_find(const char *name);

/** option_shape(o): how many values it takes. */
enum option_shape option_shape(const struct option_row *o);

/* In what follows, base is the struct config of an option with OPTION_MAIN, else the volume. */

/**
 * option_set(o, base, text, why):
 * Set the option from its text; of all but OPTION_ONE, append an item, so that the first word of a
 * command is known by its list being empty.  Return 0; or -1 with *why in words (NULL: no memory).
 */
int option_set(const struct option_row *o, void *base, const char *text, char **why);

/** option_split(o, base, text, why): the same for an OPTION_COMMAND that is a single string. */
int option_split(const struct option_row *o, void *base, const char *text, char **why);

/** option_clear(o, base): free a text or list; numbers stay. */
void option_clear(const struct option_row *o, void *base);

/** option_copy(o, to, from): of two structs with the same bytes, give `to` a text or list of its
 * own; none where there is no memory: both are freed later.  Return 0, or -1 with ENOMEM. */
int option_copy(const struct option_row *o, struct volume *to, const struct volume *from);

/** option_print(o, base): the value as one would write it: new memory, safe to print; NULL with
 * ENOMEM. */
char *option_print(const struct option_row *o, const void *base);

/** option_origin(o, base), option_mark(o, base, origin): where the value comes from. */
const struct option_origin *option_origin(const struct option_row *o, const void *base);
void option_mark(const struct option_row *o, void *base, const struct option_origin *origin);

/** option_defaults(place, base): set all options that may stand there to their defaults.  Return 0,
 * or -1 with ENOMEM. */
int option_defaults(enum option_place place, void *base);

/** option_clear_all(place, base): option_clear for all that may stand there. */
void option_clear_all(enum option_place place, void *base);

#endif
