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

bool
resolve_is_numeric(const char *name)
{
	struct in_addr in;

	return strchr(name, ':') != NULL || inet_pton(AF_INET, name, &in) == 1;
}

/* Is there any link with an address but loopback?  Without one, resolvers that know only the local
 * network say of every name that it does not exist. */
static bool
has_network(void)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) < 0)
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

/* Say why getaddrinfo found nothing. */
static enum resolve_result
explain_lookup(const char *name, int error, char *reason, size_t size)
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
	snprintf(reason, size, "%s could not be looked up: %s", shown,
	         error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	return RESOLVE_NO_NET;
}

/* Say why nothing can be sent to any of a name's addresses; error is an errno. */
static enum resolve_result
explain_route(int error, char *reason, size_t size)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		snprintf(reason, size, "no network there: %s", strerror(error));
		return RESOLVE_NO_NET;
	default:
		/* EACCES and EINVAL are routes that someone has closed: prohibit, blackhole. */
		snprintf(reason, size, "nothing may be sent there: %s", strerror(error));
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

/* Does the kernel know a way there?  (Connecting a datagram socket sends nothing.)  Return 0, or an
 * errno. */
static int
check_route(const struct resolve *a)
{
	struct resolve there = *a;
	int fd = socket(a->addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	set_port(&there, 9); /* any but 0 */
	if (connect(fd, (struct sockaddr *)&there.addr, there.len) < 0)
		error = errno;
	close(fd);
	return error;
}

/* Take over one result of getaddrinfo, if something can be sent there.  Return 0, or an errno. */
static int
take(const struct addrinfo *ai, int port, struct resolve *a)
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

enum resolve_result
resolve_find(const char *name, int port, struct resolve *out, size_t max, size_t *n, char *reason,
             size_t size)
{
	/* No AI_ADDRCONFIG: without a network it calls every name unknown. */
	const struct addrinfo hints = {
	    .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = resolve_is_numeric(name) ? AI_NUMERICHOST : 0,
	};
	int error = EAI_NONAME, no_route = 0;
	struct addrinfo *list = NULL;
	struct in_addr in;

	*n = 0;
	/* The C library would read 010.77.257 in a way that no one who writes it means. */
	if (hints.ai_flags != 0 || inet_aton(name, &in) == 0)
		error = getaddrinfo(name, NULL, &hints, &list);
	if (error != 0)
		return explain_lookup(name, error, reason, size);
	for (const struct addrinfo *ai = list; ai != NULL && *n < max; ai = ai->ai_next) {
		error = take(ai, port, &out[*n]);
		if (error == 0)
			++*n;
		else
			no_route = error;
	}
	freeaddrinfo(list);
	return *n > 0 ? RESOLVE_FOUND : explain_route(no_route, reason, size);
}
