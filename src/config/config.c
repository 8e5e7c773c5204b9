// SPDX-License-Identifier: ISC
#include "flashback/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flashback/config/source.h"
#include "flashback/config/suggest.h"

#define MIN_FREE_CAP (UINT64_C(10) << 30) /* of the default: 2% of a large disk is a lot */

struct config *
config_new(const char *file)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->file = strdup(file);
	if (c->file != NULL && option_defaults(OPTION_MAIN, c) == 0)
		return c;
	config_free(c);
	return NULL;
}

static const struct option_origin *
origin(const struct config *c, const char *name)
{
	return option_origin(option_find(name), c);
}

/* Add an error of an option that is set, or else follows from data_dir, which always is. */
static void
complain(const struct config *c, const char *name, struct errors_list *errors, const char *what)
{
	const struct option_origin *set = origin(c, name);

	if (set->file == NULL)
		set = origin(c, "data_dir");
	errors_add(errors, c->file, set->line, "%s: %s", name, what);
}

/* The status files are written each minute: they must not be on the backup disk, which would
 * never sleep, and must not overwrite each other or a config file. */
static void
check_files(const struct config *c, struct errors_list *errors)
{
	const struct {
		const char *name, *path;
	} files[] = {
	    {NULL, c->file}, /* a config file, like the next */
	    {NULL, c->hosts_file},
	    {"status_file", c->status_file},
	    {"queue_file", c->queue_file},
	    {"pid_file", c->pid_file},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files[i].name == NULL || files[i].path == NULL)
			continue;
		if (c->data_dir != NULL && source_is_inside(files[i].path, c->data_dir))
			complain(c, files[i].name, errors,
			         "it cannot be inside data_dir, which may be unmounted or asleep");
		for (size_t j = 0; j < i; j++)
			if (files[j].path != NULL && strcmp(files[i].path, files[j].path) == 0)
				complain(c, files[i].name, errors,
				         files[j].name == NULL
				             ? "this is a config file"
				             : "another option names the same file");
	}
}

/* Checks that involve several options, after all are set: min_free's default, data_dir, paths
 * that collide. */
void
config_finish(struct config *c, bool whole, struct errors_list *errors)
{
	if (origin(c, "min_free")->file == NULL)
		c->min_free_bytes = MIN_FREE_CAP;
	if (whole && origin(c, "data_dir")->file == NULL)
		errors_add(errors, c->file, 1,
		           "data_dir is missing: say where the snapshots go, such as "
		           "data_dir = \"/backup\"");
	check_files(c, errors);
	if (c->hosts_file != NULL && strcmp(c->hosts_file, c->file) == 0) {
		complain(c, "hosts_file", errors, "it names the file that it stands in");
		free(c->hosts_file);
		c->hosts_file = NULL;
	}
}

int
config_add(struct config *c, struct volume *v)
{
	struct volume **volumes = reallocarray(c->volumes, c->n + 1, sizeof(*volumes));

	if (volumes == NULL) {
		volume_free(v);
		return -1;
	}
	c->volumes = volumes;
	c->volumes[c->n++] = v;
	return 0;
}

size_t
config_named(const struct config *c, const char *operand)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += volume_is_named(c->volumes[i], operand);
	return n;
}

/* The name closest to a mistyped operand: exact but for case, a volume's name without its host,
 * or a small spelling error. */
const char *
config_nearest(const struct config *c, const char *operand)
{
	struct suggest near = {.word = operand};

	for (size_t i = 0; i < c->n; i++) {
		const struct volume *v = c->volumes[i];

		if (strcasecmp(v->host, operand) == 0)
			return v->host;
		/* The host before a volume's name is easily forgotten. */
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
	text_list_free(&c->idle);
	option_clear_all(OPTION_MAIN, c);
	free(c->file);
	free(c);
}
