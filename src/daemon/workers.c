// SPDX-License-Identifier: ISC
#include "flashback/daemon/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"
#include "flashback/schedule/plan.h"

#define END_MS 60000 /* grace from TERM to KILL */

static const char *
words_of(enum workers_why why)
{
	static const char *const words[] = {
	    [WORKERS_NO_REASON] = "flashback was stopped",
	    [WORKERS_DAEMON_ENDS] = "flashback was stopped",
	    [WORKERS_WINDOW] = "its window closed",
	    [WORKERS_SLICE] = "its time slice ended while others waited",
	    [WORKERS_ROOM] = "the disk was filling up",
	    [WORKERS_GONE] = "the disk was lost during the run",
	    [WORKERS_HANGS] = "the disk stopped answering",
	};

	return words[why];
}

/* The row of a run; NULL when its volume is no longer in the table. */
static struct table_row *
row_of(const struct workers *w, const struct workers_run *run)
{
	return table_find(w->table, run->volume->id);
}

unsigned
workers_active(const struct workers *w)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORKERS_MAX; i++)
		n += w->run[i].volume != NULL;
	return n;
}

/* ---- start ---- */

/* The run that uses an address.  One run per host at a time: two would compete for its disk and its
 * network. */
static struct workers_run *
run_at(struct workers *w, const char *address)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (w->run[i].volume != NULL && strcmp(w->run[i].volume->address, address) == 0)
			return &w->run[i];
	return NULL;
}

static struct workers_run *
free_slot(struct workers *w, unsigned slots)
{
	if (workers_active(w) >= slots)
		return NULL;
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (w->run[i].volume == NULL)
			return &w->run[i];
	return NULL;
}

/* The first in the order of plan_compare among the queued rows whose address is not in use. */
static struct table_row *
next_queued(struct workers *w)
{
	struct table_row *best = NULL;
	int64_t now = clock_wall();

	for (size_t i = 0; i < w->table->n; i++) {
		struct table_row *row = &w->table->row[i];

		if (row->phase != TABLE_QUEUED || run_at(w, row->volume->address) != NULL)
			continue;
		if (best == NULL || plan_compare(row, best, now) < 0)
			best = row;
	}
	return best;
}

/* Reset what a row shows of its last run. */
static void
mark_started(struct table_row *row, int64_t now)
{
	table_move(row, TABLE_EVENT_STARTED);
	row->tried = true;
	row->yielded = false;
	row->queued_since = 0;
	row->stage = TABLE_PREPARING;
	row->started = now;
	row->progress = (struct output_progress){.left = -1};
}

/* Fork a worker for a row.  It holds a reference to the volume, because a reload may drop it from
 * the config.  If fork fails, the run ends as FAILED through workers_next like any other, so that
 * it gets its log line and its backoff. */
static void
start_run(struct workers_run *run, struct table_row *row, const struct config *config,
          const struct version *rsync)
{
	int64_t now = clock_wall();
	const struct stamp start = {.when = now, .offset = clock_offset(now)};
	struct backup_job job = {
	    .config = config,
	    .volume = row->volume,
	    .version = *rsync,
	    .forced = row->wanted,
	};

	mark_started(row, now);
	*run = (struct workers_run){.volume = volume_ref(row->volume),
	                            .started = clock_mono(),
	                            .result.run = history_begin(&start),
	                            .kill_at = -1};
	if (event_fork(&run->child, backup_body, &job) == 0)
		return;
	run->reported = true;
	run->result.run.result = RESULT_FAILED;
	snprintf(run->result.run.reason, sizeof(run->result.run.reason),
	         "no process could be started: %s", strerror(errno));
}

/* Start queued rows until no slot or no free address is left.  The others get the time since when
 * they wait: plan_yields needs it to see who must give way. */
bool
workers_start(struct workers *w, unsigned slots, const struct config *config,
              const struct version *rsync)
{
	struct workers_run *slot;
	struct table_row *row;
	bool started = false;

	while ((slot = free_slot(w, slots)) != NULL && (row = next_queued(w)) != NULL) {
		start_run(slot, row, config, rsync);
		started = true;
	}
	for (size_t i = 0; i < w->table->n; i++)
		if (w->table->row[i].phase == TABLE_QUEUED && w->table->row[i].queued_since == 0)
			w->table->row[i].queued_since = clock_wall();
	return started;
}

/* ---- messages of the workers ---- */

/* The worker has finished.  Its result is kept until the process has exited: until then it holds
 * the locks, and a run that started now would end as BUSY.  The summary of the directory is shown
 * at once. */
static enum workers_news
take_result(struct workers_run *run, const struct backup_message *m, struct workers_event *e)
{
	struct history_run last;

	run->reported = true;
	run->result = m->result;
	/* The previous run stays the last one until this one has ended. */
	if (run->result.listed && e->row != NULL) {
		last = e->row->seen.last;
		e->row->seen = m->result.seen;
		e->row->seen.last = last;
		e->row->known = true;
	}
	return WORKERS_NOTHING;
}

/* One message of a worker.  A row that has left the config is not updated, but its notes are
 * logged. */
static enum workers_news
take_message(struct workers_run *run, const struct backup_message *m, struct workers_event *e)
{
	switch (m->kind) {
	case BACKUP_STAGE:
		if (e->row != NULL) {
			e->row->stage = m->stage;
			e->row->progress = (struct output_progress){.left = -1};
		}
		return WORKERS_CHANGED;
	case BACKUP_PROGRESS:
		if (e->row != NULL)
			e->row->progress = m->progress;
		break;
	case BACKUP_NOTE:
		log_say(LOG_LEVEL_WARNING, "%s: %s", run->volume->id, m->note);
		break;
	case BACKUP_RESULT:
		return take_result(run, m, e);
	}
	return WORKERS_NOTHING;
}

/* The worker ended without sending a result: it crashed or was killed, most often by the kernel
 * when memory ran out.  Give the run a result, so that it gets a log line and a backoff and is not
 * restarted at once. */
static void
report_crash(struct workers_run *run)
{
	int status = run->child.status;

	run->result.run.seconds = (clock_mono() - run->started) / 1000;
	run->result.run.result = run->why != WORKERS_NO_REASON ? RESULT_INTERRUPTED : RESULT_FAILED;
	if (WIFSIGNALED(status))
		snprintf(run->result.run.reason, sizeof(run->result.run.reason),
		         "its worker was killed by signal %d; was the machine out of memory?",
		         WTERMSIG(status));
	else
		snprintf(run->result.run.reason, sizeof(run->result.run.reason),
		         "its worker ended without a result");
}

/* The worker has exited: complete its result and free the slot.  Why the daemon stopped a run is
 * known only here; the worker just received a signal.  A run stopped because of the disk ends as
 * DISK and not as INTERRUPTED: its volume waits for the disk. */
static void
end_run(struct workers_run *run)
{
	if (!run->reported)
		report_crash(run);
	if (run->result.run.result == RESULT_INTERRUPTED) {
		if (run->why == WORKERS_GONE || run->why == WORKERS_HANGS)
			run->result.run.result = RESULT_DISK;
		snprintf(run->result.run.reason, sizeof(run->result.run.reason), "%s",
		         words_of(run->why));
	}
	event_close(&run->child);
	volume_free(run->volume);
	run->volume = NULL;
}

/* The next event of one run.  Messages are read before the end is reported, so that a result sent
 * just before the exit is not lost. */
static enum workers_news
next_of(struct workers *w, struct workers_run *run, struct workers_event *e)
{
	enum workers_news what = WORKERS_NOTHING;
	struct backup_message m;
	enum event_news news = EVENT_ENDED; /* if its fork failed */

	*e = (struct workers_event){.row = row_of(w, run), .run = run};
	while (what == WORKERS_NOTHING && run->child.pid != 0 &&
	       (news = event_next(&run->child, &m, sizeof(m))) == EVENT_MESSAGE)
		what = take_message(run, &m, e);
	if (what != WORKERS_NOTHING || news == EVENT_NOTHING)
		return what;
	end_run(run);
	return WORKERS_ENDED;
}

/* Resume at the run of the previous call (w->at); the round ends when none of them has anything
 * more. */
enum workers_news
workers_next(struct workers *w, struct workers_event *e)
{
	for (; w->at < WORKERS_MAX; w->at++) {
		struct workers_run *run = &w->run[w->at];
		enum workers_news what = run->volume != NULL ? next_of(w, run, e) : WORKERS_NOTHING;

		if (what != WORKERS_NOTHING)
			return what;
	}
	w->at = 0;
	return WORKERS_NOTHING;
}

/* ---- stop ---- */

/* Send TERM to a worker (USR2 when the disk fills up) and set the deadline for KILL.  A run that is
 * already stopping keeps its reason and its deadline: repeated calls would put off KILL without
 * end.  Only the end of the daemon replaces them.  Return whether it was not stopping before, or
 * the daemon ends. */
static bool
stop_run(struct workers *w, struct workers_run *run, enum workers_why why)
{
	struct table_row *row = row_of(w, run);

	if (run->why != WORKERS_NO_REASON && why != WORKERS_DAEMON_ENDS)
		return false;
	if (row != NULL && row->phase == TABLE_RUNNING) {
		table_move(row, TABLE_EVENT_STOPPED);
		if (why != WORKERS_DAEMON_ENDS)
			log_say(LOG_LEVEL_INFO, "%s: stopping: %s", run->volume->id, words_of(why));
	}
	run->why = why;
	run->kill_at = clock_mono() + END_MS;
	event_kill(&run->child, why == WORKERS_ROOM ? SIGUSR2 : SIGTERM);
	return true;
}

/* Which run keeps a queued row from starting: the one at its address; or else, if all slots are
 * taken, the oldest. */
static struct workers_run *
find_holder(struct workers *w, const struct table_row *waiting, unsigned parallel)
{
	struct workers_run *oldest = run_at(w, waiting->volume->address);

	if (oldest != NULL || workers_active(w) < parallel)
		return oldest;
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct workers_run *run = &w->run[i];

		if (run->volume != NULL && (oldest == NULL || run->started < oldest->started))
			oldest = run;
	}
	return oldest;
}

/* Without time slices one first backup of several days would keep every other volume waiting. */
struct workers_run *
workers_yielder(struct workers *w, const struct workers_limits *limits)
{
	for (size_t i = 0; i < w->table->n; i++) {
		const struct table_row *waiting = &w->table->row[i], *running;
		struct workers_run *run;

		if (waiting->phase != TABLE_QUEUED)
			continue;
		run = find_holder(w, waiting, limits->parallel);
		running = run != NULL ? row_of(w, run) : NULL;
		if (running != NULL &&
		    plan_yields(running, waiting, limits->now, limits->slice, limits->last_wake))
			return run;
	}
	return NULL;
}

static int
local_minute(const struct workers_limits *limits)
{
	int64_t day = (limits->now + limits->offset) % 86400;

	return (int)((day + 86400) % 86400 / 60);
}

/* What must be checked while runs last.  Windows: a row that was wanted (--once) ignores its own.
 * KILL: a worker that does not react to TERM would hold its slot and its lock.  Slices: one run per
 * call, because its end may free what the others wait for. */
bool
workers_watch(struct workers *w, const struct workers_limits *limits)
{
	int minute = local_minute(limits);
	struct workers_run *yielder;
	bool stopped = false;

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct workers_run *run = &w->run[i];
		const struct table_row *row = run->volume != NULL ? row_of(w, run) : NULL;

		if (run->volume == NULL)
			continue;
		if (!volume_window_open(run->volume, minute) && !(row != NULL && row->wanted))
			stopped |= stop_run(w, run, WORKERS_WINDOW);
		if (run->kill_at >= 0 && clock_mono() >= run->kill_at) {
			event_kill(&run->child, SIGKILL);
			run->kill_at = -1;
		}
	}
	yielder = workers_yielder(w, limits);
	if (yielder != NULL)
		stopped |= stop_run(w, yielder, WORKERS_SLICE);
	return stopped;
}

/* How much a run has copied, as far as rsync has reported it. */
static int64_t
copied(const struct workers *w, const struct workers_run *run)
{
	const struct table_row *row = row_of(w, run);

	return row != NULL ? row->progress.bytes : 0;
}

/* The run that fills the disk must not go on at the cost of the others, whichever began first; of
 * equal ones the youngest has least to lose.  Only one is stopped at a time: its end may free
 * enough for the others to finish.  None while one is still stopping. */
bool
workers_stop_largest(struct workers *w)
{
	struct workers_run *largest = NULL;

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct workers_run *run = &w->run[i];
		int64_t more;

		if (run->volume == NULL)
			continue;
		if (run->why == WORKERS_ROOM)
			return false;
		more = largest != NULL ? copied(w, run) - copied(w, largest) : 1;
		if (more > 0 || (more == 0 && run->started > largest->started))
			largest = run;
	}
	return largest != NULL && stop_run(w, largest, WORKERS_ROOM);
}

void
workers_stop(struct workers *w, enum workers_why why)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (w->run[i].volume != NULL)
			(void)stop_run(w, &w->run[i], why);
}

/* The end of the daemon cannot wait longer for these. */
void
workers_kill(struct workers *w)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct workers_run *run = &w->run[i];

		if (run->volume == NULL || run->kill_at < 0)
			continue;
		log_say(LOG_LEVEL_WARNING, "%s: killed: it did not stop in time", run->volume->id);
		event_kill(&run->child, SIGKILL);
		run->kill_at = -1;
	}
}

/* KILL has no effect on a process that hangs in the kernel.  Close its pipe, so that the daemon can
 * exit; the lock of the volume is released when the process ends. */
void
workers_abandon(struct workers *w)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct workers_run *run = &w->run[i];

		if (run->volume == NULL)
			continue;
		log_say(LOG_LEVEL_ERROR, "%s: hangs in the kernel and is abandoned",
		        run->volume->id);
		event_close(&run->child);
	}
}
