// SPDX-License-Identifier: ISC
#include "flashback/store/masschange.h"

#include <stdlib.h>

#define WHOLE 10000 /* hundredths of a percent */
#define KNOWN 3     /* fewer runs do not tell what is usual */

/* The snapshot of a run counts under the name that it bears now: a person may have accepted a
 * suspect one. */
static bool
is_good(const struct history_run *run, const struct stamp *stamps, size_t nstamps)
{
	enum stamp_state state = run->snapshot.state;

	if (run->snapshot.when == 0)
		return false;
	for (size_t i = 0; i < nstamps; i++)
		if (stamps[i].when == run->snapshot.when && stamps[i].state != STAMP_EXPIRED)
			state = stamp_kind(&stamps[i]);
	return stamp_is_good(state);
}

/* A run of which that is unknown ends the series: before it is another source, or nothing. */
void
masschange_read(const struct history_run *runs, size_t n, const struct stamp *stamps,
                size_t nstamps, struct masschange *m)
{
	m->n = 0;
	while (n-- > 0 && m->n < sizeof(m->run) / sizeof(m->run[0])) {
		if (!is_good(&runs[n], stamps, nstamps))
			continue;
		if (runs[n].before <= 0)
			break;
		m->run[m->n++] = (struct masschange_run){
		    .when = runs[n].snapshot.when,
		    .changed = runs[n].changed,
		    .before = runs[n].before,
		    .accepted = runs[n].snapshot.state == STAMP_SUSPECT,
		};
	}
}

static int64_t
share(const struct masschange_run *run)
{
	if (run->changed >= run->before)
		return WHOLE;
	return (int64_t)((double)run->changed / (double)run->before * WHOLE);
}

/* The share of span runs together, or of those that are left. */
static int64_t
share_from(const struct masschange *m, size_t from, unsigned span)
{
	int64_t sum = 0;

	for (size_t i = from; i < m->n && i < from + span; i++)
		sum += share(&m->run[i]);
	return sum;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The median of the runs from there on. */
static int64_t
usual(const struct masschange *m, size_t from)
{
	int64_t changed[MASSCHANGE_RUNS + MASSCHANGE_SPAN] = {0};
	size_t n = 0;

	for (size_t i = from; i < m->n; i++)
		changed[n++] = m->run[i].changed;
	qsort(changed, n, sizeof(changed[0]), by_number);
	return changed[n / 2];
}

struct masschange_alarm
masschange_judge(const struct masschange *m, const struct masschange_run *now, unsigned span,
                 int guard)
{
	size_t first = span - 1;
	int64_t had = share(now);

	if (guard <= 0 || now->changed < MASSCHANGE_LEAST || had <= guard || m->n < first + KNOWN)
		return (struct masschange_alarm){0};
	for (size_t i = 0; i < first; i++)
		if (m->run[i].accepted)
			return (struct masschange_alarm){0};
	for (size_t i = first; i < m->n && i < first + MASSCHANGE_RUNS; i++)
		if (share_from(m, i, span) * 2 >= had)
			return (struct masschange_alarm){0};
	return (struct masschange_alarm){now->changed, now->before, usual(m, first), span};
}

struct masschange_run
masschange_sum(const struct masschange *m, const struct masschange_run *now)
{
	struct masschange_run sum = *now;

	for (size_t i = 0; i < m->n && i < MASSCHANGE_SPAN - 1; i++)
		sum.changed += m->run[i].changed;
	return sum;
}
