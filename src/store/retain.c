// SPDX-License-Identifier: ISC
#include "flashback/store/retain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The spans of time of which the newest snapshot is kept. */
enum span { SPAN_HOUR, SPAN_DAY, SPAN_WEEK, SPAN_MONTH, SPAN_YEAR };

static const struct {
	enum span span;
	size_t count; /* where in the policy the number to keep stands */
} rules[] = {
    {SPAN_HOUR, offsetof(struct volume_keep, hourly)},
    {SPAN_DAY, offsetof(struct volume_keep, daily)},
    {SPAN_WEEK, offsetof(struct volume_keep, weekly)},
    {SPAN_MONTH, offsetof(struct volume_keep, monthly)},
    {SPAN_YEAR, offsetof(struct volume_keep, yearly)},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static unsigned
rule_count(const struct volume_keep *p, size_t rule)
{
	unsigned count;

	memcpy(&count, (const char *)p + rules[rule].count, sizeof(count));
	return count;
}

/* A number that is the same for all stamps whose names fall into the same hour, day, ... */
static int64_t
span_key(const struct stamp *s, enum span span)
{
	int64_t local = s->when + s->offset;
	struct tm tm;

	stamp_local(s, &tm);
	switch (span) {
	case SPAN_HOUR:
		return local / 3600;
	case SPAN_DAY:
		return local / 86400;
	case SPAN_WEEK:
		/* ISO weeks begin on Monday; the first one here began three days before 1970. */
		return (local / 86400 + 3) / 7;
	case SPAN_MONTH:
		return tm.tm_year * 12 + tm.tm_mon;
	case SPAN_YEAR:
		break;
	}
	return tm.tm_year;
}

static int
compare_newest_first(const void *a, const void *b)
{
	const struct stamp *const *x = a, *const *y = b;

	return stamp_compare(*y, *x);
}

static bool
is_among(int64_t key, const int64_t *keys, size_t n)
{
	while (n-- > 0)
		if (keys[n] == key)
			return true;
	return false;
}

/*
 * Spare the first of each of the first count different spans of order.  The names of neighbours may
 * run backwards (a repeated hour, a journey), so a span is looked for among all that came before.
 */
static void
spare_spans(const struct stamp *const *order, size_t n, enum span span, unsigned count,
            int64_t *keys, bool *spared)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used < count; i++) {
		int64_t key = span_key(order[i], span);

		if (is_among(key, keys, used))
			continue;
		keys[used++] = key;
		spared[i] = true;
	}
}

int
retain_mark(const struct stamp *stamps, size_t n, const struct volume_keep *policy, bool *drop)
{
	const struct stamp **order = calloc(n + 1, sizeof(*order));
	int64_t *keys = calloc(n + 1, sizeof(*keys));
	bool *spared = calloc(n + 1, sizeof(*spared));
	int dropped = -1;

	for (size_t i = 0; i < n; i++)
		drop[i] = false;
	if (order == NULL || keys == NULL || spared == NULL)
		goto out;
	dropped = 0;
	if (!volume_keeps_any(policy))
		goto out;
	for (size_t i = 0; i < n; i++)
		order[i] = &stamps[i];
	qsort(order, n, sizeof(*order), compare_newest_first);
	for (size_t i = 0; i < n && i < policy->last; i++)
		spared[i] = true;
	for (size_t i = 0; i < RULES; i++)
		spare_spans(order, n, rules[i].span, rule_count(policy, i), keys, spared);
	for (size_t i = 0; i < n; i++) {
		drop[order[i] - stamps] = !spared[i];
		dropped += !spared[i];
	}
out:
	free(spared);
	free(keys);
	free(order);
	return dropped;
}
