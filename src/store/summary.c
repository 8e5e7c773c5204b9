// SPDX-License-Identifier: ISC
#include "flashback/store/summary.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "flashback/lib/text.h"
#include "flashback/lib/units.h"

#define WORD_SIZE 48 /* larger than every column */
#define RUN_END '\t' /* of the first of the two runs of a line: no escaped text holds one */

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

/* The name of a stamp, "-" for none. */
static const char *
stamp_word(const struct stamp *s, char buf[STAMP_NAME_SIZE])
{
	return s->when != 0 ? stamp_format(s, buf) : "-";
}

/* "-" for no run.  Return how long it is, or 0 when it does not fit. */
static size_t
pack_run(const struct history_run *run, char *text, size_t size)
{
	if (run->result == RESULT_NONE)
		return (size_t)snprintf(text, size, "-") < size ? 1 : 0;
	return history_pack(run, text, size) == 0 ? strlen(text) : 0;
}

int
summary_pack(const struct summary *s, char *text, size_t size)
{
	char future[STAMP_NAME_SIZE], latest[STAMP_NAME_SIZE];
	int printed = snprintf(text, size,
	                       "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
	                       " %s %s %u %u %u %" PRId64 " %" PRId64 " %" PRId64 " ",
	                       s->complete, s->partial, s->suspect, s->ahead,
	                       stamp_word(&s->future, future), stamp_word(&s->latest, latest),
	                       s->kept, s->expired, s->failures, s->first, s->bytes, s->new_bytes);
	size_t used = printed > 0 ? (size_t)printed : size, length;

	if (used >= size)
		return -1;
	length = pack_run(&s->flawed, text + used, size - used);
	used += length;
	if (length == 0 || used + 1 >= size)
		return -1;
	text[used++] = RUN_END;
	return pack_run(&s->last, text + used, size - used) > 0 ? 0 : -1;
}

static int
read_count(const char **text, unsigned *out)
{
	int64_t n;

	if (units_read_integer(text, 0, UINT_MAX, &n) == -1)
		return -1;
	*out = (unsigned)n;
	return 0;
}

static int
read_stamp(const char **text, struct stamp *out)
{
	char word[WORD_SIZE];

	if (text_word(text, word, sizeof(word)) == -1)
		return -1;
	*out = (struct stamp){0};
	if (strcmp(word, "-") == 0)
		return 0;
	if (stamp_parse(word, out) == -1 || out->state == STAMP_PINNED)
		return -1;
	return 0;
}

static int
read_run(const char *text, size_t len, struct history_run *out)
{
	char line[SUMMARY_LINE];

	if (len >= sizeof(line) || memchr(text, '\n', len) != NULL)
		return -1;
	memcpy(line, text, len);
	line[len] = '\0';
	if (strcmp(line + strspn(line, " "), "-") == 0)
		return 0;
	return history_parse(line, out);
}

int
summary_unpack(const char *text, struct summary *s)
{
	struct summary in = {0};
	int64_t *const instants[] = {&in.complete, &in.partial, &in.suspect, &in.ahead};
	const char *last = strchr(text, RUN_END);
	unsigned *const counts[] = {&in.kept, &in.expired, &in.failures};

	for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++)
		if (units_read_integer(&text, 0, INT64_MAX, instants[i]) == -1)
			return -1;
	if (read_stamp(&text, &in.future) == -1 || read_stamp(&text, &in.latest) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (read_count(&text, counts[i]) == -1)
			return -1;
	if (units_read_integer(&text, 0, INT64_MAX, &in.first) == -1 ||
	    units_read_integer(&text, -1, INT64_MAX, &in.bytes) == -1 ||
	    units_read_integer(&text, -1, INT64_MAX, &in.new_bytes) == -1 || last == NULL ||
	    last < text || read_run(text, (size_t)(last - text), &in.flawed) == -1 ||
	    read_run(last + 1, strlen(last + 1), &in.last) == -1)
		return -1;
	*s = in;
	return 0;
}
