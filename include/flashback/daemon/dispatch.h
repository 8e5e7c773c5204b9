// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DISPATCH_H
#define FLASHBACK_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

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

/*
 * The parts of the daemon know nothing of each other.  What has happened in one is handed on here
 * to those that it concerns.
 */

struct dispatch {
	const char *config_file;
	bool once;
	bool only_wanted; /* --once has operands */
	struct config *config;
	struct table table;
	int pid_fd;      /* -1: another flashback has the pid file, and we write no files */
	bool ending;     /* nothing new is started */
	bool went_wrong; /* a run ended as anything but SUCCEEDED, */
	bool not_now;    /* ... one could not be done now */

	struct wake wake;
	struct reload reload;
	struct disk disk;
	struct prober prober;
	struct workers workers;
	struct purger purger;
	struct publish publish;
	struct notify notify;
};

/** dispatch_standing(d): look again at what is wrong with the way that flashback runs. */
void dispatch_standing(struct dispatch *d);

/** dispatch_events(d): take what the children have sent, and their ends, and hand it on. */
void dispatch_events(struct dispatch *d);

/** dispatch_start(d): start what it is time for: a wake, a look, a probe, runs, the purger; stop
 * runs that must end. */
void dispatch_start(struct dispatch *d);

/** dispatch_end(d, why): nothing more is started; stop the runs, end the other children. */
void dispatch_end(struct dispatch *d, enum workers_why why);

/** dispatch_writes(d): does anybody write to the disk, so that its free space is watched? */
bool dispatch_writes(const struct dispatch *d);

/** dispatch_quiet(d): has every child but that of notify ended, as far as they can be? */
bool dispatch_quiet(const struct dispatch *d);

/** dispatch_notify(d, event, state, reason): queue a change that concerns no volume. */
void dispatch_notify(struct dispatch *d, const char *event, const char *state, const char *reason);

/** dispatch_view(d, life): what is to be shown now.  Good until the next call. */
struct view dispatch_view(struct dispatch *d, enum view_life life);

/** dispatch_publish(d, life): write the two files, unless another flashback does.  Return 0, or -1
 * when they cannot be written (logged once). */
int dispatch_publish(struct dispatch *d, enum view_life life);

void dispatch_free(struct dispatch *d);

#endif
