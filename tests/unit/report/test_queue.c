// SPDX-License-Identifier: ISC
#include "golden.h"
#include "rows.h"

#include <time.h>

#include "flashback/lib/clock.h"
#include "flashback/report/queue.h"
#include "flashback/report/state.h"
#include "flashback/report/status.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define OFFSET ((int32_t)HOUR)
#define M (INT64_C(1) << 20)
#define G (INT64_C(1) << 30)
/* 2026-11-22 12:01:32 at an offset of an hour; the next wake is at 12:10. */
#define NOW (CLOCK_RELEASE_DATE + 11 * HOUR + MINUTE + 32)
#define NEXT_WAKE (NOW + 8 * MINUTE + 28)

/* A volume as the config has it, and as it stands. */
struct entry {
	const char *id, *option;
	struct table_row row;
	const char *reason;
};

/* Of the newest run; -1: it has no statistics. */
#define SIZES(all, fresh)                                                                          \
	.files = (all) < 0 ? -1 : (all) >> 10, .bytes = (all), .new_bytes = (fresh),               \
	.seconds = (all) < 0 ? -1 : 540

/* In the order of the config; every state is there. */
static const struct entry household[] = {
    {"attic/old",
     "disabled=yes",
     {.seen = {.complete = NOW - 700 * DAY, .kept = 3, SIZES(9 * G, 0)}},
     NULL},
    {"here/etc",
     NULL,
     {.seen = {.complete = NOW - 20 * HOUR, .kept = 18, SIZES(6 * M, 999)}},
     NULL},
    {"kimono/etc",
     "every=7d",
     {.seen = {.complete = NOW - 4 * DAY - HOUR, .kept = 9, SIZES(6 * M, 1024)}},
     NULL},
    {"digit/users",
     NULL,
     {.seen = {.complete = NOW - 103 * DAY - HOUR, .kept = 10, SIZES(81 * G / 10, 0)},
      .seen.last.result = RESULT_NOT_FOUND,
      .silent_since = NOW - 2 * DAY},
     "host silent"},
    {"kimono/home",
     NULL,
     {.seen = {.complete = NOW - 16 * HOUR - 29 * MINUTE, .kept = 24, SIZES(412 * G / 10, 312 * M)},
      .phase = TABLE_RUNNING,
      .stage = TABLE_COPYING,
      .progress = {.percent = 43, .rate = 123 * M / 10, .left = 432, .done = 43, .all = 100}},
     NULL},
    {"nas/music",
     NULL,
     {.seen = {.complete = NOW - 26 * HOUR, .kept = 7, SIZES(-1, -1)},
      .seen.last.result = RESULT_FAILED,
      .seen.last.seconds = 540,
      .retry_at = NOW + 2 * HOUR},
     "the module music is not known to the rsync daemon; see its rsyncd.conf"},
    {"nas/photos",
     NULL,
     {.seen =
          {.complete = NOW - 30 * HOUR,
           .suspect = NOW - HOUR,
           .kept = 7,
           .flawed = {.result = RESULT_SUSPECT,
                      .snapshot = {.when = NOW - HOUR, .offset = OFFSET, .state = STAMP_SUSPECT},
                      .reason = "12 files where 40211 were"},
           SIZES(3 * M, 3 * M)}},
     NULL},
    {"phone/sdcard",
     "every=12h",
     {.seen = {.partial = NOW - 59, .kept = 1, SIZES(1023, 0)}, .seen.last.result = RESULT_PARTIAL},
     "2 files could not be read; the first: /sdcard/Gr\xc3\xbc\xc3\x9f"
     "e/\xe2\x82\xac.txt: Permission denied"},
    {"laptop/home",
     NULL,
     {.seen = {.complete = NOW - 25 * HOUR, .kept = 31, SIZES(120 * G, 5 * G)},
      .seen.last.result = RESULT_NOT_FOUND,
      .silent_since = NOW - HOUR},
     "host silent"},
    {"new/one", NULL, {.seen = {SIZES(-1, -1)}}, NULL},
    {"web/www",
     NULL,
     {.seen = {.complete = NOW - 65, .kept = 12, SIZES(2 * G, 70 * M)},
      .seen.last.result = RESULT_SUCCEEDED,
      .fresh = true,
      .seen.last.seconds = 61},
     NULL},
    {"web/db",
     NULL,
     {.seen = {.complete = NOW - 25 * HOUR, .kept = 12, SIZES(5 * G, 5 * G)},
      .phase = TABLE_QUEUED},
     NULL},
    {"web/log",
     "window=22:00-06:00",
     {.seen = {.complete = NOW - 25 * HOUR, .kept = 12, SIZES(0, 0)}},
     NULL},
    {"kimono/root",
     NULL,
     {.seen = {.complete = NOW - 2 * DAY, .kept = 2, SIZES(10 * G, G)},
      .phase = TABLE_RUNNING,
      .stage = TABLE_EXPIRING},
     NULL},
};

static void
make_table(struct table *table, const struct entry *entries, size_t n)
{
	struct volume **volumes = calloc(n, sizeof(*volumes));

	assert_non_null(volumes);
	for (size_t i = 0; i < n; i++)
		volumes[i] = rows_volume(entries[i].id, entries[i].option, NULL);
	rows_table(table, volumes, n, NOW);
	free(volumes);
	for (size_t i = 0; i < n; i++) {
		struct volume *volume = table->row[i].volume;

		table->row[i] = entries[i].row;
		table->row[i].volume = volume;
		table->row[i].known = true;
		table->row[i].first_seen = NOW;
		if (entries[i].reason == NULL)
			continue;
		table_result(&table->row[i], entries[i].row.seen.last.result, "%s",
		             entries[i].reason);
		table->row[i].seen.last.seconds = entries[i].row.seen.last.seconds;
		table->row[i].seen.flawed = rows_flawed(&table->row[i]);
	}
}

static struct view
make_view(const struct table *table)
{
	return (struct view){
	    .table = table,
	    .when = {NOW, OFFSET, 10 * MINUTE, PLAN_DISK_OK},
	    .life = VIEW_ALIVE,
	    .next_wake = NEXT_WAKE,
	    .data_dir = "/backup",
	    .version = "1.0.0",
	};
}

static void
print_all(FILE *f, const void *view)
{
	queue_print(f, view, false);
}

static void
print_wanted(FILE *f, const void *view)
{
	queue_print(f, view, true);
}

static void
print_file(FILE *f, const void *view)
{
	status_queue(f, view);
}

static void
print_status(FILE *f, const void *view)
{
	status_write(f, view);
}

static void
test_household(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	make_table(&table, household, LENGTH(household));
	golden_check("queue-household.txt", golden_text(print_file, &view));
	golden_check("status-household.txt", golden_text(print_status, &view));
	table_free(&table);
}

/* The longest names there can be, and columns wider than their titles. */
static void
test_wide(void **unused)
{
	static const char longest[] =
	    "a123456789012345678901234567890123456789012345678901234567890123/"
	    "z123456789012345678901234567890123456789012345678901234567890123";
	const struct entry entries[] = {
	    {longest,
	     "every=1000s",
	     {.seen = {.complete = NOW - 99 * DAY - 23 * HOUR,
	               .kept = 123456,
	               SIZES(1023 * M, 1022976)}},
	     NULL},
	    {"a/b", "every=30m", {.seen = {.complete = NOW + 60, SIZES(0, 1023)}}, NULL},
	};
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	make_table(&table, entries, LENGTH(entries));
	table.row[1].known = false;
	table.row[1].seen.complete = 0;
	golden_check("queue-wide.txt", golden_text(print_all, &view));
	table_free(&table);
}

static void
test_wanted_only(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);
	char *text;

	(void)unused;
	make_table(&table, household, LENGTH(household));
	table_find(&table, "web/www")->wanted = true;
	text = golden_text(print_wanted, &view);
	assert_int_equal(strncmp(text, "VOLUME     LAST BACKUP", 22), 0);
	assert_non_null(strstr(text, "\nweb/www    2026-11-22 12:00:27  "));
	assert_null(strstr(text, "kimono"));
	free(text);
	table_free(&table);
}

/* Pseudo-random numbers from a seed that a failure shows. */
static unsigned
next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

/* A row in any state whatever. */
static void
randomize(struct table_row *row, unsigned *seed)
{
	static const char *const reasons[] = {NULL, "", "it FAILED", "SUCCEEDED\nFAILED",
	                                      "\xc3\xa4"};
	const char *reason = reasons[next_random(seed) % LENGTH(reasons)];

	row->known = next_random(seed) % 8 != 0;
	row->seen = (struct summary){
	    .complete = next_random(seed) % 4 ? NOW - next_random(seed) * 20 : 0,
	    .partial = next_random(seed) % 4 ? 0 : NOW - next_random(seed) * 20,
	    .suspect = next_random(seed) % 4 ? 0 : NOW - next_random(seed) * 20,
	    .kept = next_random(seed) % 2000,
	    .bytes = next_random(seed) % 3 ? (int64_t)next_random(seed) * next_random(seed) : -1,
	    .new_bytes = next_random(seed) % 3 ? (int64_t)next_random(seed) : -1};
	row->first_seen = NOW - next_random(seed) * 10;
	row->phase = (enum table_phase)(next_random(seed) % 5);
	row->stage = (enum table_stage)(next_random(seed) % 4);
	row->progress.all = next_random(seed) % 2;
	row->seen.last.seconds = (int64_t)next_random(seed) - 100;
	row->fresh = next_random(seed) % 4 == 0;
	row->retry_at = next_random(seed) % 2 ? NOW + next_random(seed) : 0;
	row->silent_since = next_random(seed) % 4 ? 0 : NOW - next_random(seed);
	row->seen.last.result = (enum result)(next_random(seed) % RESULT_RESULTS);
	if (reason != NULL)
		table_result(row, row->seen.last.result, "%s", reason);
}

static void
make_random(struct table *table, size_t n, unsigned *seed)
{
	struct volume **volumes = calloc(n + 1, sizeof(*volumes));

	assert_non_null(volumes);
	for (size_t i = 0; i < n; i++) {
		char id[64];

		snprintf(id, sizeof(id), "host%u/volume%zu", next_random(seed), i);
		volumes[i] =
		    rows_volume(id, next_random(seed) % 8 == 0 ? "disabled=yes" : "every=1d", NULL);
	}
	rows_table(table, volumes, n, NOW);
	free(volumes);
	for (size_t i = 0; i < n; i++)
		randomize(&table->row[i], seed);
}

/* The place of a row in the order that is promised. */
static int
place_of(const struct table_row *row, const struct state *state)
{
	if (table_active(row))
		return 0;
	if (state->overdue)
		return 1;
	switch (state->word) {
	case STATE_FAILED:
		return 2;
	case STATE_SUSPECT:
		return 3;
	case STATE_PARTIAL:
		return 4;
	case STATE_NOT_FOUND:
		return 5;
	case STATE_DISABLED:
		return 7;
	case STATE_COMPARING:
	case STATE_BACKING_UP:
	case STATE_ROTATING:
	case STATE_SUCCEEDED:
	case STATE_WAITING:
	case STATE_READY:
	case STATE_NEXT:
		break;
	}
	return 6;
}

static unsigned
count_words(const char *text, const char *word)
{
	unsigned n = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		n++;
	return n;
}

/* Each line of the text belongs to a row: check order and alignment. */
static void
check_lines(struct table *table, const struct view *view, char *text, unsigned seed)
{
	const char *title = strstr(text, "STATUS");
	size_t column = (size_t)(title - text), rows = 0;
	int place = 0;
	int64_t next = 0;

	for (char *line = strchr(text, '\n') + 1; *line != '\0'; rows++) {
		char *end = strchr(line, '\n');
		struct table_row *row;
		struct state state;

		assert_non_null(end);
		*end = '\0';
		assert_true(strlen(line) > column);
		assert_memory_equal(line + column - 3, "   ", 3);
		assert_true(line[column] >= 'A' && line[column] <= 'Z');
		line[strcspn(line, " ")] = '\0';
		row = table_find(table, line);
		assert_non_null(row);
		state_of(row, view, &state);
		if (place_of(row, &state) < place ||
		    (place_of(row, &state) == place && state.next < next))
			fail_msg("seed %u: %s is out of order", seed, line);
		place = place_of(row, &state);
		next = state.next;
		line = end + 1;
	}
	assert_int_equal(rows, table->n);
}

static void
test_random(void **unused)
{
	(void)unused;
	for (unsigned run = 0; run < 60; run++) {
		unsigned seed = run, failed = 0, succeeded = 0;
		struct table table = {0};
		struct view view = make_view(&table);
		char *text;

		make_random(&table, run * 3, &seed);
		text = golden_text(print_all, &view);
		for (size_t i = 0; i < table.n; i++) {
			struct state state;

			state_of(&table.row[i], &view, &state);
			failed += state.word == STATE_FAILED;
			succeeded += state.word == STATE_SUCCEEDED;
		}
		if (count_words(text, "FAILED") != failed ||
		    count_words(text, "SUCCEEDED") != succeeded)
			fail_msg("seed %u: %u failed, %u succeeded", run, failed, succeeded);
		check_lines(&table, &view, text, run);
		free(text);
		table_free(&table);
	}
}

/* The time on the processor that both files take, the least of several tries. */
static clock_t
least_time(const struct view *view)
{
	clock_t least = CLOCKS_PER_SEC * 60;

	for (int i = 0; i < 10; i++) {
		FILE *f = fopen("/dev/null", "w");
		clock_t begin = clock(), took;

		assert_non_null(f);
		status_write(f, view);
		status_queue(f, view);
		assert_int_equal(fclose(f), 0);
		took = clock() - begin;
		if (took < least)
			least = took;
	}
	return least;
}

/* A wake with 1,000 volumes has 10 ms in all; sanitizers and a busy machine are granted more. */
static void
test_many(void **unused)
{
	unsigned seed = 1;
	struct table table = {0};
	struct view view = make_view(&table);
	clock_t took;

	(void)unused;
	make_random(&table, 1000, &seed);
	took = least_time(&view);
	print_message("1,000 volumes: %ld us\n", (long)(took * 1000000 / CLOCKS_PER_SEC));
	assert_true(took < CLOCKS_PER_SEC / 50);
	table_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_household),   cmocka_unit_test(test_wide),
	    cmocka_unit_test(test_wanted_only), cmocka_unit_test(test_random),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
