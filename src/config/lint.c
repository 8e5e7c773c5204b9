// SPDX-License-Identifier: ISC
#include "flashback/config/lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/config/grammar.h"
#include "flashback/config/token.h"

#define NAME_MAX_LENGTH 40

/* The text that is being written, and what is known of the one that is read. */
struct writer {
	struct token_reader reader;
	struct lint *out;
	size_t size; /* of out->text */
	bool lost;   /* memory ran out */
	enum grammar_state state;
	struct token name, title, value;
	int opened[LINT_DEPTH]; /* the lines of the sections around */
	unsigned depth;
	unsigned sections; /* so many so far */
	size_t whole;      /* the length of the new text up to the last whole statement */
	size_t before;     /* ... and up to the one before that */
};

static void
put(struct writer *w, const char *s, size_t len)
{
	struct lint *out = w->out;
	size_t size = w->size;
	char *text;

	while (size < out->len + len + 1)
		size = size == 0 ? 4096 : 2 * size;
	if (size > w->size) {
		text = realloc(out->text, size);
		if (text == NULL) {
			w->lost = true;
			return;
		}
		out->text = text;
		w->size = size;
	}
	memcpy(out->text + out->len, s, len);
	out->len += len;
	out->text[out->len] = '\0';
}

static void
put_text(struct writer *w, const char *s)
{
	put(w, s, strlen(s));
}

/* Every string begins with its line.  That of a section goes on with its number, for libconfuse
 * takes two sections with the same title for one, and forgets what stood in the first. */
static void
put_line(struct writer *w, int line, unsigned section)
{
	char text[32];

	if (section == 0)
		snprintf(text, sizeof(text), "\"%d", line);
	else
		snprintf(text, sizeof(text), "\"%d.%u", line, section);
	put_text(w, text);
}

static void
put_mark(struct writer *w, int line, unsigned section, const char *mark)
{
	put_line(w, line, section);
	put_text(w, mark);
	put_text(w, "\"");
}

static void
put_value(struct writer *w, const struct token *t, unsigned section)
{
	char text[24];
	size_t at = 0;
	int c;

	put_line(w, t->line, section);
	put_text(w, ":");
	while ((c = token_unquote(t, &at)) != -1) {
		bool plain = c >= ' ' && c < 0x7f && strchr("\"\\$", c) == NULL;
		char byte = (char)c;

		if (plain) {
			put(w, &byte, 1);
			continue;
		}
		snprintf(text, sizeof(text), "\\x%02x", (unsigned)c);
		put_text(w, text);
	}
	put_text(w, "\"");
}

/* Is a name made of letters as ours are? */
static bool
is_name(const struct token *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-",
		           t->start[i]) == NULL)
			return false;
	return t->len <= NAME_MAX_LENGTH;
}

/* Write the name of an option or section, and enter it among those at this depth.  Return false
 * when there are too many. */
static bool
put_name(struct writer *w, char kind, size_t max)
{
	struct text_list *names = &w->out->names[w->depth];
	char name[NAME_MAX_LENGTH + sizeof("o_")] = {kind, '_', '\0'};
	size_t same = 0;

	memcpy(name + 2, w->name.start, w->name.len);
	put_text(w, name);
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->item[i], name) == 0)
			return true;
		same += names->item[i][0] == kind;
	}
	if (same == max) {
		errors_add(w->reader.faults, w->reader.file, w->name.line,
		           "%s is one name too many: this is not a config file of flashback",
		           name + 2);
		return false;
	}
	if (text_list_add(names, name) == -1)
		w->lost = true;
	return true;
}

/* Nothing more can be made of the file: keep what was whole, and close what is open. */
static void
cut(struct writer *w)
{
	w->out->cut = true;
	if (w->out->text == NULL)
		return;
	w->out->len = w->whole;
	w->out->text[w->whole] = '\0';
	for (; w->depth > 0; w->depth--)
		put_text(w, "}");
}

static void
complain_of_name(struct writer *w, const char *wrong)
{
	char name[NAME_MAX_LENGTH + 1] = "";

	memcpy(name, w->name.start, w->name.len);
	errors_add(w->reader.faults, w->reader.file, w->name.line, "%s: %s", name, wrong);
}

/* Say what is wrong with a token that leads nowhere. */
static void
complain(struct writer *w, const struct token *t, const struct grammar_step *step)
{
	bool valued = w->state == GRAMMAR_STATEMENT && t->kind == TOKEN_EQUALS && w->value.len > 0;

	/* What was taken for the value before this '=' is none. */
	if (valued)
		w->whole = w->before;
	if (valued && w->value.line > w->name.line)
		complain_of_name(w, grammar_step(GRAMMAR_VALUE, TOKEN_EQUALS)->wrong);
	else if (step->at_name)
		complain_of_name(w, step->wrong);
	else
		errors_add(w->reader.faults, w->reader.file, t->line, "%s", step->wrong);
}

static bool
begin_statement(struct writer *w, const struct token *t)
{
	char text[TEXT_QUOTE] = "", q[TEXT_QUOTE];

	w->value = (struct token){0};
	if (t->faulty)
		return false;
	w->name = *t;
	if (is_name(t))
		return true;
	memcpy(text, t->start, t->len < sizeof(text) ? t->len : sizeof(text) - 1);
	errors_add(w->reader.faults, w->reader.file, t->line,
	           "%s is not the name of an option or section: write NAME = VALUE, or "
	           "NAME { ... }",
	           text_quote(q, text));
	return false;
}

static bool
open_section(struct writer *w, const struct token *t)
{
	if (w->depth == LINT_DEPTH) {
		errors_add(
		    w->reader.faults, w->reader.file, t->line,
		    "a section too many: is the } missing of one that begins on line %d or %d?",
		    w->opened[0], w->opened[LINT_DEPTH - 1]);
		return false;
	}
	if (!put_name(w, LINT_SECTION, LINT_SECTIONS))
		return false;
	w->opened[w->depth++] = w->name.line;
	put_text(w, " ");
	w->sections++;
	if (w->state == GRAMMAR_TITLED)
		put_value(w, &w->title, w->sections);
	else
		put_mark(w, w->name.line, w->sections, "");
	put_text(w, " {\n");
	return true;
}

static bool
close_section(struct writer *w, const struct token *t)
{
	if (w->depth == 0) {
		errors_add(w->reader.faults, w->reader.file, t->line,
		           "there is no section that this } could close");
		return false;
	}
	w->depth--;
	put_text(w, "}\n");
	return true;
}

static bool
end_file(struct writer *w)
{
	if (w->depth == 0)
		return true;
	errors_add(
	    w->reader.faults, w->reader.file, w->opened[w->depth - 1],
	    "the section that begins here is not closed: } is missing at the end of the file");
	return false;
}

/* Begin an option: the mark tells whether a list follows. */
static bool
begin_value(struct writer *w, const char *mark)
{
	if (!put_name(w, LINT_OPTION, LINT_OPTIONS))
		return false;
	put_text(w, " += { ");
	put_mark(w, w->name.line, 0, mark);
	return true;
}

static bool
add_value(struct writer *w, const struct token *t)
{
	put_text(w, ", ");
	if (t->faulty)
		put_mark(w, t->line, 0, "!");
	else
		put_value(w, t, 0);
	return true;
}

static bool
end_value(struct writer *w)
{
	put_text(w, " }\n");
	return true;
}

/* A token where a statement may begin or end. */
static bool
act_on_statement(struct writer *w, const struct token *t)
{
	if (t->kind == TOKEN_WORD)
		return begin_statement(w, t);
	return t->kind == TOKEN_CLOSE ? close_section(w, t) : end_file(w);
}

/* A token after '='. */
static bool
act_on_value(struct writer *w, const struct token *t)
{
	if (t->kind == TOKEN_OPEN)
		return begin_value(w, "{");
	w->value = *t;
	return begin_value(w, "") && add_value(w, t) && end_value(w);
}

/* Write what a token that is right here comes to.  Return false when the file is to be cut. */
static bool
act(struct writer *w, const struct token *t)
{
	switch (w->state) {
	case GRAMMAR_STATEMENT:
		return act_on_statement(w, t);
	case GRAMMAR_NAMED:
		w->title = *t;
		return t->kind != TOKEN_OPEN || open_section(w, t);
	case GRAMMAR_TITLED:
		return open_section(w, t);
	case GRAMMAR_VALUE:
		return act_on_value(w, t);
	case GRAMMAR_ITEM:
	case GRAMMAR_SEPARATOR:
		if (t->kind == TOKEN_COMMA)
			return true;
		return t->kind == TOKEN_CLOSE ? end_value(w) : add_value(w, t);
	case GRAMMAR_WRONG:
		break;
	}
	return false;
}

/* Read and write until the end, or until nothing can be made of the rest. */
static void
translate(struct writer *w)
{
	struct token t;

	do {
		const struct grammar_step *step;

		token_next(&w->reader, &t);
		if (t.kind == TOKEN_CUT) {
			cut(w);
			return;
		}
		step = grammar_step(w->state, t.kind);
		if (step->next == GRAMMAR_WRONG)
			complain(w, &t, step);
		if (step->next == GRAMMAR_WRONG || !act(w, &t)) {
			cut(w);
			return;
		}
		w->state = step->next;
		if (w->state == GRAMMAR_STATEMENT) {
			w->before = w->whole;
			w->whole = w->out->len;
		}
	} while (t.kind != TOKEN_END);
}

/* Bytes that no text file holds, or that would make one endless comment of it. */
static bool
check_bytes(const char *text, size_t len, const char *file, struct errors_list *faults)
{
	int line = 1;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0') {
			errors_add(faults, file, line,
			           "there is a NUL byte here: is this a text file?");
			return false;
		}
		if (text[i] == '\r' && text[i + 1] != '\n') {
			errors_add(faults, file, line,
			           "there is a carriage return without a line feed here: lines "
			           "must end in a line feed");
			return false;
		}
		line += text[i] == '\n';
	}
	return true;
}

int
lint_clean(const char *text, size_t len, const char *file, struct errors_list *faults,
           struct lint *out)
{
	static const char mark[] = "\xef\xbb\xbf"; /* with which some editors begin UTF-8 */
	struct writer w = {.out = out, .state = GRAMMAR_STATEMENT};

	*out = (struct lint){0};
	w.reader = (struct token_reader){
	    .text = text, .end = text + len, .line = 1, .file = file, .faults = faults};
	if (strncmp(text, mark, sizeof(mark) - 1) == 0)
		w.reader.text += sizeof(mark) - 1;
	put_text(&w, "\n");
	w.whole = out->len;
	if (check_bytes(text, len, file, faults))
		translate(&w);
	else
		cut(&w);
	if (!w.lost)
		return 0;
	lint_free(out);
	return -1;
}

void
lint_free(struct lint *l)
{
	free(l->text);
	for (unsigned i = 0; i <= LINT_DEPTH; i++)
		text_list_free(&l->names[i]);
	*l = (struct lint){0};
}

enum lint_item
lint_read(const char *item, int *line, const char **value)
{
	*line = 0;
	for (; *item >= '0' && *item <= '9'; item++)
		*line = *line * 10 + (*item - '0');
	if (*item == '.')
		item += 1 + strspn(item + 1, "0123456789");
	*value = NULL;
	if (*item == '{')
		return LINT_LIST;
	if (*item == '!')
		return LINT_TOLD;
	if (*item != ':')
		return LINT_SINGLE;
	*value = item + 1;
	return LINT_VALUE;
}
