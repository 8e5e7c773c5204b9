// SPDX-License-Identifier: ISC
#include "flashback/config/lint.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/text.h"

#define NAME_MAX_LENGTH 40
#define DEPTH 2    /* nested sections; libconfuse rejects more */
#define LONGEST 16 /* the most that one character grows to: a { */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define PLAIN LETTERS "!%&./:;<>?@[]^`|~" /* allowed in an unquoted word */

/* The last token outside of lists. */
enum last { NOTHING, NAME, TITLE, EQUALS, VALUE };

struct cleaner {
	const char *at, *end;
	int line;  /* of at */
	char *out; /* the end of the copy */
	int held;  /* line ends read but not yet written */
	enum last last;
	int word_line, equals_line; /* of the last word or string, of the last = */
	int list;                   /* the line of the open list, or 0 */
	int opened[DEPTH];          /* the lines of the open sections */
	size_t depth;
	struct lint *lint;
};

/* Record the error and its line.  Return false. */
static bool __attribute__((format(printf, 3, 4)))
fail(struct cleaner *c, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	c->lint->line = line;
	if (vasprintf(&c->lint->why, fmt, args) == -1)
		c->lint->why = NULL;
	va_end(args);
	return false;
}

static bool
fail_variable(struct cleaner *c, int line)
{
	return fail(c, line,
	            "${...} is not expanded: write the value itself, or '...' around it if it is "
	            "meant literally");
}

/* Does the text continue with word? */
static bool
at(const struct cleaner *c, const char *word)
{
	return strncmp(c->at, word, strlen(word)) == 0;
}

/* Handle the end of a line.  What follows a name or title is copied to the same line: libconfuse
 * reports what is missing there on the line of the next token. */
static void
end_line(struct cleaner *c)
{
	c->line++;
	if (c->last == NAME || c->last == TITLE)
		c->held++;
	else
		*c->out++ = '\n';
}

/* Skip a comment, but copy its line ends: libconfuse counts lines wrongly after one. */
static bool
skip_comment(struct cleaner *c)
{
	bool block = at(c, "/*");
	const char *end = block ? strstr(c->at + 2, "*/") : strchr(c->at, '\n');

	if (end == NULL && block)
		return fail(c, c->line, "unterminated comment: \"*/\" is missing");
	if (end == NULL)
		end = c->end;
	for (; c->at < end; c->at++)
		if (*c->at == '\n')
			end_line(c);
	c->at += block ? 2 : 0;
	return true;
}

/* Should a name stand here? */
static bool
is_named(const struct cleaner *c)
{
	return c->list == 0 && (c->last == NOTHING || c->last == VALUE);
}

/* Record that a word or string begins on this line. */
static void
take_place(struct cleaner *c, int line)
{
	if (c->last != TITLE)
		c->word_line = line;
	if (c->list == 0)
		c->last = is_named(c) ? NAME : c->last == EQUALS ? VALUE : TITLE;
}

/* Reject a word with a character that libconfuse would drop, change or misinterpret, or that
 * resembles unsupported syntax. */
static bool
refuse_word(struct cleaner *c, const char *word, size_t len)
{
	char q[TEXT_QUOTE];

	if (at(c, "include("))
		return fail(c, c->line, "include() is not supported: there are just the two files");
	if (c->at[len - 1] == '+' && c->at[len] == '=')
		return fail(c, c->line,
		            "\"+=\" is not supported: write \"=\"; exclude and rsync_options add "
		            "up by themselves");
	if (memmem(c->at, len + 1, "${", 2) != NULL)
		return fail_variable(c, c->line);
	return fail(c, c->line, "%s must be quoted, with ' or \"", text_quote(q, word));
}

/* Copy an unquoted word.  A value gets quotes: libconfuse is slow with long unquoted words. */
static bool
copy_word(struct cleaner *c)
{
	size_t len = strcspn(c->at, " \t\r\n={},\"'");
	char word[TEXT_QUOTE] = "", q[TEXT_QUOTE], mark = '"';

	memcpy(word, c->at, len < sizeof(word) ? len : sizeof(word) - 1);
	if (strspn(c->at, PLAIN) < len)
		return refuse_word(c, word, len);
	if (is_named(c)) {
		mark = ' ';
		if (strspn(c->at, LETTERS) < len || len > NAME_MAX_LENGTH)
			return fail(c, c->line,
			            "%s is not the name of an option or section: write NAME = "
			            "VALUE, or NAME { ... }",
			            text_quote(q, word));
	}
	take_place(c, c->line);
	*c->out++ = mark;
	for (; len > 0; len--)
		*c->out++ = *c->at++;
	*c->out++ = mark;
	return true;
}

/*
 * Copy the contents of a string, so escaped that libconfuse returns them unchanged.  In "..." a
 * backslash quotes a following " or \, and joins a line to the next; everything else is literal.
 * Line ends are written after the string, so that errors are reported where it begins.
 */
static bool
copy_between(struct cleaner *c, char quote)
{
	int line = c->line;

	for (; c->at < c->end && *c->at != quote; c->at++) {
		bool escapes = quote == '"';
		bool joined = escapes && (at(c, "\\\n") || at(c, "\\\r\n"));

		if (escapes && at(c, "${"))
			return fail_variable(c, line);
		if (joined)
			c->at += c->at[1] == '\r' ? 2 : 1;
		else if (escapes && (at(c, "\\\"") || at(c, "\\\\")))
			c->at++;
		if (((unsigned char)*c->at < ' ' && strchr("\t\r\n", *c->at) == NULL) ||
		    *c->at == 0x7f)
			return fail(c, line, "control character \\%03o in the string", *c->at);
		if (*c->at == '\n') {
			c->line++;
			c->held++;
		}
		if (joined || *c->at == '\r')
			continue;
		if (strchr("\n\"\\$", *c->at) != NULL)
			*c->out++ = '\\';
		*c->out++ = *c->at == '\n' ? 'n' : *c->at;
	}
	return c->at < c->end ||
	       fail(c, line, "unterminated string: the closing %c is missing", quote);
}

/* Detect a missing quote: the string then ends at the next quote, and a word follows directly. */
static bool
check_end(struct cleaner *c, int line, char quote)
{
	if (c->at == c->end || strchr(" \t\r\n,={}#/", *c->at) != NULL)
		return true;
	if (*c->at == ';')
		return fail(c, c->line, "unexpected \";\": leave it out");
	if (c->line > line)
		return fail(c, line,
		            "the string that begins here ends on line %d: is its closing quote "
		            "missing here?",
		            c->line);
	if (quote == '\'' && c->at[-2] == '\\')
		return fail(c, line, "a backslash does nothing in '...': write a ' in \"...\"");
	return fail(c, line, "text directly after a string: is a quote or a comma missing?");
}

/* Copy a string as "...", and check that it may stand here. */
static bool
copy_string(struct cleaner *c)
{
	char quote = *c->at++;
	int line = c->line;

	*c->out++ = '"';
	if (!copy_between(c, quote))
		return false;
	c->at++;
	*c->out++ = '"';
	if (!check_end(c, line, quote))
		return false;
	if (is_named(c))
		return fail(c, line,
		            "unexpected string: names have no quotes, and several values are a "
		            "list, { 'a', 'b' }");
	take_place(c, line);
	return true;
}

/* Write what follows a {: for a list (after =) its mark and line, for a section an option with
 * its line. */
static void
open_brace(struct cleaner *c)
{
	if (c->last == EQUALS) {
		c->list = c->word_line;
		c->out += snprintf(c->out, LONGEST, "%c%d,", LINT_MARK, c->list);
		return;
	}
	if (c->depth < DEPTH)
		c->opened[c->depth] = c->word_line;
	c->depth++;
	c->lint->sections++;
	c->out += snprintf(c->out, LONGEST, "%c=%c%d ", LINT_MARK, LINT_MARK, c->word_line);
}

/* Copy one of = { } , and keep track of what is open. */
static bool
copy_mark(struct cleaner *c)
{
	bool outside = c->list == 0;
	char mark = *c->at;

	/* libconfuse would take the name on the next line as the value. */
	if (outside && ((c->last == EQUALS && mark != '{') ||
	                (c->last == VALUE && mark == '=' && c->word_line > c->equals_line)))
		return fail(c, c->equals_line, "a value is missing after the \"=\"");
	*c->out++ = *c->at++;
	if (outside && mark == '{')
		open_brace(c);
	if (outside && mark == '}' && c->depth > 0)
		c->depth--;
	if (outside && mark == '=')
		c->equals_line = c->line;
	if (mark == '}')
		c->list = 0;
	c->last = outside && mark == '=' ? EQUALS : NOTHING;
	return true;
}

/* Copy the next token, comment or blank. */
static bool
copy_next(struct cleaner *c)
{
	bool good;

	if (*c->at == '#' || at(c, "//") || at(c, "/*"))
		return skip_comment(c);
	if (strchr(" \t\r\n", *c->at) != NULL) {
		if (*c->at++ == '\n')
			end_line(c);
		return true;
	}
	if (*c->at == '"' || *c->at == '\'')
		good = copy_string(c);
	else
		good = strchr("={},", *c->at) != NULL ? copy_mark(c) : copy_word(c);
	for (; c->held > 0 && c->last != NAME && c->last != TITLE; c->held--)
		*c->out++ = '\n';
	return good;
}

/* Report what is still open at the end of the file: libconfuse accepts half a file without an
 * error. */
static void
check_open(struct cleaner *c)
{
	if (c->list != 0)
		fail(c, c->list, "the list that begins here is not closed: \"}\" is missing");
	else if (c->last == EQUALS)
		fail(c, c->equals_line, "a value is missing after the \"=\"");
	else if (c->depth > 0)
		fail(c, c->opened[c->depth < DEPTH ? c->depth - 1 : DEPTH - 1],
		     "the section that begins here is not closed: \"}\" is missing at the end of "
		     "the file");
}

/* Reject bytes that a text file does not have: a NUL would end the text early, a lone carriage
 * return would make a comment endless. */
static bool
check_bytes(struct cleaner *c)
{
	int line = 1;

	for (const char *s = c->at; s < c->end; line += *s++ == '\n') {
		if (*s == '\0')
			return fail(c, line, "NUL byte: is this a text file?");
		if (*s == '\r' && s[1] != '\n')
			return fail(c, line, "carriage return without a line feed");
	}
	return true;
}

/* Copy the text token by token up to the first error.  out->text then ends before the token with
 * the error, and the caller still checks the values before it. */
int
lint_clean(const char *text, size_t len, struct lint *out)
{
	struct cleaner c = {.at = text, .end = text + len, .line = 1, .lint = out};
	bool good;
	char *before;

	*out = (struct lint){.text = malloc((len + 1) * LONGEST)};
	if (out->text == NULL)
		return -1;
	good = check_bytes(&c);
	out->text[0] = ' '; /* fmemopen rejects an empty buffer */
	before = c.out = out->text + 1;
	if (at(&c, "\xef\xbb\xbf")) /* the byte order mark of some editors */
		c.at += 3;
	while (good && c.at < c.end) {
		before = c.out;
		good = copy_next(&c);
	}
	if (good)
		check_open(&c);
	out->len = (size_t)((good ? c.out : before) - out->text);
	out->end = c.line;
	if (out->line == 0 || out->why != NULL)
		return 0;
	lint_free(out);
	return -1;
}

void
lint_free(struct lint *l)
{
	free(l->text);
	free(l->why);
	*l = (struct lint){0};
}
