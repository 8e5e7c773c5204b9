// SPDX-License-Identifier: ISC
#include "flashback/jobs/sourcecheck.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flashback/config/source.h"
#include "flashback/lib/tree.h"
#include "flashback/rsync/argv.h"
#include "flashback/rsync/transfer.h"

#define PARTIAL_ERROR 23 /* exit status of rsync when it cannot read the source */

static int
not_found(struct verdict *v, bool empty)
{
	return verdict_give_up(v, RESULT_NOT_FOUND, "the source is %s", empty ? "empty" : "absent");
}

/* Is there a directory, and is anything in it?  Any other error is left to the run, which reports
 * it in full. */
static int
check_local(const char *source, struct verdict *v)
{
	int fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool empty;

	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? not_found(v, false) : 0;
	empty = tree_is_empty(fd);
	close(fd);
	return empty ? not_found(v, true) : 0;
}

/* Derive the same from a listing by rsync.  The verdict of a run is reused: it knows how an absent
 * source looks over ssh and from an rsync daemon.  One entry alone is the root of the source
 * itself; with exit status 23 even that could not be read. */
static int
judge_list(const struct transfer_end *end, struct verdict *v)
{
	struct verdict_case c = {.status = end->status, .stop = end->stop, .removable = true};
	struct verdict listed = {.run = {.code = -1}};

	if (end->stop == VERDICT_STOP_SIGNAL || end->stop == VERDICT_STOP_ROOM)
		return verdict_give_up(v, RESULT_INTERRUPTED, "stopped before it began");
	verdict_make(&c, &end->words, &listed);
	if (listed.run.result != RESULT_NOT_FOUND)
		return 0;
	return not_found(v, end->words.stats.seen && end->words.stats.files == 1 &&
	                        listed.run.code != PARTIAL_ERROR);
}

/* List the root of a remote source: only rsync can do that over every transport and with a
 * restricted key. */
int
sourcecheck_run(const struct volume *volume, const char *rsync, const struct version *version,
                int signals, struct verdict *v)
{
	struct text_list argv = {0};
	struct transfer t = {
	    .argv = &argv,
	    .dir = -1,
	    .lock = -1,
	    .signals = signals,
	    .patience = argv_patience(volume, false),
	};
	struct transfer_end end;
	int rc;

	if (volume->transport == VOLUME_LOCAL)
		return check_local(volume->source, v);
	if (argv_list(volume, rsync, version, &argv) == 0 && transfer_run(&t, &end) == 0)
		rc = judge_list(&end, v);
	else
		rc = verdict_give_up(v, RESULT_FAILED, "rsync could not be run: %s",
		                     strerror(errno));
	text_list_free(&argv);
	return rc;
}

/* ---- which address of an rsync daemon answers ---- */

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
sourcecheck_address(const struct volume *volume, int signals, struct resolve *address)
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
