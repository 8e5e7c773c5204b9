// SPDX-License-Identifier: ISC
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "sim.h"

/* What a policy promises to keep, reckoned from the names as a person would do it. */

#define KEY_SIZE 24

enum span { SECOND, HOUR, DAY, WEEK, MONTH, YEAR };

/* The second, hour, day, ... that stands in a name. */
static void
key(const struct stamp *s, enum span span, char text[KEY_SIZE])
{
	time_t local = (time_t)(s->when + s->offset);
	struct tm tm;

	gmtime_r(&local, &tm);
	switch (span) {
	case SECOND:
		snprintf(text, KEY_SIZE, "%lld", (long long)s->when);
		break;
	case HOUR:
		strftime(text, KEY_SIZE, "%Y-%m-%d %H", &tm);
		break;
	case DAY:
		strftime(text, KEY_SIZE, "%Y-%m-%d", &tm);
		break;
	case WEEK:
		strftime(text, KEY_SIZE, "%G week %V", &tm);
		break;
	case MONTH:
		strftime(text, KEY_SIZE, "%Y-%m", &tm);
		break;
	case YEAR:
		strftime(text, KEY_SIZE, "%Y", &tm);
		break;
	}
}

/* All of the series of t, newest first. */
static size_t
gather(const struct drive_dir *d, const struct drive_tree *t, struct stamp *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct stamp *s = &d->tree[i]->stamp;
		size_t at = n;

		if (s->state != t->stamp.state)
			continue;
		for (; at > 0 && out[at - 1].when < s->when; at--)
			out[at] = out[at - 1];
		out[at] = *s;
		n++;
	}
	return n;
}

/* Is it the newest one of one of the last `most` spans? */
static bool
holds(const struct stamp *series, size_t n, const struct stamp *s, unsigned most, enum span span)
{
	char(*seen)[KEY_SIZE] = calloc(n + 1, sizeof(*seen));
	unsigned used = 0;
	bool held = false;

	if (seen == NULL)
		abort();
	for (size_t i = 0; i < n && used < most && !held; i++) {
		bool old = false;

		key(&series[i], span, seen[used]);
		for (unsigned j = 0; j < used; j++)
			old |= strcmp(seen[j], seen[used]) == 0;
		if (old)
			continue;
		used++;
		held = stamp_compare(&series[i], s) == 0;
	}
	free(seen);
	return held;
}

void
check_goes(const struct drive_dir *d, const struct drive_tree *t, const struct volume_keep *policy)
{
	const unsigned most[] = {policy->last,   policy->hourly,  policy->daily,
	                         policy->weekly, policy->monthly, policy->yearly};
	struct stamp *series = calloc(d->n + 1, sizeof(*series));
	char text[KEY_SIZE], gone[STAMP_NAME_SIZE];
	size_t n;

	if (series == NULL)
		abort();
	n = gather(d, t, series);
	for (enum span span = SECOND; span <= YEAR; span++) {
		if (!holds(series, n, &t->stamp, most[span], span))
			continue;
		key(&t->stamp, span, text);
		sim_broken("%s: %s expires and is the newest of %s, one of the last %u", d->id,
		           stamp_format(&t->stamp, gone), text, most[span]);
	}
	free(series);
}
