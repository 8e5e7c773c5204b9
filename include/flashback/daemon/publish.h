// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PUBLISH_H
#define FLASHBACK_PUBLISH_H

#include "flashback/daemon/daemon.h"

/* What the daemon tells the world: the two files, the log, notify, the service manager. */

/** publish_write(d, life): write status.txt and queue.txt.  Return 0, or -1 when they cannot be
 * written (said once). */
int publish_write(struct daemon *d, enum view_life life);

/** publish_start(d): tell notify once after the start how things stand. */
void publish_start(struct daemon *d);

/** publish_rows(d): print the rows of --once. */
void publish_rows(struct daemon *d);

/**
 * publish_event(d, event, row, state, reason):
 * Tell notify of a change.  row is NULL for what concerns no volume.  Logging it is the caller's.
 */
void publish_event(struct daemon *d, const char *event, const struct table_row *row,
                   const char *state, const char *reason);

/** publish_result(row, run): log how a run has ended. */
void publish_result(const struct table_row *row, const struct history_run *run);

/** publish_news(d, row): tell notify how the last run ended, if that is a change. */
void publish_news(struct daemon *d, struct table_row *row);

/** publish_overdue(d): log and tell of volumes that have become overdue, or no longer are. */
void publish_overdue(struct daemon *d);

#endif
