// SPDX-License-Identifier: ISC
#include "flashback/store/summary.h"

static bool
is_future(int64_t when, int64_t now)
{
	return when > now + SUMMARY_AHEAD_MAX;
}

/* Record a stamp that is ahead of the clock.  Pinned and expired trees are ignored: no run depends
 * on their time. */
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

/* The field for the newest snapshot of a state; NULL: no attempt. */
static int64_t *
newest_of(struct summary *out, enum stamp_state state)
{
	if (state == STAMP_COMPLETE)
		return &out->complete;
	if (state == STAMP_PARTIAL)
		return &out->partial;
	return state == STAMP_SUSPECT ? &out->suspect : NULL;
}

/* Stamps are ascending, so the last one is the newest. `latest` names a partial snapshot only while
 * there is no complete one. */
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

/* Find the run that made the newest snapshot, if that is partial or suspect: its reason is shown
 * until the user has dealt with it, although later runs may have failed. */
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

/* Lines from the future at the end of the history were written by a wrong clock: as the last run
 * they would hide all later ones.  A run without files has no statistics. */
static void
note_history(struct summary *out, const struct history_run *runs, size_t n, int64_t now)
{
	while (n > 0 && is_future(runs[n - 1].stamp.when, now))
		n--;
	if (n == 0)
		return;
	/* A first line that a wrong clock wrote would make the volume never overdue. */
	for (size_t i = n; i-- > 0;)
		if (!is_future(runs[i].stamp.when, now))
			out->first = runs[i].stamp.when;
	out->failures = history_failures(runs, n);
	out->last = runs[n - 1];
	note_flawed(out, runs, n);
	for (size_t i = n; i-- > 0;) {
		if (runs[i].files <= 0)
			continue;
		out->files = runs[i].files;
		out->bytes = runs[i].bytes;
		out->new_bytes = runs[i].new_bytes;
		out->seconds = runs[i].seconds;
		break;
	}
}

/* Stamps from the future take no part in anything but `future`: as the newest attempt they would
 * keep a volume from ever becoming due. */
void
summary_make(const struct stamp *stamps, size_t n, const struct history_run *runs, size_t nruns,
             int64_t now, struct summary *out)
{
	*out = (struct summary){.files = -1, .bytes = -1, .new_bytes = -1, .seconds = -1};
	for (size_t i = 0; i < n; i++) {
		note_ahead(out, &stamps[i], now);
		if (!is_future(stamps[i].when, now))
			note_newest(out, &stamps[i]);
		out->kept += stamp_is_good(stamps[i].state);
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
