// SPDX-License-Identifier: ISC
#include "flashback/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "flashback/transfer.h"
#include "flashback/walk.h"

#define PARTIAL_ERROR 23 /* what rsync ends with when it cannot read the source */

/* Anything else than "absent" and "empty" is for the run itself to find out. */
static enum ask_answer
ask_local(const char *source)
{
	int fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool empty;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? ASK_ABSENT : ASK_THERE;
	empty = walk_is_empty(fd);
	close(fd);
	return empty ? ASK_EMPTY : ASK_THERE;
}

/* The same of what rsync said. */
static enum ask_answer
judge_list(const struct transfer_end *end)
{
	struct judge_case c = {.status = end->status, .stop = end->stop, .removable = true};
	struct judge_verdict v;

	if (end->stop == JUDGE_STOP_ASKED || end->stop == JUDGE_STOP_ROOM)
		return ASK_STOPPED;
	judge_run(&c, &end->words, &v);
	if (v.result != JUDGE_NOT_FOUND)
		return ASK_THERE;
	return end->words.stats.seen && end->words.stats.files == 1 && v.code != PARTIAL_ERROR
	           ? ASK_EMPTY
	           : ASK_ABSENT;
}

static enum ask_answer
ask_remote(const struct volume *volume, const char *rsync, const struct rsync_version *version,
           int signals)
{
	struct text_list argv = {0};
	struct transfer t = {
	    .argv = &argv,
	    .dir = -1,
	    .lock = -1,
	    .signals = signals,
	    .tell = -1,
	    .patience = rsync_patience(volume, false),
	};
	struct transfer_end end;
	enum ask_answer answer = ASK_CANNOT;

	if (rsync_ask_argv(volume, rsync, version, &argv) == 0 && transfer_run(&t, &end) == 0)
		answer = judge_list(&end);
	text_list_free(&argv);
	return answer;
}

enum ask_answer
ask_source(const struct volume *volume, const char *rsync, const struct rsync_version *version,
           int signals)
{
	if (volume->transport == VOLUME_LOCAL)
		return ask_local(volume->source);
	return ask_remote(volume, rsync, version, signals);
}
