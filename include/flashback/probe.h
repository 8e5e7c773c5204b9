// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PROBE_H
#define FLASHBACK_PROBE_H

#include <stddef.h>

#include "flashback/volume.h"

/* Which hosts are there.  The only one that knows liboping. */

#define PROBE_DEADLINE 15 /* seconds: the caller kills the prober then */

enum probe_answer {
	PROBE_UP,      /* it answers */
	PROBE_SILENT,  /* it does not */
	PROBE_UNKNOWN, /* the name does not exist */
	PROBE_NO_NET,  /* no network, or the lookup failed: nothing is known */
	PROBE_CANNOT   /* we may not ask (no right to open a raw socket) */
};

/** One host to ask. */
struct probe_host {
	const char *address; /* a name or a numeric address */
	enum volume_probe how;
	int port;
};

struct probe_hosts {
	struct probe_host *host;
	size_t n;
};

/**
 * probe_body(out, arg):
 * The body of the prober (event_fork): ask all hosts of arg (struct probe_hosts *) side by side and write
 * "INDEX ANSWER reason in words" to out for each, as soon as it is known.  Return 0.
 */
int probe_body(int out, void *arg);

/** probe_answer_name(a): "UP" "SILENT" "UNKNOWN" "NONET" "CANNOT"; probe_parse(line, index, answer, reason): a line back. */
const char *probe_answer_name(enum probe_answer a);
int probe_parse(char *line, size_t *index, enum probe_answer *answer, const char **reason);

/** probe_may_ping(): may this process open a raw ICMP socket? */
int probe_may_ping(void);

#endif
