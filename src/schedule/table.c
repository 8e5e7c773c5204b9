// SPDX-License-Identifier: ISC
#include "flashback/schedule/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/clock.h"

static int
compare_ids(const void *a, const void *b)
{
	const struct table_row *const *x = a, *const *y = b;

	return strcmp((*x)->volume->id, (*y)->volume->id);
}

static int
compare_key(const void *key, const void *element)
{
	const struct table_row *const *row = element;

	return strcmp(key, (*row)->volume->id);
}

/* Rebuild by_id after rows were added or moved: it points at them. */
static void
sort_index(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		table->by_id[i] = &table->row[i];
	if (table->n > 1)
		qsort(table->by_id, table->n, sizeof(*table->by_id), compare_ids);
}

/* Move the state of a volume into the new table, with its new configuration.  The old row is left
 * empty. */
static void
keep_row(struct table_row *row, struct table_row *old, struct volume *volume)
{
	volume_free(old->volume);
	*row = *old;
	*old = (struct table_row){0};
	row->volume = volume_ref(volume);
	row->gone = false;
}

/* A row of which nothing is known yet. first_seen is where plan_overdue starts to count. */
static void
new_row(struct table_row *row, struct volume *volume, int64_t now)
{
	const struct stamp none = {.when = 0};

	*row = (struct table_row){
	    .volume = volume_ref(volume),
	    .first_seen = now,
	    .seen = {.files = -1,
	             .bytes = -1,
	             .new_bytes = -1,
	             .seconds = -1,
	             .last = history_begin(&none)},
	};
}

static void
free_row(struct table_row *row)
{
	volume_free(row->volume);
	free(row->differs);
}

/* A volume has left the config.  While a worker runs its row is kept at the end of the table,
 * marked as gone, so that the end of the run is still logged. */
static void
retire_row(struct table *table, struct table_row *old)
{
	if (table_active(old)) {
		table->row[table->n] = *old;
		table->row[table->n++].gone = true;
	} else {
		free_row(old);
	}
}

static size_t
count_active(const struct table *table)
{
	size_t active = 0;

	for (size_t i = 0; i < table->n; i++)
		active += table_active(&table->row[i]);
	return active;
}

/* Build the new table beside the old one and replace it only when all allocations have succeeded.
 * The old rows are looked up first, because moving one empties it and the index would no longer
 * find the others. */
int
table_update(struct table *table, struct volume *const *volumes, size_t n, int64_t now)
{
	size_t most = n + count_active(table) + 1;
	struct table fresh = {.row = calloc(most, sizeof(*fresh.row)),
	                      .n = n,
	                      .by_id = calloc(most, sizeof(struct table_row *))};
	struct table_row **known = calloc(n + 1, sizeof(struct table_row *));

	if (fresh.row == NULL || fresh.by_id == NULL || known == NULL)
		goto fail;
	for (size_t i = 0; i < n; i++)
		known[i] = table_find(table, volumes[i]->id);
	for (size_t i = 0; i < n; i++) {
		if (known[i] != NULL)
			keep_row(&fresh.row[i], known[i], volumes[i]);
		else
			new_row(&fresh.row[i], volumes[i], now);
	}
	for (size_t i = 0; i < table->n; i++)
		if (table->row[i].volume != NULL)
			retire_row(&fresh, &table->row[i]);
	sort_index(&fresh);
	free(known);
	free(table->row);
	free(table->by_id);
	*table = fresh;
	return 0;
fail:
	free(known);
	free(fresh.by_id);
	free(fresh.row);
	return -1;
}

struct table_row *
table_find(struct table *table, const char *id)
{
	struct table_row **found;

	if (table->n == 0)
		return NULL;
	found = bsearch(id, table->by_id, table->n, sizeof(*table->by_id), compare_key);
	return found != NULL ? *found : NULL;
}

/* Called when a run has ended: only running rows are kept after their volume has left the
 * config. */
void
table_drop_gone(struct table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->n; i++) {
		struct table_row *row = &table->row[i];

		if (row->gone && !table_active(row))
			free_row(row);
		else
			table->row[kept++] = *row;
	}
	if (kept == table->n)
		return;
	table->n = kept;
	sort_index(table);
}

/* Correct one instant since when something lasts. */
static void
mend_since(int64_t *since, int64_t now)
{
	if (*since != 0 && (*since < CLOCK_RELEASE_DATE || *since > now))
		*since = now;
}

/* Instants noted while the clock was wrong would hold a volume back, or show it as silent, for
 * years: they count from now. */
static void
mend_instants(struct table_row *row, int64_t now)
{
	mend_since(&row->first_seen, now);
	mend_since(&row->silent_since, now);
	mend_since(&row->unresolved_since, now);
	mend_since(&row->queued_since, now);
	mend_since(&row->started, now);
	if (row->seen.last.stamp.when > now)
		row->seen.last.stamp.when = now;
	if (row->retry_at > now + row->volume->every)
		row->retry_at = 0;
}

void
table_wake(struct table *table, int64_t now)
{
	for (size_t i = 0; i < table->n; i++) {
		struct table_row *row = &table->row[i];

		/* Written only where it differs: a page that is written while a child shares it
		 * is copied. */
		if (row->tried || row->fresh)
			row->tried = row->fresh = false;
		mend_instants(row, now);
	}
}

/* The directory was read while the row may already show a newer run that is not in the history (the
 * disk was lost, the host was not found): keep the newer of the two. */
bool
table_see(struct table_row *row, const struct summary *seen)
{
	const struct history_run last = row->seen.last;
	bool newer = seen->last.result != RESULT_NONE &&
	             (!row->known || seen->last.stamp.when > last.stamp.when);

	row->seen = *seen;
	row->known = true;
	if (newer) {
		row->percent = 0;
		row->silent_since = 0;
	} else {
		row->seen.last = last;
	}
	return newer;
}

/* Record a result without a run.  The stamp of the last run is kept, or else the next reading of
 * the history would not be recognized as newer. */
void
table_result(struct table_row *row, enum result result, const char *fmt, ...)
{
	struct history_run run = history_begin(&row->seen.last.stamp);
	va_list ap;

	run.result = result;
	va_start(ap, fmt);
	history_reason(&run, fmt, ap);
	va_end(ap);
	row->seen.last = run;
}

void
table_free(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free_row(&table->row[i]);
	free(table->row);
	free(table->by_id);
	*table = (struct table){0};
}

/* All transitions of a volume.  What is not listed cannot happen. */
static const struct {
	enum table_phase from;
	enum table_event event;
	enum table_phase to;
} transitions[] = {
    {TABLE_RESTING, TABLE_EVENT_PROBE, TABLE_PROBING},
    {TABLE_RESTING, TABLE_EVENT_QUEUE, TABLE_QUEUED},
    {TABLE_PROBING, TABLE_EVENT_ANSWERED, TABLE_QUEUED},
    {TABLE_PROBING, TABLE_EVENT_SILENT, TABLE_RESTING},
    {TABLE_PROBING, TABLE_EVENT_UNPROBED, TABLE_QUEUED},
    {TABLE_PROBING, TABLE_EVENT_NO_NET, TABLE_RESTING},
    {TABLE_PROBING, TABLE_EVENT_WITHDRAWN, TABLE_RESTING},
    {TABLE_QUEUED, TABLE_EVENT_STARTED, TABLE_RUNNING},
    {TABLE_QUEUED, TABLE_EVENT_WITHDRAWN, TABLE_RESTING},
    {TABLE_RUNNING, TABLE_EVENT_STOPPED, TABLE_ENDING},
    {TABLE_RUNNING, TABLE_EVENT_ENDED, TABLE_RESTING},
    {TABLE_ENDING, TABLE_EVENT_ENDED, TABLE_RESTING},
};

int
table_next(enum table_phase from, enum table_event event, enum table_phase *to)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++) {
		if (transitions[i].from == from && transitions[i].event == event) {
			*to = transitions[i].to;
			return 0;
		}
	}
	return -1;
}

void
table_move(struct table_row *row, enum table_event event)
{
	enum table_phase to = row->phase;
	int rc = table_next(row->phase, event, &to);

	assert(rc == 0);
	(void)rc;
	row->phase = to;
}

bool
table_active(const struct table_row *row)
{
	return row->phase == TABLE_RUNNING || row->phase == TABLE_ENDING;
}
