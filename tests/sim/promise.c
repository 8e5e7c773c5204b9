// SPDX-License-Identifier: ISC
#include "promise.h"

#include <stdlib.h>
#include <string.h>

#include "flashback/lib/clock.h"
#include "flashback/schedule/plan.h"

#include "check.h"
#include "machine.h"
#include "process.h"
#include "sim.h"

#define EMPTY_RUNS 100
#define FUTURE (26 * SIM_HOUR)
#define TEXT_EVERY 500 /* of so many files that the daemon writes one is looked at */

static struct {
	int64_t daemon_since; /* mono; -1: it does not run */
	int64_t files;
} seen = {.daemon_since = -1};

void
promise_begin(void)
{
	seen.daemon_since = sim_mono();
	for (size_t i = 0; i < world()->volumes; i++)
		world()->volume[i].overdue = false;
	promise_again();
}

void
promise_again(void)
{
	for (size_t i = 0; i < world()->volumes; i++) {
		struct world_volume *v = &world()->volume[i];

		if (v->untold)
			v->touched_at = sim_mono();
		v->untold = false;
	}
}

/* "HOST/VOLUME: overdue: ..." and "HOST/VOLUME: no longer overdue" */
void
promise_told(const char *line)
{
	static const char bad[] = ": overdue: ", good[] = ": no longer overdue";

	for (size_t i = 0; i < world()->volumes; i++) {
		struct world_volume *v = &world()->volume[i];
		size_t len = strlen(v->id);

		if (strncmp(line, v->id, len) != 0)
			continue;
		if (strncmp(line + len, bad, strlen(bad)) == 0)
			v->overdue = true;
		if (strcmp(line + len, good) == 0)
			v->overdue = false;
	}
}

void
check_log(const char *line)
{
	promise_told(line);
}

/* ---- overdue is told ---- */

static int64_t
newest_good(const struct drive_dir *d)
{
	int64_t newest = 0;

	for (size_t i = 0; d != NULL && i < d->n; i++) {
		const struct stamp *s = &d->tree[i]->stamp;

		if ((s->state == STAMP_COMPLETE || s->state == STAMP_PARTIAL) && s->when > newest &&
		    s->when <= sim_wall() + FUTURE)
			newest = s->when;
	}
	return newest;
}

static int64_t
max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* By its default: three times `every`, two days at least. */
static int64_t
overdue_after(const struct world_volume *v)
{
	return max(3 * v->every * SIM_HOUR, 2 * SIM_DAY);
}

/* Since when the daemon has been able to know how things stand with v; -1: it may not. */
static int64_t
known_since(const struct world_volume *v)
{
	int64_t since = max(max(seen.daemon_since, drive_since()), max(v->since, v->touched_at));

	/* A snapshot is news at the next wake. */
	since = max(since, v->good_at);

	if (seen.daemon_since < 0 || !drive_is_good() || !v->configured || v->disabled || v->untold)
		return -1;
	return max(since, sim_clock_since());
}

/* How old the newest good one is; without one, how long there has been none. */
static int64_t
age_of(const struct drive_dir *d, int64_t good, int64_t since)
{
	int64_t age = (sim_mono() - since) / 1000;

	if (good != 0)
		return sim_wall() - good;
	if (d != NULL && d->history != NULL && d->history->n > 0 &&
	    sim_wall() - d->history->run[0].stamp.when < age)
		return sim_wall() - d->history->run[0].stamp.when;
	return age;
}

static void
check_overdue(const struct world_volume *v)
{
	int64_t slack = 4 * world()->wake + SIM_HOUR, since = known_since(v), age;
	const struct drive_dir *d = drive_dir(v->id, false);
	int64_t good = newest_good(d);

	/* Of a clock that cannot be right something else is told. */
	if (since < 0 || sim_mono() - since < slack * 1000 || world()->broken_config ||
	    sim_wall() < CLOCK_RELEASE_DATE)
		return;
	age = age_of(d, good, since);
	if (age > overdue_after(v) + slack && !v->overdue)
		sim_broken("%s: has been overdue for %lld hours, and nobody is told (last: %lld)",
		           v->id, (long long)(age - overdue_after(v)) / 3600, (long long)good);
	/* While one is from the future, it is not told that another no longer is. */
	if (good != 0 && good <= sim_wall() && check_future(d) == NULL &&
	    age < overdue_after(v) - slack && v->overdue)
		sim_broken("%s: is told to be overdue, and is not", v->id);
}

/* ---- nothing is stuck ---- */

/* How long a new snapshot may take when nothing stands in its way: backoff, the next turn, a stamp
 * ahead of the clock, a window. */
static int64_t
patience(const struct world_volume *v)
{
	return 2 * v->every * SIM_HOUR + 48 * SIM_HOUR + (v->window != NULL ? 72 : 24) * SIM_HOUR +
	       4 * world()->wake;
}

static void
check_progress(const struct world_volume *v, int64_t calm_since)
{
	int64_t since = max(max(calm_since, v->since), seen.daemon_since);

	if (!v->configured || v->disabled || v->empty_until != 0 || seen.daemon_since < 0)
		return;
	if (sim_mono() - max(since, v->complete_at) > patience(v) * 1000)
		sim_broken(
		    "%s: nothing stands in its way, and it has made no backup for %lld hours",
		    v->id, (long long)(sim_mono() - max(since, v->complete_at)) / 3600000);
}

/* Nothing that a run began, or that expired, lies about for ever. */
static void
check_litter(const struct world_volume *v, int64_t calm_since)
{
	const struct drive_dir *d = drive_dir(v->id, false);
	int64_t patient = patience(v) * 1000;

	if (!v->configured || v->disabled || v->empty_until != 0 ||
	    sim_mono() - max(calm_since, v->since) < patient)
		return;
	for (size_t i = 0; d != NULL && i < d->n; i++) {
		const struct drive_tree *t = d->tree[i];

		if (t->foreign || t->stubborn || sim_mono() - t->at < patient)
			continue;
		if (t->stamp.state == STAMP_EXPIRED)
			sim_broken("%s: an .expired tree is not removed", v->id);
		if (t->stamp.state == STAMP_WORKING)
			sim_broken("%s: a .working tree stays for ever", v->id);
	}
}

void
promise_check(int64_t calm_since)
{
	if (!machine_up())
		seen.daemon_since = -1;
	for (size_t i = 0; i < world()->volumes; i++) {
		const struct world_volume *v = &world()->volume[i];

		check_overdue(v);
		if (calm_since >= 0) {
			check_progress(v, calm_since);
			check_litter(v, calm_since);
		}
	}
}

/* ---- a hundred empty runs ---- */

static size_t
count_complete(const struct world_volume *v)
{
	const struct drive_dir *d = drive_dir(v->id, false);
	size_t n = 0;

	for (size_t i = 0; d != NULL && i < d->n; i++)
		n += d->tree[i]->stamp.state == STAMP_COMPLETE;
	return n;
}

void
promise_empty(struct world_volume *v)
{
	sim_say("the source of %s is empty from now on", v->id);
	v->source = WORLD_EMPTY;
	v->empty_from = sim_mono();
	v->empty_until = sim_mono() + EMPTY_RUNS * v->every * SIM_HOUR * 1000;
	v->empty_kept = count_complete(v);
}

void
promise_empty_over(struct world_volume *v)
{
	if (count_complete(v) < v->empty_kept)
		sim_broken("%s: %zu complete snapshots are left of %zu after a hundred empty runs",
		           v->id, count_complete(v), v->empty_kept);
	sim_say("the source of %s is back", v->id);
	v->source = WORLD_THERE;
	v->empty_until = 0;
	v->since = sim_mono();
}

/* ---- the files for people ---- */

bool
check_wants(bool shown)
{
	return shown && seen.files++ % TEXT_EVERY < 2;
}

void
check_text(const char *name, const char *text)
{
	if (strcmp(name, "status.txt") == 0) {
		if (strstr(text, "\nhealth=") == NULL)
			sim_broken("status.txt does not tell of its health");
		return;
	}
	for (size_t i = 0; i < world()->volumes && !world()->broken_config; i++) {
		const struct world_volume *v = &world()->volume[i];

		if (v->configured && v->since < sim_mono() - 4 * world()->wake * 1000 &&
		    seen.daemon_since < v->since && strstr(text, v->id) == NULL)
			sim_broken("queue.txt has no row for %s", v->id);
	}
}
