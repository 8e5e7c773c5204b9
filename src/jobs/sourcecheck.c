// SPDX-License-Identifier: ISC
#include "flashback/jobs/sourcecheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

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
