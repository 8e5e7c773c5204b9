// SPDX-License-Identifier: ISC
#include "flashback/rsync/output.h"

#include <string.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/figures.h"

/* Do the texts "PATH: why" a and b mean one file, the path of b perhaps without what leads to it?
 */
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

/* An error in writing here.  What it says of the disk is verified before anything follows from it.
 */
static void
hear_trouble_here(struct verdict_words *w, const struct message *m)
{
	bool attribute = m->kind == MESSAGE_ATTRIBUTE;

	w->no_space |= m->error == MESSAGE_ERROR_NO_SPACE;
	w->read_only |= m->error == MESSAGE_ERROR_READ_ONLY;
	w->io_error |= m->error == MESSAGE_ERROR_IO;
	w->too_many_links |= m->error == MESSAGE_ERROR_LINKS;
	w->unwritten += attribute ? 0 : 1;
	keep_first(attribute ? w->first_attribute : w->first_refusal, m->text);
}

static void
hear_cause(struct verdict_words *w, const char *line, size_t len)
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

static void
hear_error(struct verdict_words *w, const char *line, size_t len)
{
	struct message m;

	message_read(line, len, &m);
	if (m.kind != MESSAGE_NOISE)
		text_escape(w->last_error, sizeof(w->last_error), line, len);
	switch (m.kind) {
	case MESSAGE_UNREADABLE:
		keep_first(w->first_error, m.text);
		if (!same_file(w->last_file, m.text))
			w->unreadable++;
		memcpy(w->last_file, m.text, sizeof(w->last_file));
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
output_line(struct verdict_words *w, const char *line, size_t len, bool is_error)
{
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (is_error)
		hear_error(w, line, len);
	else
		figures_statistic(line, len, &w->stats);
}
