// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DISPATCH_H
#define FLASHBACK_DISPATCH_H

#include <stdbool.h>

#include "flashback/config/config.h"
#include "flashback/daemon/disk.h"
#include "flashback/daemon/notify.h"
#include "flashback/daemon/prober.h"
#include "flashback/daemon/publish.h"
#include "flashback/daemon/purger.h"
#include "flashback/daemon/reload.h"
#include "flashback/daemon/wake.h"
#include "flashback/daemon/workers.h"
#include "flashback/report/view.h"
#include "flashback/schedule/table.h"

/* The parts of the daemon are independent of each other.  This module alone passes the events of
 * one part to those that they concern. */

struct dispatch {
	const char *config_file;
	bool once;
	bool only_wanted; /* --once has operands */
	struct config *config;
	struct table table;
	int pid_fd;      /* another flashback has locked the pid file: no files are written */
	bool ending;     /* nothing new is started */
	bool went_wrong; /* a run ended as anything but SUCCEEDED, */
	bool not_now;    /* ... one could not be made now */

	struct wake wake;
	struct reload reload;
	struct disk disk;
	struct prober prober;
	struct workers workers;
	struct purger purger;
	struct publish publish;
	struct notify notify;
};

/** dispatch_standing(d): check again for problems of the installation (publish_standing). */
void dispatch_standing(struct dispatch *d);

/** dispatch_events(d): read the messages and the ends of all children, and pass them on. */
void dispatch_events(struct dispatch *d);

/**
 * dispatch_start(d): start what is due: a wake, the inspector, the prober, workers, the purger;
 * stop workers that must stop.
 */
void dispatch_start(struct dispatch *d);

/** dispatch_end(d, why): start nothing more; stop the workers, kill the other children. */
void dispatch_end(struct dispatch *d, enum workers_why why);

/** dispatch_writes(d): does anything write to the disk, so that its free space must be watched? */
bool dispatch_writes(const struct dispatch *d);

/** dispatch_quiet(d): have all children ended, except that of notify and those that hang? */
bool dispatch_quiet(const struct dispatch *d);

/** dispatch_notify(d, event, state, reason): queue a change that concerns no volume. */
void dispatch_notify(struct dispatch *d, const char *event, const char *state, const char *reason);

/** dispatch_view(d, life): what the files show now.  Good until the next call. */
struct view dispatch_view(struct dispatch *d, enum view_life life);

/**
 * dispatch_publish(d, life): write the two files, unless another flashback has the pid file.
 * Return 0, or -1 when they cannot be written (logged once).
 */
int dispatch_publish(struct dispatch *d, enum view_life life);

void dispatch_free(struct dispatch *d);

#endif
