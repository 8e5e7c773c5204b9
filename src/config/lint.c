// SPDX-License-Identifier: ISC
#include "flashback/config/lint.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/text.h"

#define NAME_MAX_LENGTH 40
#define DEPTH 2    /* sections within each other; libconfuse refuses more */
#define LONGEST 16 /* what a character becomes: a { */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define PLAIN LETTERS "!%&./:;<>?@[]^`|~" /* of a bare word */

/* What came last, outside of lists. */
enum last { NOTHING, NAME, TITLE, EQUALS, VALUE };

struct cleaner {
	const char *at, *end;
	int line;  /* of at */
	char *out; /* where the copy goes on */
	int held;  /* line ends that were read and are still to be written */
	enum last last;
	int word_line, equals_line; /* of the last word or string, of the last = */
	int list;                   /* the line of the list that we are in, or 0 */
	int opened[DEPTH];          /* the lines of the sections that we are in */
	size_t depth;
	struct lint *lint;
};

/* Something is wrong. */
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

/* Does the text go on with word? */
static bool
at(const struct cleaner *c, const char *word)
{
	return strncmp(c->at, word, strlen(word)) == 0;
}

/* A line ends.  What follows a name or a title goes on the line of that, since libconfuse would
 * report on the line of what follows that something is missing before it. */
static void
end_line(struct cleaner *c)
{
	c->line++;
	if (c->last == NAME || c->last == TITLE)
		c->held++;
	else
		*c->out++ = '\n';
}

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

/* A word or string that begins on this line. */
static void
take_place(struct cleaner *c, int line)
{
	if (c->last != TITLE)
		c->word_line = line;
	if (c->list == 0)
		c->last = is_named(c) ? NAME : c->last == EQUALS ? VALUE : TITLE;
}

/* A word with a character that libconfuse would cut, change, or take for something else, or that
 * looks like what it is not. */
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

/* A bare word; one that is a value gets quotes, for libconfuse is slow with long ones. */
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

/* What is between the quotes, so that libconfuse leaves it alone: in "..." a backslash takes the
 * meaning from a following " or \, and joins a line to the next; everything else stands for itself.
 * Line ends are counted after the string, which is reported where it begins. */
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

/* A forgotten quote shows by this: where the string then ends, a word follows at once. */
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

/* What follows a {, of a list after =, else of a section. */
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

static bool
copy_mark(struct cleaner *c)
{
	bool outside = c->list == 0;
	char mark = *c->at;

	/* libconfuse would take the name on the next line for the value. */
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

/* Copy what comes next. */
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

/* The file ends: libconfuse takes what is there for all of it. */
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

/* Bytes that no text file holds, or that would make one endless comment of it. */
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
	out->text[0] = ' '; /* fmemopen wants something */
	before = c.out = out->text + 1;
	if (at(&c, "\xef\xbb\xbf")) /* with which some editors begin UTF-8 */
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
