// SPDX-License-Identifier: ISC
#include "flashback/config/entry.h"

#include <stdlib.h>
#include <string.h>

int
entry_add(struct entry *e, int line, const char *value)
{
	int *lines = reallocarray(e->lines, e->values.n + 1, sizeof(*lines));

	if (lines == NULL)
		return -1;
	e->lines = lines;
	if (text_list_add(&e->values, value) == -1)
		return -1;
	lines[e->values.n - 1] = line;
	return 0;
}

void
entry_free(struct entry *e)
{
	text_list_free(&e->values);
	free(e->lines);
	*e = (struct entry){0};
}

/* Is it one value, as all options take that are not lists? */
static bool
is_single(const struct entry *e, struct errors_list *faults)
{
	if (!e->list)
		return true;
	errors_add(faults, e->file, e->line, "%s: it takes one value, without braces", e->name);
	return false;
}

/* What a shell would understand in a command of one string, and we do not. */
static bool
is_shell(const struct text_list *words)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->item[i];

		if (strpbrk(word, "'\"") != NULL || word[strspn(word, "|&;<>")] == '\0')
			return true;
	}
	return false;
}

/* The words of a single string, cut at blanks. */
static int
split_words(const struct entry *e, struct text_list *words, struct errors_list *faults)
{
	const char *wrong = NULL;

	if (text_list_split(words, e->values.item[0]) == -1) {
		faults->lost = true;
		return -1;
	}
	if (words->n == 0)
		wrong = "the command is empty: name a program, or write { } for none";
	else if (is_shell(words))
		wrong = "no shell reads this, it is cut at blanks: write a list, one item a word, "
		        "such as { '/bin/sh', '-c', '...' }";
	if (wrong == NULL)
		return 0;
	errors_add(faults, e->file, e->lines[0], "%s: %s", e->name, wrong);
	return -1;
}

/* The words of a command: the items of a list, or a single string cut at blanks. */
static int
command_words(const struct entry *e, struct text_list *words, struct errors_list *faults)
{
	/* Without one of its words, it cannot be said which is the first. */
	if (e->told)
		return -1;
	if (!e->list)
		return split_words(e, words, faults);
	if (text_list_append(words, &e->values) == 0)
		return 0;
	faults->lost = true;
	return -1;
}

/* The line of word i of a command. */
static int
word_line(const struct entry *e, size_t i)
{
	return e->lines[e->list ? i : 0];
}

static void
set_layer(const struct entry *e, enum volume_key key, struct volume_layer *layer,
          struct text_list *values)
{
	struct volume_setting *s = &layer->setting[key];

	s->set = true;
	s->values = *values;
	s->origin = (struct volume_origin){.file = e->file, .line = e->line};
	*values = (struct text_list){0};
}

/* What is to be set: the words of a command, or the values as they are. */
static int
take_values(const struct entry *e, enum volume_key key, struct text_list *values,
            struct errors_list *faults)
{
	if (volume_key_is_command(key))
		return command_words(e, values, faults);
	if (text_list_append(values, &e->values) == 0)
		return 0;
	faults->lost = true;
	return -1;
}

/* Check each; return false when one of them is wrong. */
static bool
check_values(const struct entry *e, enum volume_key key, const struct text_list *values,
             struct errors_list *faults)
{
	bool good = true;

	for (size_t i = 0; i < values->n; i++) {
		char *why;

		if (volume_check_value(key, i, values->item[i], &why) == 0)
			continue;
		good = false;
		errors_take(faults, e->file, word_line(e, i), e->name, why);
	}
	return good;
}

void
entry_to_layer(const struct entry *e, enum volume_key key, struct volume_layer *layer,
               struct errors_list *faults)
{
	struct text_list values = {0};

	if (!volume_key_is_list(key) && !is_single(e, faults))
		return;
	if (take_values(e, key, &values, faults) == 0 && check_values(e, key, &values, faults) &&
	    !e->told)
		set_layer(e, key, layer, &values);
	text_list_free(&values);
}

static void
set_notify(const struct entry *e, struct config *c, struct errors_list *faults)
{
	struct text_list words = {0};
	char *why;

	if (command_words(e, &words, faults) == 0)
		for (size_t i = 0; i < words.n; i++)
			if (config_set(c, CONFIG_NOTIFY, words.item[i], &why) == -1) {
				errors_take(faults, e->file, word_line(e, i), e->name, why);
				break;
			}
	text_list_free(&words);
}

void
entry_to_config(const struct entry *e, enum config_key key, struct config *c,
                struct errors_list *faults)
{
	char *why;

	c->origin[key] = (struct volume_origin){.file = e->file, .line = e->line};
	if (key == CONFIG_NOTIFY)
		set_notify(e, c, faults);
	else if (is_single(e, faults) && !e->told &&
	         config_set(c, key, e->values.item[0], &why) == -1)
		errors_take(faults, e->file, e->lines[0], e->name, why);
}
