// SPDX-License-Identifier: ISC
#include "flashback/base.h"

struct stamp
base_stamp(const struct stamp *stamps, size_t n, int64_t now, int32_t offset)
{
	/* The stamps ascend, so one pass finds the first gap. */
	for (size_t i = 0; i < n; i++)
		if (stamps[i].when == now)
			now++;
	return (struct stamp){.when = now, .offset = offset, .state = STAMP_WORKING};
}

static const struct stamp *
newest(const struct stamp *stamps, size_t n, enum stamp_state state)
{
	const struct stamp *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (stamps[i].state == state &&
		    (found == NULL || stamp_compare(&stamps[i], found) > 0))
			found = &stamps[i];
	return found;
}

static const struct stamp *
later(const struct stamp *a, const struct stamp *b)
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return stamp_compare(a, b) > 0 ? a : b;
}

size_t
base_choose(const struct stamp *stamps, size_t n, const struct stamp *doubtful,
            struct stamp out[RSYNC_BASES])
{
	const struct stamp *complete = newest(stamps, n, STAMP_COMPLETE);
	const struct stamp *other =
	    later(newest(stamps, n, STAMP_PARTIAL), newest(stamps, n, STAMP_SUSPECT));
	const struct stamp *cut = newest(stamps, n, STAMP_INTERRUPTED);
	size_t found = 0;

	if (doubtful->when != 0)
		out[found++] = *doubtful;
	if (cut != NULL)
		out[found++] = *cut;
	if (other != NULL && (complete == NULL || stamp_compare(other, complete) > 0))
		out[found++] = *other;
	if (complete != NULL)
		out[found++] = *complete;
	return found;
}
