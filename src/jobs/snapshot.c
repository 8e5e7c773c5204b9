// SPDX-License-Identifier: ISC
#include "flashback/jobs/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/jobs/changes.h"
#include "flashback/jobs/inspect.h"
#include "flashback/jobs/patch.h"
#include "flashback/jobs/recheck.h"
#include "flashback/jobs/sourcecheck.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/rsync/scan.h"
#include "flashback/store/salvage.h"
#include "flashback/store/spare.h"

/* How a step of a quick run ended. */
enum snapshot_step {
	STEP_DONE,
	STEP_JUDGED,  /* the run is over, and the verdict says what becomes of its tree */
	STEP_GAVE_UP, /* nothing to judge; the verdict is set */
	STEP_FULL     /* a full run is needed: c->full says why */
};

#define LACKS_OPTION "rsync at the source lacks an option"

struct snapshot_quick {
	struct copy *c;
	struct argv_job job;          /* the plan's, with another target for each step */
	struct transfer_end compared; /* result of the scan */
	int64_t entries;              /* of the spare, all directories included but its root */
};

static enum snapshot_step
need_full(struct copy *c, const char *why)
{
	c->full = why;
	return STEP_FULL;
}

static void
close_list(FILE **f)
{
	if (*f != NULL)
		fclose(*f);
	*f = NULL;
}

/* Has a signal asked this run to stop?  Called while the spare is walked, which may take minutes
 * and runs before rsync. */
static bool
is_told_to_stop(void *arg)
{
	struct copy *c = arg;
	struct event_signals s;

	event_read(c->signals, &s);
	if (s.end)
		verdict_give_up(&c->verdict, RESULT_INTERRUPTED, "stopped before it began");
	else if (s.room)
		verdict_give_up(&c->verdict, RESULT_FULL,
		                "stopped because the backup disk was filling up");
	return s.end || s.room;
}

/* The spare could not be made: do a full run instead.  With EMLINK the spare itself holds the
 * links that the full run needs, so it is removed first. */
static enum snapshot_step
give_up_spare(struct copy *c, const struct spare_walk *walk)
{
	if (errno == EMLINK) {
		(void)spare_drop(c->v);
		(void)spare_sweep_aside(c->v, NULL, 0);
	}
	copy_log(c, "the spare tree", walk->trouble);
	return need_full(c, "the spare tree could not be made");
}

/* Has the purger failed to make this spare before?  Then do not try again before each run. */
static bool
is_known_impossible(const struct store_volume *v, const char *snapshot)
{
	int fd = spare_is_noted(v, snapshot) ? spare_open(v) : 0;

	if (fd > 0)
		close(fd);
	return fd == -1 && errno == ENOENT;
}

/* First step of a quick run: bring the spare up to date with the newest snapshot and create the
 * lists for the scan.  Files, not memory: where much has changed, the lists are long. */
static enum snapshot_step
prepare(struct snapshot_quick *q)
{
	struct copy *c = q->c;
	struct spare_walk walk = {.stop = is_told_to_stop, .arg = c};
	char name[STAMP_NAME_SIZE];
	int rc;

	stamp_format(&c->plan.base, name);
	if (is_known_impossible(c->v, name))
		return need_full(c, "the spare tree could not be made, or was removed");
	rc = spare_walk(c->v, name, &walk);
	if (rc == 1)
		return STEP_GAVE_UP;
	if (rc < 0)
		return give_up_spare(c, &walk);
	q->entries = (int64_t)walk.entries;
	c->scan.id = c->volume->id;
	c->scan.dates = q->job.dates;
	c->scan.gone = copy_list(c->v->meta, SPARE_LIST);
	c->scan.list = copy_list(c->v->meta, SPARE_LIST);
	if (c->scan.gone == NULL || c->scan.list == NULL)
		return need_full(c, "the list of names could not be written");
	return STEP_DONE;
}

/* Does dir have this name?  Symbolic links on the way are followed, which is safe here: nothing
 * is opened. */
static bool
is_in(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Does the list have a name that the base has and the spare lacks?  A local copy uses no bases (see
 * argv_copy), so a file that the partial snapshot lacks because it was unreadable, but the complete
 * one before it has, would be stored again.
 */
static bool
returns(const struct snapshot_quick *q, const char *base)
{
	struct copy *c = q->c;
	int spare = openat(c->v->fd, SPARE_PATH, TREE_DIR),
	    other = openat(c->v->fd, base, TREE_DIR);
	char *name = NULL;
	size_t size = 0;
	bool found = false;

	rewind(c->scan.list);
	while (spare >= 0 && other >= 0 && !found && getdelim(&name, &size, '\0', c->scan.list) > 0)
		found = is_in(other, name) && !is_in(spare, name);
	free(name);
	file_close(&spare);
	file_close(&other);
	return found;
}

/* The same for every base other than the newest snapshot; local sources only. */
static bool
returns_from_another(const struct snapshot_quick *q)
{
	const struct copy *c = q->c;
	char base[STAMP_NAME_SIZE];
	bool found = false;

	stamp_format(&c->plan.base, base);
	if (c->volume->transport != VOLUME_LOCAL)
		return false;
	for (size_t i = 0; i < ARGV_BASES && q->job.base[i] != NULL && !found; i++)
		found = strcmp(q->job.base[i], base) != 0 && returns(q, q->job.base[i]);
	return found;
}

/*
 * Will the patched tree have as many names as the source?  rsync names nothing below a directory of
 * the source on which another file system is mounted, and any other name that a scan leaves out
 * would stay in the snapshot unnoticed.  A name whose type has changed is listed as new though the
 * spare has it: only where the sum differs are those counted.
 */
static bool
adds_up(const struct snapshot_quick *q)
{
	struct copy *c = q->c;
	const struct scan *s = &c->scan;
	struct patch p = {.v = c->v, .list = s->list};
	int64_t surplus = runplan_surplus(s, q->entries, q->compared.words.stats.files);

	if (surplus <= 0)
		return surplus == 0;
	return patch_find(&p) == 0 && p.found == s->listed - s->new_names + surplus;
}

/* Second step: the scan.  It changes nothing, so a source that is missing, empty or shrunk is
 * detected before anything is copied. */
static enum snapshot_step
compare(struct snapshot_quick *q)
{
	struct copy *c = q->c;

	copy_stage(c, TABLE_COMPARING);
	q->job.target = SPARE_PATH;
	if (copy_rsync(c, argv_scan, &q->job, &c->scan) != 0)
		return STEP_GAVE_UP;
	copy_judge(c);
	if (c->end.words.bad_option)
		return need_full(c, LACKS_OPTION);
	if (!copy_is_good(c))
		return STEP_JUDGED;
	if (fflush(c->scan.gone) != 0 || fflush(c->scan.list) != 0)
		c->scan.broken = true;
	q->compared = c->end;
	c->full = runplan_why_full_now(c->volume, &c->scan, c->end.words.stats.files);
	if (c->full == NULL && !adds_up(q))
		c->full = "the comparison did not name all that differs";
	if (c->full == NULL && returns_from_another(q))
		c->full = "files are back that an older snapshot has";
	return c->full == NULL ? STEP_DONE : copy_fits(c) ? STEP_FULL : STEP_JUDGED;
}

/* Fetch the root directory's attributes into a directory of its own: on the list of the copy,
 * "." would mean the whole first level. */
static enum snapshot_step
fetch_top(struct snapshot_quick *q)
{
	struct copy *c = q->c;

	q->job.target = ".flashback/" SPARE_TOP;
	if (tree_remove(c->v->meta, SPARE_TOP, c->v->dev, NULL, 0) != 0 ||
	    mkdirat(c->v->meta, SPARE_TOP, 0700) != 0)
		return need_full(c, "a directory could not be made");
	if (copy_rsync(c, argv_top, &q->job, NULL) != 0)
		return STEP_GAVE_UP;
	if (c->end.stop == VERDICT_STOP_NO && c->end.status == 0 && c->end.words.stats.seen)
		return STEP_DONE;
	copy_judge(c);
	return copy_is_good(c) ? need_full(c, "the source's root directory could not be read")
	                       : STEP_JUDGED;
}

/* Rank of an exit status: 0 is better than 24 (files vanished), that than 23 (files not copied),
 * and the rest cannot make a snapshot. */
static int
weight(int status)
{
	switch (WIFEXITED(status) ? WEXITSTATUS(status) : -1) {
	case 0:
		return 0;
	case 24:
		return 1;
	case 23:
		return 2;
	default:
		return 3;
	}
}

/* Merge the result of the scan into that of the copy: for the verdict they are one rsync.  The
 * copy's statistics cover the list only, and are kept only when they show that the source is
 * gone. */
static void
add_compared(struct transfer_end *end, const struct transfer_end *compared)
{
	struct output_words *w = &end->words;
	const struct output_words *s = &compared->words;

	if (w->stats.seen && (w->stats.files != 0 || weight(end->status) < 2))
		w->stats = s->stats;
	if (w->first_error[0] == '\0')
		memcpy(w->first_error, s->first_error, sizeof(w->first_error));
	w->unreadable += s->unreadable;
	w->vanished += s->vanished;
	if (weight(compared->status) > weight(end->status))
		end->status = compared->status;
}

/* Third step: copy the listed names into the tree of this run.  With an empty list the scan's
 * result is the run's. */
static enum snapshot_step
fetch(struct snapshot_quick *q)
{
	struct copy *c = q->c;
	enum snapshot_step step;

	copy_stage(c, TABLE_COPYING);
	step = c->scan.root ? fetch_top(q) : STEP_DONE;
	if (step != STEP_DONE)
		return step;
	if (c->scan.listed == 0) {
		c->end = q->compared;
		return STEP_DONE;
	}
	q->job.target = c->plan.target;
	q->job.list = ".flashback/" SPARE_LIST;
	c->expected = c->scan.new_bytes;
	if (copy_rsync(c, argv_copy, &q->job, NULL) != 0)
		return STEP_GAVE_UP;
	add_compared(&c->end, &q->compared);
	copy_judge(c);
	if (c->verdict.run.result == RESULT_FAILED && c->verdict.tree == VERDICT_TREE_EXPIRED)
		return need_full(c, c->end.words.bad_option ? LACKS_OPTION
		                                            : "rsync refused the list of names");
	return copy_is_good(c) ? STEP_DONE : STEP_JUDGED;
}

/*
 * Last step: patch the spare with what was received; it becomes the tree.  A name that the source
 * was said to have, and that the tree lacks, has vanished unless it was reported as unreadable:
 * neither the guard nor the log relies on what a host says of the copy.
 */
static enum snapshot_step
patch(struct snapshot_quick *q)
{
	struct copy *c = q->c;
	struct output_words *w = &c->end.words;
	char name[STAMP_NAME_SIZE];
	struct patch p = {
	    .v = c->v,
	    .received = stamp_format(&c->tree, name),
	    .top = -1,
	    .list = c->scan.list,
	    .gone = c->scan.gone,
	};
	int64_t said = w->vanished + (weight(c->end.status) == 2 ? w->unreadable : 0), lost;
	int rc;

	if (c->scan.root)
		p.top = openat(c->v->meta, SPARE_TOP, TREE_DIR);
	if (c->scan.root && p.top < 0)
		return need_full(c, "the root directory's attributes are not there");
	rc = patch_run(&p);
	if (p.top >= 0)
		close(p.top);
	if (rc != 0) {
		copy_log(c, "the spare tree", p.trouble);
		return need_full(c, "the spare tree could not be changed");
	}
	lost = w->stats.files - 1 - c->scan.skipped - q->entries - p.grown;
	w->vanished += lost > said ? lost - said : 0;
	w->stats.transferred = p.new_files;
	w->stats.new_bytes = p.new_bytes;
	copy_judge(c);
	if (copy_is_good(c))
		changes_emptied(c->v->fd, name, c->scan.gone, &c->verdict.run);
	return STEP_JUDGED;
}

/* The steps of a quick run, in order.  The lists are removed whatever the outcome. */
static enum snapshot_step
run_quick(struct copy *c)
{
	struct snapshot_quick q = {.c = c, .job = c->plan.job};
	enum snapshot_step step = prepare(&q);

	if (step == STEP_DONE)
		step = compare(&q);
	if (step == STEP_DONE)
		step = fetch(&q);
	if (step == STEP_DONE && copy_find_store(c))
		step = STEP_JUDGED;
	if (step == STEP_DONE)
		step = patch(&q);
	close_list(&c->scan.gone);
	close_list(&c->scan.list);
	spare_sweep(c->v);
	return step;
}

/*
 * Give the full run an empty tree: a copy on top of a half-patched one would keep what the source
 * no longer has.  A tree with entries becomes an interrupted one, and serves as a base of the full
 * run, which is therefore planned again.
 */
static int
renew_tree(struct copy *c)
{
	char name[STAMP_NAME_SIZE];

	if (unlinkat(c->v->fd, stamp_format(&c->tree, name), AT_REMOVEDIR) == 0) {
		if (mkdirat(c->v->fd, name, 0700) == 0)
			return 0;
	} else if (salvage_interrupted(c->v, &c->tree) == 0 && store_volume_list(c->v) == 0) {
		copy_plan(c, clock_wall());
		return copy_make_tree(c);
	}
	return verdict_give_up(&c->verdict, inspect_blame(c->store, errno),
	                       "%s/%s cannot be made: %s", c->volume->id, name, strerror(errno));
}

static void
set_kind(struct copy *c)
{
	if (c->full != NULL)
		snprintf(c->kind, sizeof(c->kind), "full run: %s", c->full);
	else
		snprintf(c->kind, sizeof(c->kind), "quick run");
	copy_log(c, c->kind, "");
}

/*
 * A file has more hard links than the disk allows: copy again, at once, with each hard link of the
 * source as a file of its own; all but that file is still shared with the bases, which now have
 * what was received, too.  Without this a single file would make every second run of the volume
 * fail.
 */
static int
copy_unlinked(struct copy *c)
{
	memcpy(c->unlinked, c->end.words.first_refusal, sizeof(c->unlinked));
	copy_log(c, "once more, without hard links", c->unlinked);
	if (renew_tree(c) != 0)
		return -1;
	c->plan.job.unlinked = true;
	return copy_full(c);
}

static int
run_full(struct copy *c)
{
	set_kind(c);
	if (copy_full(c) != 0)
		return -1;
	if (c->verdict.run.result != RESULT_LINKS || c->plan.job.unlinked)
		return 0;
	return copy_unlinked(c);
}

/* Do the planned kind of run, and a full one where a quick run proves impossible.  Return 0 when
 * the run was judged, or -1 with the verdict. */
static int
run(struct copy *c)
{
	enum snapshot_step step;

	c->full = c->plan.full;
	if (c->full != NULL)
		return run_full(c);
	step = run_quick(c);
	if (step == STEP_FULL)
		return renew_tree(c) == 0 ? run_full(c) : -1;
	set_kind(c);
	return step == STEP_JUDGED ? 0 : -1;
}

/* Plan the run, make its tree, open its log, and run rsync. */
int
snapshot_run(struct copy *c)
{
	struct resolve address;
	char *root;
	int rc = -1;

	root = copy_root(c);
	if (root == NULL)
		return verdict_give_up(&c->verdict, RESULT_FAILED,
		                       "cannot determine the path of the volume's directory: %s",
		                       strerror(errno));
	c->root = root;
	c->source = sourcecheck_address(c->volume, c->signals, &address);
	copy_plan(c, clock_wall());
	copy_recall(c);
	if (copy_make_tree(c) == 0) {
		c->log = runlog_open(c->v->meta, &c->tree);
		if (c->source != NULL)
			copy_log(c, "the host's first address does not answer, used is",
			         address.text);
		rc = run(c);
		if (rc == 0) {
			changes_run(c);
			recheck_run(c);
		}
		runlog_close(c->log);
	}
	text_list_free(&c->scan.stores);
	free(c->source);
	free(root);
	return rc;
}
