// SPDX-License-Identifier: ISC
#include "flashback/config/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/config/option.h"
#include "flashback/config/suggest.h"

/* Append an error, formatted.  Beyond ERRORS_MAX it is only counted, so that a binary file does
 * not give a message for each byte. */
void
errors_add(struct errors_list *list, const char *file, int line, const char *fmt, ...)
{
	struct errors *item;
	va_list args;
	char *text;
	int n;

	if (list->n == ERRORS_MAX) {
		list->more++;
		return;
	}
	item = reallocarray(list->item, list->n + 1, sizeof(*item));
	if (item == NULL) {
		list->lost = true;
		return;
	}
	list->item = item;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n == -1) {
		list->lost = true;
		return;
	}
	list->item[list->n++] = (struct errors){.file = file, .line = line, .text = text};
}

void
errors_take(struct errors_list *list, const char *file, int line, const char *subject, char *why)
{
	if (why == NULL)
		list->lost = true;
	else if (subject != NULL)
		errors_add(list, file, line, "%s: %s", subject, why);
	else
		errors_add(list, file, line, "%s", why);
	free(why);
}

/* For qsort_r: by file, line and text; arg points to the file that comes first. */
static int
compare(const void *a, const void *b, void *arg)
{
	const struct errors *x = a, *y = b;
	const char *const *first = arg;

	if (x->file != y->file)
		return x->file == *first ? -1 : y->file == *first ? 1 : strcmp(x->file, y->file);
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int
report_one(const struct errors *f, struct text_list *out)
{
	char *line = f->line == 0 ? text_format("%s: %s", f->file, f->text)
	                          : text_format("%s:%d: %s", f->file, f->line, f->text);
	char *safe = line != NULL ? text_cleaned(line) : NULL;
	int rc = safe != NULL ? text_list_add(out, safe) : -1;

	free(safe);
	free(line);
	return rc;
}

/* Sort, drop duplicates, print.  An option in `defaults` is checked for each volume that
 * inherits it, which gives the same error many times. */
int
errors_report(struct errors_list *list, const char *first, struct text_list *out)
{
	if (list->n > 0)
		qsort_r(list->item, list->n, sizeof(list->item[0]), compare, &first);
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0 && compare(&list->item[i - 1], &list->item[i], &first) == 0)
			continue;
		if (report_one(&list->item[i], out) == -1)
			return -1;
	}
	if (list->more > 0 && text_list_addf(out, "%s: and %u more", first, list->more) == -1)
		return -1;
	return list->lost ? -1 : 0;
}

void
errors_free(struct errors_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i].text);
	free(list->item);
	*list = (struct errors_list){0};
}

static const struct section {
	const char *name;
	enum option_place place;
	const char *inside, *home; /* how to say "in it"; where it belongs */
	const char *inner;         /* the section that it may have; or NULL */
} sections[] = {
    {"defaults", OPTION_DEFAULTS, "in defaults", "flashback.conf", NULL},
    {"host", OPTION_HOST, "in a host", "hosts.conf, outside of other sections", "volume"},
    {"volume", OPTION_VOLUME, "in a volume", "a host in hosts.conf", NULL},
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* The level outside of all sections, for each file. */
static const struct section main_file = {"", OPTION_MAIN, "in flashback.conf", "", "defaults"};
static const struct section hosts_file = {"", 0, "outside of a host", "", "host"};

static const struct section *
find_section(const char *name)
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	return NULL;
}

/* Explain a name that is close to none: it may be the beginning of some, as keep is. */
static char *
reword_beginning(const struct section *here, const char *name)
{
	const struct option_row *o;
	size_t len = strlen(name);
	char *list = strdup("");

	for (size_t i = 0; list != NULL && (o = option_at(i)) != NULL; i++)
		if ((o->places & here->place) != 0 && len > 0 && strncmp(o->name, name, len) == 0 &&
		    o->name[len] == '_' &&
		    text_replace(&list, "%s%s%s", list, *list != '\0' ? ", " : "; did you mean ",
		                 o->name) == -1)
			break;
	if (list != NULL)
		(void)text_replace(&list, "unknown option \"%s\" %s%s%s", name, here->inside, list,
		                   *list != '\0' ? "?" : "");
	return list;
}

/* Explain an unknown name, with the closest known one if there is any. */
static char *
reword_unknown(const struct section *here, const char *name)
{
	struct suggest near = {.word = name};
	const struct option_row *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if ((o->places & here->place) != 0)
			suggest_try(&near, o->name);
	if (here->inner != NULL)
		suggest_try(&near, here->inner);
	if (near.best == NULL)
		return reword_beginning(here, name);
	return text_format("unknown %s \"%s\" %s; did you mean \"%s\"?",
	                   near.best == here->inner ? "section" : "option", name, here->inside,
	                   near.best);
}

/* Explain a name that is not allowed in a section: it may belong in another one. */
static char *
reword_misplaced(const struct section *here, bool hosts, const char *name)
{
	const struct section *section = find_section(name);
	const struct option_row *o = option_find(name);

	if (section != NULL)
		return text_format("section \"%s\" cannot stand %s: it belongs in %s%s", name,
		                   here->inside, section->home,
		                   *here->name != '\0' ? "; or is a \"}\" missing before it?" : "");
	if (o == NULL)
		return reword_unknown(here, name);
	return text_format("option \"%s\" cannot stand %s: it belongs in %s", name, here->inside,
	                   o->places == OPTION_MAIN     ? "flashback.conf, outside of its sections"
	                   : o->places == OPTION_VOLUME ? "a volume"
	                   : hosts                      ? "a host or a volume"
	                                                : "the section defaults { }");
}

/* Explain an unexpected character by the mistake that most often causes it. */
static char *
reword_unexpected(const char *token)
{
	switch (token[0]) {
	case '=':
		return text_format("unexpected \"=\": a value that contains \"=\" must be quoted; "
		                   "or is a name, or the \"}\" of a list, missing before it?");
	case ',':
		return text_format("unexpected \",\": commas stand only between the values of a "
		                   "list, { 'a', 'b' }");
	case '{':
		return text_format("unexpected \"{\": the name of a section, or the \"=\" of an "
		                   "option, is missing before it");
	default:
		return text_format("\",\" or \"}\" is missing before this item of a list");
	}
}

/* Translate libconfuse's messages, by their format string, into ones that say what to write
 * instead. */
char *
errors_reword(const char *fmt, const char *arg, const char *section, bool hosts, int first)
{
	const struct section *here = find_section(section);

	if (here == NULL)
		here = hosts ? &hosts_file : &main_file;
	if (strcmp(fmt, "no such option '%s'") == 0)
		return reword_misplaced(here, hosts, arg);
	if (strcmp(fmt, "found duplicate title '%s'") == 0)
		return text_format("duplicate %s \"%s\", first defined on line %d",
		                   here->place == OPTION_HOST ? "volume" : "host", arg, first);
	if (strcmp(fmt, "unexpected token '%s'") == 0)
		return reword_unexpected(arg);
	if (strcmp(fmt, "missing equal sign after option '%s'") == 0)
		return text_format("%s: \"=\" and a value are missing: write %s = VALUE", arg, arg);
	if (strcmp(fmt, "missing title for section '%s'") == 0)
		return text_format("%s: a name is missing: write %s \"NAME\" { ... }", arg, arg);
	if (strcmp(fmt, "missing opening brace for section '%s'") == 0)
		return text_format("%s: \"{\" is missing: write %s%s { ... }", arg, arg,
		                   strcmp(arg, "defaults") != 0 ? " \"NAME\"" : "");
	if (strcmp(fmt, "unexpected closing brace") == 0)
		return text_format("unexpected \"}\": no section is open");
	if (strcmp(fmt, "premature end of file") == 0)
		return text_format("the file ends in the middle of an option");
	return text_format("this cannot be parsed");
}
