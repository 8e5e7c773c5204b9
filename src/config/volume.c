// SPDX-License-Identifier: ISC
#include "flashback/config/volume.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flashback/config/errors.h"
#include "flashback/config/rule.h"
#include "flashback/config/source.h"
#include "flashback/lib/units.h"

#define LAYERS 3
#define MINUTES_A_DAY (24 * 60)
#define OVERDUE_LEAST INT64_C(172800) /* 2d */
#define SSH_PORT 22
#define RSYNC_PORT 873

static const char *const names[VOLUME_KEYS] = {
    [VOLUME_SOURCE] = "source",
    [VOLUME_EVERY] = "every",
    [VOLUME_KEEP_LAST] = "keep_last",
    [VOLUME_KEEP_HOURLY] = "keep_hourly",
    [VOLUME_KEEP_DAILY] = "keep_daily",
    [VOLUME_KEEP_WEEKLY] = "keep_weekly",
    [VOLUME_KEEP_MONTHLY] = "keep_monthly",
    [VOLUME_KEEP_YEARLY] = "keep_yearly",
    [VOLUME_EXCLUDE] = "exclude",
    [VOLUME_RSYNC_OPTIONS] = "rsync_options",
    [VOLUME_SSH] = "ssh",
    [VOLUME_ONE_FILE_SYSTEM] = "one_file_system",
    [VOLUME_PROBE] = "probe",
    [VOLUME_ADDRESS] = "address",
    [VOLUME_WINDOW] = "window",
    [VOLUME_IO_TIMEOUT] = "io_timeout",
    [VOLUME_REMOVABLE] = "removable",
    [VOLUME_BEFORE] = "before",
    [VOLUME_AFTER] = "after",
    [VOLUME_SHRINK_GUARD] = "shrink_guard",
    [VOLUME_OVERDUE] = "overdue",
    [VOLUME_DISABLED] = "disabled",
};

const char *
volume_key_name(enum volume_key key)
{
	return names[key];
}

enum volume_key
volume_key_find(const char *name)
{
	enum volume_key key = 0;

	while (key < VOLUME_KEYS && strcmp(names[key], name) != 0)
		key++;
	return key;
}

/* Of these the layers add up; of all others the innermost wins. */
static bool
adds_up(enum volume_key key)
{
	return key == VOLUME_EXCLUDE || key == VOLUME_RSYNC_OPTIONS;
}

bool
volume_key_is_command(enum volume_key key)
{
	return key == VOLUME_BEFORE || key == VOLUME_AFTER;
}

bool
volume_key_is_list(enum volume_key key)
{
	return adds_up(key) || volume_key_is_command(key) || key == VOLUME_WINDOW;
}

int
volume_check_name(const char *name, char **why)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	static const char also[] = "._-";
	static const char *const reserved[] = {"FAILED", "SUCCEEDED"};
	size_t len = strlen(name), fit = 0;
	char q[TEXT_QUOTE];

	while (fit < len && (strchr(letters, name[fit]) || strchr(also, name[fit])))
		fit++;
	if (len == 0 || fit < len || strchr(also, name[0]) != NULL)
		return text_refuse(why,
		                   "%s cannot be the name of a directory here: use letters, "
		                   "digits, '.', '_' and '-', beginning with a letter or digit",
		                   text_quote(q, name));
	if (len > VOLUME_NAME_MAX)
		return text_refuse(why, "%s is too long for a name: at most %d characters",
		                   text_quote(q, name), VOLUME_NAME_MAX);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(name, reserved[i]) == 0 || strstr(name, reserved[i]) != NULL)
			return text_refuse(why,
			                   "%s cannot be a name: scripts count the word %s in "
			                   "queue.txt",
			                   text_quote(q, name), reserved[i]);
	return 0;
}

/* What v holds, not v itself. */
static void
clear(struct volume *v)
{
	free(v->id);
	free(v->host);
	free(v->name);
	free(v->source);
	free(v->remote_host);
	free(v->path);
	free(v->ssh);
	free(v->address);
	free(v->windows);
	text_list_free(&v->exclude);
	text_list_free(&v->rsync_options);
	text_list_free(&v->before);
	text_list_free(&v->after);
}

int
volume_check_value(enum volume_key key, size_t index, const char *value, char **why)
{
	struct volume scratch = {0};
	int rc = 0;

	*why = NULL;
	/* Only the first word of a command is a program. */
	if (volume_key_is_command(key) && index > 0)
		return 0;
	rc = rule_apply(key, value, &scratch, why);
	clear(&scratch);
	return rc;
}

/* Is name this text of len bytes? */
static bool
is_text(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

bool
volume_keeps_any(const struct volume_keep *p)
{
	return p->last > 0 || p->hourly > 0 || p->daily > 0 || p->weekly > 0 || p->monthly > 0 ||
	       p->yearly > 0;
}

bool
volume_is_named(const struct volume *v, const char *operand)
{
	size_t len = strlen(operand);

	while (len > 0 && operand[len - 1] == '/')
		len--;
	return is_text(v->id, operand, len) || is_text(v->host, operand, len);
}

struct volume *
volume_ref(struct volume *v)
{
	v->refs++;
	return v;
}

void
volume_free(struct volume *v)
{
	if (v == NULL || --v->refs > 0)
		return;
	clear(v);
	free(v);
}

void
volume_layer_free(struct volume_layer *layer)
{
	for (enum volume_key key = 0; key < VOLUME_KEYS; key++)
		text_list_free(&layer->setting[key].values);
}

static const struct volume_setting *
setting_of(const struct volume_layer *layer, enum volume_key key)
{
	return layer != NULL && layer->setting[key].set ? &layer->setting[key] : NULL;
}

static int
apply_setting(struct volume *v, enum volume_key key, const struct volume_setting *s, char **why)
{
	for (size_t i = 0; i < s->values.n; i++)
		if (rule_apply(key, s->values.item[i], v, why) == -1)
			return -1;
	v->origin[key] = s->origin;
	return 0;
}

/* Set one option from what the layers, or else the built-in default, say. */
static int
resolve_key(struct volume *v, enum volume_key key, const struct volume_layer *const *layers,
            char **why)
{
	const struct volume_setting *innermost = NULL;

	for (int i = 0; i < LAYERS; i++) {
		const struct volume_setting *s = setting_of(layers[i], key);

		if (s == NULL)
			continue;
		innermost = s;
		if (adds_up(key) && apply_setting(v, key, s, why) == -1)
			return -1;
	}
	if (innermost != NULL)
		return adds_up(key) ? 0 : apply_setting(v, key, innermost, why);
	if (rule_default(key) != NULL)
		return rule_apply(key, rule_default(key), v, why);
	return 0;
}

/* An exclude of what stands at path below the root of the transfer, unless there is one.  To rsync
 * a backslash is only special where a wildcard is, too. */
static int
exclude_path(struct volume *v, const char *path)
{
	bool escape = strpbrk(path, "*?[") != NULL;
	char *pattern = malloc(2 * strlen(path) + 1), *p = pattern;
	int rc = 0;

	if (pattern == NULL)
		return -1;
	for (; *path != '\0'; path++) {
		if (escape && strchr("*?[\\", *path) != NULL)
			*p++ = '\\';
		*p++ = *path;
	}
	*p = '\0';
	if (!text_list_has(&v->exclude, pattern))
		rc = text_list_add(&v->exclude, pattern);
	free(pattern);
	return rc;
}

int
volume_keep_out(struct volume *v, const char *source, const char *data_dir, char **why)
{
	size_t len = strcmp(source, "/") == 0 ? 0 : strlen(source);
	char q[TEXT_QUOTE];

	*why = NULL;
	if (source_is_inside(source, data_dir))
		return text_refuse(why,
		                   "%s is inside data_dir: the backups cannot be backed up there",
		                   text_quote(q, v->path));
	/* The other way round: data_dir inside the source.
	 * NOLINTNEXTLINE(readability-suspicious-call-argument) */
	return source_is_inside(data_dir, source) ? exclude_path(v, data_dir + len) : 0;
}

static int
keep_out(struct volume *v, const char *data_dir, char **why)
{
	char *source;
	int rc;

	if (v->transport != VOLUME_LOCAL || data_dir == NULL)
		return 0;
	source = source_tidy_path(v->path, why);
	rc = source != NULL ? volume_keep_out(v, source, data_dir, why) : -1;
	free(source);
	return rc;
}

/* The port that ssh is told with -p, or the usual one. */
static int
ssh_port(const char *ssh)
{
	static const char blanks[] = " \t";
	bool follows = false;
	int port = SSH_PORT;

	for (ssh += strspn(ssh, blanks); *ssh != '\0'; ssh += strspn(ssh, blanks)) {
		size_t len = strcspn(ssh, blanks);
		const char *word = ssh;
		char digits[sizeof("65535")] = "";
		unsigned n;

		ssh += len;
		if (!follows && strncmp(word, "-p", 2) != 0)
			continue;
		if (!follows && len == 2) {
			follows = true;
			continue;
		}
		word += follows ? 0 : 2;
		len -= follows ? 0 : 2;
		follows = false;
		if (len < sizeof(digits))
			memcpy(digits, word, len);
		if (units_parse_count(digits, 65535, &n) == 0 && n > 0)
			port = (int)n;
	}
	return port;
}

/* The port of an rsync daemon as rsync_options have it, or the usual one. */
static int
daemon_port(const struct text_list *options)
{
	static const char option[] = "--port=";
	unsigned port = RSYNC_PORT;

	for (size_t i = 0; i < options->n; i++)
		if (strncmp(options->item[i], option, sizeof(option) - 1) == 0)
			(void)units_parse_count(options->item[i] + sizeof(option) - 1, 65535,
			                        &port);
	return (int)port;
}

static int
resolve_address(struct volume *v)
{
	if (v->address == NULL)
		v->address = strdup(v->remote_host != NULL ? v->remote_host : "");
	if (v->address == NULL)
		return -1;
	for (char *c = v->address; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return 0;
}

static int
resolve_probe(struct volume *v, const struct volume_layer *const *layers, char **why)
{
	bool set = false, local = v->transport == VOLUME_LOCAL;

	for (int i = 0; i < LAYERS; i++)
		set = set || setting_of(layers[i], VOLUME_PROBE) != NULL;
	if (!set)
		v->probe = local ? VOLUME_PROBE_NONE : VOLUME_PROBE_PING;
	if (v->probe != VOLUME_PROBE_NONE && *v->address == '\0') {
		if (setting_of(layers[LAYERS - 1], VOLUME_PROBE) != NULL)
			return text_refuse(why, "a local source has no host that could be asked: "
			                        "leave probe out, or add address");
		v->probe = VOLUME_PROBE_NONE;
		v->origin[VOLUME_PROBE] = (struct volume_origin){0};
	}
	if (v->probe != VOLUME_PROBE_TCP)
		v->probe_port = 0;
	else if (v->probe_port == 0)
		v->probe_port = v->transport == VOLUME_RSYNCD ? daemon_port(&v->rsync_options)
		                                              : ssh_port(v->ssh);
	return 0;
}

static int
check_keep(const struct volume *v, const struct volume_layer *const *layers, char **why,
           enum volume_key *blame)
{
	if (volume_keeps_any(&v->keep))
		return 0;
	/* The innermost zero is the one to change. */
	for (int i = 0; i < LAYERS; i++)
		for (enum volume_key key = VOLUME_KEEP_LAST; key <= VOLUME_KEEP_YEARLY; key++)
			if (setting_of(layers[i], key) != NULL)
				*blame = key;
	return text_refuse(why, "nothing would be kept: set one of the keep_ options above 0");
}

/* Fill in overdue.  Were it not longer than every, each snapshot would be too old before its turn.
 */
static int
resolve_overdue(struct volume *v, char **why)
{
	char overdue[UNITS_TEXT], every[UNITS_TEXT];

	if (v->overdue == 0)
		v->overdue = 3 * v->every > OVERDUE_LEAST ? 3 * v->every : OVERDUE_LEAST;
	if (v->overdue > v->every)
		return 0;
	return text_refuse(why,
	                   "%s is not longer than the every of %s, %s: each backup would be "
	                   "too late",
	                   units_format_duration(overdue, v->overdue), v->id,
	                   units_format_duration(every, v->every));
}

static int
resolve(struct volume *v, const struct volume_layer *const *layers, const char *data_dir,
        char **why, enum volume_key *blame)
{
	*blame = VOLUME_SOURCE;
	if (resolve_key(v, VOLUME_SOURCE, layers, why) == -1)
		return -1;
	if (v->source == NULL)
		return text_refuse(why,
		                   "%s has none: say what to copy, such as "
		                   "source = \"root@host:/home/\"",
		                   v->id);
	if (keep_out(v, data_dir, why) == -1)
		return -1;
	for (*blame = VOLUME_SOURCE + 1; *blame < VOLUME_KEYS; (*blame)++)
		if (resolve_key(v, *blame, layers, why) == -1)
			return -1;
	if (check_keep(v, layers, why, blame) == -1)
		return -1;
	*blame = VOLUME_PROBE;
	if (resolve_address(v) == -1 || resolve_probe(v, layers, why) == -1)
		return -1;
	*blame = VOLUME_OVERDUE;
	return resolve_overdue(v, why);
}

struct volume *
volume_resolve(const char *host, const char *name, const struct volume_layer *const layers[3],
               const char *data_dir, char **why, enum volume_key *blame)
{
	struct volume *v = calloc(1, sizeof(*v));

	*why = NULL;
	*blame = VOLUME_SOURCE;
	if (v == NULL)
		return NULL;
	v->refs = 1;
	v->host = strdup(host);
	v->name = strdup(name);
	v->id = text_format("%s/%s", host, name);
	if (v->host == NULL || v->name == NULL || v->id == NULL ||
	    resolve(v, layers, data_dir, why, blame) == -1) {
		volume_free(v);
		return NULL;
	}
	return v;
}

static uint64_t
mix_list(uint64_t h, const struct text_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		h = text_hash(h, list->item[i]);
	return text_hash(h, "");
}

uint64_t
volume_fingerprint(const struct volume *v)
{
	uint64_t h = text_hash(TEXT_HASH, v->source);

	h = text_hash(h, v->one_file_system ? "x" : "");
	return mix_list(mix_list(h, &v->exclude), &v->rsync_options);
}

bool
volume_window_open(const struct volume *v, int minute)
{
	for (size_t i = 0; i < v->nwindows; i++) {
		int from = v->windows[i].from, to = v->windows[i].to;

		if (from < to ? minute >= from && minute < to : minute >= from || minute < to)
			return true;
	}
	return v->nwindows == 0;
}

int
volume_window_next(const struct volume *v, int minute)
{
	bool open = volume_window_open(v, minute);

	for (int ahead = 1; ahead < MINUTES_A_DAY; ahead++)
		if (volume_window_open(v, (minute + ahead) % MINUTES_A_DAY) != open)
			return ahead;
	return 0;
}
