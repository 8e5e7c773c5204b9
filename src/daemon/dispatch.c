// SPDX-License-Identifier: ISC
#include "flashback/daemon/dispatch.h"

#include <signal.h>
#include <unistd.h>

#include "flashback/config/conf.h"
#include "flashback/lib/clock.h"

#define GRACE_SECONDS 60 /* after next_update; then a reader may assume that the daemon is dead */

/* The time, the local offset and the state of the disk: all that plan_decide needs beside the
 * row. */
static struct plan_now
circumstances(const struct dispatch *d)
{
	int64_t now = clock_wall();

	return (struct plan_now){
	    .now = now,
	    .offset = clock_offset(now),
	    .wake = d->config->wake,
	    .disk = d->disk.known ? d->disk.state : PLAN_DISK_UNKNOWN,
	};
}

/* The daemon sees at its next wake what a purger has freed. --once has no next wake: it must check
 * while the purger runs. */
bool
dispatch_writes(const struct dispatch *d)
{
	return workers_active(&d->workers) > 0 || (d->once && d->purger.child.pid != 0);
}

/* Collect what status.txt, queue.txt and notify show from the parts.  The view holds pointers into
 * them and copies nothing: it is good until the next call. */
struct view
dispatch_view(struct dispatch *d, enum view_life life)
{
	struct view view = {
	    .table = &d->table,
	    .when = circumstances(d),
	    .life = life,
	    .once = d->once,
	    .pid = (int)getpid(),
	    .data_dir = d->config->data_dir,
	    .disk =
	        {
	            .known = d->disk.known,
	            .mounted = d->disk.last.mounted,
	            .total = d->disk.last.total,
	            .used = d->disk.last.used,
	            .free = d->disk.last.free,
	            .least = d->disk.last.least,
	            .growth = d->disk.last.growth,
	        },
	    .disk_reason = d->disk.state == PLAN_DISK_OK ? NULL : d->disk.reason,
	    .config_error = d->reload.config_error,
	    .warnings = publish_warnings(&d->publish, &d->disk.warnings, &d->purger.trouble),
	    .version = FLASHBACK_VERSION,
	};

	view.next_update = view.when.now;
	if (life != VIEW_DOWN) {
		view.next_wake = view.when.now + (d->wake.next - clock_mono() + 999) / 1000;
		view.next_update += PUBLISH_SECONDS + GRACE_SECONDS;
	}
	return view;
}

/* Without the pid file another daemon owns the two files: clear the flags, or the loop would not
 * sleep, and write nothing. */
int
dispatch_publish(struct dispatch *d, enum view_life life)
{
	struct view view = dispatch_view(d, life);

	if (d->pid_fd < 0) {
		d->publish.dirty = false;
		d->publish.next = INT64_MAX;
		return 0;
	}
	return publish_write(&d->publish, d->config, &view);
}

void
dispatch_notify(struct dispatch *d, const char *event, const char *state, const char *reason)
{
	notify_add(&d->notify, &(struct notify_event){event, "", state, reason});
	d->publish.dirty = true;
}

/* ---- pass the events of one part to the others ---- */

void
dispatch_standing(struct dispatch *d)
{
	publish_standing(&d->publish, &d->table, &d->reload.held, &d->reload.rsync);
}

/* Reload the config and see which rsync is installed.  A volume that is new in the config has an
 * unknown history until the inspector has read it; without that it would count as never backed up.
 * The inspector also tells whether one that has left it had snapshots.
 * A broken config is reported once and does not stop the daemon. */
static void
reload(struct dispatch *d)
{
	struct reload_news news = reload_config(&d->reload, d->config_file, &d->config, &d->table);

	d->disk.want_volumes |= news.dropped;
	for (size_t i = 0; news.renewed && i < d->table.n; i++)
		d->disk.want_volumes |= !d->table.row[i].known;
	d->purger.wanted |=
	    news.renewed; /* spares of volumes no longer in the config are removed */
	if (news.broken)
		dispatch_notify(d, "config", "WARNING",
		                d->reload.config_error != NULL ? d->reload.config_error
		                                               : "out of memory");
	if (news.valid)
		dispatch_notify(d, "config", "OK", "the config is valid again");
	reload_rsync(&d->reload, d->config->rsync);
	dispatch_standing(d);
	d->publish.dirty |= news.renewed;
}

static void
notify_disk(struct dispatch *d)
{
	dispatch_notify(d, "disk", d->disk.state == PLAN_DISK_OK ? "OK" : "CRITICAL",
	                disk_words(&d->disk));
}

/* Start the inspector. */
static void
inspect(struct dispatch *d)
{
	if (disk_inspect(&d->disk, d->config, dispatch_writes(d)))
		notify_disk(d);
}

/* The disk has been read, or it does not answer: decide for each volume whether it runs now, and
 * probe the hosts of those that do.  This is the only place that takes rows out of RESTING. */
static void
plan(struct dispatch *d)
{
	struct wake_terms terms = {
	    .when = circumstances(d),
	    .disk_reason = d->disk.reason,
	    .only_wanted = d->only_wanted,
	    .probing = d->prober.child.pid != 0,
	};

	d->wake.waiting = false;
	if (d->ending)
		return;
	wake_decide(&d->wake, &d->table, &terms);
	if (!terms.probing)
		prober_start(&d->prober, &d->table);
	(void)notify_overdue(&d->notify, &d->table, clock_wall());
	d->publish.dirty = true;
}

/* The state of the disk has consequences.  Gone: stop the workers, which would keep it busy so that
 * it cannot be unmounted, and whose snapshots would be lost.  Low at a wake: the purger also
 * expires snapshots to make room.  Very low: stop the run that has copied most before rsync fills
 * the disk. */
static void
take_figures(struct dispatch *d, const struct disk_event *e)
{
	const struct inspect_disk *disk = &d->disk.last;

	if (e->gone) {
		workers_stop(&d->workers, WORKERS_GONE);
		d->publish.dirty = true;
	}
	if (disk->mounted && disk->low && d->wake.waiting)
		d->purger.reclaim = d->purger.wanted = true;
	if (disk->very_low && workers_stop_largest(&d->workers))
		d->publish.dirty = true;
}

/* The inspector has read a volume.  Expired trees in it are work for the purger; a new last run was
 * made by a --once, which sends no notifications while a daemon runs. */
static void
take_volume(struct dispatch *d, const struct inspect_message *m)
{
	struct table_row *row = table_find(&d->table, m->volume.id);

	d->purger.wanted |= m->volume.stale;
	if (row == NULL)
		return;
	/* The worker has newer data.  But a run that finds no source does not read the directory:
	 * read it again at the next wake. */
	if (table_active(row)) {
		d->disk.unread = true;
		return;
	}
	d->purger.wanted |= m->volume.seen.expired > 0;
	if (plan_adopt(row, &m->volume.seen, d->config->wake)) {
		notify_end(&d->notify, row);
		d->publish.dirty = true;
	}
}

/* The inspector has ended.  If its figures showed that the volumes must be read (another disk was
 * mounted), start it again before the wake decides: deciding from the state of the previous disk
 * would skip or repeat runs. */
static void
end_inspection(struct dispatch *d)
{
	if (d->wake.waiting && d->disk.want_volumes && d->disk.last.mounted)
		inspect(d);
}

/* Read all events of the inspector. */
static void
from_disk(struct dispatch *d)
{
	struct disk_event e;
	enum disk_news news;

	while ((news = disk_next(&d->disk, &e)) != DISK_NOTHING) {
		if (e.changed)
			notify_disk(d);
		if (news == DISK_FIGURES)
			take_figures(d, &e);
		else if (news == DISK_VOLUME)
			take_volume(d, &e.message);
		else if (news == DISK_UNLISTED && !d->once)
			dispatch_notify(d, "config", "WARNING", e.message.warning);
		else if (news == DISK_INSPECTED)
			end_inspection(d);
	}
}

/* Read the answers of the prober.  Rows that came due while it ran could not be added to its list:
 * decide for them once it has ended. */
static void
from_prober(struct dispatch *d)
{
	enum prober_news news = prober_step(&d->prober, &d->table);

	if (news != PROBER_NOTHING)
		d->publish.dirty = true;
	if (news == PROBER_ENDED && d->wake.again)
		plan(d);
}

/* A run has ended: set the row's next start and result, then report them.  The order matters: what
 * is logged depends on whether the result is the same as before, which plan_settle determines. */
static void
end_row(struct dispatch *d, struct table_row *row, const struct workers_run *run)
{
	const struct plan_end end = {
	    .run = &run->result.run,
	    .newest = run->result.listed ? &run->result.seen.last : NULL,
	    .percent = run->result.percent,
	    .yielded = run->why == WORKERS_SLICE,
	};

	plan_settle(row, &end, clock_wall(), d->config->wake);
	table_move(row, TABLE_EVENT_ENDED);
	notify_log_end(row, &run->result.run, run->result.kind);
	notify_end(&d->notify, row);
}

/* What the end of a run means for the other parts.  The purger starts only now and not with the
 * result: `after` runs in between, and may want to unmount the disk.  A full disk: no run starts
 * until the purger has removed the expired trees.  A lost disk: inspect it now and not at the next
 * wake.  A worker that crashed: its volume is read again, because it may already have renamed its
 * snapshot.  Its row is dropped if the volume has left the config meanwhile. */
static void
end_run(struct dispatch *d, const struct workers_event *e)
{
	const struct workers_run *run = e->run;
	const struct result_row *result = result_row(run->result.run.result);

	if (e->row != NULL)
		end_row(d, e->row, run);
	d->purger.wanted |= run->result.purge;
	if (run->result.listed)
		d->disk.last.growth = run->result.growth;
	if (run->result.run.result == RESULT_FULL)
		d->purger.clearing = true;
	if (result->disk_lost || run->why == WORKERS_GONE)
		d->disk.doubt = d->disk.want_volumes = true;
	if (!run->reported)
		d->disk.want_volumes = true; /* it may have renamed its snapshot */
	d->went_wrong |= result->exit == RESULT_EXIT_WRONG;
	d->not_now |= result->exit == RESULT_EXIT_NOT_NOW;
	table_drop_gone(&d->table);
}

/* Read all events of the workers. */
static void
from_workers(struct dispatch *d)
{
	struct workers_event e;
	enum workers_news news;

	while ((news = workers_next(&d->workers, &e)) != WORKERS_NOTHING) {
		if (news == WORKERS_ENDED)
			end_run(d, &e);
		d->publish.dirty = true;
	}
}

/* Read the events of all children.  The disk comes first: if it is gone, the results of the workers
 * are read with that known. */
void
dispatch_events(struct dispatch *d)
{
	from_disk(d);
	from_prober(d);
	from_workers(d);
	d->publish.dirty |= purger_step(&d->purger, &d->table);
}

/* ---- start what is due ---- */

/* A wake begins: reload the config and inspect the disk.  Volumes are read again only if something
 * made them doubtful; reading them all each time would keep a large disk busy. */
static void
begin_wake(struct dispatch *d)
{
	d->disk.want_volumes |= d->disk.unread;
	d->disk.unread = false;
	reload(d); /* first, as wake itself may have changed */
	if (wake_begin(&d->wake, &d->table, d->config->wake))
		d->disk.want_volumes = true;
	inspect(d);
}

/* The second half of a wake: decide once the disk has been read or does not answer, and the version
 * of rsync is known.  Both are awaited because arguments depend on the version, and a run started
 * on a disk that is absent would fail. */
static void
continue_wake(struct dispatch *d)
{
	if (d->reload.child.pid != 0) {
		if (reload_rsync_pending(&d->reload))
			return;
		dispatch_standing(d);
	}
	if (d->wake.waiting && !disk_is_inspecting(&d->disk))
		plan(d);
}

/* Start queued runs in free slots.  A row may have been queued for hours: withdraw those that are
 * no longer due or allowed first.  After a run that filled the disk none starts until the purger is
 * done, or each would fill it again. */
static void
start_runs(struct dispatch *d)
{
	struct plan_now when = circumstances(d);
	unsigned slots = purger_is_clearing(&d->purger) ? 0 : d->config->parallel;

	wake_withdraw(&d->table, &when);
	if (workers_start(&d->workers, slots, d->config, &d->reload.rsync))
		d->publish.dirty = true;
}

/* Enforce windows, time slices and the deadlines of workers that were stopped. */
static void
watch_runs(struct dispatch *d)
{
	int64_t now = clock_wall();
	const struct workers_limits limits = {
	    .now = now,
	    .offset = clock_offset(now),
	    .parallel = d->config->parallel,
	    .slice = d->config->time_slice,
	    .last_wake = d->wake.last,
	};

	if (workers_watch(&d->workers, &limits))
		d->publish.dirty = true;
}

/* Start all that is due now.  The order is that of a wake: begin, decide, then run.  Between wakes
 * the free space is checked while something writes.  No run starts between the beginning of a wake
 * and its decision: the state is about to change. */
void
dispatch_start(struct dispatch *d)
{
	if (clock_mono() >= d->wake.next && !(d->once && d->wake.begun != 0))
		begin_wake(d);
	continue_wake(d);
	if (disk_is_due(&d->disk, dispatch_writes(d)))
		inspect(d);
	if (!d->wake.waiting)
		start_runs(d);
	if (d->disk.last.mounted && d->disk.state != PLAN_DISK_BROKEN)
		purger_start(&d->purger, d->config);
	watch_runs(d);
}

/* ---- stop ---- */

/* Stop the workers with TERM: they end rsync and keep what it has received, for the next run to
 * resume from. */
void
dispatch_end(struct dispatch *d, enum workers_why why)
{
	d->ending = true;
	workers_stop(&d->workers, why);
	/* The other children leave nothing that would need an orderly end: kill them. */
	disk_stop(&d->disk);
	event_kill(&d->prober.child, SIGKILL);
	event_kill(&d->purger.child, SIGKILL);
	d->publish.dirty = true;
}

bool
dispatch_quiet(const struct dispatch *d)
{
	return workers_active(&d->workers) == 0 && d->purger.child.pid == 0 &&
	       !disk_is_inspecting(&d->disk) && d->prober.child.pid == 0;
}

/* Frees the parts only: children that hang in the kernel are abandoned. */
void
dispatch_free(struct dispatch *d)
{
	reload_free(&d->reload);
	disk_free(&d->disk);
	prober_free(&d->prober);
	purger_free(&d->purger);
	publish_free(&d->publish);
	notify_free(&d->notify);
	table_free(&d->table);
	conf_free(d->config);
}
