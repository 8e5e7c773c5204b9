// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CONF_H
#define FLASHBACK_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/text.h"
#include "flashback/volume.h"

/* The two config files: a new, wholly checked config, or all their errors.  The only one that knows libconfuse. */

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
	struct volume **volumes; /* a reference each */
	size_t n;
	struct text_list shown; /* "key = value   # FILE:LINE" of the program's own options, for --check */
	uint64_t digest;        /* of the bytes of both files: equal means nothing changed */
};

/**
 * conf_load(file, old, out, errors):
 * Read and check both files.  Return 1 with *out NULL when their bytes are those that old (may be NULL)
 * was made from; 0 with a new config in *out; -1 with every error appended to errors as
 * "FILE:LINE: what is wrong and what would be right".  Nothing is printed, and old is not changed.
 */
int conf_load(const char *file, const struct config *old, struct config **out, struct text_list *errors);

/** conf_free(c): c may be NULL; volumes live on while others hold references. */
void conf_free(struct config *c);

#endif
