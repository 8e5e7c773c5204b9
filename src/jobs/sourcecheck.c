// SPDX-License-Identifier: ISC
#include "flashback/jobs/sourcecheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "flashback/lib/tree.h"
#include "flashback/rsync/transfer.h"

#define PARTIAL_ERROR 23 /* exit status of rsync when it cannot read the source */

/* Is there a directory, and is anything in it?  Any other error is left to the run, which reports
 * it in full. */
static enum sourcecheck_answer
check_local(const char *source)
{
	int fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool empty;

	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? SOURCECHECK_ABSENT : SOURCECHECK_THERE;
	empty = tree_is_empty(fd);
	close(fd);
	return empty ? SOURCECHECK_EMPTY : SOURCECHECK_THERE;
}

/* Derive the same from a listing by rsync.  The verdict of a run is reused: it knows how an absent
 * source looks over ssh and from an rsync daemon.  One entry alone is the root of the source
 * itself; with exit status 23 even that could not be read. */
static enum sourcecheck_answer
judge_list(const struct transfer_end *end)
{
	struct verdict_case c = {.status = end->status, .stop = end->stop, .removable = true};
	struct verdict v = {.run = {.code = -1}};

	if (end->stop == VERDICT_STOP_SIGNAL || end->stop == VERDICT_STOP_ROOM)
		return SOURCECHECK_STOPPED;
	verdict_make(&c, &end->words, &v);
	if (v.run.result != RESULT_NOT_FOUND)
		return SOURCECHECK_THERE;
	return end->words.stats.seen && end->words.stats.files == 1 && v.run.code != PARTIAL_ERROR
	           ? SOURCECHECK_EMPTY
	           : SOURCECHECK_ABSENT;
}

/* List the root of the source: only rsync can do that over every transport and with a restricted
 * key. */
static enum sourcecheck_answer
check_remote(const struct volume *volume, const char *rsync, const struct version *version,
             int signals)
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
	enum sourcecheck_answer answer = SOURCECHECK_CANNOT;

	if (argv_list(volume, rsync, version, &argv) == 0 && transfer_run(&t, &end) == 0)
		answer = judge_list(&end);
	text_list_free(&argv);
	return answer;
}

enum sourcecheck_answer
sourcecheck_run(const struct volume *volume, const char *rsync, const struct version *version,
                int signals)
{
	if (volume->transport == VOLUME_LOCAL)
		return check_local(volume->source);
	return check_remote(volume, rsync, version, signals);
}
