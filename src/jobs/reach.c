// SPDX-License-Identifier: ISC
#include "flashback/jobs/reach.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flashback/config/source.h"

#define WAIT 2000   /* milliseconds for each address */
#define ADDRESSES 4 /* tried at most, so that a stop of the run is not delayed by much */

/* Connect, and hang up.  Return 0 or an errno: ETIMEDOUT without an answer, EINTR for a signal. */
static int
try_address(const struct resolve *a, int signals)
{
	int error = 0,
	    fd = socket(a->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd set[] = {{.fd = fd, .events = POLLOUT}, {.fd = signals, .events = POLLIN}};
	socklen_t size = sizeof(error);

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&a->addr, a->len) < 0 && errno != EINPROGRESS)
		error = errno;
	else if (poll(set, 2, WAIT) == 0)
		error = ETIMEDOUT;
	else if (set[0].revents == 0)
		error = EINTR;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	close(fd);
	return error;
}

static bool
chooses_address(const struct text_list *options)
{
	static const char *const names[] = {"-4", "-6", "--address"};

	for (size_t i = 0; i < options->n; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (strncmp(options->item[i], names[k], strlen(names[k])) == 0)
				return true;
	return false;
}

/* In rsync's order.  An address that refuses at once costs rsync no time either. */
char *
reach_source(const struct volume *volume, int signals, struct resolve *address)
{
	struct resolve found[ADDRESSES];
	char reason[256];
	bool silent = false;
	size_t n = 0;
	int error = 0;

	if (volume->transport != VOLUME_RSYNCD || chooses_address(&volume->rsync_options) ||
	    resolve_is_numeric(volume->remote_host) ||
	    resolve_find(volume->remote_host, volume_daemon_port(volume), found, ADDRESSES, &n,
	                 reason, sizeof(reason)) != RESOLVE_FOUND ||
	    n < 2)
		return NULL;
	for (size_t i = 0; i < n && error != EINTR; i++) {
		error = try_address(&found[i], signals);
		if (error == 0) {
			*address = found[i];
			return silent ? source_at(volume->source, found[i].text) : NULL;
		}
		silent = silent || error == ETIMEDOUT;
	}
	return NULL;
}
