// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PROBE_H
#define FLASHBACK_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/config/volume.h"

/* Which hosts are there.  The only one that knows liboping. */

/** Seconds: the caller kills the prober then.  By itself it is done, or gives up, two before. */
#define PROBE_DEADLINE 15

enum probe_answer {
	PROBE_UP,      /* it answers; or is not to be asked */
	PROBE_SILENT,  /* it does not */
	PROBE_UNKNOWN, /* the name does not exist, or is none */
	PROBE_NO_NET,  /* no network, or the lookup failed: nothing is known */
	PROBE_CANNOT   /* we could not ask (mostly: no right to open a raw socket) */
};

/** One host to ask. */
struct probe_host {
	const char *address; /* a name or a numeric address */
	enum volume_probe how;
	int port; /* for VOLUME_PROBE_TCP */
};

struct probe_hosts {
	struct probe_host *host;
	size_t n;
};

/**
 * probe_body(out, arg):
 * The body of the prober (event_fork): ask all hosts of arg (struct probe_hosts *) side by side and
 * write "INDEX ANSWER reason in words" to out for each, once, as soon as it is known.  A name is
 * asked at all its addresses: one that answers will do.  A port that refuses is an answer, too.
 * Return 0.
 */
int probe_body(int out, void *arg);

/** probe_answer_name(a): "UP" "SILENT" "UNKNOWN" "NONET" "CANNOT". */
const char *probe_answer_name(enum probe_answer a);

/**
 * probe_parse(line, index, answer, reason):
 * A line of probe_body back; *reason points into line.  Return 0, or -1 when it is none.
 */
int probe_parse(const char *line, size_t *index, enum probe_answer *answer, const char **reason);

/** probe_may_ping(): may this process open a raw ICMP socket?  True, too, where it cannot just now.
 */
bool probe_may_ping(void);

#endif
