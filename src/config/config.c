// SPDX-License-Identifier: ISC
#include "flashback/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flashback/config/rule.h"
#include "flashback/config/source.h"
#include "flashback/config/suggest.h"
#include "flashback/lib/units.h"

#define DAY INT64_C(86400)
#define PARALLEL_MAX 64
#define MIN_FREE_CAP (UINT64_C(10) << 30) /* of the default: 2% of a large disk is a lot */

/* How the text of one option becomes fields of a config. */
struct rule {
	const char *name, *fallback; /* the default; NULL: none */
	int (*set)(const struct rule *rule, const char *value, struct config *c, char **why);
	size_t field; /* its offset */
	int64_t max;  /* of durations */
};

static void *
field(const struct rule *rule, struct config *c)
{
	return (char *)c + rule->field;
}

/* Where a file is to be: an absolute path that could name one. */
static int
set_path(const struct rule *rule, const char *value, struct config *c, char **why)
{
	char **path = field(rule, c), q[TEXT_QUOTE];
	char *tidy = source_tidy_path(value, why);

	if (tidy == NULL)
		return -1;
	if (value[strlen(value) - 1] == '/' && rule->field != offsetof(struct config, data_dir)) {
		free(tidy);
		return text_refuse(why, "%s names a directory, not a file", text_quote(q, value));
	}
	free(*path);
	*path = tidy;
	return 0;
}

static int
set_data_dir(const struct rule *rule, const char *value, struct config *c, char **why)
{
	if (set_path(rule, value, c, why) == -1)
		return -1;
	if (strcmp(c->data_dir, "/") != 0)
		return 0;
	free(c->data_dir);
	c->data_dir = NULL;
	return text_refuse(why,
	                   "the root directory cannot be the store: name a directory of its own");
}

/* Beside the config file, unless it is absolute. */
static int
set_hosts_file(const struct rule *rule, const char *value, struct config *c, char **why)
{
	char **path = field(rule, c), q[TEXT_QUOTE];
	int dir = (int)(strrchr(c->file, '/') - c->file);

	if (text_has_control(value))
		return text_refuse(why, "%s has a control character in it", text_quote(q, value));
	if (*value == '\0' || value[strlen(value) - 1] == '/')
		return text_refuse(why, "%s names no file", text_quote(q, value));
	*why = NULL;
	return *value == '/' ? text_replace(path, "%s", value)
	                     : text_replace(path, "%.*s/%s", dir, c->file, value);
}

static int
set_log(const struct rule *rule, const char *value, struct config *c, char **why)
{
	char q[TEXT_QUOTE];

	(void)rule;
	if (strcmp(value, "stderr") != 0 && strcmp(value, "syslog") != 0)
		return text_refuse(why, "%s is neither \"stderr\" nor \"syslog\"",
		                   text_quote(q, value));
	c->syslog = strcmp(value, "syslog") == 0;
	return 0;
}

static int
set_duration(const struct rule *rule, const char *value, struct config *c, char **why)
{
	return rule_duration(value, rule->max, field(rule, c), why);
}

static int
set_parallel(const struct rule *rule, const char *value, struct config *c, char **why)
{
	return rule_count(value, 1, PARALLEL_MAX, field(rule, c), why);
}

static int
set_min_free(const struct rule *rule, const char *value, struct config *c, char **why)
{
	uint64_t bytes = UINT64_MAX;
	char q[TEXT_QUOTE];
	int percent = -1;

	(void)rule;
	if (units_parse_percent(value, &percent) == -1 && units_parse_size(value, &bytes) == -1)
		return text_refuse(why,
		                   "%s is neither a share of the disk nor a size: write \"2%%\" "
		                   "or \"10G\"",
		                   text_quote(q, value));
	if (percent > 5000)
		return text_refuse(why, "%s is more than half of the disk: at most 50%%",
		                   text_quote(q, value));
	if (bytes > 0 && bytes < 1024)
		return text_refuse(why,
		                   "%s is a number of bytes: write its unit, \"2%%\" or \"10G\"",
		                   text_quote(q, value));
	c->min_free_percent = percent;
	c->min_free_bytes = bytes;
	return 0;
}

static int
set_notify(const struct rule *rule, const char *value, struct config *c, char **why)
{
	(void)rule;
	if (c->notify.n == 0 && rule_program(value, why) == -1)
		return -1;
	*why = NULL;
	return text_list_add(&c->notify, value);
}

static int
set_rsync(const struct rule *rule, const char *value, struct config *c, char **why)
{
	if (rule_program(value, why) == -1)
		return -1;
	*why = NULL;
	return text_replace(field(rule, c), "%s", value);
}

#define FIELD(name) offsetof(struct config, name)

static const struct rule rules[CONFIG_KEYS] = {
    [CONFIG_DATA_DIR] = {"data_dir", NULL, set_data_dir, FIELD(data_dir), 0},
    [CONFIG_HOSTS_FILE] = {"hosts_file", "hosts.conf", set_hosts_file, FIELD(hosts_file), 0},
    [CONFIG_STATUS_FILE] = {"status_file", "/run/flashback/status.txt", set_path,
                            FIELD(status_file), 0},
    [CONFIG_QUEUE_FILE] = {"queue_file", "/run/flashback/queue.txt", set_path, FIELD(queue_file),
                           0},
    [CONFIG_PID_FILE] = {"pid_file", "/run/flashback/flashback.pid", set_path, FIELD(pid_file), 0},
    [CONFIG_LOG] = {"log", "stderr", set_log, FIELD(syslog), 0},
    [CONFIG_WAKE] = {"wake", "10m", set_duration, FIELD(wake), 7 * DAY},
    [CONFIG_PARALLEL] = {"parallel", "2", set_parallel, FIELD(parallel), 0},
    [CONFIG_TIME_SLICE] = {"time_slice", "1h", set_duration, FIELD(time_slice), UNITS_DURATION_MAX},
    [CONFIG_MIN_FREE] = {"min_free", "2%", set_min_free, FIELD(min_free_bytes), 0},
    [CONFIG_NOTIFY] = {"notify", NULL, set_notify, FIELD(notify), 0},
    [CONFIG_RSYNC] = {"rsync", "/usr/bin/rsync", set_rsync, FIELD(rsync), 0},
};

const char *
config_key_name(enum config_key key)
{
	return rules[key].name;
}

enum config_key
config_key_find(const char *name)
{
	enum config_key key = 0;

	while (key < CONFIG_KEYS && strcmp(rules[key].name, name) != 0)
		key++;
	return key;
}

struct config *
config_new(const char *file)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->file = strdup(file);
	if (c->file != NULL)
		return c;
	free(c);
	return NULL;
}

int
config_set(struct config *c, enum config_key key, const char *value, char **why)
{
	*why = NULL;
	return rules[key].set(&rules[key], value, c, why);
}

static void
apply_defaults(struct config *c, struct errors_list *faults)
{
	for (enum config_key key = 0; key < CONFIG_KEYS; key++) {
		char *why;

		if (c->origin[key].file != NULL || rules[key].fallback == NULL)
			continue;
		if (config_set(c, key, rules[key].fallback, &why) == -1)
			faults->lost = true;
		if (key == CONFIG_MIN_FREE)
			c->min_free_bytes = MIN_FREE_CAP;
	}
}

/* A fault of an option that is set, or of data_dir, which always is. */
static void
complain(const struct config *c, enum config_key key, struct errors_list *faults, const char *what)
{
	const struct volume_origin *origin = &c->origin[key];

	if (origin->file == NULL)
		origin = &c->origin[CONFIG_DATA_DIR];
	errors_add(faults, c->file, origin->line, "%s: %s", rules[key].name, what);
}

/* What we write each minute is neither on the disk that is to sleep, nor two things in one. */
static void
check_files(const struct config *c, struct errors_list *faults)
{
	static const enum config_key keys[] = {CONFIG_STATUS_FILE, CONFIG_QUEUE_FILE,
	                                       CONFIG_PID_FILE};
	const char *const paths[] = {c->file, c->hosts_file, c->status_file, c->queue_file,
	                             c->pid_file};
	const size_t given = sizeof(paths) / sizeof(paths[0]) - sizeof(keys) / sizeof(keys[0]);

	for (size_t i = given; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (paths[i] == NULL)
			continue;
		if (c->data_dir != NULL && source_is_inside(paths[i], c->data_dir))
			complain(c, keys[i - given], faults,
			         "it cannot be inside data_dir, which may be unmounted or asleep");
		for (size_t j = 0; j < i; j++)
			if (paths[j] != NULL && strcmp(paths[i], paths[j]) == 0)
				complain(c, keys[i - given], faults,
				         j < given ? "that is a config file"
				                   : "another option names the same file");
	}
}

void
config_finish(struct config *c, bool whole, struct errors_list *faults)
{
	apply_defaults(c, faults);
	if (whole && c->origin[CONFIG_DATA_DIR].file == NULL)
		errors_add(faults, c->file, 1,
		           "data_dir is missing: say where the snapshots go, such as "
		           "data_dir = \"/backup\"");
	check_files(c, faults);
	if (c->hosts_file != NULL && strcmp(c->hosts_file, c->file) == 0) {
		complain(c, CONFIG_HOSTS_FILE, faults, "it names the file that it stands in");
		free(c->hosts_file);
		c->hosts_file = NULL;
	}
}

int
config_add(struct config *c, struct volume *v)
{
	struct volume **volumes = c->volumes;

	/* Room for twice as many at each power of two. */
	if ((c->n & (c->n - 1)) == 0)
		volumes = reallocarray(volumes, c->n == 0 ? 1 : 2 * c->n, sizeof(*volumes));
	if (volumes == NULL) {
		volume_free(v);
		return -1;
	}
	c->volumes = volumes;
	c->volumes[c->n++] = v;
	return 0;
}

const char *
config_nearest(const struct config *c, const char *operand)
{
	struct suggest near = {.word = operand};

	for (size_t i = 0; i < c->n; i++) {
		const struct volume *v = c->volumes[i];

		if (strcasecmp(v->host, operand) == 0)
			return v->host;
		/* Of a volume the host is easily forgotten. */
		if (strcasecmp(v->id, operand) == 0 || strcasecmp(v->name, operand) == 0)
			return v->id;
		suggest_try(&near, v->host);
		suggest_try(&near, v->id);
	}
	return near.best;
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		volume_free(c->volumes[i]);
	free(c->volumes);
	free(c->file);
	free(c->hosts_file);
	free(c->data_dir);
	free(c->status_file);
	free(c->queue_file);
	free(c->pid_file);
	free(c->rsync);
	text_list_free(&c->notify);
	free(c);
}
