// SPDX-License-Identifier: ISC
#ifndef ROWS_H
#define ROWS_H

#include "unit.h"

#include "flashback/config/volume.h"
#include "flashback/schedule/table.h"

/* Volumes and tables for tests, made by the real rules. */

/* Set an option from "name=value"; of one that takes several, add an item. */
static inline void
rows_set(struct volume *volume, const char *option)
{
	const char *value = strchr(option, '=') + 1;
	char *name = strndup(option, (size_t)(value - 1 - option)), *why = NULL;
	const struct option_row *o = option_find(name);

	free(name);
	assert_non_null(o);
	if (option_set(o, volume, value, &why) != 0)
		fail_msg("%s: %s", option, why);
	option_mark(o, volume,
	            &(struct option_origin){.file = "f", .line = 1, .place = OPTION_VOLUME});
}

/* rows_volume("kimono/home", "source=...", "every=1d", NULL): one reference, the caller's. */
static inline __attribute__((sentinel)) struct volume *
rows_volume(const char *id, ...)
{
	const char *slash = strchr(id, '/'), *option, *blame = "";
	char *host = strndup(id, (size_t)(slash - id)), *why = NULL;
	struct volume *volume = volume_new(NULL);
	va_list args;

	assert_non_null(volume);
	va_start(args, id);
	while ((option = va_arg(args, const char *)) != NULL)
		rows_set(volume, option);
	va_end(args);
	if (volume->source == NULL)
		rows_set(volume, "source=/srv/");
	if (volume_finish(volume, host, slash + 1, "/backup", &why, &blame) != 0)
		fail_msg("%s: %s: %s", id, blame, why);
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
		run.snapshot = (struct stamp){.when = row->seen.partial, .state = STAMP_PARTIAL};
	}
	return run;
}

#endif
