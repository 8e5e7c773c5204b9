// SPDX-License-Identifier: ISC
#include "flashback/config/option.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/config/rsyncopt.h"
#include "flashback/config/value.h"
#include "flashback/lib/units.h"

#define DAY INT64_C(86400)
#define KEEP_MAX 100000
#define PORT_MAX 65535

/* The C type of a field. */
enum type { DURATION, COUNT, SWITCH, SHARE, TEXT, LIST, OTHER };

struct option_kind {
	enum option_shape shape;
	enum type type;
	int (*check)(const char *text, char **why); /* for a TEXT or an item of a LIST; or NULL */
	int (*set)(const struct option_row *o, void *base, const char *text, char **why);
	char *(*print)(const void *base); /* of OTHER */
};

static void *
field(const struct option_row *o, void *base)
{
	return (char *)base + o->field;
}

static const void *
peek(const struct option_row *o, const void *base)
{
	return (const char *)base + o->field;
}

static int
set_min_free(const struct option_row *o, void *base, const char *text, char **why)
{
	struct config *c = base;

	(void)o;
	return value_room(text, &c->min_free_percent, &c->min_free_bytes, why);
}

static char *
print_min_free(const void *base)
{
	const struct config *c = base;

	return c->min_free_percent >= 0 ? value_print_share(c->min_free_percent)
	                                : value_print_size(c->min_free_bytes);
}

static int
set_log(const struct option_row *o, void *base, const char *text, char **why)
{
	struct config *c = base;

	(void)o;
	if (strcmp(text, "stderr") != 0 && strcmp(text, "syslog") != 0)
		return text_refuse_word(why, text, " is neither \"stderr\" nor \"syslog\"");
	c->syslog = strcmp(text, "syslog") == 0;
	return 0;
}

static char *
print_log(const void *base)
{
	const struct config *c = base;

	return value_print_text(c->syslog ? "syslog" : "stderr");
}

/* The port is set with the probe; 0 means the default port. */
static int
set_probe(const struct option_row *o, void *base, const char *text, char **why)
{
	struct volume *v = base;
	char q[TEXT_QUOTE];
	unsigned port = 0;

	(void)o;
	if (strcmp(text, "none") == 0)
		v->probe = VOLUME_PROBE_NONE;
	else if (strcmp(text, "ping") == 0)
		v->probe = VOLUME_PROBE_PING;
	else if (strcmp(text, "tcp") == 0 ||
	         (strncmp(text, "tcp:", 4) == 0 &&
	          units_parse_count(text + 4, PORT_MAX, &port) == 0 && port > 0))
		v->probe = VOLUME_PROBE_TCP;
	else
		return text_refuse(why,
		                   "unknown probe %s: write ping, tcp, tcp:PORT (1 to 65535) or "
		                   "none",
		                   text_quote(q, text));
	v->probe_port = (int)port;
	return 0;
}

/* Only where it leads is kept: what it consists of is of interest to RESTORE.txt alone. */
static int
set_restore_to(const struct option_row *o, void *base, const char *text, char **why)
{
	struct volume *v = base;
	struct source s;

	(void)o;
	if (source_parse(text, &s, why) == -1)
		return -1;
	free(v->restore_to);
	v->restore_to = s.text;
	s.text = NULL;
	source_free(&s);
	return 0;
}

static char *
print_probe(const void *base)
{
	const struct volume *v = base;

	if (v->probe == VOLUME_PROBE_TCP)
		return text_format("\"tcp:%d\"", v->probe_port);
	return value_print_text(v->probe == VOLUME_PROBE_PING ? "ping" : "none");
}

static int
set_source(const struct option_row *o, void *base, const char *text, char **why)
{
	struct volume *v = base;
	struct source s;

	(void)o;
	if (source_parse(text, &s, why) == -1)
		return -1;
	free(v->source);
	free(v->remote_host);
	free(v->path);
	v->source = s.text;
	v->transport = s.transport;
	v->remote_host = s.host;
	v->path = s.path;
	v->source_port = s.port;
	return 0;
}

/* An absolute path, normalised. */
static int
set_path(const struct option_row *o, void *base, const char *text, char **why)
{
	char **path = field(o, base);
	char *tidy = source_tidy_path(text, why);

	if (tidy == NULL)
		return -1;
	if (strcmp(tidy, "/") == 0) {
		free(tidy);
		return text_refuse(why, "the root directory cannot be the store: name a directory "
		                        "below it");
	}
	free(*path);
	*path = tidy;
	return 0;
}

static int
check_file(const char *text, char **why)
{
	size_t len = strlen(text);

	if (len == 0 || text[len - 1] != '/')
		return 0;
	return text_refuse_word(why, text, " names a directory, not a file");
}

/* A relative path is relative to the config file's directory. */
static int
set_hosts_file(const struct option_row *o, void *base, const char *text, char **why)
{
	const struct config *c = base;
	int dir = (int)(strrchr(c->file, '/') - c->file);

	if (text_has_control(text))
		return text_refuse_word(why, text, " contains a control character");
	if (*text == '\0')
		return text_refuse_word(why, text, " does not name a file");
	return *text == '/' ? text_replace(field(o, base), "%s", text)
	                    : text_replace(field(o, base), "%.*s/%s", dir, c->file, text);
}

/* Only the first word of a command is a program. */
static int
add_word(const struct option_row *o, void *base, const char *text, char **why)
{
	const struct text_list *words = field(o, base);

	if (words->n == 0 && value_program(text, why) == -1)
		return -1;
	*why = NULL;
	return text_list_add(field(o, base), text);
}

static const struct option_kind duration = {OPTION_ONE, DURATION, NULL, NULL, NULL};
static const struct option_kind count = {OPTION_ONE, COUNT, NULL, NULL, NULL};
static const struct option_kind yes_no = {OPTION_ONE, SWITCH, NULL, NULL, NULL};
static const struct option_kind share = {OPTION_ONE, SHARE, NULL, NULL, NULL};
static const struct option_kind min_free = {OPTION_ONE, OTHER, NULL, set_min_free, print_min_free};
static const struct option_kind log_to = {OPTION_ONE, OTHER, NULL, set_log, print_log};
static const struct option_kind probe = {OPTION_ONE, OTHER, NULL, set_probe, print_probe};
static const struct option_kind source = {OPTION_ONE, TEXT, NULL, set_source, NULL};
static const struct option_kind target = {OPTION_ONE, TEXT, NULL, set_restore_to, NULL};
static const struct option_kind shell = {OPTION_ONE, TEXT, value_shell, NULL, NULL};
static const struct option_kind address = {OPTION_ONE, TEXT, source_check_host, NULL, NULL};
static const struct option_kind program = {OPTION_ONE, TEXT, value_program, NULL, NULL};
static const struct option_kind directory = {OPTION_ONE, TEXT, NULL, set_path, NULL};
static const struct option_kind file = {OPTION_ONE, TEXT, check_file, set_path, NULL};
static const struct option_kind hosts_file = {OPTION_ONE, TEXT, check_file, set_hosts_file, NULL};
static const struct option_kind patterns = {OPTION_SUM, LIST, value_pattern, NULL, NULL};
static const struct option_kind rsync_options = {OPTION_SUM, LIST, rsyncopt_check, NULL, NULL};
static const struct option_kind command = {OPTION_COMMAND, LIST, NULL, add_word, NULL};
static const struct option_kind windows = {OPTION_LIST, LIST, value_window, NULL, NULL};

#define ANY (OPTION_DEFAULTS | OPTION_HOST | OPTION_VOLUME)
#define V(name) offsetof(struct volume, name)
#define C(name) offsetof(struct config, name)

/* clang-format off */
static const struct option_row table[] = {
    /* of volumes */
    {"source",          OPTION_VOLUME, NULL, &source, V(source), 0, 0},
    {"every",           ANY, "1d", &duration, V(every), 1, UNITS_DURATION_MAX},
    {"keep_last",       ANY, "3", &count, V(keep.last), 0, KEEP_MAX},
    {"keep_hourly",     ANY, "0", &count, V(keep.hourly), 0, KEEP_MAX},
    {"keep_daily",      ANY, "10", &count, V(keep.daily), 0, KEEP_MAX},
    {"keep_weekly",     ANY, "8", &count, V(keep.weekly), 0, KEEP_MAX},
    {"keep_monthly",    ANY, "0", &count, V(keep.monthly), 0, KEEP_MAX},
    {"keep_yearly",     ANY, "0", &count, V(keep.yearly), 0, KEEP_MAX},
    {"exclude",         ANY, NULL, &patterns, V(exclude), 0, 0},
    {"rsync_options",   ANY, NULL, &rsync_options, V(rsync_options), 0, 0},
    {"ssh",             ANY, "ssh", &shell, V(ssh), 0, 0},
    {"one_file_system", ANY, "yes", &yes_no, V(one_file_system), 0, 0},
    {"probe",           ANY, NULL, &probe, V(probe), 0, 0},
    {"address",         ANY, NULL, &address, V(address), 0, 0},
    {"window",          ANY, NULL, &windows, V(windows), 0, 0},
    {"io_timeout",      ANY, "10m", &duration, V(io_timeout), 1, 7 * DAY},
    {"removable",       ANY, "no", &yes_no, V(removable), 0, 0},
    {"before",          ANY, NULL, &command, V(before), 0, 0},
    {"after",           ANY, NULL, &command, V(after), 0, 0},
    {"shrink_guard",    ANY, "50%", &share, V(shrink_guard), 0, 0},
    {"change_guard",    ANY, "80%", &share, V(change_guard), 0, 0},
    {"recheck",         ANY, "0", &duration, V(recheck), 0, UNITS_DURATION_MAX},
    {"overdue",         ANY, NULL, &duration, V(overdue), 1, UNITS_DURATION_MAX},
    {"restore_to",      OPTION_VOLUME, NULL, &target, V(restore_to), 0, 0},
    {"disabled",        ANY, "no", &yes_no, V(disabled), 0, 0},
    /* of the program */
    {"data_dir",        OPTION_MAIN, NULL, &directory, C(data_dir), 0, 0},
    {"hosts_file",      OPTION_MAIN, "hosts.conf", &hosts_file, C(hosts_file), 0, 0},
    {"status_file",     OPTION_MAIN, "/run/flashback/status.txt", &file, C(status_file), 0, 0},
    {"queue_file",      OPTION_MAIN, "/run/flashback/queue.txt", &file, C(queue_file), 0, 0},
    {"pid_file",        OPTION_MAIN, "/run/flashback/flashback.pid", &file, C(pid_file), 0, 0},
    {"log",             OPTION_MAIN, "stderr", &log_to, C(syslog), 0, 0},
    {"wake",            OPTION_MAIN, "10m", &duration, C(wake), 1, 7 * DAY},
    {"parallel",        OPTION_MAIN, "2", &count, C(parallel), 1, 64},
    {"time_slice",      OPTION_MAIN, "1h", &duration, C(time_slice), 1, UNITS_DURATION_MAX},
    {"min_free",        OPTION_MAIN, "2%", &min_free, C(min_free_percent), 0, 0},
    {"notify",          OPTION_MAIN, NULL, &command, C(notify), 0, 0},
    {"rsync",           OPTION_MAIN, "/usr/bin/rsync", &program, C(rsync), 0, 0},
};
/* clang-format on */

#define ROWS (sizeof(table) / sizeof(table[0]))

_Static_assert(ROWS <= OPTION_ALL, "make OPTION_ALL larger");

const struct option_row *
option_at(size_t i)
{
	return i < ROWS ? &table[i] : NULL;
}

const struct option_row *
option_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

enum option_shape
option_shape(const struct option_row *o)
{
	return o->kind->shape;
}

int
option_set(const struct option_row *o, void *base, const char *text, char **why)
{
	const struct option_kind *kind = o->kind;
	void *to = field(o, base);

	*why = NULL;
	if (kind->check != NULL && kind->check(text, why) == -1)
		return -1;
	if (kind->set != NULL)
		return kind->set(o, base, text, why);
	switch (kind->type) {
	case DURATION:
		return value_duration(text, o->min, o->max, to, why);
	case COUNT:
		return value_count(text, (unsigned)o->min, (unsigned)o->max, to, why);
	case SWITCH:
		return value_switch(text, to, why);
	case SHARE:
		return value_share(text, to, why);
	case TEXT:
		return text_replace(to, "%s", text);
	case LIST:
		return text_list_add(to, text);
	case OTHER:
		break;
	}
	return -1;
}

int
option_split(const struct option_row *o, void *base, const char *text, char **why)
{
	return value_words(text, field(o, base), why);
}

char *
option_print(const struct option_row *o, const void *base)
{
	const void *from = peek(o, base);

	switch (o->kind->type) {
	case DURATION:
		return value_print_duration(*(const int64_t *)from);
	case COUNT:
		return text_format("%u", *(const unsigned *)from);
	case SWITCH:
		return strdup(*(const bool *)from ? "yes" : "no");
	case SHARE:
		return value_print_share(*(const int *)from);
	case TEXT:
		if (*(char *const *)from == NULL)
			return strdup("(unknown)"); /* restore_to */
		return value_print_text(*(char *const *)from);
	case LIST:
		return value_print_list(from);
	case OTHER:
		break;
	}
	return o->kind->print(base);
}

void
option_clear(const struct option_row *o, void *base)
{
	if (o->kind->type == LIST) {
		text_list_free(field(o, base));
	} else if (o->kind->type == TEXT) {
		free(*(char **)field(o, base));
		*(char **)field(o, base) = NULL;
	}
}

/* What has no memory of its own has been copied with the struct. */
int
option_copy(const struct option_row *o, struct volume *to, const struct volume *from)
{
	void *copy = field(o, to);
	const void *of = peek(o, from);

	if (o->kind->type == LIST) {
		*(struct text_list *)copy = (struct text_list){0};
		return text_list_append(copy, of);
	}
	if (o->kind->type == TEXT) {
		const char *text = *(char *const *)of;

		*(char **)copy = text != NULL ? strdup(text) : NULL;
		return text != NULL && *(char **)copy == NULL ? -1 : 0;
	}
	return 0;
}

/* Where the origin of an option is in its struct.  Volumes are many, so each has origins only for
 * its own rows, the first of the table. */
static size_t
origin_at(const struct option_row *o)
{
	size_t i = (size_t)(o - table);
	bool main = (o->places & OPTION_MAIN) != 0;

	assert(i < (main ? OPTION_ALL : OPTION_VOLUMES));
	return (main ? C(origin) : V(origin)) + i * sizeof(struct option_origin);
}

const struct option_origin *
option_origin(const struct option_row *o, const void *base)
{
	return (const void *)((const char *)base + origin_at(o));
}

void
option_mark(const struct option_row *o, void *base, const struct option_origin *origin)
{
	memcpy((char *)base + origin_at(o), origin, sizeof(*origin));
}

int
option_defaults(enum option_place place, void *base)
{
	for (const struct option_row *o = table; o < table + ROWS; o++) {
		char *why = NULL;
		int rc = 0;

		if ((o->places & place) != 0 && o->fallback != NULL)
			rc = option_set(o, base, o->fallback, &why);
		assert(rc == 0 || why == NULL);
		if (rc == -1)
			return -1;
	}
	return 0;
}

void
option_clear_all(enum option_place place, void *base)
{
	for (const struct option_row *o = table; o < table + ROWS; o++)
		if ((o->places & place) != 0)
			option_clear(o, base);
}
