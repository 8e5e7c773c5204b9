// SPDX-License-Identifier: ISC
#include "flashback/ask.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "flashback/transfer.h"

#define PARTIAL_ERROR 23 /* what rsync ends with when it cannot read the source */

static bool
is_empty(DIR *d)
{
	const struct dirent *e;

	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return true;
}

static enum ask_answer
ask_local(const char *source)
{
	DIR *d = opendir(source);
	bool empty;

	if (d == NULL)
		return errno == ENOENT || errno == ENOTDIR ? ASK_ABSENT : ASK_THERE;
	empty = is_empty(d);
	closedir(d);
	return empty ? ASK_EMPTY : ASK_THERE;
}

/* Anything else than "absent" and "empty" is for the run itself to find out. */
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
