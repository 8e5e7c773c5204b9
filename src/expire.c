// SPDX-License-Identifier: ISC
#include "flashback/expire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/retain.h"
#include "flashback/summary.h"

/* One call's expiry. */
struct expiry {
	struct store_volume *v;
	const struct retain_policy *keep;
	int done;
	bool failed;
	char *trouble;
	size_t size;
};

static void
note(struct expiry *x, const char *what)
{
	if (!x->failed && x->size > 0)
		snprintf(x->trouble, x->size, "cannot expire %s: %s", what, strerror(errno));
	x->failed = true;
}

/* Expire what the policy drops of one series.  The stamps of v ascend, so that the last is the
 * newest. */
static void
expire_one(struct expiry *x, enum stamp_state state)
{
	size_t max = x->v->nstamps + 1, n = 0;
	struct stamp *series = calloc(max, sizeof(*series));
	size_t *at = calloc(max, sizeof(*at));
	bool *drop = calloc(max, sizeof(*drop));
	char name[STAMP_NAME_SIZE];

	if (!series || !at || !drop) {
		note(x, "anything");
		goto out;
	}
	for (size_t i = 0; i < x->v->nstamps; i++)
		if (x->v->stamps[i].state == state) {
			at[n] = i;
			series[n++] = x->v->stamps[i];
		}
	if (retain_mark(series, n, x->keep, drop) < 0) {
		note(x, "anything");
		goto out;
	}
	for (size_t i = 0; i + 1 < n && x->done < EXPIRE_MAX; i++) {
		if (!drop[i])
			continue;
		if (store_rename(x->v, &x->v->stamps[at[i]], STAMP_EXPIRED) == 0)
			x->done++;
		else
			note(x, stamp_format(&series[i], name));
	}
out:
	free(series);
	free(at);
	free(drop);
}

int
expire_policy(struct store_volume *v, const struct volume *volume, struct expire_series series,
              int64_t now, char *trouble, size_t size)
{
	struct expiry x = {.v = v, .keep = &volume->keep, .trouble = trouble, .size = size};
	struct summary seen;

	summary_make(v->stamps, v->nstamps, NULL, 0, now, &seen);
	if (seen.future.when != 0)
		return 0;
	if (series.complete)
		expire_one(&x, STAMP_COMPLETE);
	if (series.partial)
		expire_one(&x, STAMP_PARTIAL);
	return x.failed ? -1 : x.done;
}

struct expire_series
expire_allowed(const struct history_run *runs, size_t n)
{
	enum judge_result last;

	while (n > 0 && (runs[n - 1].result == JUDGE_FULL || runs[n - 1].result == JUDGE_DISK ||
	                 runs[n - 1].result == JUDGE_INTERRUPTED))
		n--;
	last = n > 0 ? runs[n - 1].result : JUDGE_NONE;
	return (struct expire_series){
	    .complete = last == JUDGE_SUCCEEDED,
	    .partial = last == JUDGE_SUCCEEDED || last == JUDGE_PARTIAL,
	};
}
