// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_RESOLVE_H
#define FLASHBACK_RESOLVE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* From the name of a host to the addresses at which it can be asked.  Blocks: for the prober's
 * children. */

struct resolve {
	struct sockaddr_storage addr; /* with the port */
	socklen_t len;
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE]; /* numeric */
};

enum resolve_result {
	RESOLVE_FOUND,
	RESOLVE_UNKNOWN, /* the name does not exist, or is none */
	RESOLVE_NO_NET,  /* no network, no route, or the lookup failed: nothing is known */
	RESOLVE_REFUSED  /* this machine's routes are made to refuse it */
};

/** resolve_is_numeric(name): is it an address, so that no one has to be asked for it? */
bool resolve_is_numeric(const char *name);

/**
 * resolve_find(name, port, out, max, n, reason, size):
 * Look up name, and set out and *n to its addresses, at most max, to which the kernel knows a way.
 * When that is none, say why in reason (size bytes), fit to be printed.
 */
enum resolve_result resolve_find(const char *name, int port, struct resolve *out, size_t max,
                                 size_t *n, char *reason, size_t size);

#endif
