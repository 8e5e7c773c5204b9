// SPDX-License-Identifier: ISC
#include "flashback/config/rsyncopt.h"

#include <stddef.h>
#include <stdbool.h>
#include <string.h>

#include "flashback/config/errors.h"
#include "flashback/config/suggest.h"
#include "flashback/lib/units.h"

/* What may stand after an option's '='. */
enum argument {
	NONE,
	WORD, /* anything without blanks, lest it be two options */
	TEXT, /* anything */
	PORT,
	FILE_NAME, /* an absolute path: rsync runs in the volume's directory */
	RULE       /* a filter rule, but none that drops the rules before it */
};

static const struct allowed {
	const char *name;
	enum argument argument;
} allowed[] = {
    {"--exclude", RULE},
    {"--include", RULE},
    {"--filter", RULE},
    {"--exclude-from", FILE_NAME},
    {"--include-from", FILE_NAME},
    {"--max-size", WORD},
    {"--min-size", WORD},
    {"-z", NONE},
    {"--compress", NONE},
    {"--compress-choice", WORD},
    {"--compress-level", WORD},
    {"--compress-threads", WORD},
    {"--skip-compress", WORD},
    {"--bwlimit", WORD},
    {"--rsync-path", TEXT},
    {"--password-file", FILE_NAME},
    {"--port", PORT},
    {"--address", WORD},
    {"-4", NONE},
    {"-6", NONE},
    {"--contimeout", WORD},
    {"--sockopts", WORD},
    {"--iconv", WORD},
    {"--fake-super", NONE},
    {"--copy-unsafe-links", NONE},
    {"--safe-links", NONE},
    {"--munge-links", NONE},
    {"-W", NONE},
    {"--whole-file", NONE},
    {"--no-whole-file", NONE},
    {"--block-size", WORD},
    {"-c", NONE},
    {"--checksum", NONE},
    {"--checksum-choice", WORD},
    {"--fsync", NONE},
    {"--open-noatime", NONE},
    {"--max-alloc", WORD},
    {"--old-args", NONE},
    {"--no-hard-links", NONE},
    {"--no-acls", NONE},
    {"--no-xattrs", NONE},
    {"--no-sparse", NONE},
    {"--no-numeric-ids", NONE},
    {"--no-owner", NONE},
    {"--no-group", NONE},
    {"--no-devices", NONE},
    {"--no-specials", NONE},
};

#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

static const struct allowed *
find(const char *option, size_t len)
{
	for (size_t i = 0; i < ALLOWED; i++)
		if (strlen(allowed[i].name) == len && memcmp(allowed[i].name, option, len) == 0)
			return &allowed[i];
	return NULL;
}

/* Not one of them: is it nearly one, several in one, or of no use here? */
static int
refuse_unknown(const char *option, size_t len, char **why)
{
	char q[TEXT_QUOTE], name[TEXT_QUOTE / 2] = "";
	struct suggest near = {.word = name};

	if (option[0] != '-')
		return text_refuse(why,
		                   "%s is not an option: an option and its value are one item, "
		                   "--option=value",
		                   text_quote(q, option));
	if (strcspn(option, " \t") < len)
		return text_refuse(why,
		                   "%s has a blank in it: write each option as an item of a list, "
		                   "one with a value as --option=value",
		                   text_quote(q, option));
	if (option[1] != '-' && option[1] != '\0' && option[2] != '\0')
		return text_refuse(why,
		                   "%s: write a short option alone, in an item of its own, and "
		                   "one with a value in full, --option=value",
		                   text_quote(q, option));
	if (len < sizeof(name))
		memcpy(name, option, len);
	for (size_t i = 0; name[0] != '\0' && i < ALLOWED; i++)
		if (len > 2 && strlen(allowed[i].name) > 2)
			suggest_try(&near, allowed[i].name);
	if (near.best != NULL)
		return text_refuse(why, "%s is not allowed here; did you mean %s?",
		                   text_quote(q, option), near.best);
	return text_refuse(why, "%s is not allowed here; hosts.conf(5) lists the options that are",
	                   text_quote(q, option));
}

static int
check_rule(const char *option, const char *value, char **why)
{
	char q[TEXT_QUOTE];

	if (value[0] == '!' || strcmp(value, "clear") == 0)
		return text_refuse(why, "%s would drop the excludes that stand before it",
		                   text_quote(q, option));
	return 0;
}

static int
check_argument(const struct allowed *a, const char *option, const char *value, char **why)
{
	char q[TEXT_QUOTE];
	unsigned port;

	if (a->argument == NONE && value == NULL)
		return 0;
	if (a->argument == NONE)
		return text_refuse(why, "%s: %s takes no value", text_quote(q, option), a->name);
	if (value == NULL || *value == '\0')
		return text_refuse(why, "%s needs its value in the same item: %s=VALUE", a->name,
		                   a->name);
	if (a->argument == FILE_NAME && *value != '/')
		return text_refuse(why, "%s: give %s an absolute path", text_quote(q, option),
		                   a->name);
	if (a->argument == WORD && strpbrk(value, " \t") != NULL)
		return text_refuse(why,
		                   "%s has a blank in it: write each option as an item of a list",
		                   text_quote(q, option));
	if (a->argument == PORT && (units_parse_count(value, 65535, &port) == -1 || port == 0))
		return text_refuse(why, "%s: a port is a number from 1 to 65535",
		                   text_quote(q, option));
	if (a->argument == RULE)
		return check_rule(option, value, why);
	return 0;
}

int
rsyncopt_check(const char *option, char **why)
{
	size_t len = strcspn(option, "=");
	const struct allowed *a = find(option, len);
	char q[TEXT_QUOTE];

	if (*option == '\0')
		return text_refuse(why, "an item is empty");
	if (text_has_control(option))
		return text_refuse(why, "%s has a control character in it", text_quote(q, option));
	if (a == NULL)
		return refuse_unknown(option, len, why);
	return check_argument(a, option, option[len] == '=' ? option + len + 1 : NULL, why);
}

bool
rsyncopt_quick(const char *option)
{
	static const char *const quick[] = {
	    "--exclude",
	    "--include",
	    "--exclude-from",
	    "--include-from",
	    "-z",
	    "--compress",
	    "--compress-choice",
	    "--compress-level",
	    "--compress-threads",
	    "--skip-compress",
	    "--bwlimit",
	    "--rsync-path",
	    "--password-file",
	    "--port",
	    "--address",
	    "-4",
	    "-6",
	    "--contimeout",
	    "--sockopts",
	    "-W",
	    "--whole-file",
	    "--no-whole-file",
	    "--block-size",
	    "--fsync",
	    "--open-noatime",
	    "--max-alloc",
	};
	size_t len = strcspn(option, "=");

	for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
		if (strlen(quick[i]) == len && memcmp(quick[i], option, len) == 0)
			return true;
	return strncmp(option, "--no-", 5) == 0;
}
