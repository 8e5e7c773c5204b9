// SPDX-License-Identifier: ISC
#include "flashback/store/retain.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flashback/lib/text.h"

/* Periods of which the newest snapshot is kept. */
enum retain_span { SPAN_HOUR, SPAN_DAY, SPAN_WEEK, SPAN_MONTH, SPAN_YEAR };

static const struct {
	enum retain_span span;
	size_t count; /* offset of the number to keep in struct volume_keep */
	const char *adverb, *name;
	int64_t seconds; /* at least */
} rules[] = {
    {SPAN_HOUR, offsetof(struct volume_keep, hourly), "hourly", "hour", 3600},
    {SPAN_DAY, offsetof(struct volume_keep, daily), "daily", "day", 86400},
    {SPAN_WEEK, offsetof(struct volume_keep, weekly), "weekly", "week", 7 * 86400},
    {SPAN_MONTH, offsetof(struct volume_keep, monthly), "monthly", "month", 28 * 86400},
    {SPAN_YEAR, offsetof(struct volume_keep, yearly), "yearly", "year", 365 * 86400},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static unsigned
rule_count(const struct volume_keep *p, size_t rule)
{
	unsigned count;

	memcpy(&count, (const char *)p + rules[rule].count, sizeof(count));
	return count;
}

/* A number that is equal for all stamps whose names are in the same hour, day and so on: local
 * time as written, so that no time zone data is needed. */
static int64_t
span_key(const struct stamp *s, enum retain_span span)
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
		/* ISO weeks begin on Monday; the week of 1970-01-01 began three days earlier. */
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
has_key(int64_t key, const int64_t *keys, size_t n)
{
	while (n-- > 0)
		if (keys[n] == key)
			return true;
	return false;
}

/*
 * Keep the first snapshot of each of the first count different periods in order, which is newest
 * first, and number them.  Periods without a snapshot do not count, so a month away expires
 * nothing.  Local times of neighbours may run backwards (a repeated hour, a journey west), so a
 * period is searched for among all that have been used.
 */
static void
keep_spans(const struct volume_keep *policy, size_t rule, const struct stamp *const *order,
           size_t n, int64_t *keys, struct volume_keep *const *rank)
{
	unsigned used = 0, count = rule_count(policy, rule);

	for (size_t i = 0; i < n && used < count; i++) {
		int64_t key = span_key(order[i], rules[rule].span);

		if (has_key(key, keys, used))
			continue;
		keys[used++] = key;
		memcpy((char *)rank[i] + rules[rule].count, &used, sizeof(used));
	}
}

int
retain_rank(const struct stamp *stamps, size_t n, const struct volume_keep *policy,
            struct volume_keep *rank)
{
	const struct stamp **order = calloc(n + 1, sizeof(*order));
	struct volume_keep **place = calloc(n + 1, sizeof(struct volume_keep *));
	int64_t *keys = calloc(n + 1, sizeof(*keys));
	int rc = order != NULL && place != NULL && keys != NULL ? 0 : -1;

	for (size_t i = 0; i < n; i++)
		rank[i] = (struct volume_keep){0};
	for (enum stamp_state s = STAMP_COMPLETE; rc == 0 && s <= STAMP_PARTIAL; s++) {
		size_t found = 0;

		for (size_t i = 0; i < n; i++)
			if (stamps[i].state == s)
				order[found++] = &stamps[i];
		qsort(order, found, sizeof(*order), compare_newest_first);
		for (size_t i = 0; i < found; i++)
			place[i] = &rank[order[i] - stamps];
		for (unsigned i = 0; i < found && i < policy->last; i++)
			place[i]->last = i + 1;
		for (size_t i = 0; i < RULES; i++)
			keep_spans(policy, i, order, found, keys, place);
	}
	free(keys);
	free(place);
	free(order);
	return rc;
}

char *
retain_why(const struct volume_keep *rank)
{
	char *words = rank->last > 0 ? text_format("last %u", rank->last) : strdup("");

	for (size_t i = 0; words != NULL && i < RULES; i++) {
		unsigned number = rule_count(rank, i);

		if (number > 0 &&
		    text_replace(&words, "%s%s%s %u", words, *words != '\0' ? ", " : "",
		                 rules[i].adverb, number) == -1) {
			free(words);
			return NULL;
		}
	}
	return words;
}

/* The rules are in ascending order of their periods. */
unsigned
retain_last_needed(const struct volume_keep *policy, int64_t every, const char **period)
{
	size_t i = 0;
	int64_t needed;

	while (i < RULES && rule_count(policy, i) == 0)
		i++;
	if (i == RULES || every >= rules[i].seconds)
		return 0;
	needed = (rules[i].seconds + every - 1) / every;
	*period = rules[i].name;
	return needed > policy->last ? (unsigned)needed : 0;
}
