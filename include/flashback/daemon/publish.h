// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PUBLISH_H
#define FLASHBACK_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/config/config.h"
#include "flashback/lib/text.h"
#include "flashback/report/view.h"
#include "flashback/rsync/version.h"

/* The two status files, and the warnings that they show. */

#define PUBLISH_SECONDS 60 /* the files are written at least this often */

struct publish {
	int64_t next;              /* clock_mono: when they are written again */
	bool dirty;                /* something that they show has changed */
	char *error;               /* the error last logged; NULL: none */
	struct text_list standing; /* lasting problems of the installation */
	struct text_list warnings; /* all that the view shows */
};

/** publish_write(p, config, view): write status.txt and queue.txt.  Return 0, or -1 when they
 * cannot be written (logged once). */
int publish_write(struct publish *p, const struct config *config, struct view *view);

/** publish_sweep(config): remove what a daemon that was killed while it wrote the two files has
 * left beside them.  Only while the pid file is locked. */
void publish_sweep(const struct config *config);

/** publish_progress(view): show on the terminal what --once does now. */
void publish_progress(const struct view *view);

/** publish_rows(view, wanted): print the rows of --once, or only the wanted ones. */
void publish_rows(const struct view *view, bool wanted);

/**
 * publish_standing(p, table, held, rsync):
 * Check again for lasting problems of the installation (not root, no permission to ping, an old
 * rsync, options that need a restart).  New ones are logged; those that are solved disappear from
 * the view.
 */
void publish_standing(struct publish *p, const struct table *table, const struct text_list *held,
                      const struct version *rsync);

/**
 * publish_warnings(p, disk, trouble): all warnings of a view: the lasting ones, those of the disk,
 * and what could not be removed.  Good until the next call.
 */
const struct text_list *publish_warnings(struct publish *p, const struct text_list *disk,
                                         const struct text_list *trouble);

void publish_free(struct publish *p);

#endif
