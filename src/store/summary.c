// SPDX-License-Identifier: ISC
#include "flashback/store/summary.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "flashback/lib/text.h"
#include "flashback/lib/units.h"

#define WORD_SIZE 48 /* larger than every column */

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

static void
print(FILE *f, const struct summary *s)
{
	char future[STAMP_NAME_SIZE], latest[STAMP_NAME_SIZE];

	fprintf(f, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s", s->complete, s->partial,
	        s->suspect, s->ahead, stamp_word(&s->future, future),
	        stamp_word(&s->latest, latest));
	fprintf(f, " %u %u %u", s->kept, s->expired, s->failures);
	fprintf(f, " %" PRId64 " %" PRId64 " %" PRId64 " ", s->first, s->bytes, s->new_bytes);
	if (s->last.result == RESULT_NONE)
		fputs("-\n", f);
	else
		history_print(f, &s->last);
}

int
summary_pack(const struct summary *s, char *text, size_t size)
{
	FILE *f = size > 0 ? fmemopen(text, size, "w") : NULL;
	char *end;

	if (f == NULL)
		return -1;
	print(f, s);
	if (fclose(f) != 0)
		return -1;
	/* The C library writes no NUL when the text just fits. */
	end = memchr(text, '\n', size);
	if (end == NULL)
		return -1;
	*end = '\0';
	return 0;
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
read_last(const char *text, struct history_run *out)
{
	text += strspn(text, " ");
	if (strcmp(text, "-") == 0)
		return 0;
	return history_parse(text, out);
}

int
summary_unpack(const char *text, struct summary *s)
{
	struct summary in = {0};
	int64_t *const instants[] = {&in.complete, &in.partial, &in.suspect, &in.ahead};
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
	    units_read_integer(&text, -1, INT64_MAX, &in.new_bytes) == -1 ||
	    strchr(text, '\n') != NULL || read_last(text, &in.last) == -1)
		return -1;
	*s = in;
	return 0;
}
