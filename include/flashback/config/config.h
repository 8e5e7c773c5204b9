// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CONFIG_H
#define FLASHBACK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/errors.h"
#include "flashback/config/volume.h"
#include "flashback/lib/text.h"

/* What the two config files come to, and the rules for the program's own options (those of volumes
 * are in rule).  Core: no I/O. */

enum config_key {
	CONFIG_DATA_DIR,
	CONFIG_HOSTS_FILE,
	CONFIG_STATUS_FILE,
	CONFIG_QUEUE_FILE,
	CONFIG_PID_FILE,
	CONFIG_LOG,
	CONFIG_WAKE,
	CONFIG_PARALLEL,
	CONFIG_TIME_SLICE,
	CONFIG_MIN_FREE,
	CONFIG_NOTIFY,
	CONFIG_RSYNC,
	CONFIG_KEYS
};

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
	struct volume **volumes; /* a reference each, in the order of the file */
	size_t n;
	uint64_t digest; /* of the bytes of both files: equal means nothing changed */
	struct volume_origin origin[CONFIG_KEYS];
};

/** config_key_name(key): "data_dir".  config_key_find(name): the key of that name, or CONFIG_KEYS.
 */
const char *config_key_name(enum config_key key);
enum config_key config_key_find(const char *name);

/** config_new(file): a config with nothing set, of the file with this absolute path; NULL with
 * ENOMEM. */
struct config *config_new(const char *file);

/**
 * config_set(c, key, value, why):
 * Set an option from its text; of CONFIG_NOTIFY, append a word.  Return 0, or -1 with *why in words
 * (NULL: no memory).
 */
int config_set(struct config *c, enum config_key key, const char *value, char **why);

/**
 * config_finish(c, whole, faults):
 * Give every option without an origin its default, and check what concerns several options.  What
 * is wrong is added to faults; nothing is said to be missing unless the file was read as a whole.
 */
void config_finish(struct config *c, bool whole, struct errors_list *faults);

/** config_add(c, v): append a volume, taking over the reference.  Return 0, or -1 with ENOMEM and
 * the reference given back. */
int config_add(struct config *c, struct volume *v);

/** config_nearest(c, operand): the host or volume that was meant by an operand that names none;
 * NULL: nothing is near. */
const char *config_nearest(const struct config *c, const char *operand);

/** config_free(c): c may be NULL; volumes live on while others hold references. */
void config_free(struct config *c);

#endif
