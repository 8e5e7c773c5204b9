// SPDX-License-Identifier: ISC
#include "flashback/store/linkdest.h"

#include <stdbool.h>

#include "flashback/store/summary.h"

struct stamp
linkdest_stamp(const struct stamp *stamps, size_t n, int64_t now, int32_t offset)
{
	/* The stamps are in ascending order, so one pass finds the first free second. */
	for (size_t i = 0; i < n; i++)
		if (stamps[i].when == now)
			now++;
	return (struct stamp){.when = now, .offset = offset, .state = STAMP_WORKING};
}

/* Is a newer than b?  NULL is older than anything, and a stamp from the future older than any that
 * is not. */
static bool
is_newer(const struct stamp *a, const struct stamp *b, int64_t now)
{
	int64_t until = now + SUMMARY_AHEAD_MAX;

	if (a == NULL || b == NULL)
		return a != NULL;
	if ((a->when > until) != (b->when > until))
		return b->when > until;
	return stamp_compare(a, b) > 0;
}

static const struct stamp *
newest(const struct stamp *stamps, size_t n, enum stamp_state state, int64_t now)
{
	const struct stamp *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (stamp_kind(&stamps[i]) == state && is_newer(&stamps[i], found, now))
			found = &stamps[i];
	return found;
}

/* Order matters: rsync takes a file from the first base in which it is equal.  The doubtful and the
 * interrupted tree come first, as they have what was copied last. */
size_t
linkdest_choose(const struct stamp *stamps, size_t n, const struct stamp *doubtful, int64_t now,
                struct stamp out[LINKDEST_MAX])
{
	const struct stamp *complete = newest(stamps, n, STAMP_COMPLETE, now);
	const struct stamp *partial = newest(stamps, n, STAMP_PARTIAL, now);
	const struct stamp *other = newest(stamps, n, STAMP_SUSPECT, now);
	const struct stamp *interrupted = newest(stamps, n, STAMP_INTERRUPTED, now);
	size_t found = 0;

	if (is_newer(partial, other, now))
		other = partial;
	if (doubtful->when != 0)
		out[found++] = *doubtful;
	if (interrupted != NULL)
		out[found++] = *interrupted;
	/* An older one has nothing that the complete one lacks. */
	if (is_newer(other, complete, now))
		out[found++] = *other;
	if (complete != NULL)
		out[found++] = *complete;
	return found;
}
