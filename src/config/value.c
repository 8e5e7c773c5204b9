// SPDX-License-Identifier: ISC
#include "flashback/config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flashback/lib/units.h"

#define MINUTES_A_DAY (24 * 60)

int
value_duration(const char *text, int64_t min, int64_t max, int64_t *out, char **why)
{
	char longest[UNITS_TEXT];
	int64_t seconds = INT64_MAX;

	if (min == 0 && strcmp(text, "0") == 0)
		seconds = 0;
	else if (units_parse_duration(text, &seconds) == -1 && errno != ERANGE)
		return text_refuse_word(why, text,
		                        " is not a duration: write a number and its unit, such as "
		                        "\"90s\", \"30m\", \"12h\", \"1d\" or \"2w\"");
	if (seconds < min)
		return text_refuse_word(why, text, " is too short: at least 1s");
	if (seconds > max)
		return text_refuse_word(why, text, " is too long: at most %s",
		                        units_format_duration(longest, max));
	*out = seconds;
	return 0;
}

int
value_count(const char *text, unsigned min, unsigned max, unsigned *out, char **why)
{
	unsigned n = 0;

	if (units_parse_count(text, max, &n) == -1 || n < min)
		return text_refuse_word(
		    why, text,
		    " is not a number from %u to %u, in digits without a leading "
		    "zero",
		    min, max);
	*out = n;
	return 0;
}

int
value_switch(const char *text, bool *out, char **why)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*out = i % 2 == 1;
			return 0;
		}
	return text_refuse_word(why, text, " is neither yes nor no");
}

int
value_share(const char *text, int *out, char **why)
{
	if (units_parse_percent(text, out) == 0)
		return 0;
	return text_refuse_word(
	    why, text, " is not a percentage: write a number from 0%% to 100%%, such as \"50%%\"");
}

int
value_room(const char *text, int *percent, uint64_t *bytes, char **why)
{
	uint64_t size = UINT64_MAX;
	int share = -1;

	if (units_parse_percent(text, &share) == -1 && units_parse_size(text, &size) == -1)
		return text_refuse_word(why, text,
		                        " is neither a percentage of the disk nor a size: write "
		                        "\"2%%\" or \"10G\"");
	if (share > 5000)
		return text_refuse_word(why, text, " is more than half of the disk: at most 50%%");
	if (size > 0 && size < 1024)
		return text_refuse_word(
		    why, text, " is a number of bytes: write its unit, \"2%%\" or \"10G\"");
	*percent = share;
	*bytes = size;
	return 0;
}

/* Parse HH:MM to minutes; -1 when it is something else.  max allows 24:00 only as an end. */
static int
read_time(const char *s, int max)
{
	int minutes;

	if (strspn(s, "0123456789") < 2 || s[2] != ':' || strspn(s + 3, "0123456789") < 2 ||
	    s[3] > '5')
		return -1;
	minutes = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] - '0';
	return minutes <= max ? minutes : -1;
}

void
value_minutes(const char *text, int *from, int *to)
{
	*from = read_time(text, MINUTES_A_DAY - 1);
	*to = read_time(text + strlen("HH:MM-"), MINUTES_A_DAY);
}

int
value_window(const char *text, char **why)
{
	int from = -1, to = -1;

	if (strlen(text) == strlen("HH:MM-HH:MM") && text[5] == '-')
		value_minutes(text, &from, &to);
	if (from == -1 || to == -1)
		return text_refuse_word(
		    why, text, " is not a time of day: write HH:MM-HH:MM, such as \"22:00-06:00\"");
	if (from == to)
		return text_refuse_word(why, text, " is empty: it ends when it begins");
	return 0;
}

int
value_program(const char *path, char **why)
{
	if (text_has_control(path))
		return text_refuse_word(why, path, " contains a control character");
	if (*path == '/')
		return 0;
	return text_refuse_word(
	    why, path,
	    " is not an absolute path: write the program's full path, such as /usr/bin/true");
}

/* A quote may begin anywhere in a word; doubled inside quotes of its kind it stands for itself. */
int
value_shell_words(const char *text, struct text_list *words)
{
	char *word = malloc(strlen(text) + 1);
	char quote = '\0';
	int rc = 0;

	if (word == NULL)
		return -1;
	for (text += strspn(text, " "); rc == 0 && *text != '\0'; text += strspn(text, " ")) {
		size_t len = 0;

		for (; *text != '\0' && (quote != '\0' || *text != ' '); text++) {
			if (quote == '\0' && (*text == '\'' || *text == '"'))
				quote = *text;
			else if (*text != quote)
				word[len++] = *text;
			else if (text[1] == quote)
				word[len++] = *text++;
			else
				quote = '\0';
		}
		word[len] = '\0';
		rc = text_list_add(words, word);
	}
	free(word);
	if (rc == 0 && quote != '\0') {
		errno = EINVAL;
		rc = -1;
	}
	return rc;
}

const char *
value_shell_option(const struct text_list *words, size_t *i, const char *option)
{
	const char *word = words->item[*i];

	if (strncmp(word, option, strlen(option)) != 0)
		return NULL;
	if (word[strlen(option)] != '\0')
		return word + strlen(option);
	return *i + 1 < words->n ? words->item[++*i] : "";
}

/* Append a word to a remote shell, in quotes where rsync would split it.  Return 0/-1. */
static int
add_shell_word(char **shell, const char *word)
{
	bool plain = *word != '\0' && strpbrk(word, " '\"") == NULL;
	const char *quote = plain ? "" : strchr(word, '\'') != NULL ? "\"" : "'";
	int rc = text_replace(shell, "%s%s%s", *shell, **shell != '\0' ? " " : "", quote);

	for (; rc == 0 && *word != '\0'; word++)
		rc = text_replace(shell, "%s%c%s", *shell, *word, *word == *quote ? quote : "");
	return rc == 0 ? text_replace(shell, "%s%s", *shell, quote) : -1;
}

char *
value_shell_keyless(const char *ssh)
{
	static const char named[] = "IdentityFile";
	struct text_list words = {0};
	char *out = strdup("");
	int rc = out != NULL ? value_shell_words(ssh, &words) : -1;

	for (size_t i = 0, first = 0; rc == 0 && i < words.n; first = ++i) {
		const char *key = value_shell_option(&words, &i, "-i");
		const char *other = key == NULL ? value_shell_option(&words, &i, "-o") : NULL;

		if (key != NULL || (other != NULL && strncasecmp(other, named, strlen(named)) == 0))
			continue;
		for (; rc == 0 && first <= i; first++)
			rc = add_shell_word(&out, words.item[first]);
	}
	text_list_free(&words);
	if (rc == 0)
		return out;
	free(out);
	return NULL;
}

int
value_shell(const char *text, char **why)
{
	struct text_list words = {0};
	char q[TEXT_QUOTE];
	int rc;

	*why = NULL;
	if (text_has_control(text))
		return text_refuse_word(why, text, " contains a control character");
	if (*text == '\0' || *text == ' ' || *text == '-')
		return text_refuse_word(why, text,
		                        " does not begin with a program: write \"ssh\" and its "
		                        "options, such as \"ssh -p 2222\"");
	rc = value_shell_words(text, &words);
	if (rc == -1 && errno == EINVAL)
		(void)text_refuse(why, "unclosed quote in %s", text_quote(q, text));
	else if (rc == 0 && text_list_has(&words, "-tt"))
		rc = text_refuse_word(why, text,
		                      ": -tt puts a terminal between the two rsyncs, which "
		                      "changes what they say: remove it");
	text_list_free(&words);
	return rc;
}

/* rsync gives these patterns another meaning, even in --exclude. */
int
value_pattern(const char *text, char **why)
{
	if (*text == '\0')
		return text_refuse(why, "a pattern is empty");
	if (strcmp(text, "!") == 0)
		return text_refuse(why, "'!' would drop the patterns before it");
	if (strncmp(text, "+ ", 2) == 0)
		return text_refuse_word(why, text,
		                        " is a rule that includes: write \"--include=PATTERN\" "
		                        "in rsync_options");
	return 0;
}

/* Split a command at blanks.  Anything that only a shell would interpret is rejected: it would
 * be passed to the program literally. */
int
value_words(const char *text, struct text_list *words, char **why)
{
	*why = NULL;
	if (text_list_split(words, text) == -1)
		return -1;
	if (words->n == 0)
		return text_refuse(why,
		                   "the command is empty: name a program, or write { } for none");
	/* Shell syntax, which has no effect here. */
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->item[i];

		if (strpbrk(word, "'\"") != NULL || word[strspn(word, "|&;<>")] == '\0')
			return text_refuse(why, "no shell reads this, it is split at blanks: write "
			                        "a list, one item per word, such as { '/bin/sh', "
			                        "'-c', '...' }");
	}
	return value_program(words->item[0], why);
}

/* Quote s: with '...' if that avoids backslashes, else with "...". */
char *
value_print_text(const char *s)
{
	bool single = strpbrk(s, "\"\\$") != NULL && strchr(s, '\'') == NULL;
	char *text = malloc(2 * strlen(s) + 1), *p = text, *safe, *out = NULL;

	if (text == NULL)
		return NULL;
	for (; *s != '\0'; s++) {
		if (!single && (*s == '"' || *s == '\\'))
			*p++ = '\\';
		*p++ = *s;
	}
	*p = '\0';
	safe = text_escaped(text);
	if (safe != NULL)
		out = single ? text_format("'%s'", safe) : text_format("\"%s\"", safe);
	free(safe);
	free(text);
	return out;
}

char *
value_print_list(const struct text_list *list)
{
	char *text = strdup("{");

	for (size_t i = 0; i < list->n && text != NULL; i++) {
		char *item = value_print_text(list->item[i]);

		if (item == NULL ||
		    text_replace(&text, "%s%s %s", text, i > 0 ? "," : "", item) == -1) {
			free(text);
			text = NULL;
		}
		free(item);
	}
	if (text == NULL || text_replace(&text, "%s }", text) == 0)
		return text;
	free(text);
	return NULL;
}

char *
value_print_duration(int64_t seconds)
{
	char text[UNITS_TEXT];

	return text_format("\"%s\"", seconds != 0 ? units_format_duration(text, seconds) : "0");
}

char *
value_print_share(int hundredths)
{
	if (hundredths % 100 == 0)
		return text_format("\"%d%%\"", hundredths / 100);
	return text_format("\"%d.%02d%%\"", hundredths / 100, hundredths % 100);
}

/* With the largest unit that gives a whole number. */
char *
value_print_size(uint64_t bytes)
{
	static const char *const units[] = {"", "K", "M", "G", "T"};
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	return text_format("\"%" PRIu64 "%s\"", bytes, units[i]);
}
