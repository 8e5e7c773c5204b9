// SPDX-License-Identifier: ISC
#include "flashback/config/rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flashback/config/errors.h"
#include "flashback/config/rsyncopt.h"
#include "flashback/config/source.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"

#define DAY INT64_C(86400)
#define KEEP_MAX 100000
#define IO_TIMEOUT_MAX (7 * DAY)
#define PORT_MAX 65535
#define MINUTES_A_DAY (24 * 60)

int
rule_duration(const char *value, int64_t max, int64_t *out, char **why)
{
	char q[TEXT_QUOTE], longest[UNITS_TEXT];
	int64_t seconds = INT64_MAX;

	if (units_parse_duration(value, &seconds) == -1 && errno != ERANGE)
		return text_refuse(why,
		                   "%s is not a duration: write a number and its unit, such as "
		                   "\"90s\", \"30m\", \"12h\", \"1d\" or \"2w\"",
		                   text_quote(q, value));
	if (seconds < RULE_SECONDS_MIN)
		return text_refuse(why, "%s is too short: at least 1s", text_quote(q, value));
	if (seconds > max)
		return text_refuse(why, "%s is too long: at most %s", text_quote(q, value),
		                   units_format_duration(longest, max));
	*out = seconds;
	return 0;
}

int
rule_count(const char *value, unsigned min, unsigned max, unsigned *out, char **why)
{
	char q[TEXT_QUOTE];
	unsigned n = 0;

	if (units_parse_count(value, max, &n) == 0 && n >= min) {
		*out = n;
		return 0;
	}
	return text_refuse(why,
	                   "%s is not a number from %u to %u, in digits without a zero in front",
	                   text_quote(q, value), min, max);
}

int
rule_program(const char *path, char **why)
{
	char q[TEXT_QUOTE];

	if (text_has_control(path))
		return text_refuse(why, "%s has a control character in it", text_quote(q, path));
	if (*path != '/')
		return text_refuse(
		    why,
		    "%s is not an absolute path: a program is named in full, such as "
		    "/usr/bin/true",
		    text_quote(q, path));
	return 0;
}

/* How the text of one option becomes a field of a volume. */
struct rule {
	const char *fallback; /* the built-in default; NULL: none */
	int (*apply)(const struct rule *rule, const char *value, struct volume *v, char **why);
	size_t field; /* its offset */
	int64_t max;  /* of numbers and durations */
};

static void *
field(const struct rule *rule, struct volume *v)
{
	return (char *)v + rule->field;
}

static int
apply_duration(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	return rule_duration(value, rule->max, field(rule, v), why);
}

static int
apply_count(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	return rule_count(value, 0, (unsigned)rule->max, field(rule, v), why);
}

static int
apply_switch(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};
	bool *on = field(rule, v);
	char q[TEXT_QUOTE];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*on = i % 2 == 1;
			return 0;
		}
	return text_refuse(why, "%s is neither yes nor no", text_quote(q, value));
}

static int
apply_percent(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	char q[TEXT_QUOTE];

	if (units_parse_percent(value, field(rule, v)) == 0)
		return 0;
	return text_refuse(why,
	                   "%s is not a share: write a number from 0%% to 100%%, such as \"50%%\"",
	                   text_quote(q, value));
}

static int
apply_source(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	(void)rule;
	return source_parse(value, v, why);
}

static int
replace(char **s, const char *value, char **why)
{
	*why = NULL;
	return text_replace(s, "%s", value);
}

/* rsync cuts the remote shell into words; both kinds of quotes hold one together. */
static bool
quotes_are_closed(const char *s)
{
	char quote = '\0';

	for (; *s != '\0'; s++) {
		if (quote == '\0' && (*s == '\'' || *s == '"'))
			quote = *s;
		else if (*s == quote)
			quote = '\0';
	}
	return quote == '\0';
}

static int
apply_ssh(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	char q[TEXT_QUOTE];

	if (text_has_control(value))
		return text_refuse(why, "%s has a control character in it", text_quote(q, value));
	if (*value == '\0' || *value == ' ' || *value == '-')
		return text_refuse(why,
		                   "%s does not begin with a program: write \"ssh\" and its "
		                   "options, such as \"ssh -p 2222\"",
		                   text_quote(q, value));
	if (!quotes_are_closed(value))
		return text_refuse(why, "a quote is not closed in %s", text_quote(q, value));
	return replace(field(rule, v), value, why);
}

static int
apply_address(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	if (source_check_host(value, why) == -1)
		return -1;
	return replace(field(rule, v), value, why);
}

/* The port is kept with the probe: 0 means the usual one. */
static int
apply_probe(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	char q[TEXT_QUOTE];
	unsigned port = 0;

	(void)rule;
	if (strcmp(value, "none") == 0)
		v->probe = VOLUME_PROBE_NONE;
	else if (strcmp(value, "ping") == 0)
		v->probe = VOLUME_PROBE_PING;
	else if (strcmp(value, "tcp") == 0 ||
	         (strncmp(value, "tcp:", 4) == 0 &&
	          units_parse_count(value + 4, PORT_MAX, &port) == 0 && port > 0))
		v->probe = VOLUME_PROBE_TCP;
	else
		return text_refuse(why,
		                   "%s is not a way to ask a host: write ping, tcp, tcp:PORT "
		                   "(1 to 65535) or none",
		                   text_quote(q, value));
	if (port > 0)
		v->probe_port = (int)port;
	return 0;
}

/* HH:MM to minutes; -1 when it is not that.  24:00 is right only for an end. */
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

static int
apply_window(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	bool shaped = strlen(value) == strlen("HH:MM-HH:MM") && value[5] == '-';
	int from = shaped ? read_time(value, MINUTES_A_DAY - 1) : -1;
	int to = shaped ? read_time(value + 6, MINUTES_A_DAY) : -1;
	struct volume_window *windows;
	char q[TEXT_QUOTE];

	(void)rule;
	if (from == -1 || to == -1)
		return text_refuse(
		    why, "%s is not a time of day: write HH:MM-HH:MM, such as \"22:00-06:00\"",
		    text_quote(q, value));
	if (from == to)
		return text_refuse(why, "%s is empty: its end is its beginning",
		                   text_quote(q, value));
	*why = NULL;
	windows = reallocarray(v->windows, v->nwindows + 1, sizeof(*windows));
	if (windows == NULL)
		return -1;
	windows[v->nwindows++] = (struct volume_window){.from = from, .to = to};
	v->windows = windows;
	return 0;
}

static int
append(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	*why = NULL;
	return text_list_add(field(rule, v), value);
}

/* rsync takes what begins so, even as an --exclude, for something else. */
static int
apply_exclude(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	char q[TEXT_QUOTE];

	if (*value == '\0')
		return text_refuse(why, "a pattern is empty");
	if (strcmp(value, "!") == 0)
		return text_refuse(why, "'!' would drop the patterns that stand before it");
	if (strncmp(value, "+ ", 2) == 0)
		return text_refuse(why,
		                   "%s is a rule that includes: write \"--include=PATTERN\" "
		                   "in rsync_options",
		                   text_quote(q, value));
	return append(rule, value, v, why);
}

static int
apply_rsync_options(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	if (rsyncopt_check(value, why) == -1)
		return -1;
	return append(rule, value, v, why);
}

static int
apply_command(const struct rule *rule, const char *value, struct volume *v, char **why)
{
	const struct text_list *words = field(rule, v);

	if (words->n == 0 && rule_program(value, why) == -1)
		return -1;
	return append(rule, value, v, why);
}

#define FIELD(name) offsetof(struct volume, name)

static const struct rule rules[VOLUME_KEYS] = {
    [VOLUME_SOURCE] = {NULL, apply_source, FIELD(source), 0},
    [VOLUME_EVERY] = {"1d", apply_duration, FIELD(every), UNITS_DURATION_MAX},
    [VOLUME_KEEP_LAST] = {"0", apply_count, FIELD(keep.last), KEEP_MAX},
    [VOLUME_KEEP_HOURLY] = {"0", apply_count, FIELD(keep.hourly), KEEP_MAX},
    [VOLUME_KEEP_DAILY] = {"10", apply_count, FIELD(keep.daily), KEEP_MAX},
    [VOLUME_KEEP_WEEKLY] = {"8", apply_count, FIELD(keep.weekly), KEEP_MAX},
    [VOLUME_KEEP_MONTHLY] = {"0", apply_count, FIELD(keep.monthly), KEEP_MAX},
    [VOLUME_KEEP_YEARLY] = {"0", apply_count, FIELD(keep.yearly), KEEP_MAX},
    [VOLUME_EXCLUDE] = {NULL, apply_exclude, FIELD(exclude), 0},
    [VOLUME_RSYNC_OPTIONS] = {NULL, apply_rsync_options, FIELD(rsync_options), 0},
    [VOLUME_SSH] = {"ssh", apply_ssh, FIELD(ssh), 0},
    [VOLUME_ONE_FILE_SYSTEM] = {"yes", apply_switch, FIELD(one_file_system), 0},
    [VOLUME_PROBE] = {NULL, apply_probe, FIELD(probe), 0},
    [VOLUME_ADDRESS] = {NULL, apply_address, FIELD(address), 0},
    [VOLUME_WINDOW] = {NULL, apply_window, FIELD(windows), 0},
    [VOLUME_IO_TIMEOUT] = {"10m", apply_duration, FIELD(io_timeout), IO_TIMEOUT_MAX},
    [VOLUME_REMOVABLE] = {"no", apply_switch, FIELD(removable), 0},
    [VOLUME_BEFORE] = {NULL, apply_command, FIELD(before), 0},
    [VOLUME_AFTER] = {NULL, apply_command, FIELD(after), 0},
    [VOLUME_SHRINK_GUARD] = {"50%", apply_percent, FIELD(shrink_guard), 0},
    [VOLUME_OVERDUE] = {NULL, apply_duration, FIELD(overdue), UNITS_DURATION_MAX},
    [VOLUME_DISABLED] = {"no", apply_switch, FIELD(disabled), 0},
};

int
rule_apply(enum volume_key key, const char *value, struct volume *v, char **why)
{
	*why = NULL;
	return rules[key].apply(&rules[key], value, v, why);
}

const char *
rule_default(enum volume_key key)
{
	return rules[key].fallback;
}
