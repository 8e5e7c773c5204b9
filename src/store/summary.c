// SPDX-License-Identifier: ISC
#include "flashback/store/summary.h"

static bool
is_future(int64_t when, int64_t now)
{
	return when > now + SUMMARY_AHEAD_MAX;
}

/* Take note of a stamp as far as its name's being ahead of the clock is concerned. */
static void
note_ahead(struct summary *out, const struct stamp *s, int64_t now)
{
	if (s->state == STAMP_PINNED || s->state == STAMP_EXPIRED)
		return;
	if (is_future(s->when, now))
		out->future = *s;
	else if (s->when > now)
		out->ahead = s->when;
}

/* Where the newest of the snapshots in this state is noted; NULL for states that are no attempt. */
static int64_t *
newest_of(struct summary *out, enum stamp_state state)
{
	if (state == STAMP_COMPLETE)
		return &out->complete;
	if (state == STAMP_PARTIAL)
		return &out->partial;
	return state == STAMP_SUSPECT ? &out->suspect : NULL;
}

static void
note_newest(struct summary *out, const struct stamp *s)
{
	int64_t *newest = newest_of(out, s->state);

	if (newest == NULL)
		return;
	*newest = s->when;
	if (s->state == STAMP_COMPLETE || (s->state == STAMP_PARTIAL && out->complete == 0))
		out->latest = *s;
}

/* A snapshot that people must look at keeps its reason, whatever came after it. */
static void
note_flawed(struct summary *out, const struct history_run *runs, size_t n)
{
	int64_t attempt = summary_attempt(out);

	while (attempt > out->complete && n-- > 0)
		if (runs[n].snapshot.when == attempt) {
			out->flawed = runs[n];
			break;
		}
}

static void
note_history(struct summary *out, const struct history_run *runs, size_t n, int64_t now)
{
	while (n > 0 && is_future(runs[n - 1].stamp.when, now))
		n--;
	if (n == 0)
		return;
	out->first = runs[0].stamp.when;
	out->failures = history_failures(runs, n);
	out->last = runs[n - 1];
	note_flawed(out, runs, n);
	for (size_t i = n; i-- > 0;) {
		if (runs[i].files <= 0)
			continue;
		out->bytes = runs[i].bytes;
		out->new_bytes = runs[i].new_bytes;
		break;
	}
}

void
summary_make(const struct stamp *stamps, size_t n, const struct history_run *runs, size_t nruns,
             int64_t now, struct summary *out)
{
	*out = (struct summary){.bytes = -1, .new_bytes = -1};
	for (size_t i = 0; i < n; i++) {
		note_ahead(out, &stamps[i], now);
		if (!is_future(stamps[i].when, now))
			note_newest(out, &stamps[i]);
		out->kept += stamps[i].state == STAMP_COMPLETE || stamps[i].state == STAMP_PARTIAL;
		out->expired += stamps[i].state == STAMP_EXPIRED;
	}
	note_history(out, runs, nruns, now);
}

int64_t
summary_good(const struct summary *s)
{
	return s->complete > s->partial ? s->complete : s->partial;
}

int64_t
summary_attempt(const struct summary *s)
{
	int64_t good = summary_good(s);

	return s->suspect > good ? s->suspect : good;
}
