// SPDX-License-Identifier: ISC
#include "flashback/lib/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "flashback/lib/text.h"

/* A colon occurs in no host name, so it marks an IPv6 address, also one with a scope
 * (fe80::1%eth0), which inet_pton refuses. */
bool
resolve_is_numeric(const char *name)
{
	struct in_addr in;

	return strchr(name, ':') != NULL || inet_pton(AF_INET, name, &in) == 1;
}

/* Is any interface up, with an address, besides loopback?  Without one, resolvers that know only
 * the local network answer every query with "no such name", which must not be taken for a misspelt
 * host. */
static bool
has_network(void)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) == -1)
		return true;
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		int family = i->ifa_addr == NULL ? AF_UNSPEC : i->ifa_addr->sa_family;
		unsigned flags = i->ifa_flags & (IFF_RUNNING | IFF_LOOPBACK);

		found =
		    found || (flags == IFF_RUNNING && (family == AF_INET || family == AF_INET6));
	}
	freeifaddrs(list);
	return found;
}

/* Turn an error of getaddrinfo into a result and a reason.  "Does not exist" is reported to the
 * user as a mistake, so it is returned only when the resolver really said so; everything else is a
 * temporary failure, which does not count against the host. */
static enum resolve_result
lookup_failed(const char *name, int error, char *reason, size_t size)
{
	bool unknown = error == EAI_NONAME || error == EAI_NODATA || error == EAI_ADDRFAMILY;
	char shown[512];

	if (unknown && !resolve_is_numeric(name) && !has_network()) {
		snprintf(reason, size, "no network");
		return RESOLVE_NO_NET;
	}
	text_escape(shown, sizeof(shown), name, strnlen(name, 255));
	if (unknown) {
		snprintf(reason, size, "the name %s does not exist", shown);
		return RESOLVE_UNKNOWN;
	}
	snprintf(reason, size, "cannot resolve %s: %s", shown,
	         error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	return RESOLVE_NO_NET;
}

/* Turn the errno of a connect into a result and a reason: no address of the name can be sent to. */
static enum resolve_result
route_failed(int error, char *reason, size_t size)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		snprintf(reason, size, "no route to the host: %s", strerror(error));
		return RESOLVE_NO_NET;
	default:
		/* EACCES and EINVAL come from prohibit and blackhole routes. */
		snprintf(reason, size, "this machine's routes forbid sending to the host: %s",
		         strerror(error));
		return RESOLVE_REFUSED;
	}
}

static void
set_port(struct resolve *a, int port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&a->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->addr;

	if (a->addr.ss_family == AF_INET)
		in->sin_port = htons((uint16_t)port);
	else if (a->addr.ss_family == AF_INET6)
		in6->sin6_port = htons((uint16_t)port);
}

/* Does the kernel have a route to the address?  Connecting a datagram socket looks one up and sends
 * nothing.  Without this check ping would wait its full time for an address that no packet can
 * leave for.  Return 0, or an errno. */
static int
check_route(const struct resolve *a)
{
	struct resolve there = *a;
	int fd = socket(a->addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd == -1)
		return errno;
	set_port(&there, 9); /* any port but 0 */
	if (connect(fd, (struct sockaddr *)&there.addr, there.len) == -1)
		error = errno;
	close(fd);
	return error;
}

/* Copy one result of getaddrinfo to *a, if there is a route to it.  Return 0, or an errno. */
static int
take_address(const struct addrinfo *ai, int port, struct resolve *a)
{
	if (ai->ai_addrlen > sizeof(a->addr))
		return EAFNOSUPPORT;
	*a = (struct resolve){.len = ai->ai_addrlen};
	memcpy(&a->addr, ai->ai_addr, ai->ai_addrlen);
	set_port(a, port);
	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, a->text, sizeof(a->text), NULL, 0,
	                NI_NUMERICHOST) != 0)
		return EAFNOSUPPORT;
	return check_route(a);
}

/* Resolve name, and keep those of its addresses that have a route.  A name with an IPv6 address on
 * a network without IPv6 is thus still reached by IPv4.  No AI_ADDRCONFIG: without a network it
 * makes every name unknown. */
enum resolve_result
resolve_find(const char *name, int port, struct resolve *out, size_t max, size_t *n, char *reason,
             size_t size)
{
	const struct addrinfo hints = {
	    .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = resolve_is_numeric(name) ? AI_NUMERICHOST : 0,
	};
	int error = EAI_NONAME, no_route = 0;
	struct addrinfo *list = NULL;
	struct in_addr in;

	*n = 0;
	/* getaddrinfo accepts old forms like 010.77.257 (octal, three parts), never meant so. */
	if (hints.ai_flags != 0 || inet_aton(name, &in) == 0)
		error = getaddrinfo(name, NULL, &hints, &list);
	if (error != 0)
		return lookup_failed(name, error, reason, size);
	for (const struct addrinfo *ai = list; ai != NULL && *n < max; ai = ai->ai_next) {
		error = take_address(ai, port, &out[*n]);
		if (error == 0)
			++*n;
		else
			no_route = error;
	}
	freeaddrinfo(list);
	return *n > 0 ? RESOLVE_FOUND : route_failed(no_route, reason, size);
}
