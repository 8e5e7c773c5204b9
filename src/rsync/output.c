// SPDX-License-Identifier: ISC
#include "flashback/rsync/output.h"

#include <string.h>

#include "flashback/lib/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LINE_READ 256 /* maximum length of a progress line */
#define FIGURE_MAX (INT64_MAX / 128)
#define RATE_MAX (INT64_C(1) << 30) /* before its unit, which is at most 2^30 */
#define TIME_MAX (INT64_C(1) << 40)

/* The unparsed rest of a line. */
struct cursor {
	const char *s;
	size_t n;
};

static bool
take(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if (c->n < n || memcmp(c->s, text, n) != 0)
		return false;
	c->s += n;
	c->n -= n;
	return true;
}

/* Blanks, at least one. */
static bool
take_blanks(struct cursor *c)
{
	if (!take(c, " "))
		return false;
	while (take(c, " "))
		;
	return true;
}

/* A decimal number from 0 to max. */
static bool
take_number(struct cursor *c, int64_t max, int64_t *out)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < c->n && c->s[i] >= '0' && c->s[i] <= '9'; i++) {
		int digit = c->s[i] - '0';

		if (n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (i == 0)
		return false;
	c->s += i;
	c->n -= i;
	*out = n;
	return true;
}

/* The directories in "Number of files: 12 (reg: 8, dir: 3, link: 1)". */
static int64_t
find_dirs(const struct cursor *c)
{
	static const char name[] = "dir: ";
	const char *at = memmem(c->s, c->n, name, sizeof(name) - 1);
	struct cursor rest = {at, at != NULL ? (size_t)(c->s + c->n - at) : 0};
	int64_t n = 0;

	return at != NULL && take(&rest, name) && take_number(&rest, FIGURE_MAX, &n) ? n : 0;
}

/* Match the line against each known statistic.  "Number of files" marks the statistics as seen:
 * it is the proof that rsync ended normally. */
int
output_statistic(const char *line, size_t len, struct output_stats *stats)
{
	const struct {
		const char *name;
		int64_t *value;
	} rows[] = {
	    {"Number of files: ", &stats->files},
	    {"Number of regular files transferred: ", &stats->transferred},
	    {"Total file size: ", &stats->bytes},
	    {"Total transferred file size: ", &stats->new_bytes},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cursor c = {line, len};
		int64_t n;

		if (!take(&c, rows[i].name))
			continue;
		if (!take_number(&c, FIGURE_MAX, &n) || (c.n > 0 && !take(&c, " ")))
			return -1;
		*rows[i].value = n;
		if (rows[i].value == &stats->files) {
			stats->seen = true;
			stats->dirs = find_dirs(&c);
		}
		return 0;
	}
	return -1;
}

/* "12.34MB/s" to bytes a second. */
static bool
take_rate(struct cursor *c, int64_t *out)
{
	static const struct {
		const char *name;
		int64_t factor;
	} units[] = {
	    {"kB/s", INT64_C(1) << 10},
	    {"MB/s", INT64_C(1) << 20},
	    {"GB/s", INT64_C(1) << 30},
	};
	int64_t whole, hundredths;

	if (!take_number(c, RATE_MAX, &whole) || !take(c, ".") || !take_number(c, 99, &hundredths))
		return false;
	for (size_t i = 0; i < COUNT(units); i++)
		if (take(c, units[i].name)) {
			*out = whole * units[i].factor + hundredths * units[i].factor / 100;
			return true;
		}
	return false;
}

/* "0:07:12" to seconds; "??:??:??" to -1. */
static bool
take_time(struct cursor *c, int64_t *out)
{
	int64_t hours, minutes, seconds;

	if (take(c, "??:??:??")) {
		*out = -1;
		return true;
	}
	if (!take_number(c, TIME_MAX, &hours) || !take(c, ":") || !take_number(c, 59, &minutes) ||
	    !take(c, ":") || !take_number(c, 59, &seconds))
		return false;
	*out = hours * 3600 + minutes * 60 + seconds;
	return true;
}

/* "(xfr#12, to-chk=3/15)": 3 of 15 files are left; ir-chk while the list still grows. */
static bool
take_counts(struct cursor *c, struct output_progress *p)
{
	int64_t transferred, left, all;

	if (!take(c, "(xfr#") || !take_number(c, FIGURE_MAX, &transferred) || !take(c, ", ") ||
	    !(take(c, "to-chk=") || take(c, "ir-chk=")) || !take_number(c, FIGURE_MAX, &left) ||
	    !take(c, "/") || !take_number(c, FIGURE_MAX, &all) || !take(c, ")") || left > all)
		return false;
	p->all = all;
	p->done = all - left;
	p->percent = all > 0 ? (int)(p->done * 100 / all) : 0;
	return true;
}

/* Parse into a copy, and store it only when the whole line matches: a file name may look like
 * the start of a progress line. */
int
output_progress(const char *line, size_t len, struct output_progress *p)
{
	struct cursor c = {line, len};
	struct output_progress read = *p;
	int64_t percent, left;

	if (len > LINE_READ)
		return -1;
	take_blanks(&c);
	if (!take_number(&c, FIGURE_MAX, &read.bytes) || !take_blanks(&c) ||
	    !take_number(&c, FIGURE_MAX, &percent) || !take(&c, "%") || !take_blanks(&c) ||
	    !take_rate(&c, &read.rate) || !take_blanks(&c) || !take_time(&c, &left))
		return -1;
	take_blanks(&c);
	if (c.n == 0) {
		read.left = left;
		/* No files are counted until the first one is complete. */
		if (read.all == 0 && percent <= 100)
			read.percent = (int)percent;
	} else if (!take_counts(&c, &read)) {
		return -1;
	}
	take_blanks(&c);
	if (c.n > 0)
		return -1;
	*p = read;
	return 0;
}

/* Do the texts "PATH: why" a and b concern one file?  The path of b may lack leading
 * directories: sender and receiver report different roots. */
static bool
same_file(const char *a, const char *b)
{
	const char *end_a = strrchr(a, ':'), *end_b = strrchr(b, ':');
	size_t na, nb;

	if (end_a == NULL || end_b == NULL)
		return false;
	na = (size_t)(end_a - a);
	nb = (size_t)(end_b - b);
	if (na < nb || memcmp(end_a - nb, b, nb) != 0)
		return false;
	return na == nb || end_a[-(ptrdiff_t)nb - 1] == '/';
}

static void
keep_first(char first[MESSAGE_TEXT], const char *text)
{
	if (*first == '\0')
		memcpy(first, text, MESSAGE_TEXT);
}

/* Record a write error on the receiving side.  A host can forge such lines, so what they claim
 * of the disk is verified before it counts. */
static void
hear_trouble_here(struct output_words *w, const struct message *m)
{
	bool attribute = m->kind == MESSAGE_ATTRIBUTE;

	w->no_space |= m->error == MESSAGE_ERROR_NO_SPACE;
	w->read_only |= m->error == MESSAGE_ERROR_READ_ONLY;
	w->io_error |= m->error == MESSAGE_ERROR_IO;
	if (m->error == MESSAGE_ERROR_LINKS && !w->too_many_links)
		w->first_refusal[0] = '\0'; /* this file decides the run */
	w->too_many_links |= m->error == MESSAGE_ERROR_LINKS;
	w->unwritten += attribute ? 0 : 1;
	keep_first(attribute ? w->first_attribute : w->first_refusal, m->text);
}

/* Record a recognised cause; a more specific one (higher rank) replaces it. */
static void
hear_cause(struct output_words *w, const char *line, size_t len)
{
	struct cause cause;

	if (cause_find(line, len, &cause) != 0)
		return;
	w->bad_option |= cause.mark == CAUSE_OPTION;
	w->source_gone |= cause.mark == CAUSE_SOURCE;
	if (cause.rank <= w->cause_rank)
		return;
	w->cause_rank = cause.rank;
	memcpy(w->cause, cause.text, sizeof(w->cause));
}

/* Classify a line of standard error, and count it.  rsync may report an unreadable file twice in
 * a row, which counts as one. */
static void
hear_error(struct output_words *w, const char *line, size_t len)
{
	struct message m;

	message_read(line, len, &m);
	if (m.kind != MESSAGE_NOISE)
		text_escape(w->last_error, sizeof(w->last_error), line, len);
	switch (m.kind) {
	case MESSAGE_UNREADABLE:
		keep_first(w->first_error, m.text);
		if (!same_file(w->last_file, m.whole)) {
			w->unreadable++;
			if (w->names != NULL)
				unreadable_add(w->names, &m);
		}
		memcpy(w->last_file, m.whole, sizeof(w->last_file));
		break;
	case MESSAGE_VANISHED:
		w->vanished++;
		break;
	case MESSAGE_UNWRITTEN:
	case MESSAGE_ATTRIBUTE:
		hear_trouble_here(w, &m);
		break;
	case MESSAGE_OTHER:
	case MESSAGE_NOISE:
		hear_cause(w, line, len);
		break;
	}
}

void
output_line(struct output_words *w, const char *line, size_t len, bool is_error)
{
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (is_error)
		hear_error(w, line, len);
	else
		output_statistic(line, len, &w->stats);
}
