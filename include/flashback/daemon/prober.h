// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PROBER_H
#define FLASHBACK_PROBER_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/jobs/probe.h"
#include "flashback/lib/event.h"
#include "flashback/lib/text.h"
#include "flashback/schedule/table.h"

/* The prober, and the effect of its answers on the rows whose hosts it probes. */

struct prober {
	struct event_child child;
	int64_t late_at;            /* clock_mono; INT64_MAX: it has been killed */
	struct text_list addresses; /* by number, and so are the next two */
	struct probe_hosts hosts;
	bool *answered;
	size_t begin; /* the row whose host is first in the list of the next wake */
	bool turned;  /* begin is the one for the next wake */
	bool failed;  /* a host could not be probed, */
	bool logged;  /* ... which has been logged */
};

enum prober_news {
	PROBER_NOTHING,
	PROBER_ANSWERED, /* rows have changed */
	PROBER_ENDED     /* the same, and none is PROBING any more */
};

/**
 * prober_start(p, table): probe the hosts of all rows that are PROBING, each host once, beginning
 * with the first one that got no turn the last time.  If no prober can be started, the rows are
 * QUEUED without a probe.
 */
void prober_start(struct prober *p, struct table *table);

/** prober_step(p, table): read the answers and the end of the prober; kill one that is late. */
enum prober_news prober_step(struct prober *p, struct table *table);

/** prober_deadline(p): the clock_mono at which prober_step must be called. */
int64_t prober_deadline(const struct prober *p);

void prober_free(struct prober *p);

#endif
