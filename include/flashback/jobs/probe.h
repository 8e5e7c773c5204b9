// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PROBE_H
#define FLASHBACK_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "flashback/config/option.h"

/* Probe hosts by ping or TCP.  The only user of liboping. */

/** Seconds after which the caller kills the prober.  It ends by itself two seconds earlier. */
#define PROBE_DEADLINE 15

enum probe_answer {
	PROBE_UP,      /* it answers, or is not to be probed */
	PROBE_SILENT,  /* it does not answer */
	PROBE_UNKNOWN, /* the name does not exist, or is not a valid name */
	PROBE_NO_NET,  /* no network, or the lookup failed: temporary */
	PROBE_NO_TURN, /* no network either: other names have taken all the time */
	PROBE_CANNOT   /* could not be probed (usually: no permission for a raw socket) */
};

/** A host to probe. */
struct probe_host {
	const char *address; /* a name or a numeric address */
	enum volume_probe how;
	int port;   /* for VOLUME_PROBE_TCP */
	size_t row; /* the caller's own */
};

struct probe_hosts {
	struct probe_host *host;
	size_t n;
};

/** What the prober sends. */
struct probe_message {
	size_t host; /* its index */
	enum probe_answer answer;
	char reason[1024];
};

/**
 * probe_body(out, arg):
 * The body of the prober (event_fork): probe all hosts of arg (struct probe_hosts *) in parallel,
 * and send the answer of each, once, as soon as it is known.  All addresses of a name are probed;
 * it is up if one of them answers.  A refused connection is an answer.  Names are looked up in the
 * order of the list; where the resolver does not answer, the last ones get no turn.  Return 0.
 */
int probe_body(int out, void *arg);

/** probe_may_ping(): may this process open a raw ICMP socket?  True also when that fails for
 * another reason than permission.
 */
bool probe_may_ping(void);

#endif
