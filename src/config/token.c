// SPDX-License-Identifier: ISC
#include "flashback/config/token.h"

#include <stdbool.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && !is_blank(c)) || c == 0x7f;
}

/* Does text go on with word? */
static bool
at(const struct token_reader *r, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(r->end - r->text) >= len && memcmp(r->text, word, len) == 0;
}

/* Pass over len characters, counting lines. */
static void
skip(struct token_reader *r, size_t len)
{
	for (; len > 0; len--)
		r->line += *r->text++ == '\n';
}

/* Pass over a comment; false when it does not end. */
static bool
skip_block(struct token_reader *r)
{
	int line = r->line;
	const char *end = memmem(r->text + 2, (size_t)(r->end - r->text - 2), "*/", 2);

	if (end == NULL) {
		errors_add(r->faults, r->file, line,
		           "the comment that begins here does not end: "
		           "*/ is missing");
		return false;
	}
	skip(r, (size_t)(end + 2 - r->text));
	return true;
}

/* Pass over blanks and comments; false when a comment does not end. */
static bool
skip_space(struct token_reader *r)
{
	while (r->text < r->end) {
		if (is_blank(*r->text)) {
			skip(r, 1);
		} else if (*r->text == '#' || at(r, "//")) {
			const char *end = memchr(r->text, '\n', (size_t)(r->end - r->text));

			r->text = end != NULL ? end : r->end;
		} else if (at(r, "/*")) {
			if (!skip_block(r))
				return false;
		} else {
			break;
		}
	}
	return true;
}

/* A bare word ends at a blank or one of these; at a comma only if that ends a list's item. */
static bool
ends_word(char c)
{
	return is_blank(c) || (c != '\0' && strchr("={},\"'", c) != NULL);
}

/* May this character stand in a bare word?  Others libconfuse would cut, change, or take for
 * something else, or they look like what they are not. */
static bool
is_plain(char c)
{
	return (unsigned char)c > ' ' && (unsigned char)c < 0x7f && strchr("*+()#\\$", c) == NULL;
}

/* The brace that closes the one after a $, on the same line and not far away. */
static const char *
find_close(const struct token_reader *r)
{
	const char *s = r->text;
	const char *end = r->end - s > TEXT_QUOTE ? s + TEXT_QUOTE : r->end;

	while (s < end && *s != '}' && *s != '\n')
		s++;
	return s < end && *s == '}' ? s : NULL;
}

static const char no_variables[] =
    "${...} stands for nothing here: write the value itself, or '...' around it if it is meant "
    "literally";

static void
check_word(const struct token_reader *r, struct token *t)
{
	char text[TEXT_QUOTE] = "", q[TEXT_QUOTE];

	for (size_t i = 0; i < t->len; i++)
		t->faulty = t->faulty || !is_plain(t->start[i]);
	if (!t->faulty)
		return;
	memcpy(text, t->start, t->len < sizeof(text) ? t->len : sizeof(text) - 1);
	if (strncmp(text, "include(", 8) == 0)
		errors_add(r->faults, r->file, t->line,
		           "there is no include(): everything stands in the two files");
	else if (memmem(t->start, t->len, "${", 2) != NULL)
		errors_add(r->faults, r->file, t->line, "%s", no_variables);
	else
		errors_add(r->faults, r->file, t->line, "%s must stand in quotes, ' or \"",
		           text_quote(q, text));
}

static void
read_word(struct token_reader *r, struct token *t)
{
	t->kind = TOKEN_WORD;
	while (r->text < r->end && !ends_word(*r->text)) {
		/* The braces of ${X} belong to the word. */
		const char *close = at(r, "${") ? find_close(r) : NULL;

		r->text = close != NULL ? close + 1 : r->text + 1;
	}
	t->len = (size_t)(r->text - t->start);
	check_word(r, t);
}

/* What libconfuse would take for "append". */
static void
read_append(struct token_reader *r, struct token *t)
{
	t->kind = TOKEN_EQUALS;
	t->len = 2;
	r->text += t->len;
	errors_add(r->faults, r->file, t->line,
	           "there is no +=: write =; exclude and rsync_options add to those further out "
	           "by themselves");
}

/* The end of a string's text, or NULL when there is none. */
static const char *
find_quote(const char *s, const char *end, char quote)
{
	for (; s < end; s++) {
		if (*s == quote)
			return s;
		if (quote == '"' && *s == '\\')
			s++;
	}
	return NULL;
}

static void
check_string(const struct token_reader *r, struct token *t)
{
	if (t->quote == '"' && memmem(t->start, t->len, "${", 2) != NULL) {
		t->faulty = true;
		errors_add(r->faults, r->file, t->line, "%s", no_variables);
	}
	for (size_t i = 0; i < t->len && !t->faulty; i++)
		if (is_control(t->start[i])) {
			t->faulty = true;
			errors_add(r->faults, r->file, t->line,
			           "there is a control character in the string, \\%03o",
			           (unsigned)t->start[i]);
		}
}

/* A forgotten quote is told by this: where the string then ends, a word follows at once. */
static bool
ends_well(const struct token_reader *r)
{
	return r->text == r->end || is_blank(*r->text) || strchr(",={}#/", *r->text) != NULL;
}

/* Say what is wrong with a string after whose end something follows at once. */
static void
tell_run_on(const struct token_reader *r, const struct token *t)
{
	if (*r->text == ';')
		errors_add(r->faults, r->file, r->line, "there is no ';' here: leave it out");
	else if (r->line > t->line)
		errors_add(r->faults, r->file, t->line,
		           "the string that begins here ends within line %d: is its closing quote "
		           "missing here?",
		           r->line);
	else if (t->quote == '\'' && t->len > 0 && t->start[t->len - 1] == '\\')
		errors_add(r->faults, r->file, t->line,
		           "within '...' a backslash is a backslash: write a ' within \"...\"");
	else
		errors_add(r->faults, r->file, t->line,
		           "something follows a string at once: is a quote or a comma missing?");
}

static void
read_string(struct token_reader *r, struct token *t)
{
	const char *close = find_quote(r->text + 1, r->end, *r->text);

	t->kind = TOKEN_CUT;
	t->quote = *r->text;
	if (close == NULL) {
		errors_add(r->faults, r->file, t->line,
		           "the string that begins here does not end: %c is missing", t->quote);
		return;
	}
	t->start = r->text + 1;
	t->len = (size_t)(close - t->start);
	skip(r, (size_t)(close + 1 - r->text));
	if (!ends_well(r)) {
		tell_run_on(r, t);
		return;
	}
	t->kind = TOKEN_STRING;
	check_string(r, t);
}

static const struct {
	char mark;
	enum token_kind kind;
} marks[] = {
    {'=', TOKEN_EQUALS},
    {'{', TOKEN_OPEN},
    {'}', TOKEN_CLOSE},
    {',', TOKEN_COMMA},
};

void
token_next(struct token_reader *r, struct token *t)
{
	bool more = skip_space(r);

	*t =
	    (struct token){.kind = more ? TOKEN_END : TOKEN_CUT, .line = r->line, .start = r->text};
	if (!more || r->text == r->end)
		return;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (*r->text == marks[i].mark) {
			t->kind = marks[i].kind;
			t->len = 1;
			r->text++;
			return;
		}
	if (*r->text == '"' || *r->text == '\'')
		read_string(r, t);
	else if (at(r, "+="))
		read_append(r, t);
	else
		read_word(r, t);
}

int
token_unquote(const struct token *t, size_t *at)
{
	while (*at < t->len) {
		const char *c = t->start + (*at)++;
		char next = '\0';

		if (*at < t->len)
			next = c[1];
		/* Lines end as they do here, wherever the file was written. */
		if (*c == '\r' && next == '\n')
			continue;
		if (t->quote != '"' || *c != '\\' || next == '\0')
			return (unsigned char)*c;
		if (next != '"' && next != '\\' && next != '\n')
			return '\\';
		(*at)++;
		if (next != '\n')
			return (unsigned char)next;
	}
	return -1;
}
