// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESOLVE_H
#define FLASHBACK_RESOLVE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Resolve a host name to the addresses that can be probed.  Blocks for as long as the resolver
 * takes: called only in children of the prober. */

struct resolve {
	struct sockaddr_storage addr; /* with the port */
	socklen_t len;
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE]; /* numeric */
};

enum resolve_result {
	RESOLVE_FOUND,
	RESOLVE_UNKNOWN, /* the name does not exist, or is not a valid name */
	RESOLVE_NO_NET,  /* no network, no route, or the lookup failed: temporary */
	RESOLVE_REFUSED  /* a route on this machine forbids it */
};

/** resolve_is_numeric(name): is it an address, so that no lookup is needed? */
bool resolve_is_numeric(const char *name);

/**
 * resolve_find(name, port, out, max, n, reason, size):
 * Resolve name, and set out and *n to those of its addresses, at most max, that the kernel has a
 * route to.  If there are none, write the reason (size bytes), escaped.
 */
enum resolve_result resolve_find(const char *name, int port, struct resolve *out, size_t max,
                                 size_t *n, char *reason, size_t size);

#endif
