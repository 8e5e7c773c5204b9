// SPDX-License-Identifier: ISC
#include "flashback/store/expire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/store/retain.h"
#include "flashback/store/summary.h"

/* Nothing expires while a stamp is from the future: the clock is or was wrong, and the ages of all
 * other snapshots may be wrong too; nor by a policy without any number, which is a mistake in the
 * config, not a wish to lose everything. */
int
expire_list(const struct stamp *stamps, size_t n, const struct volume_keep *keep,
            struct expire_series series, int64_t now, size_t *at)
{
	const bool wanted[] = {
	    [STAMP_COMPLETE] = series.complete, [STAMP_PARTIAL] = series.partial};
	struct volume_keep *rank;
	struct summary seen;
	int listed = 0;

	summary_make(stamps, n, NULL, 0, now, &seen);
	if (seen.future.when != 0 || !volume_keeps_any(keep))
		return 0;
	rank = calloc(n + 1, sizeof(*rank));
	if (rank == NULL || retain_rank(stamps, n, keep, rank) == -1)
		listed = -1;
	for (enum stamp_state s = STAMP_COMPLETE; listed != -1 && s <= STAMP_PARTIAL; s++) {
		size_t newest = 0;

		for (size_t i = 0; wanted[s] && i < n; i++)
			if (stamps[i].state == s)
				newest = i;
		/* Whatever its rank, the newest must not expire. */
		for (size_t i = 0; i < newest; i++)
			if (stamps[i].state == s && !volume_keeps_any(&rank[i]))
				at[listed++] = i;
	}
	free(rank);
	return listed;
}

/* The new snapshot may be the one that makes an older one superfluous. */
int
expire_foresee(const struct store_volume *v, const struct volume_keep *keep, struct stamp made,
               int64_t now, struct stamp next[EXPIRE_MAX])
{
	const struct expire_series both = {.complete = true, .partial = true};
	size_t n = v->nstamps;
	struct stamp *stamps = calloc(n + 1, sizeof(*stamps));
	size_t *at = calloc(n + 1, sizeof(*at));
	int listed = -1;

	if (stamps == NULL || at == NULL)
		goto out;
	for (size_t i = 0; i < n; i++)
		stamps[i] = v->stamps[i];
	made.state = STAMP_COMPLETE;
	stamps[n++] = made;
	qsort(stamps, n, sizeof(*stamps), stamp_compare);
	listed = expire_list(stamps, n, keep, both, now, at);
	if (listed > EXPIRE_MAX)
		listed = EXPIRE_MAX;
	for (int i = 0; i < listed; i++)
		next[i] = stamps[at[i]];
out:
	free(stamps);
	free(at);
	return listed;
}

/* A rename that fails does not stop the others: one snapshot that cannot be renamed would let the
 * disk fill up. */
int
expire_policy(struct store_volume *v, const struct volume *volume, struct expire_series series,
              int64_t now, char *trouble, size_t size)
{
	size_t *at = calloc(v->nstamps + 1, sizeof(*at));
	int n =
	    at != NULL ? expire_list(v->stamps, v->nstamps, &volume->keep, series, now, at) : -1;
	int done = 0;
	bool failed = n == -1;
	char name[STAMP_NAME_SIZE];

	if (failed)
		snprintf(trouble, size, "cannot expire %s: %s", "anything", strerror(ENOMEM));
	/* Oldest first, so that an interrupted expiry leaves the newer ones. */
	for (int i = 0; i < n && done < EXPIRE_MAX; i++) {
		struct stamp s = v->stamps[at[i]];

		if (store_rename(v, &s, STAMP_EXPIRED) == 0) {
			done++;
			continue;
		}
		if (!failed)
			snprintf(trouble, size, "cannot expire %s: %s", stamp_format(&s, name),
			         strerror(errno));
		failed = true;
	}
	free(at);
	return failed ? -1 : done;
}

/* "No success, no expiry" on a full disk: runs that failed for lack of space are skipped, or
 * nothing could expire and the disk would stay full. */
struct expire_series
expire_allowed(const struct history_run *runs, size_t n)
{
	const struct result_row *row;

	while (n > 0 && result_row(runs[n - 1].result)->silent)
		n--;
	row = result_row(n > 0 ? runs[n - 1].result : RESULT_NONE);
	return (struct expire_series){.complete = row->complete, .partial = row->partial};
}
