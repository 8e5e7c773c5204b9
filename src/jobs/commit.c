// SPDX-License-Identifier: ISC
#include "flashback/jobs/commit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/jobs/example.h"
#include "flashback/jobs/inspect.h"
#include "flashback/jobs/leftout.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/report/restore.h"
#include "flashback/store/expire.h"
#include "flashback/store/round.h"
#include "flashback/store/runlog.h"
#include "flashback/store/salvage.h"
#include "flashback/store/summary.h"
#include "flashback/store/usage.h"
#include "flashback/store/voldir.h"

#define SUSPECTS_KEPT 3

/* Record a problem that does not change the verdict.  Only the first is kept: later ones mostly
 * follow from it.  A full disk is already in the verdict. */
static void
trouble(struct copy *c, const char *what)
{
	if (c->verdict.run.result == RESULT_FULL && result_of_errno(errno) == RESULT_FULL)
		return;
	if (c->trouble[0] == '\0')
		snprintf(c->trouble, sizeof(c->trouble), "%s: %s", what, strerror(errno));
}

/* Change the verdict to this result, with errno in the reason and no snapshot claimed: the tree
 * stays .working, for the next run to salvage. */
static void
disk_failed(struct copy *c, enum result result, const char *what)
{
	struct history_run *run = &c->verdict.run;

	run->result = result;
	snprintf(run->reason, sizeof(run->reason), "%s: %s", what, strerror(errno));
	c->verdict.tree = VERDICT_TREE_LEFT;
}

/* Expire the tree of this run.  A rename needs no free space, so it is tried even on a full
 * disk. */
static void
discard(struct copy *c)
{
	if (store_rename(c->v, &c->tree, STAMP_EXPIRED) != 0)
		trouble(c, "the unfinished copy could not be renamed to .expired");
}

/* Is data_dir still the store in which the run began?  If not, end as DISK, whatever rsync's
 * exit status: the snapshot would be on a disk that is no longer mounted. */
static int
check_store(struct copy *c)
{
	if (store_same(c->config->data_dir, c->store) == 0)
		return 0;
	if (errno == ESTALE)
		disk_failed(c, RESULT_DISK, "another disk was mounted in its place during the run");
	else
		disk_failed(c, RESULT_DISK, "the disk was lost during the run");
	return -1;
}

/* Make the tree a snapshot.  It is synced before it is renamed: after a crash, a name without
 * .working must mean that the data is on the disk. */
static void
keep(struct copy *c, enum stamp_state state)
{
	if (syncfs(c->v->fd) != 0) {
		disk_failed(c, inspect_blame(c->store, errno),
		            "the disk could not store what was copied");
		discard(c);
		return;
	}
	if (check_store(c) != 0)
		return;
	if (store_rename(c->v, &c->tree, state) != 0) {
		disk_failed(c, inspect_blame(c->store, errno),
		            "the finished copy could not be renamed");
		return;
	}
	if (fsync(c->v->fd) != 0)
		trouble(c, "the volume's directory could not be synced");
}

/* Rename the tree to what the verdict makes of it; commit_run has returned before, if it stays. */
static void
place_tree(struct copy *c)
{
	static const enum stamp_state kept[] = {
	    [VERDICT_TREE_COMPLETE] = STAMP_COMPLETE,
	    [VERDICT_TREE_PARTIAL] = STAMP_PARTIAL,
	    [VERDICT_TREE_SUSPECT] = STAMP_SUSPECT,
	};

	if (copy_is_good(c))
		keep(c, kept[c->verdict.tree]);
	else if (c->verdict.tree == VERDICT_TREE_EXPIRED)
		discard(c);
	else if (salvage_interrupted(c->v, &c->tree) != 0)
		trouble(c, "what was copied could not be kept for the next run");
}

/* Point `latest` to the newest snapshot.  Return whether it does. */
static bool
link_latest(struct copy *c)
{
	if (!c->store->traits.symlinks)
		return false;
	if (voldir_latest(c->v, c->committed) == 0)
		return true;
	trouble(c, "the link `latest` could not be changed");
	return false;
}

/* Write RESTORE.txt, with the commands for a restore without flashback.  They must work as they
 * stand: without the link they name the newest snapshot itself. */
static int
write_restore(FILE *f, void *arg)
{
	const struct copy *c = arg;
	char *dir = text_format("%s/%s", c->config->data_dir, c->volume->id), name[STAMP_NAME_SIZE];
	const char *newest = voldir_newest(c->v, c->committed, name);
	char *example = newest != NULL ? example_find(c->v->fd, newest) : NULL;
	struct text_list left_out = {0};
	const struct restore r = {
	    .volume = c->volume,
	    .dir = dir,
	    .latest = c->linked || newest == NULL ? RESTORE_LINK : newest,
	    .example = example,
	    .rsync = c->config->rsync,
	    .left_out = &left_out,
	};
	int rc = -1;

	if (dir != NULL && leftout_list(c->volume, c->config->data_dir, &left_out) == 0)
		rc = restore_write(f, &r);
	text_list_free(&left_out);
	free(example);
	free(dir);
	return rc;
}

/* Add the run to the history, with the snapshot that it made, if any. */
static void
add_history(struct copy *c)
{
	struct history_run *run = &c->verdict.run;

	run->seconds = (clock_mono() - c->began) / 1000;
	if (c->tree.state != STAMP_WORKING && c->tree.state != STAMP_EXPIRED)
		run->snapshot = c->tree;
	if (voldir_history(c->v, run) != 0)
		trouble(c, "the history could not be written");
	else if (run->differ > 0)
		round_reported(c->v->meta);
}

/* For the next run, to report what is new.  Lost, it costs only that. */
static void
keep_unreadable(struct copy *c)
{
	struct unreadable *u = &c->unreadable;
	bool some = c->verdict.tree == VERDICT_TREE_PARTIAL && u->now.all > 0;
	int rc = 0;

	if (some)
		rc = file_update(c->v->meta, VOLDIR_UNREADABLE, 0600, unreadable_print, &u->now);
	else if (c->verdict.tree == VERDICT_TREE_PARTIAL ||
	         c->verdict.tree == VERDICT_TREE_COMPLETE)
		rc = unlinkat(c->v->meta, VOLDIR_UNREADABLE, 0);
	if (rc != 0 && errno != ENOENT)
		trouble(c, "the list of unreadable files could not be changed");
}

/* Is the snapshot of this run the only one of its volume? */
static bool
is_first(const struct copy *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->v->nstamps; i++)
		n += stamp_is_good(c->v->stamps[i].state);
	return n == 1 && stamp_is_good(c->tree.state);
}

/* Expire interrupted trees: the new snapshot contains all their files that still exist. */
static void
expire_interrupted(struct copy *c)
{
	for (size_t i = 0; i < c->v->nstamps; i++)
		if (c->v->stamps[i].state == STAMP_INTERRUPTED &&
		    store_rename(c->v, &c->v->stamps[i], STAMP_EXPIRED) != 0)
			trouble(c, "an .interrupted copy could not be renamed to .expired");
}

/* Keep the newest SUSPECTS_KEPT suspect trees.  Those dated in the future are neither expired
 * nor counted: the clock was wrong, and they would displace each new one at once. */
static void
expire_suspects(struct copy *c)
{
	size_t n = 0;

	for (size_t i = c->v->nstamps; i-- > 0;) {
		struct stamp *s = &c->v->stamps[i];

		if (s->state == STAMP_SUSPECT && s->when <= c->committed + SUMMARY_AHEAD_MAX &&
		    ++n > SUSPECTS_KEPT && store_rename(c->v, s, STAMP_EXPIRED) != 0)
			trouble(c, "a .suspect copy could not be renamed to .expired");
	}
}

/* Expire what the retention policy no longer keeps.  Only the series of which this run made a
 * snapshot is pruned, so that a volume whose runs fail keeps its last good snapshots. */
static void
expire(struct copy *c, bool blind)
{
	const struct verdict *v = &c->verdict;
	const struct result_row *row = result_row(v->run.result);
	struct expire_series series = {row->complete, row->partial};
	char words[RESULT_TEXT] = "";

	if (v->tree == VERDICT_TREE_COMPLETE || v->tree == VERDICT_TREE_PARTIAL)
		expire_interrupted(c);
	expire_suspects(c);
	/* A full disk is the exception: without this, a volume whose next snapshot does not fit
	 * would never free any space. */
	if (v->run.result == RESULT_FULL)
		series = expire_allowed(c->v->runs, c->v->nruns);
	/* The history was lost, so which snapshots are alike is unknown: expire none by policy. */
	if (blind)
		series = (struct expire_series){false, false};
	if (expire_policy(c->v, c->volume, series, c->committed, words, sizeof(words)) < 0 &&
	    c->trouble[0] == '\0')
		snprintf(c->trouble, sizeof(c->trouble), "%s", words);
}

/*
 * The order matters.  Sync and rename first: only a snapshot that is on the disk may expire others.
 * Then what describes it: `latest`, RESTORE.txt, the history.  Expire last.  The store is checked
 * before and after the tree is renamed, since a disk may be pulled at any moment.
 */
void
commit_run(struct copy *c)
{
	bool blind = voldir_is_blind(c->v); /* before the history gets a line */

	c->committed = clock_wall();
	/* Stopped on request: neither rename nor sync, which could take minutes; the next run
	 * salvages the tree. */
	if (c->verdict.tree == VERDICT_TREE_LEFT)
		return;
	/* Never write to another disk than the one of the run. */
	if (check_store(c) != 0)
		return;
	place_tree(c);
	if (check_store(c) != 0)
		return;
	if (store_volume_list(c->v) != 0) {
		trouble(c, "the volume's directory could not be read");
		return;
	}
	c->linked = link_latest(c);
	if (file_update(c->v->fd, VOLDIR_RESTORE, 0600, write_restore, c) != 0)
		trouble(c, "RESTORE.txt could not be written");
	add_history(c);
	keep_unreadable(c);
	usage_note(c->store->fd, c->committed, is_first(c));
	expire(c, blind);
	if (store_volume_list(c->v) != 0 ||
	    runlog_prune(c->v->meta, c->v->stamps, c->v->nstamps) != 0)
		trouble(c, "old logs could not be removed");
}
