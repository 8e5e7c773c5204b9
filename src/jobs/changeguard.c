// SPDX-License-Identifier: ISC
#include "flashback/jobs/changeguard.h"

#include "flashback/store/masschange.h"
#include "flashback/store/treediff.h"

/* The tree of this run and an older snapshot, compared.  Return 0, or -1 when that is impossible.
 */
static int
compare(const struct copy *c, const struct stamp *older, struct masschange_run *now)
{
	char snapshot[STAMP_NAME_SIZE], tree[STAMP_NAME_SIZE];
	struct treediff d;

	if (treediff_count(c->v, stamp_format(older, snapshot), stamp_format(&c->tree, tree), &d) !=
	    0) {
		copy_log(c,
		         "change_guard: not all of this snapshot can be read, so what has changed "
		         "is not known",
		         snapshot);
		return -1;
	}
	now->changed = d.changed;
	now->before = d.files;
	return 0;
}

/*
 * How much has changed since the snapshot before?  The scan of a quick run tells that, but not
 * whether a file of which only the time differs has changed, so where it is much the trees are
 * compared.  After a full run they always are: its bases may include a suspect tree, and a file
 * that is linked to that is no unchanged one.
 */
static int
measure(const struct copy *c, struct masschange_run *now)
{
	const struct scan *s = &c->scan;
	const struct output_stats *stats = &c->end.words.stats;

	now->changed = s->changed + s->touched + s->gone_files;
	now->before = stats->files - stats->dirs - s->skipped - s->created + s->gone_files;
	if (c->full != NULL || now->changed > now->before / 4)
		return compare(c, &c->plan.base, now);
	return 0;
}

/* Changes that a single run does not show: an attack that takes days.  The sum may count a file
 * twice; the snapshot before all these runs, if it exists, tells. */
static struct masschange_alarm
judge_span(const struct copy *c, const struct masschange *m, const struct masschange_run *now)
{
	const struct masschange_alarm none = {.span = 0};
	struct masschange_run sum = masschange_sum(m, now);
	int guard = c->volume->change_guard;

	if (masschange_judge(m, &sum, MASSCHANGE_SPAN, guard).span == 0)
		return none;
	for (size_t i = 0; i < c->v->nstamps; i++)
		if (c->v->stamps[i].when == m->run[MASSCHANGE_SPAN - 1].when &&
		    compare(c, &c->v->stamps[i], &sum) == 0)
			return masschange_judge(m, &sum, MASSCHANGE_SPAN, guard);
	return none;
}

/* A snapshot of another source or with other excludes is no measure, nor is one that is suspect
 * already. */
void
changeguard_run(struct copy *c)
{
	struct history_run *run = &c->verdict.run;
	const struct stamp *base = &c->plan.base;
	struct masschange_run now = {.when = 0};
	struct masschange m;

	if (c->volume->change_guard == 0 || !copy_is_good(c) || base->when == 0 ||
	    !history_is_alike(c->v->runs, c->v->nruns, base, run->fingerprint) ||
	    measure(c, &now) != 0 || now.before <= 0)
		return;
	run->changed = now.changed;
	run->before = now.before;
	if (c->verdict.tree == VERDICT_TREE_SUSPECT)
		return;
	masschange_read(c->v->runs, c->v->nruns, c->v->stamps, c->v->nstamps, &m);
	c->alarm = masschange_judge(&m, &now, 1, c->volume->change_guard);
	if (c->alarm.span == 0)
		c->alarm = judge_span(c, &m, &now);
	if (c->alarm.span > 0)
		copy_judge(c);
}
