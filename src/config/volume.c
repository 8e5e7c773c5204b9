// SPDX-License-Identifier: ISC
#include "flashback/config/volume.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flashback/config/value.h"
#include "flashback/lib/units.h"

#define MINUTES_A_DAY (24 * 60)
#define OVERDUE_LEAST INT64_C(172800) /* 2d */
#define SSH_PORT 22
#define RSYNC_PORT 873

/* A name becomes a directory, a column of the status files and a word in shell scripts, so the
 * characters are restricted. */
int
volume_check_name(const char *name, char **why)
{
	static const char *const reserved[] = {"FAILED", "SUCCEEDED"};
	size_t len = 0;

	while (isalnum((unsigned char)name[len]) ||
	       (len > 0 && name[len] != '\0' && strchr("._-", name[len]) != NULL))
		len++;
	if (len == 0 || name[len] != '\0')
		return text_refuse_word(why, name,
		                        " cannot be a name: use letters, digits, '.', '_' and '-', "
		                        "beginning with a letter or digit");
	if (len > VOLUME_NAME_MAX)
		return text_refuse_word(why, name, " is too long for a name: at most %d characters",
		                        VOLUME_NAME_MAX);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(name, reserved[i]) == 0 || strstr(name, reserved[i]) != NULL)
			return text_refuse_word(why, name,
			                        " cannot be a name: scripts count the word %s in "
			                        "queue.txt",
			                        reserved[i]);
	return 0;
}

bool
volume_is_name(const char *name)
{
	char *why = NULL;
	bool good = volume_check_name(name, &why) == 0;

	free(why);
	return good;
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
	return len > 0 && ((strncmp(v->id, operand, len) == 0 && v->id[len] == '\0') ||
	                   (strncmp(v->host, operand, len) == 0 && v->host[len] == '\0'));
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
	option_clear_all(OPTION_VOLUME, v);
	free(v->id);
	free(v->host);
	free(v->name);
	free(v->remote_host);
	free(v->path);
	free(v);
}

/* Copy the options of around, with where they come from, to v, which has none. */
static int
inherit(struct volume *v, const struct volume *around)
{
	const struct option_row *o;
	int rc = 0;

	*v = *around;
	v->refs = 1;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if ((o->places & OPTION_VOLUME) != 0 && option_copy(o, v, around) == -1)
			rc = -1;
	return rc;
}

struct volume *
volume_new(const struct volume *around)
{
	struct volume *v = calloc(1, sizeof(*v));
	int rc;

	if (v == NULL)
		return NULL;
	v->refs = 1;
	rc = around != NULL ? inherit(v, around) : option_defaults(OPTION_VOLUME, v);
	if (rc == 0)
		return v;
	volume_free(v);
	return NULL;
}

/* rsync treats a backslash as special only in a pattern with a wildcard. */
char *
volume_pattern(const char *path)
{
	bool escape = strpbrk(path, "*?[") != NULL;
	char *pattern = malloc(2 * strlen(path) + 1), *p = pattern;

	if (pattern == NULL)
		return NULL;
	for (; *path != '\0'; path++) {
		if (escape && strchr("*?[\\", *path) != NULL)
			*p++ = '\\';
		*p++ = *path;
	}
	*p = '\0';
	return pattern;
}

/* Exclude path, relative to the root of the transfer, before all other patterns, unless it is
 * excluded already. */
static int
exclude_path(struct volume *v, const char *path)
{
	char *pattern = volume_pattern(path);
	char **item;
	int rc = 0;

	if (pattern == NULL)
		return -1;
	if (text_list_has(&v->exclude, pattern))
		goto out;
	rc = text_list_add(&v->exclude, pattern);
	item = v->exclude.item;
	for (size_t i = v->exclude.n - 1; rc == 0 && i > 0; i--) {
		char *last = item[i];

		item[i] = item[i - 1];
		item[i - 1] = last;
	}
out:
	free(pattern);
	return rc;
}

int
volume_keep_out(struct volume *v, const char *source, const char *data_dir, char **why)
{
	size_t len = strcmp(source, "/") == 0 ? 0 : strlen(source);

	*why = NULL;
	if (source_is_inside(source, data_dir))
		return text_refuse_word(
		    why, v->path, " is inside data_dir: the backups cannot be backed up there");
	/* The reverse order of arguments: data_dir inside the source.
	 * NOLINTNEXTLINE(readability-suspicious-call-argument) */
	return source_is_inside(data_dir, source) ? exclude_path(v, data_dir + len) : 0;
}

/* Fill in where a restore goes: to the source, unless that is / of a host, which may be its root or
 * the directory that its key is restricted to.  Not into the store: that would change snapshots. */
static int
resolve_restore_to(struct volume *v, const char *data_dir, char **why)
{
	bool unknown = v->transport == VOLUME_SHELL && v->path[strspn(v->path, "/.")] == '\0';
	char *path;
	bool inside;

	if (v->restore_to == NULL && !unknown)
		return text_replace(&v->restore_to, "%s", v->source);
	if (v->restore_to == NULL || *v->restore_to != '/' || data_dir == NULL)
		return 0;
	path = source_tidy_path(v->restore_to, why);
	if (path == NULL)
		return -1;
	inside = source_is_inside(path, data_dir);
	free(path);
	return inside ? text_refuse(why, "it is inside data_dir: a restore would change snapshots")
	              : 0;
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

/* Set the port given to ssh with -p: the first, which ssh takes; or the default. */
static int
ssh_port(const char *ssh, int *port)
{
	struct text_list words = {0};
	int rc = ssh != NULL ? value_shell_words(ssh, &words) : 0; /* NULL: it was invalid */
	unsigned n = 0;

	for (size_t i = 0; rc == 0 && n == 0 && i < words.n; i++) {
		const char *text = value_shell_option(&words, &i, "-p");

		if (text != NULL)
			(void)units_parse_count(text, 65535, &n);
	}
	text_list_free(&words);
	*port = n > 0 ? (int)n : SSH_PORT;
	return rc;
}

int
volume_daemon_port(const struct volume *v)
{
	static const char option[] = "--port=";
	const struct text_list *options = &v->rsync_options;
	unsigned port = v->source_port != 0 ? (unsigned)v->source_port : RSYNC_PORT;

	for (size_t i = 0; v->source_port == 0 && i < options->n; i++)
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
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

/* The place where an option was set. */
static const struct option_origin *
origin(const struct volume *v, const char *name)
{
	return option_origin(option_find(name), v);
}

/* Fill in the probe and its port.  A probe inherited by a local source without an address is
 * turned off; one set in the volume itself is an error. */
static int
resolve_probe(struct volume *v, char **why)
{
	const struct option_origin *set = origin(v, "probe");

	if (set->file == NULL)
		v->probe = v->transport == VOLUME_LOCAL ? VOLUME_PROBE_NONE : VOLUME_PROBE_PING;
	if (v->probe != VOLUME_PROBE_NONE && *v->address == '\0') {
		if (set->place == OPTION_VOLUME)
			return text_refuse(why, "a local source has no host to probe: remove "
			                        "probe, or add address");
		v->probe = VOLUME_PROBE_NONE;
		option_mark(option_find("probe"), v, &(struct option_origin){.file = NULL});
	}
	if (v->probe != VOLUME_PROBE_TCP)
		v->probe_port = 0;
	else if (v->probe_port == 0 && v->transport == VOLUME_RSYNCD)
		v->probe_port = volume_daemon_port(v);
	else if (v->probe_port == 0)
		return ssh_port(v->ssh, &v->probe_port);
	return 0;
}

/* Is any keep_ option above zero?  If not, the innermost one that was set is to blame. */
static int
check_keep(const struct volume *v, char **why, const char **blame)
{
	static const char *const names[] = {"keep_last",   "keep_hourly",  "keep_daily",
	                                    "keep_weekly", "keep_monthly", "keep_yearly"};
	enum option_place inner = 0;

	if (volume_keeps_any(&v->keep))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (origin(v, names[i])->place >= inner) {
			inner = origin(v, names[i])->place;
			*blame = names[i];
		}
	return text_refuse(why, "nothing would be kept: set one of the keep_ options above 0");
}

/* Fill in overdue.  It must be longer than every, or each snapshot would be overdue before the
 * next run is due. */
static int
resolve_overdue(struct volume *v, char **why)
{
	char overdue[UNITS_TEXT], every[UNITS_TEXT];

	if (v->overdue == 0)
		v->overdue = 3 * v->every > OVERDUE_LEAST ? 3 * v->every : OVERDUE_LEAST;
	if (v->overdue > v->every)
		return 0;
	return text_refuse(why,
	                   "%s is not longer than every of %s, %s: each backup would be "
	                   "overdue",
	                   units_format_duration(overdue, v->overdue), v->id,
	                   units_format_duration(every, v->every));
}

/* Complete and check a volume once all its options are set: defaults such as the probe depend on
 * the source. */
int
volume_finish(struct volume *v, const char *host, const char *name, const char *data_dir,
              char **why, const char **blame)
{
	*why = NULL;
	*blame = "source";
	v->host = strdup(host);
	v->name = strdup(name);
	v->id = text_format("%s/%s", host, name);
	if (v->host == NULL || v->name == NULL || v->id == NULL)
		return -1;
	if (v->source == NULL)
		return text_refuse(why,
		                   "%s has none: say what to copy, such as "
		                   "source = \"root@host:/home/\"",
		                   v->id);
	if (keep_out(v, data_dir, why) == -1 || check_keep(v, why, blame) == -1)
		return -1;
	*blame = "restore_to";
	if (resolve_restore_to(v, data_dir, why) == -1)
		return -1;
	*blame = "probe";
	if (resolve_address(v) == -1 || resolve_probe(v, why) == -1)
		return -1;
	*blame = "overdue";
	return resolve_overdue(v, why);
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
	for (size_t i = 0; i < v->windows.n; i++) {
		int from, to;

		value_minutes(v->windows.item[i], &from, &to);
		if (from < to ? minute >= from && minute < to : minute >= from || minute < to)
			return true;
	}
	return v->windows.n == 0;
}

/* A change comes where some window begins or ends. */
int
volume_window_next(const struct volume *v, int minute)
{
	bool open = volume_window_open(v, minute);
	int next = 0;

	for (size_t i = 0; i < v->windows.n; i++) {
		int ends[2];

		value_minutes(v->windows.item[i], &ends[0], &ends[1]);
		for (int k = 0; k < 2; k++) {
			int ahead = (ends[k] - minute + MINUTES_A_DAY) % MINUTES_A_DAY;

			if (volume_window_open(v, ends[k] % MINUTES_A_DAY) != open &&
			    (next == 0 || ahead < next))
				next = ahead;
		}
	}
	return next;
}
