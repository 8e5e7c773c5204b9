// SPDX-License-Identifier: ISC
#ifndef ROWS_H
#define ROWS_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/config/volume.h"
#include "flashback/schedule/table.h"

/* Volumes and tables for tests, made by the real rules. */

/* Add "key=value" to a layer; the same key again adds an item. */
static inline void
rows_set(struct volume_layer *layer, const char *option)
{
	const char *value = strchr(option, '=') + 1;
	char *name = strndup(option, (size_t)(value - 1 - option)), *why = NULL;
	enum volume_key key = volume_key_find(name);
	struct volume_setting *setting = &layer->setting[key];

	free(name);
	assert_true(key < VOLUME_KEYS);
	if (volume_check_value(key, setting->values.n, value, &why) != 0)
		fail_msg("%s: %s", option, why);
	setting->set = true;
	assert_int_equal(text_list_add(&setting->values, value), 0);
}

/* rows_volume("kimono/home", "source=...", "every=1d", NULL): one reference, the caller's. */
static inline __attribute__((sentinel)) struct volume *
rows_volume(const char *id, ...)
{
	const char *slash = strchr(id, '/'), *option;
	char *host = strndup(id, (size_t)(slash - id)), *why = NULL;
	struct volume_layer layer = {0};
	const struct volume_layer *const layers[3] = {NULL, NULL, &layer};
	enum volume_key blame = 0;
	struct volume *volume;
	va_list args;

	va_start(args, id);
	while ((option = va_arg(args, const char *)) != NULL)
		rows_set(&layer, option);
	va_end(args);
	if (!layer.setting[VOLUME_SOURCE].set)
		rows_set(&layer, "source=/srv/");
	volume = volume_resolve(host, slash + 1, layers, "/backup", &why, &blame);
	if (volume == NULL)
		fail_msg("%s: %s", id, why);
	volume_layer_free(&layer);
	free(host);
	return volume;
}

/* A table of the n volumes, whose references it takes over. */
static inline void
rows_table(struct table *table, struct volume **volumes, size_t n, int64_t now)
{
	assert_int_equal(table_update(table, volumes, n, now), 0);
	for (size_t i = 0; i < n; i++)
		volume_free(volumes[i]);
}

/* What a row whose newest run ended as PARTIAL knows of the run that left its snapshot. */
static inline struct history_run
rows_flawed(const struct table_row *row)
{
	struct history_run run = row->seen.flawed;

	if (row->seen.last.result == RESULT_PARTIAL) {
		run = row->seen.last;
		run.snapshot = (struct stamp){row->seen.partial, 0, STAMP_PARTIAL};
	}
	return run;
}

#endif
