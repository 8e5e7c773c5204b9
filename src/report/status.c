// SPDX-License-Identifier: ISC
#include "flashback/report/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flashback/lib/text.h"
#include "flashback/report/health.h"
#include "flashback/report/queue.h"
#include "flashback/report/reason.h"
#include "flashback/report/state.h"
#include "flashback/store/stamp.h"

#define MINUTE 60
#define TIME_SIZE 64 /* date and time, whatever the year */

/* What a volume does at each stage of its run, for scripts and for people: the highest rank of all
 * volumes is shown. */
struct activity {
	int rank;
	const char *status, *words;
};

static const struct activity idle = {0, "IDLE", "sleeping"};
static const struct activity of_stage[] = {
    [TABLE_PREPARING] = {1, "PREPARING", "preparing"},
    [TABLE_COMPARING] = {3, "BACKING_UP", "backing up"},
    [TABLE_COPYING] = {3, "BACKING_UP", "backing up"},
    [TABLE_COMMITTING] = {2, "ROTATING", "rotating"},
    [TABLE_EXPIRING] = {2, "ROTATING", "rotating"},
};

/* The highest activity, the first volume with it, and the number of volumes with any. */
struct busiest {
	const struct activity *activity;
	const struct table_row *first;
	unsigned running;
};

static struct busiest
find_busiest(const struct table *table)
{
	struct busiest top = {&idle, NULL, 0};

	for (size_t i = 0; i < table->n; i++) {
		const struct table_row *row = &table->row[i];

		if (!table_active(row))
			continue;
		top.running++;
		if (of_stage[row->stage].rank > top.activity->rank) {
			top.activity = &of_stage[row->stage];
			top.first = row;
		}
	}
	return top;
}

/* Minutes to the next wake, rounded up: the file must not say 0 while there is time left. */
static int64_t
wait_minutes(const struct view *view, const struct busiest *top)
{
	int64_t left = view->next_wake - view->when.now;

	if (view->life != VIEW_ALIVE || top->running > 0 || left <= 0)
		return 0;
	return (left + MINUTE - 1) / MINUTE;
}

/* Write a value that may contain anything, on one line. */
static void
put_text(FILE *f, const char *key, const char *value)
{
	char *text = text_cleaned(value);

	fprintf(f, "%s=%s\n", key, text != NULL ? text : "");
	free(text);
}

/* In hundredths, by integer arithmetic: printf("%f") writes a comma in some locales. */
static void
put_percent(FILE *f, const char *key, uint64_t part, uint64_t whole)
{
	double exact = whole > 0 ? (double)part * 10000 / (double)whole : 0;
	unsigned hundredths = (unsigned)(exact + 0.5);

	fprintf(f, "%s=%u.%02u\n", key, hundredths / 100, hundredths % 100);
}

/* The figures of the disk; left out unless the marker is there, since then they would be those of
 * the disk below the mount point. */
static void
put_disk(FILE *f, const struct view *view)
{
	const struct view_disk *disk = &view->disk;
	bool mounted = disk->known && disk->mounted;

	put_text(f, "disk.mntpt", view->data_dir);
	fprintf(f, "disk.mounted=%s\n", mounted ? "true" : "false");
	if (!mounted)
		return;
	fprintf(f, "disk.total.bytes=%" PRIu64 "\n", disk->total);
	fprintf(f, "disk.used.bytes=%" PRIu64 "\n", disk->used);
	fprintf(f, "disk.free.bytes=%" PRIu64 "\n", disk->free);
	put_percent(f, "disk.used.percent", disk->used, disk->total);
	put_percent(f, "disk.free.percent", disk->free, disk->total);
}

/* The volumes being worked on, separated by commas. */
static void
put_target(FILE *f, const struct table *table)
{
	const char *comma = "";

	fputs("target=", f);
	for (size_t i = 0; i < table->n; i++) {
		if (!table_active(&table->row[i]))
			continue;
		fprintf(f, "%s%s", comma, table->row[i].volume->id);
		comma = ",";
	}
	fputc('\n', f);
}

/* The first block: names, order and units are a contract with existing scripts. */
static void
put_contract(FILE *f, const struct view *view)
{
	const struct stamp now = {.when = view->when.now, .offset = view->when.offset};
	struct busiest top = find_busiest(view->table);
	const char *status = top.activity->status;
	char time[TIME_SIZE];
	struct tm tm;

	stamp_local(&now, &tm);
	strftime(time, sizeof(time), "date=%F\ntime=%T\n", &tm);
	fputs(time, f);
	if (view->life != VIEW_ALIVE)
		status = view->life == VIEW_DOWN ? "DOWN" : "PRESTART";
	fprintf(f, "pid=%d\n", view->pid);
	fprintf(f, "status=%s\n", status);
	put_target(f, view->table);
	fprintf(f, "wait=%" PRId64 "\n", wait_minutes(view, &top));
	put_disk(f, view);
}

static void
put_counts(FILE *f, const struct view *view)
{
	struct health_counts counts;

	health_count(view->table, view->when.now, &counts);
	fprintf(f, "volumes.total=%u\n", counts.total);
	fprintf(f, "volumes.ok=%u\n", counts.ok);
	fprintf(f, "volumes.running=%u\n", counts.running);
	fprintf(f, "volumes.failed=%u\n", counts.failed);
	fprintf(f, "volumes.partial=%u\n", counts.partial);
	fprintf(f, "volumes.suspect=%u\n", counts.suspect);
	fprintf(f, "volumes.overdue=%u\n", counts.overdue);
	fprintf(f, "volumes.notfound=%u\n", counts.notfound);
	fprintf(f, "volumes.disabled=%u\n", counts.disabled);
}

/* The state of a volume for machines.  What is wrong with its newest snapshot comes before what the
 * volume does now: otherwise a monitor would see it recover whenever it is backed up.  Likewise one
 * without a backup is not merely absent. */
static const char *
state_name(const struct state *state)
{
	const struct table_row *row = state->row;
	static const char *const names[] = {
	    [STATE_DISABLED] = "DISABLED",  [STATE_COMPARING] = "RUNNING",
	    [STATE_BACKING_UP] = "RUNNING", [STATE_ROTATING] = "RUNNING",
	    [STATE_NOT_FOUND] = "NOTFOUND", [STATE_FAILED] = "FAILED",
	    [STATE_SUSPECT] = "SUSPECT",    [STATE_PARTIAL] = "PARTIAL",
	    [STATE_SUCCEEDED] = "OK",       [STATE_WAITING] = "WAITING",
	    [STATE_READY] = "WAITING",      [STATE_NEXT] = "OK",
	};

	if (state->word == STATE_DISABLED)
		return names[state->word];
	if (state_is_suspect(row))
		return "SUSPECT";
	if (state->word == STATE_FAILED)
		return names[state->word];
	if (state_is_partial(row))
		return "PARTIAL";
	return row->known && state_is_never(row) ? "NEVER" : names[state->word];
}

static void
put_figure(FILE *f, const char *key, bool known, int64_t value)
{
	if (known)
		fprintf(f, " %s=%" PRId64, key, value);
	else
		fprintf(f, " %s=-", key);
}

/* Memory that the words of one volume after the other are written to: a stream for each would cost
 * more than all else. */
struct words {
	FILE *f;
	char *text;
	size_t len;
};

/* What people read in queue.txt.  A host chooses some of it: a blank would let it add keys to the
 * line.  Without memory it is unknown. */
static void
put_words(FILE *f, struct words *words)
{
	const char *text, *blank;
	size_t len;

	if (words->f == NULL || fflush(words->f) != 0) {
		fputs(" text=-\n", f);
		return;
	}
	fputs(" text=", f);
	text = words->text;
	for (len = words->len; (blank = memchr(text, ' ', len)) != NULL; text = blank + 1) {
		fwrite(text, 1, (size_t)(blank - text), f);
		fputs("\\040", f);
		len -= (size_t)(blank - text) + 1;
	}
	fwrite(text, 1, len, f);
	fputc('\n', f);
}

static void
put_volume(FILE *f, const struct table_row *row, const struct view *view, struct words *words)
{
	const struct summary *seen = &row->seen;
	struct stamp newest = state_newest(row, view);
	char name[STAMP_NAME_SIZE];
	struct state state;

	state_of(row, view, &state);
	fprintf(f, "volume=%s state=%s%s", row->volume->id, state_name(&state),
	        state.overdue ? ",OVERDUE" : "");
	put_figure(f, "last", newest.when != 0, newest.when);
	put_figure(f, "due", state.next != 0 && !table_active(row), state.next);
	put_figure(f, "kept", row->known, seen->kept);
	put_figure(f, "files", seen->files >= 0, seen->files);
	put_figure(f, "size", seen->bytes >= 0, seen->bytes);
	put_figure(f, "new", seen->new_bytes >= 0, seen->new_bytes);
	put_figure(f, "seconds", seen->seconds >= 0, seen->seconds);
	put_figure(f, "every", true, row->volume->every);
	fprintf(f, " at=%s", newest.when != 0 ? stamp_format(&newest, name) : "-");
	if (words->f != NULL) {
		rewind(words->f);
		reason_status(words->f, &state);
	}
	put_words(f, words);
}

/* A line a volume, in the order of the config; as many as volumes.total says. */
static void
put_volumes(FILE *f, const struct view *view)
{
	struct words words = {0};

	words.f = open_memstream(&words.text, &words.len);
	for (size_t i = 0; i < view->table->n; i++)
		if (!view->table->row[i].gone)
			put_volume(f, &view->table->row[i], view, &words);
	if (words.f != NULL)
		fclose(words.f);
	free(words.text);
}

/* While the daemon lives, next.update is when the file is rewritten at the latest, so that a dead
 * daemon shows.  After a stop it is now. */
void
status_write(FILE *f, const struct view *view)
{
	struct health_verdict verdict;

	put_contract(f, view);
	health_judge(view, &verdict);
	fprintf(f, "health=%s\n", health_name(verdict.level));
	put_text(f, "reason", verdict.reason);
	put_counts(f, view);
	health_growth(f, "disk.forecast=", &view->disk, "\n");
	fprintf(f, "next.update=%" PRId64 "\n",
	        view->life == VIEW_DOWN ? view->when.now : view->next_update);
	fprintf(f, "epoch=%" PRId64 "\n", view->when.now);
	put_text(f, "config", view->config_error != NULL ? view->config_error : "OK");
	put_text(f, "version", view->version);
	put_volumes(f, view);
}

/* The row with the highest activity; without any, the first that is probed or queued, or NULL. */
static const struct table_row *
find_first(const struct table *table, const struct busiest *top)
{
	const struct table_row *row = top->first;

	for (size_t i = 0; row == NULL && i < table->n; i++)
		if (table->row[i].phase != TABLE_RESTING)
			row = &table->row[i];
	return row;
}

void
status_progress(FILE *f, const struct view *view)
{
	struct busiest top = find_busiest(view->table);
	const struct table_row *row = find_first(view->table, &top);
	struct state state;

	if (row == NULL)
		return;
	state_of(row, view, &state);
	fprintf(f, "%s: ", row->volume->id);
	reason_status(f, &state);
	if (top.running > 1)
		fprintf(f, " (and %u more)", top.running - 1);
}

/* What the program does, for people: "backing up 'kimono/home' and 1 more". */
static void
put_activity(FILE *f, const struct view *view)
{
	struct busiest top = find_busiest(view->table);

	if (view->life != VIEW_ALIVE) {
		fputs(view->life == VIEW_DOWN ? "stopped" : "not yet started", f);
		return;
	}
	fputs(top.activity->words, f);
	if (top.first == NULL)
		fprintf(f, " %" PRId64 " min", wait_minutes(view, &top));
	else
		fprintf(f, " '%s'", top.first->volume->id);
	if (top.running > 1)
		fprintf(f, " and %u more", top.running - 1);
}

/* A line for people who look no further than queue.txt: what is wrong, and what to do.  The words
 * that scripts count are in lower case. */
static void
put_health(FILE *f, const struct view *view)
{
	struct health_verdict verdict;
	char text[4 * HEALTH_REASON]; /* if all of it is escaped */

	health_judge(view, &verdict);
	if (verdict.level == HEALTH_OK)
		return;
	text_clean(text, sizeof(text), verdict.reason, strlen(verdict.reason));
	(void)text_hush(text);
	fprintf(f, "%s: %s\n", health_name(verdict.level), text);
}

void
status_queue(FILE *f, const struct view *view)
{
	const struct stamp now = {.when = view->when.now, .offset = view->when.offset};
	char time[STAMP_TIME_SIZE];

	fprintf(f, "%s : ", stamp_time(&now, time));
	put_activity(f, view);
	fputc('\n', f);
	put_health(f, view);
	fputc('\n', f);
	queue_print(f, view, false);
	health_disk(f, &view->disk);
}
