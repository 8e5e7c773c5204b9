// SPDX-License-Identifier: ISC
#include "flashback/jobs/backup.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flashback/jobs/commit.h"
#include "flashback/jobs/copy.h"
#include "flashback/jobs/hook.h"
#include "flashback/jobs/inspect.h"
#include "flashback/jobs/snapshot.h"
#include "flashback/jobs/sourcecheck.h"
#include "flashback/jobs/spares.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/schedule/plan.h"
#include "flashback/store/mkstore.h"
#include "flashback/store/salvage.h"
#include "flashback/store/store.h"
#include "flashback/store/trust.h"
#include "flashback/store/usage.h"
#include "flashback/store/voldir.h"

_Static_assert(sizeof(struct backup_message) <= EVENT_SIZE, "it can be sent");

#define NICENESS 10
#define PATIENCE_MS 2000

/* The state of one run.  Each step returns 0 for the next one to follow, or -1 with the verdict
 * filled in. */
struct run {
	const struct backup_job *job;
	struct volume *volume;
	int out;
	int64_t now; /* clock_wall at the start */
	struct store store;
	struct store_volume v;
	bool opened, locked, prepared; /* what must be released; `before` exited 0 */
	char boot[VOLDIR_BOOT];
	struct summary seen;
	struct copy copy;
};

static void
send_stage(void *arg, enum table_stage stage)
{
	const struct run *r = arg;
	struct backup_message m = {.kind = BACKUP_STAGE, .stage = stage};

	event_send(r->out, &m, sizeof(m));
}

/* Send a line for the daemon's log.  A worker has no log of its own, and a note must not replace
 * the reason of the result. */
static void
note(const struct run *r, const char *words)
{
	struct backup_message m = {.kind = BACKUP_NOTE};

	if (words[0] == '\0')
		return;
	snprintf(m.note, sizeof(m.note), "%s", words);
	event_send(r->out, &m, offsetof(struct backup_message, note) + strlen(m.note) + 1);
}

/* How far the run is.  rsync counts files, and one large file among many small ones would be the
 * last percent; a quick run knows the bytes. */
static int
percent(const struct run *r, const struct output_progress *progress)
{
	int64_t all = r->copy.expected;

	if (all <= 0)
		return progress->percent;
	return progress->bytes >= all ? 100 : (int)((double)progress->bytes * 100 / (double)all);
}

static void
send_progress(void *arg, const struct output_progress *progress)
{
	const struct run *r = arg;
	struct backup_message m = {.kind = BACKUP_PROGRESS, .progress = *progress};

	m.progress.percent = percent(r, progress);
	event_send(r->out, &m, sizeof(m));
}

/*
 * First step: lower the priority, make this process the subreaper of what rsync leaves behind, and
 * receive signals. Without the subreaper an orphan of rsync could write to the tree after the run
 * has ended.
 */
static int
setup(struct run *r)
{
	/* Not fatal: a backup at normal priority is better than none. */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
	              IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	umask(077);
	r->copy.signals = event_open();
	if (r->copy.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return verdict_give_up(&r->copy.verdict, RESULT_FAILED,
		                       "this run could not be set up: %s", strerror(errno));
	return 0;
}

/* Has SIGTERM or SIGUSR2 arrived since the last check?  A hook runs without rsync's loop, so its
 * caller must check. */
static bool
was_stopped(struct run *r)
{
	struct event_signals s;

	event_read(r->copy.signals, &s);
	return s.end || s.room;
}

/* Check the source of a removable volume before the store is opened: an unplugged stick must not
 * wake the backup disk at each attempt. */
static int
check_source(struct run *r)
{
	if (!r->volume->removable)
		return 0;
	return sourcecheck_run(r->volume, r->job->config->rsync, &r->job->version, r->copy.signals,
	                       &r->copy.verdict);
}

/* Open the store and check its free space.  The marker proves that the backup disk is mounted;
 * without it a run would fill the mount point below. */
static int
open_store(struct run *r)
{
	struct inspect_disk disk = {0};
	char *why = NULL, words[RESULT_TEXT];
	enum result tested;

	if (store_open(r->job->config->data_dir, &r->store, &why) != 0) {
		verdict_give_up(&r->copy.verdict, RESULT_ABSENT, "%s",
		                why != NULL ? why : strerror(ENOMEM));
		free(why);
		return -1;
	}
	r->opened = true;
	if (inspect_room(r->store.fd, r->job->config, &disk) != 0 || disk.broken || disk.low)
		return verdict_give_up(&r->copy.verdict, RESULT_DISK, "%s", disk.reason);
	/* What is known of the disk decides how to copy. */
	tested = mkstore_retest(r->job->config->data_dir, &r->store, words, sizeof(words));
	if (tested != RESULT_NONE)
		return verdict_give_up(&r->copy.verdict, tested, "%s", words);
	note(r, words);
	return 0;
}

/* Exclude data_dir from a source that contains it, or each snapshot would contain all snapshots
 * before it. */
static int
keep_out(struct run *r)
{
	char *why = NULL;

	if (copy_keep_out(r->volume, r->job->config->data_dir, &why) == 0) {
		/* After the exclude was added: the fingerprint describes what is copied. */
		r->copy.verdict.run.fingerprint = volume_fingerprint(r->volume);
		return 0;
	}
	verdict_give_up(&r->copy.verdict, RESULT_FAILED, "%s",
	                why != NULL ? why : strerror(ENOMEM));
	free(why);
	return -1;
}

/* Lock the volume.  The purger holds this lock only briefly and releases it on demand, so wait
 * PATIENCE_MS before the volume counts as busy. */
static int
lock_volume(struct run *r)
{
	int64_t until = clock_mono() + PATIENCE_MS;
	int rc;

	while ((rc = store_volume_open(&r->store, r->volume->host, r->volume->name, true, &r->v)) !=
	           0 &&
	       errno == EWOULDBLOCK && clock_mono() < until)
		event_wait(NULL, 0, NULL, clock_mono() + 100);
	return rc;
}

/* Rename an unreadable history and begin a new one: a damaged file must not end all backups of
 * the volume. */
static int
begin_history(struct run *r)
{
	const char *data_dir = r->job->config->data_dir, *id = r->volume->id;
	char words[RESULT_TEXT];
	int error = r->v.unread;

	if (voldir_set_aside(&r->v) != 0)
		return verdict_give_up(
		    &r->copy.verdict, RESULT_FAILED,
		    "%s/%s/%s cannot be read: %s; if the disk is good, move it away", data_dir, id,
		    STORE_HISTORY, strerror(error));
	snprintf(words, sizeof(words),
	         "%s/%s/%s could not be read: %s; it was renamed to %s, and a new one begins",
	         data_dir, id, STORE_HISTORY, strerror(error), VOLDIR_ASIDE);
	note(r, words);
	return 0;
}

/* Lock and open the volume, until release.  Errors of the disk concern all volumes. */
static int
open_volume(struct run *r)
{
	char who[VOLDIR_HOLDERS];

	if (lock_volume(r) == 0) {
		r->locked = true;
		return r->v.unread == 0 ? 0 : begin_history(r);
	}
	if (errno == EWOULDBLOCK)
		return verdict_give_up(
		    &r->copy.verdict, RESULT_BUSY,
		    "locked by another flashback, or by what an ended run has left (kill that)%s",
		    voldir_holders(&r->store, r->volume->id, who));
	if (errno == EROFS || errno == ENOSPC || errno == EIO || errno == EDQUOT)
		return verdict_give_up(&r->copy.verdict, inspect_blame(&r->store, errno),
		                       "%s/%s cannot be written: %s", r->job->config->data_dir,
		                       r->volume->id, strerror(errno));
	return verdict_give_up(&r->copy.verdict, RESULT_FAILED, "%s/%s cannot be opened: %s",
	                       r->job->config->data_dir, r->volume->id, trust_error(errno));
}

static void
summarize(struct run *r)
{
	summary_make(r->v.stamps, r->v.nstamps, r->v.runs, r->v.nruns, clock_wall(), &r->seen);
}

/* The daemon decided on a summary that may be outdated: another process may have made a snapshot
 * since.  Decide again, now under the lock. */
static int
decide(struct run *r)
{
	struct plan_now when = {
	    .now = r->now,
	    .offset = clock_offset(r->now),
	    .wake = r->job->config->wake,
	    .disk = PLAN_DISK_OK,
	};

	summarize(r);
	if (r->seen.ahead != 0)
		return verdict_give_up(&r->copy.verdict, RESULT_CLOCK,
		                       "its newest snapshot is ahead of the clock");
	if (!r->job->forced && !plan_is_due(r->volume, &r->seen, &when))
		return verdict_give_up(&r->copy.verdict, RESULT_NOT_DUE,
		                       "another run has made its snapshot meanwhile");
	return 0;
}

/* Rename what an earlier run left .working, before a new tree is made: an interrupted tree
 * becomes a base, so that its files are not copied again. */
static int
salvage(struct run *r)
{
	if (voldir_boot(r->v.fd, r->boot) != 0)
		r->boot[0] = '\0';
	if (salvage_volume(&r->v, r->boot, r->now, &r->copy.doubtful) == 0)
		return 0;
	return verdict_give_up(&r->copy.verdict, inspect_blame(&r->store, errno),
	                       "what the last run received could not be kept: %s", strerror(errno));
}

/* Run the `before` command.  It may prepare the source (mount it, dump a database), so nothing
 * is copied unless it exits 0; r->prepared records that, since `after` undoes it and runs only
 * then. */
static int
run_before(struct run *r)
{
	const struct text_list *before = &r->volume->before;
	struct text_list env = {0};
	char why[RESULT_TEXT];
	int status;

	r->prepared = before->n == 0;
	if (r->prepared)
		return 0;
	if (text_list_addf(&env, "FLASHBACK_VOLUME=%s", r->volume->id) != 0)
		return verdict_give_up(&r->copy.verdict, RESULT_FAILED, "%s", strerror(ENOMEM));
	status = hook_run(before, &env, NULL, HOOK_SECONDS, r->copy.signals, why, sizeof(why));
	text_list_free(&env);
	r->prepared = status == 0;
	if (was_stopped(r))
		return verdict_give_up(&r->copy.verdict, RESULT_INTERRUPTED,
		                       "stopped before it began");
	if (status == HOOK_NOT_NOW)
		return verdict_give_up(&r->copy.verdict, RESULT_NOT_NOW,
		                       "`before` exited with status 75: not now");
	if (status < 0)
		return verdict_give_up(&r->copy.verdict, RESULT_FAILED, "`before`: %s", why);
	if (status > 0)
		return verdict_give_up(&r->copy.verdict, RESULT_FAILED,
		                       "`before` (%s) ended with exit status %d%s", before->item[0],
		                       status, hook_hint(status));
	return 0;
}

static int64_t
seconds_since(const struct run *r)
{
	return (clock_mono() - r->copy.began) / 1000;
}

/* Expire the tree of an earlier boot once there is a snapshot: its good files are in that, and
 * its others were never synced. */
static void
drop_doubtful(struct run *r)
{
	if (r->copy.doubtful.when != 0 && stamp_is_good(r->copy.tree.state) &&
	    store_rename(&r->v, &r->copy.doubtful, STAMP_EXPIRED) != 0)
		note(r, "a copy from an earlier boot could not be renamed to .expired");
}

/* Last step of a run whose tree was judged: rename the tree, update the history, expire.  See
 * commit_run. */
static void
commit(struct run *r)
{
	send_stage(r, TABLE_COMMITTING);
	commit_run(&r->copy);
	drop_doubtful(r);
	note(r, r->copy.trouble);
}

/* Add a run that ended without a commit to the history, if its result is one that is recorded: a
 * run that was not due or found the volume busy would only fill the file. */
static void
record_failure(struct run *r)
{
	struct history_run *run = &r->copy.verdict.run;

	if (!r->locked || r->v.unread != 0 || !result_row(run->result)->recorded)
		return;
	run->seconds = seconds_since(r);
	if (voldir_history(&r->v, run) != 0)
		note(r, "the history could not be written");
}

/* Run the `after` command with the result in its environment, but only if `before` exited 0.  It
 * never changes the result, which the daemon has already received. */
static void
run_after(struct run *r)
{
	const struct history_run *run = &r->copy.verdict.run;
	char snapshot[STAMP_NAME_SIZE] = "", why[RESULT_TEXT], words[RESULT_TEXT + 64];
	struct text_list env = {0};
	int status;

	if (r->volume->after.n == 0 || !r->prepared)
		return;
	if (r->copy.tree.when != 0 && r->copy.tree.state != STAMP_WORKING &&
	    r->copy.tree.state != STAMP_EXPIRED)
		stamp_format(&r->copy.tree, snapshot);
	if (text_list_addf(&env, "FLASHBACK_VOLUME=%s", r->volume->id) != 0 ||
	    text_list_addf(&env, "FLASHBACK_STATE=%s", result_row(run->result)->shown) != 0 ||
	    text_list_addf(&env, "FLASHBACK_REASON=%s", run->reason) != 0 ||
	    text_list_addf(&env, "FLASHBACK_SNAPSHOT=%s", snapshot) != 0) {
		note(r, "`after` was not run: out of memory");
	} else {
		status = hook_run(&r->volume->after, &env, NULL, HOOK_SECONDS, r->copy.signals, why,
		                  sizeof(why));
		if (status > 0)
			snprintf(why, sizeof(why), "%s ended with exit status %d%s",
			         r->volume->after.item[0], status, hook_hint(status));
		if (status != 0) {
			snprintf(words, sizeof(words), "`after`: %s", why);
			note(r, words);
		}
	}
	text_list_free(&env);
}

/* Send the result, the summary of the volume as it is now, and whether the purger has work.
 * Without the summary the daemon would schedule on what it knew before the run. */
static void
send_result(struct run *r)
{
	const struct spares spares = {.store = &r->store, .config = r->job->config};
	struct history_run *run = &r->copy.verdict.run;
	struct backup_message m = {.kind = BACKUP_RESULT};

	if (r->locked && r->v.unread == 0 && store_volume_list(&r->v) == 0) {
		summarize(r);
		m.result.listed = true;
		m.result.seen = r->seen;
		m.result.growth = usage_growth(r->store.fd, clock_wall());
		m.result.purge = r->seen.expired > 0 || spares_due(&spares, r->volume, &r->v);
	}
	if (run->seconds < 0)
		run->seconds = seconds_since(r);
	m.result.run = *run;
	memcpy(m.result.kind, r->copy.kind, sizeof(m.result.kind));
	m.result.percent = percent(r, &r->copy.end.progress);
	event_send(r->out, &m, sizeof(m));
}

/* Release the lock and every descriptor on the disk before `after` runs, which may want to
 * unmount it. */
static void
release(struct run *r)
{
	if (r->locked)
		store_volume_close(&r->v);
	if (r->opened)
		store_close(&r->store);
	unreadable_free(&r->copy.unreadable);
	r->locked = r->opened = false;
}

/* The steps of a run, in order; the first that fails ends it.  The result is sent before `after`
 * runs, so that a slow or hanging command cannot delay or lose it. */
int
backup_body(int out, void *arg)
{
	struct run r = {.job = arg, .out = out, .now = clock_wall()};

	r.volume = r.job->volume;
	r.copy = (struct copy){
	    .config = r.job->config,
	    .volume = r.job->volume,
	    .version = r.job->version,
	    .store = &r.store,
	    .v = &r.v,
	    .seen = &r.seen,
	    .boot = r.boot,
	    .progress = send_progress,
	    .stage = send_stage,
	    .report_arg = &r,
	    .began = clock_mono(),
	};
	r.copy.verdict.run =
	    history_begin(&(const struct stamp){.when = r.now, .offset = clock_offset(r.now)});
	send_stage(&r, TABLE_PREPARING);
	if (setup(&r) == 0 && check_source(&r) == 0 && open_store(&r) == 0 && keep_out(&r) == 0 &&
	    open_volume(&r) == 0 && decide(&r) == 0 && salvage(&r) == 0 && run_before(&r) == 0 &&
	    snapshot_run(&r.copy) == 0)
		commit(&r);
	else
		record_failure(&r);
	send_stage(&r, TABLE_EXPIRING);
	send_result(&r);
	release(&r);
	run_after(&r);
	return 0;
}
