// SPDX-License-Identifier: ISC
#include "golden.h"
#include "rows.h"

#include "flashback/lib/clock.h"
#include "flashback/report/health.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WAKE (10 * MINUTE)
/* 2026-11-22 14:06 UTC; the next wake is at 14:10. */
#define NOW (CLOCK_RELEASE_DATE + 14 * HOUR + 6 * MINUTE)

#define FRESH .complete = NOW - 4 * HOUR
#define SUSPECT_AT (NOW - HOUR)

/* Circumstances in which something may be wrong; each case has one that stays and those of its own.
 */
struct circumstance {
	const char *option;   /* of the volume; NULL: none */
	struct table_row row; /* without anything: a volume that was backed up 4 hours ago */
	const char *reason;   /* of the row; NULL: none */
	enum plan_disk disk;
	const char *disk_reason, *config_error, *warning;
	int64_t growth; /* of the disk, whose free bytes are 20 G above min_free */
	int64_t now;    /* 0: NOW */
	enum health_level level;
	const char *words;
};

static char differs[] = "2 files differ from their source";

/* Worst first, as in the rule. */
static const struct circumstance causes[] = {
    {.row = {.seen = {FRESH}},
     .now = 86400,
     .level = HEALTH_CRITICAL,
     .words = "the clock is wrong: its date is before the release of flashback; no backup runs "
              "until it is "
              "set"},
    {.row = {.seen = {FRESH}},
     .disk = PLAN_DISK_ABSENT,
     .disk_reason = "/backup: not a flashback store, is the disk mounted?",
     .level = HEALTH_CRITICAL,
     .words = "/backup: not a flashback store, is the disk mounted?"},
    {.row = {.seen = {FRESH}},
     .disk = PLAN_DISK_FULL,
     .disk_reason = "1.2G free",
     .level = HEALTH_CRITICAL,
     .words = "1.2G free"},
    {.row = {.seen = {FRESH}},
     .disk = PLAN_DISK_BROKEN,
     .level = HEALTH_CRITICAL,
     .words = "the backup disk is not usable"},
    {.row = {.seen = {FRESH, .suspect = SUSPECT_AT,
                      .flawed = {.result = RESULT_SUSPECT,
                                 .snapshot = {.when = SUSPECT_AT, .state = STAMP_SUSPECT},
                                 .reason = "12 files where 4000 were"}},
             .seen.last.result = RESULT_FAILED}, /* which does not hide it */
     .reason = "refused",
     .level = HEALTH_CRITICAL,
     .words = "kimono/home is suspect: 12 files where 4000 were; look at it; to accept it: cd "
              "/backup/kimono/home && mv 2026-11-22T130600+0000.suspect 2026-11-22T130600+0000"},
    {.row = {.seen = {.complete = NOW - 103 * DAY},
             .seen.last.result = RESULT_NOT_FOUND,
             .silent_since = NOW - 2 * HOUR},
     .level = HEALTH_CRITICAL,
     .words = "kimono/home is overdue: its newest backup is 103d old; host silent since 12:06"},
    {.row = {.seen = {.first = NOW - 4 * DAY},
             .seen.last.result = RESULT_FAILED,
             .seen.last.seconds = 5},
     .reason = "refused",
     .level = HEALTH_CRITICAL,
     .words = "kimono/home is overdue: no backup yet; refused; again at 14:10"},
    {.row = {.seen = {.complete = NOW - 20 * DAY}, .phase = TABLE_RUNNING, .stage = TABLE_COPYING},
     .level = HEALTH_CRITICAL,
     .words = "kimono/home is overdue: its newest backup is 20d old"},
    {.row = {.seen = {FRESH}, .differs = differs},
     .level = HEALTH_WARNING,
     .words = "kimono/home: 2 files differ from their source"},
    {.row = {.seen = {FRESH}},
     .config_error = "/etc/flashback/hosts.conf:12: no such option 'evry'",
     .level = HEALTH_WARNING,
     .words = "the config has errors and is not used: /etc/flashback/hosts.conf:12: no such option "
              "'evry'"},
    {.row = {.seen = {.complete = NOW - 25 * HOUR},
             .seen.last.result = RESULT_FAILED,
             .seen.last.seconds = 5},
     .reason = "no rsync on the host",
     .level = HEALTH_WARNING,
     .words = "kimono/home failed: no rsync on the host; again at 14:10"},
    {.row = {.seen = {.complete = NOW - 25 * HOUR},
             .seen.last.result = RESULT_FULL,
             .retry_at = NOW + 4 * HOUR},
     .reason = "the backup disk is full",
     .level = HEALTH_WARNING,
     .words = "kimono/home has no space: the backup disk is full; again at 18:10"},
    {.row = {.seen = {.partial = NOW - HOUR}, .seen.last.result = RESULT_PARTIAL},
     .reason = "3 files could not be read",
     .level = HEALTH_WARNING,
     .words = "kimono/home is partial: 3 files could not be read"},
    {.row = {.seen = {FRESH, .future = {.when = NOW + 1500 * DAY, .state = STAMP_COMPLETE}}},
     .level = HEALTH_WARNING,
     .words = "kimono/home: 2030-12-31T140600+0000 is from the future: cd /backup/kimono/home && "
              "mv 2030-12-31T140600+0000 2030-12-31T140600+0000.from-the-future"},
    {.option = "source=root@kimomo:/home/",
     .row = {.first_seen = NOW - DAY, .unresolved_since = NOW - DAY, .silent_since = NOW - DAY},
     .level = HEALTH_WARNING,
     .words = "kimono/home: the name kimomo has not resolved for a day: is it spelt right?"},
    {.row = {.first_seen = NOW - WAKE, .silent_since = NOW - WAKE},
     .level = HEALTH_WARNING,
     .words = "kimono/home has no backup yet: host silent since 13:56"},
    {.row = {.seen = {.first = NOW - WAKE}, .phase = TABLE_RUNNING, .stage = TABLE_COPYING},
     .level = HEALTH_WARNING,
     .words = "kimono/home has no backup yet"},
    {.row = {.seen = {FRESH}},
     .growth = INT64_C(1) << 30,
     .level = HEALTH_WARNING,
     .words = "the backup disk grows 1.0G a day: full in about 20 days; make room, or lower keep_ "
              "options"},
    {.row = {.seen = {FRESH}},
     .warning = "not run by root: owners cannot be kept",
     .level = HEALTH_WARNING,
     .words = "not run by root: owners cannot be kept"},

    /* Nothing of this is a cause. */
    {.row = {.seen = {FRESH}}, .level = HEALTH_OK, .words = "all is well"},
    {.row = {.seen = {FRESH}},
     .disk = PLAN_DISK_UNKNOWN,
     .level = HEALTH_OK,
     .words = "all is well"},
    {.row = {.seen = {.complete = NOW - DAY}, .silent_since = NOW - HOUR},
     .level = HEALTH_OK,
     .words = "all is well (1 of 1 volumes not found)"},
    {.row = {.seen = {FRESH}, .silent_since = NOW - DAY, .unresolved_since = NOW - 2 * DAY},
     .level = HEALTH_OK,
     .words = "all is well (1 of 1 volumes not found)"},
    {.row = {.first_seen = NOW, .unresolved_since = NOW - DAY + 1, .silent_since = NOW - DAY},
     .level = HEALTH_OK,
     .words = "all is well (1 of 1 volumes not found)"},
    {.row = {.seen = {.complete = NOW - DAY}, .seen.last.result = RESULT_INTERRUPTED},
     .level = HEALTH_OK,
     .words = "all is well"},
    {.row = {.seen = {.complete = NOW - DAY},
             .seen.last.result = RESULT_FAILED,
             .phase = TABLE_RUNNING},
     .level = HEALTH_OK,
     .words = "all is well"},
    {.option = "disabled=yes",
     .row = {.seen = {.complete = NOW - 99 * DAY,
                      .suspect = NOW - 98 * DAY,
                      .future = {.when = NOW + 1500 * DAY, .state = STAMP_COMPLETE}},
             .seen.last.result = RESULT_FAILED},
     .level = HEALTH_OK,
     .words = "all volumes are disabled"},
};

/* The view of one row as it is in a cause. */
static void
make_view(const struct circumstance *c, struct table *table, struct view *view)
{
	struct text_list *warnings = calloc(1, sizeof(*warnings));

	assert_non_null(warnings);
	if (c->warning != NULL)
		assert_int_equal(text_list_add(warnings, c->warning), 0);
	*view = (struct view){
	    .table = table,
	    .when = {c->now != 0 ? c->now : NOW, 0, WAKE, c->disk},
	    .life = VIEW_ALIVE,
	    .next_wake = NOW + 4 * MINUTE,
	    .data_dir = "/backup",
	    .disk = {.known = true,
	             .mounted = true,
	             .free = UINT64_C(21) << 30,
	             .least = UINT64_C(1) << 30,
	             .growth = c->growth},
	    .disk_reason = c->disk_reason,
	    .config_error = c->config_error,
	    .warnings = warnings,
	};
}

static void
free_view(struct view *view, struct table *table)
{
	struct text_list *warnings = (struct text_list *)(uintptr_t)view->warnings;

	text_list_free(warnings);
	free(warnings);
	table_free(table);
}

/* A row of a cause in place of the one at index, which keeps its volume. */
static void
set_row(struct table *table, size_t index, const struct circumstance *c)
{
	struct volume *volume = table->row[index].volume;

	table->row[index] = c->row;
	table->row[index].volume = volume;
	table->row[index].known = true;
	if (c->row.differs != NULL)
		table->row[index].differs = strdup(c->row.differs);
	if (table->row[index].first_seen == 0)
		table->row[index].first_seen = NOW;
	if (c->reason == NULL)
		return;
	table_result(&table->row[index], c->row.seen.last.result, "%s", c->reason);
	table->row[index].seen.flawed = rows_flawed(&table->row[index]);
}

static void
test_each_cause(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < LENGTH(causes); i++) {
		struct volume *volume = rows_volume("kimono/home", causes[i].option, NULL);
		struct table table = {0};
		struct view view;
		struct health_verdict verdict;

		rows_table(&table, &volume, 1, NOW);
		set_row(&table, 0, &causes[i]);
		make_view(&causes[i], &table, &view);
		health_judge(&view, &verdict);
		assert_string_equal(verdict.reason, causes[i].words);
		assert_int_equal(verdict.level, causes[i].level);
		free_view(&view, &table);
	}
}

/* Of two volumes with a cause each, the one with the worse cause is told of, in either order. */
static void
test_worst_first(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < LENGTH(causes); i++) {
		for (size_t k = 0; k < LENGTH(causes); k++) {
			const struct circumstance *worse = &causes[i < k ? i : k];
			struct volume *volumes[] = {rows_volume("a/b", causes[i].option, NULL),
			                            rows_volume("c/d", causes[k].option, NULL)};
			struct table table = {0};
			struct view view;
			struct health_verdict verdict;

			rows_table(&table, volumes, 2, NOW);
			set_row(&table, 0, &causes[i]);
			set_row(&table, 1, &causes[k]);
			make_view(worse, &table, &view);
			health_judge(&view, &verdict);
			assert_int_equal(verdict.level, worse->level);
			free_view(&view, &table);
		}
	}
}

static void
test_how_many_more(void **unused)
{
	const struct circumstance failed = {
	    .row = {.seen = {FRESH}, .seen.last.result = RESULT_FAILED}};
	struct volume *volumes[] = {rows_volume("a/b", NULL), rows_volume("c/d", NULL),
	                            rows_volume("e/f", NULL)};
	struct table table = {0};
	struct view view;
	struct health_verdict verdict;
	struct text_list warnings = {0};

	(void)unused;
	rows_table(&table, volumes, 3, NOW);
	make_view(&failed, &table, &view);
	set_row(&table, 1, &failed);
	set_row(&table, 2, &failed);
	health_judge(&view, &verdict);
	assert_string_equal(verdict.reason,
	                    "c/d failed: again at 2026-11-23 10:06 (and 1 more volume)");
	set_row(&table, 0, &failed);
	health_judge(&view, &verdict);
	assert_string_equal(verdict.reason,
	                    "a/b failed: again at 2026-11-23 10:06 (and 2 more volumes)");
	free_view(&view, &table);

	view.table = &table;
	view.warnings = &warnings;
	for (int i = 0; i < 3; i++)
		assert_int_equal(text_list_addf(&warnings, "warning %d", i), 0);
	health_judge(&view, &verdict);
	assert_string_equal(verdict.reason, "warning 0 (and 2 more warnings)");
	text_list_free(&warnings);
}

static void
test_without_volumes(void **unused)
{
	static const struct {
		enum view_life life;
		enum health_level level;
		const char *words;
	} lives[] = {
	    {VIEW_PRESTART, HEALTH_OK, "not yet started"},
	    {VIEW_ALIVE, HEALTH_WARNING, "no volumes are configured: nothing is backed up"},
	    {VIEW_DOWN, HEALTH_OK, "stopped"}};
	struct volume *volume = rows_volume("a/b", NULL);
	struct table table = {0};

	rows_table(&table, &volume, 1, NOW);
	table.row[0].gone = true; /* it is no volume any more, whatever its state */
	table.row[0].seen.suspect = NOW;
	(void)unused;
	for (size_t i = 0; i < LENGTH(lives); i++) {
		const struct view view = {
		    .table = &table, .when = {NOW, 0, WAKE, PLAN_DISK_OK}, .life = lives[i].life};
		struct health_verdict verdict;

		health_judge(&view, &verdict);
		assert_int_equal(verdict.level, lives[i].level);
		assert_string_equal(verdict.reason, lives[i].words);
	}
	table_free(&table);
}

/* Whatever it holds and however long it is: one line that fits, whole characters, and it shows. */
static void
test_long_reason(void **unused)
{
	struct table table = {0};
	char error[1000];
	const struct view view = {
	    .table = &table, .when = {NOW, 0, WAKE, PLAN_DISK_OK}, .config_error = error};
	struct health_verdict verdict;

	(void)unused;
	for (size_t len = 0; len < sizeof(error); len++) {
		char clean[HEALTH_REASON];

		for (size_t i = 0; i < len; i++)
			error[i] = "\xc3\xa4"[i % 2];
		error[len / 2 * 2] = '\0';
		health_judge(&view, &verdict);
		text_clean(clean, sizeof(clean), verdict.reason, strlen(verdict.reason));
		assert_string_equal(verdict.reason, clean);
		if (strlen("the config has errors and is not used: ") + strlen(error) <
		    HEALTH_REASON)
			assert_string_equal(verdict.reason +
			                        strlen("the config has errors and is not used: "),
			                    error);
		else
			assert_string_equal(verdict.reason + strlen(verdict.reason) - 3, "...");
	}
	snprintf(error, sizeof(error), "one\ntwo");
	health_judge(&view, &verdict);
	assert_string_equal(verdict.reason, "the config has errors and is not used: one\\012two");
}

static void
test_count(void **unused)
{
	struct volume *volumes[] = {rows_volume("a/fine", NULL),
	                            rows_volume("a/failed-overdue", NULL),
	                            rows_volume("a/partial", NULL),
	                            rows_volume("a/suspect", NULL),
	                            rows_volume("a/silent", NULL),
	                            rows_volume("a/running", NULL),
	                            rows_volume("a/off", "disabled=yes", NULL),
	                            rows_volume("a/gone", NULL)};
	const struct table_row rows[LENGTH(volumes)] = {
	    {.seen = {FRESH}},
	    {.seen = {.complete = NOW - 99 * DAY}, .seen.last.result = RESULT_FAILED},
	    {.seen = {.partial = NOW - HOUR}},
	    {.seen = {FRESH, .suspect = NOW - HOUR}},
	    {.seen = {FRESH}, .silent_since = NOW - HOUR},
	    {.seen = {.complete = NOW - DAY}, .phase = TABLE_RUNNING},
	    {.seen = {.suspect = NOW - 99 * DAY}, .seen.last.result = RESULT_FAILED},
	    {.seen = {.complete = NOW - 99 * DAY}, .phase = TABLE_ENDING, .gone = true}};
	struct health_counts counts;
	struct table table = {0};

	(void)unused;
	rows_table(&table, volumes, LENGTH(volumes), NOW);
	for (size_t i = 0; i < LENGTH(volumes); i++)
		set_row(&table, i, &(struct circumstance){.row = rows[i]});
	health_count(&table, NOW, &counts);
	assert_int_equal(counts.total, 7);
	assert_int_equal(counts.ok, 2);
	assert_int_equal(counts.running, 2);
	assert_int_equal(counts.failed, 1);
	assert_int_equal(counts.partial, 1);
	assert_int_equal(counts.suspect, 1);
	assert_int_equal(counts.overdue, 1);
	assert_int_equal(counts.notfound, 1);
	assert_int_equal(counts.disabled, 1);
	table_free(&table);
}

static void
test_names(void **unused)
{
	(void)unused;
	assert_string_equal(health_name(HEALTH_OK), "OK");
	assert_string_equal(health_name(HEALTH_WARNING), "WARNING");
	assert_string_equal(health_name(HEALTH_CRITICAL), "CRITICAL");
}

#define G (UINT64_C(1) << 30)
#define DISK(free_, growth_)                                                                       \
	{                                                                                          \
		.known = true, .mounted = true, .total = 1000 * G, .free = (free_),                \
		.least = 10 * G, .growth = (growth_)                                               \
	}

static void
print_disk(FILE *f, const void *disk)
{
	health_disk(f, disk);
}

static void
test_disk(void **unused)
{
	static const struct {
		struct view_disk disk;
		bool is_short; /* which is a fault */
		const char *line;
	} cases[] = {
	    {{.known = false, .growth = 1}, false, ""},
	    {{.known = true, .growth = 1}, false, "\ndisk: absent\n"},
	    {{.known = true, .mounted = true}, false, "\ndisk: 0 of 0 free (0 %)\n"},
	    {DISK(250 * G, 0), false, "\ndisk: 250G of 1000G free (25 %)\n"},
	    {DISK(1000 * G, 0), false, "\ndisk: 1000G of 1000G free (100 %)\n"},
	    {DISK(537 * G, 3 * G + G / 10), false,
	     "\ndisk: 537G of 1000G free (54 %); grows 3.1G a day: full in about 170 days\n"},
	    {DISK(40 * G, G), false,
	     "\ndisk: 40.0G of 1000G free (4 %); grows 1.0G a day: full in about 30 days\n"},
	    {DISK(40 * G - 1, G), true,
	     "\ndisk: 40.0G of 1000G free (4 %); grows 1.0G a day: full in about 29 days\n"},
	    {DISK(11 * G, G), true,
	     "\ndisk: 11.0G of 1000G free (1 %); grows 1.0G a day: full in about 1 day\n"},
	    {DISK(10 * G, G), true,
	     "\ndisk: 10.0G of 1000G free (1 %); grows 1.0G a day: full within a day\n"},
	    {DISK(0, G), true,
	     "\ndisk: 0 of 1000G free (0 %); grows 1.0G a day: full within a day\n"},
	    {DISK(510 * G, G / 5), false,
	     "\ndisk: 510G of 1000G free (51 %); grows 205M a day: full in about 2500 days\n"},
	    {DISK(510 * G, 1023), false, "\ndisk: 510G of 1000G free (51 %)\n"},
	    {DISK(510 * G, 1024), false,
	     "\ndisk: 510G of 1000G free (51 %); grows 1.0K a day: full in more than 10 years\n"},
	};

	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct table table = {0};
		const struct view view = {
		    .table = &table, .when = {NOW, 0, WAKE, PLAN_DISK_OK}, .disk = cases[i].disk};
		struct health_verdict verdict;
		char *text = golden_text(print_disk, &cases[i].disk);

		assert_string_equal(text, cases[i].line);
		health_judge(&view, &verdict);
		assert_int_equal(verdict.level, cases[i].is_short ? HEALTH_WARNING : HEALTH_OK);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_cause),    cmocka_unit_test(test_worst_first),
	    cmocka_unit_test(test_how_many_more), cmocka_unit_test(test_without_volumes),
	    cmocka_unit_test(test_long_reason),   cmocka_unit_test(test_count),
	    cmocka_unit_test(test_names),         cmocka_unit_test(test_disk),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
