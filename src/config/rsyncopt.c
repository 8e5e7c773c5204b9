// SPDX-License-Identifier: ISC
#include "flashback/config/rsyncopt.h"

#include <string.h>

#include "flashback/config/suggest.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"

/* The argument allowed after an option's '='. */
enum argument {
	NONE,
	WORD, /* anything without blanks, which would be two options */
	TEXT, /* anything */
	PORT,
	FILE_NAME, /* an absolute path: rsync runs in the volume's directory */
	RULE       /* a filter rule, but none that drops the rules before it */
};

/* The uses, as short as the table needs them. */
enum {
	REACH = RSYNCOPT_REACH,
	QUICK = RSYNCOPT_QUICK,
	SEND = RSYNCOPT_SEND,
	RESTORE = RSYNCOPT_RESTORE,
	FILTER = RSYNCOPT_FILTER,
	OMIT = RSYNCOPT_OMIT
};
#define REACH_ALL (REACH | QUICK | SEND)
#define FILTER_QUICK (FILTER | QUICK)

static const struct rsyncopt {
	const char *name;
	enum argument argument;
	unsigned uses;
} options[] = {
    {"--exclude", RULE, FILTER_QUICK},
    {"--include", RULE, FILTER_QUICK},
    {"--filter", RULE, FILTER},
    {"--exclude-from", FILE_NAME, FILTER_QUICK},
    {"--include-from", FILE_NAME, FILTER_QUICK},
    {"--max-size", WORD, OMIT},
    {"--min-size", WORD, OMIT},
    {"-z", NONE, QUICK | SEND},
    {"--compress", NONE, QUICK | SEND},
    {"--compress-choice", WORD, QUICK | SEND},
    {"--compress-level", WORD, QUICK | SEND},
    {"--compress-threads", WORD, QUICK | SEND},
    {"--skip-compress", WORD, QUICK},
    {"--bwlimit", WORD, QUICK},
    {"--rsync-path", TEXT, REACH_ALL},
    {"--password-file", FILE_NAME, REACH_ALL},
    {"--port", PORT, REACH_ALL},
    {"--address", WORD, REACH_ALL},
    {"-4", NONE, REACH_ALL},
    {"-6", NONE, REACH_ALL},
    {"--contimeout", WORD, REACH_ALL},
    {"--sockopts", WORD, REACH_ALL},
    {"--iconv", WORD, REACH | SEND},
    {"--fake-super", NONE, RESTORE},
    {"--copy-unsafe-links", NONE, 0},
    {"--safe-links", NONE, OMIT},
    {"--munge-links", NONE, RESTORE},
    {"-W", NONE, QUICK},
    {"--whole-file", NONE, QUICK},
    {"--no-whole-file", NONE, QUICK | RESTORE},
    {"--block-size", WORD, QUICK},
    {"-c", NONE, 0},
    {"--checksum", NONE, 0},
    {"--checksum-choice", WORD, 0},
    {"--fsync", NONE, QUICK},
    {"--open-noatime", NONE, QUICK},
    {"--max-alloc", WORD, QUICK},
    {"--old-args", NONE, REACH | SEND},
    {"--no-hard-links", NONE, QUICK | RESTORE},
    {"--no-acls", NONE, QUICK | RESTORE},
    {"--no-xattrs", NONE, QUICK | RESTORE},
    {"--no-sparse", NONE, QUICK | RESTORE},
    {"--no-numeric-ids", NONE, QUICK | RESTORE},
    {"--no-owner", NONE, QUICK | RESTORE},
    {"--no-group", NONE, QUICK | RESTORE},
    {"--no-devices", NONE, QUICK | RESTORE | OMIT},
    {"--no-specials", NONE, QUICK | RESTORE | OMIT},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

static const struct rsyncopt *
find(const char *option, size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strlen(options[i].name) == len && memcmp(options[i].name, option, len) == 0)
			return &options[i];
	return NULL;
}

/* Explain an option that is not in the table: not an option at all, several in one item, a
 * spelling error, or not allowed. */
static int
refuse_unknown(const char *option, size_t len, char **why)
{
	char q[TEXT_QUOTE], name[TEXT_QUOTE / 2] = "";
	struct suggest near = {.word = name};

	if (option[0] != '-')
		return text_refuse_word(why, option,
		                        " is not an option: write an option and its value as one "
		                        "item, --option=value");
	if (strcspn(option, " \t") < len)
		return text_refuse_word(
		    why, option,
		    " contains a blank: write each option as an item of a list, "
		    "one with a value as --option=value");
	if (option[1] != '-' && option[1] != '\0' && option[2] != '\0')
		return text_refuse_word(why, option,
		                        ": write a short option alone, in an item of its own, and "
		                        "one with a value in full, --option=value");
	if (len < sizeof(name))
		memcpy(name, option, len);
	for (size_t i = 0; name[0] != '\0' && i < OPTIONS; i++)
		if (len > 2 && strlen(options[i].name) > 2)
			suggest_try(&near, options[i].name);
	if (near.best != NULL)
		return text_refuse(why, "option %s is not allowed; did you mean \"%s\"?",
		                   text_quote(q, option), near.best);
	return text_refuse(why, "option %s is not allowed; hosts.conf(5) lists those that are",
	                   text_quote(q, option));
}

static int
check_rule(const char *option, const char *value, char **why)
{
	if (value[0] == '!' || strcmp(value, "clear") == 0)
		return text_refuse_word(why, option, " would drop the excludes before it");
	return 0;
}

/* Check the value for the option.  A relative file name would be looked up in the volume's
 * directory, and a blank would make two options of one. */
static int
check_argument(const struct rsyncopt *a, const char *option, const char *value, char **why)
{
	unsigned port;

	if (a->argument == NONE && value == NULL)
		return 0;
	if (a->argument == NONE)
		return text_refuse_word(why, option, ": %s takes no value", a->name);
	if (value == NULL || *value == '\0')
		return text_refuse(why, "%s needs its value in the same item: %s=VALUE", a->name,
		                   a->name);
	if (a->argument == FILE_NAME && *value != '/')
		return text_refuse_word(why, option, ": give %s an absolute path", a->name);
	if (a->argument == WORD && strpbrk(value, " \t") != NULL)
		return text_refuse_word(
		    why, option, " contains a blank: write each option as an item of a list");
	if (a->argument == PORT && (units_parse_count(value, 65535, &port) == -1 || port == 0))
		return text_refuse_word(why, option, ": a port is a number from 1 to 65535");
	if (strcmp(a->name, "--iconv") == 0 && *value == '.')
		return text_refuse_word(
		    why, option,
		    ": a run has no locale that \".\" could stand for: name both "
		    "character sets, as in --iconv=UTF-8,ISO-8859-1");
	if (a->argument == RULE)
		return check_rule(option, value, why);
	return 0;
}

int
rsyncopt_check(const char *option, char **why)
{
	size_t len = strcspn(option, "=");
	const struct rsyncopt *a = find(option, len);

	if (*option == '\0')
		return text_refuse(why, "an item is empty");
	if (text_has_control(option))
		return text_refuse_word(why, option, " contains a control character");
	if (a == NULL)
		return refuse_unknown(option, len, why);
	return check_argument(a, option, option[len] == '=' ? option + len + 1 : NULL, why);
}

bool
rsyncopt_has(const char *option, unsigned uses)
{
	const struct rsyncopt *o = find(option, strcspn(option, "="));

	return o != NULL && (o->uses & uses) != 0;
}
