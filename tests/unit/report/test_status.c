// SPDX-License-Identifier: ISC
#include "golden.h"
#include "rows.h"

#include "flashback/lib/clock.h"
#include "flashback/report/status.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define OFFSET ((int32_t)HOUR)
/* 2026-11-22 12:01:32 at an offset of an hour; the next wake is at 12:10. */
#define NOW (CLOCK_RELEASE_DATE + 11 * HOUR + MINUTE + 32)
#define NEXT_WAKE (NOW + 8 * MINUTE + 28)

static const struct view_disk disk = {true,         true,        2164384514048, 1518491488256,
                                      537657622528, 43283691520, 3328599654};

/* Five volumes that were backed up an hour ago. */
static void
make_table(struct table *table)
{
	static const char *const ids[] = {"kimono/home", "kimono/etc", "nas/music", "digit/users",
	                                  "here/etc"};
	struct volume *volumes[LENGTH(ids)];

	for (size_t i = 0; i < LENGTH(ids); i++)
		volumes[i] = rows_volume(ids[i], NULL);
	rows_table(table, volumes, LENGTH(ids), NOW);
	for (size_t i = 0; i < table->n; i++) {
		table->row[i].known = true;
		table->row[i].seen.complete = NOW - HOUR;
	}
}

static struct view
make_view(const struct table *table)
{
	return (struct view){
	    .table = table,
	    .when = {NOW, OFFSET, 10 * MINUTE, PLAN_DISK_OK},
	    .life = VIEW_ALIVE,
	    .pid = 1855,
	    .next_wake = NEXT_WAKE,
	    .next_update = NEXT_WAKE + 60,
	    .data_dir = "/backup",
	    .disk = disk,
	    .version = "1.0.0",
	};
}

static void
run(struct table *table, const char *id, enum table_stage stage)
{
	struct table_row *row = table_find(table, id);

	row->phase = TABLE_RUNNING;
	row->stage = stage;
}

static void
print_status(FILE *f, const void *view)
{
	status_write(f, view);
}

static void
print_queue(FILE *f, const void *view)
{
	status_queue(f, view);
}

static void
test_status_idle(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	make_table(&table);
	golden_check("status-idle.txt", golden_text(print_status, &view));
	table_free(&table);
}

/* Two are at work, one of them no longer copying; two want attention; a third has begun to yield.
 */
static void
test_status_busy(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	make_table(&table);
	run(&table, "kimono/etc", TABLE_COMMITTING);
	run(&table, "nas/music", TABLE_COPYING);
	run(&table, "here/etc", TABLE_PREPARING);
	table_find(&table, "here/etc")->phase = TABLE_ENDING;
	table_find(&table, "kimono/home")->seen.partial = NOW - MINUTE;
	table_result(table_find(&table, "kimono/home"), RESULT_PARTIAL,
	             "/home/x: Permission denied");
	table_find(&table, "kimono/home")->seen.flawed =
	    rows_flawed(table_find(&table, "kimono/home"));
	table_find(&table, "digit/users")->seen.complete = NOW - 103 * DAY;
	table_find(&table, "digit/users")->silent_since = NOW - 102 * DAY;
	golden_check("status-busy.txt", golden_text(print_status, &view));
	table_free(&table);
}

/* The disk is away, the config broke, and every text tries to break the line. */
static void
test_status_trouble(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);
	char *text;

	(void)unused;
	make_table(&table);
	view.disk = (struct view_disk){.known = true, .total = 1, .used = 1, .free = 1};
	view.when.disk = PLAN_DISK_ABSENT;
	view.disk_reason = "/backup\nhealth=OK: no marker";
	view.config_error = "hosts.conf:3: 'a\r\nstatus=IDLE' is no name\x1b[2J";
	view.data_dir = "/back\nup";
	view.version = "1.0.0\n";
	golden_check("status-trouble.txt", golden_text(print_status, &view));
	/* The same stands in queue.txt, below the first line, without what scripts count. */
	view.disk_reason = "it FAILED\nas SUCCEEDED";
	text = golden_text(print_queue, &view);
	assert_non_null(strstr(text, " min\nCRITICAL: it failed\\012as succeeded\n\nVOLUME "));
	free(text);
	table_free(&table);
}

static void
test_status_prestart_and_down(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	view.life = VIEW_PRESTART;
	view.disk = (struct view_disk){0};
	view.when.disk = PLAN_DISK_UNKNOWN;
	golden_check("status-prestart.txt", golden_text(print_status, &view));
	view = make_view(&table);
	view.life = VIEW_DOWN;
	golden_check("status-down.txt", golden_text(print_status, &view));
}

/* Does the text have this line? */
static bool
has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (; text != NULL; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, line, len) == 0 && text[len] == '\n')
			return true;
	}
	return false;
}

/* What stages run together, and what is said of them. */
static void
test_activity(void **unused)
{
	static const struct {
		int stages[3]; /* of the first volumes; -1: resting */
		const char *status, *target, *wait, *queue;
	} cases[] = {
	    {{-1, -1, -1}, "status=IDLE", "target=", "wait=9", "sleeping 9 min"},
	    {{-1, TABLE_PREPARING, -1},
	     "status=PREPARING",
	     "target=kimono/etc",
	     "wait=0",
	     "preparing 'kimono/etc'"},
	    {{TABLE_PREPARING, -1, TABLE_EXPIRING},
	     "status=ROTATING",
	     "target=kimono/home,nas/music",
	     "wait=0",
	     "rotating 'nas/music' and 1 more"},
	    {{TABLE_COMPARING, TABLE_PREPARING, -1},
	     "status=BACKING_UP",
	     "target=kimono/home,kimono/etc",
	     "wait=0",
	     "backing up 'kimono/home' and 1 more"},
	    {{TABLE_PREPARING, TABLE_COMMITTING, TABLE_COPYING},
	     "status=BACKING_UP",
	     "target=kimono/home,kimono/etc,nas/music",
	     "wait=0",
	     "backing up 'nas/music' and 2 more"},
	};

	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct table table = {0};
		struct view view = make_view(&table);
		char *text, line[128];

		make_table(&table);
		for (size_t k = 0; k < LENGTH(cases[i].stages); k++)
			if (cases[i].stages[k] >= 0)
				run(&table, table.row[k].volume->id,
				    (enum table_stage)cases[i].stages[k]);
		text = golden_text(print_status, &view);
		assert_true(has_line(text, cases[i].status));
		assert_true(has_line(text, cases[i].target));
		assert_true(has_line(text, cases[i].wait));
		free(text);
		text = golden_text(print_queue, &view);
		snprintf(line, sizeof(line), "2026-11-22 12:01:32 : %s", cases[i].queue);
		assert_true(has_line(text, line));
		free(text);
		table_free(&table);
	}
}

/* What is wrong stays visible while the volume is being backed up or its host is away; what is not
 * known is not claimed. */
static void
test_volume_state(void **unused)
{
	static const struct {
		struct table_row row;
		const char *line;
	} cases[] = {
	    {{.known = true,
	      .seen = {.complete = NOW - DAY, .suspect = NOW - HOUR},
	      .phase = TABLE_RUNNING,
	      .stage = TABLE_COPYING},
	     "SUSPECT last=1795258892 due=-"},
	    {{.known = true,
	      .seen = {.complete = NOW - DAY, .suspect = NOW - HOUR, .last.result = RESULT_FAILED}},
	     "SUSPECT"},
	    {{.known = true,
	      .seen = {.complete = NOW - DAY, .partial = NOW - HOUR},
	      .silent_since = NOW - HOUR},
	     "PARTIAL"},
	    {{.known = true,
	      .seen = {.complete = NOW - DAY, .partial = NOW - HOUR, .last.result = RESULT_FAILED}},
	     "FAILED"},
	    {{.known = true, .silent_since = NOW - HOUR, .first_seen = NOW}, "NEVER last=- due="},
	    {{.known = true, .seen.first = NOW - 9 * DAY}, "NEVER,OVERDUE last=- "},
	    {{.known = true, .seen.last.result = RESULT_FAILED, .first_seen = NOW},
	     "FAILED last=-"},
	    {{.first_seen = NOW}, "WAITING last=- due=1795345800 kept=-"},
	    {{.known = true, .seen.complete = NOW - DAY, .phase = TABLE_RUNNING}, "RUNNING"},
	};

	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct table table = {0};
		struct view view = make_view(&table);
		struct volume *volume;
		char *text, line[128];

		make_table(&table);
		volume = table.row[0].volume;
		table.row[0] = cases[i].row;
		table.row[0].volume = volume;
		text = golden_text(print_status, &view);
		snprintf(line, sizeof(line), "\nvolume=kimono/home state=%s", cases[i].line);
		if (strstr(text, line) == NULL)
			fail_msg("case %zu: no %s in\n%s", i, line, text);
		free(text);
		table_free(&table);
	}
}

static void
print_progress(FILE *f, const void *view)
{
	status_progress(f, view);
}

/* What --once shows as it goes. */
static void
test_progress(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);
	char *text;

	(void)unused;
	make_table(&table);
	assert_string_equal(text = golden_text(print_progress, &view), "");
	free(text);
	table.row[3].phase = TABLE_PROBING;
	table.row[3].seen.complete = NOW - 2 * DAY;
	assert_string_equal(text = golden_text(print_progress, &view),
	                    "digit/users: READY: probing the host");
	free(text);
	run(&table, "kimono/etc", TABLE_PREPARING);
	run(&table, "nas/music", TABLE_COPYING);
	table_find(&table, "nas/music")->progress = (struct output_progress){
	    .percent = 43, .rate = 2048, .left = 432, .done = 43, .all = 100};
	assert_string_equal(text = golden_text(print_progress, &view),
	                    "nas/music: BACKING UP 43% 2.0K/s 0:07:12 (and 1 more)");
	free(text);
	table_free(&table);
}

/* While hosts are only asked, scripts in use want IDLE. */
static void
test_asking_is_idle(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);
	char *text;

	(void)unused;
	make_table(&table);
	table.row[0].phase = TABLE_PROBING;
	table.row[1].phase = TABLE_QUEUED;
	text = golden_text(print_status, &view);
	assert_true(has_line(text, "status=IDLE"));
	assert_true(has_line(text, "target="));
	assert_true(has_line(text, "wait=9"));
	free(text);
	table_free(&table);
}

static void
test_queue_of_the_stopped(void **unused)
{
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	view.life = VIEW_DOWN;
	golden_check("queue-empty.txt", golden_text(print_queue, &view));
	view.life = VIEW_PRESTART;
	view.when.offset = -(int32_t)(3 * HOUR + 30 * MINUTE);
	golden_check("queue-prestart.txt", golden_text(print_queue, &view));
}

static void
test_wait_is_rounded_up(void **unused)
{
	static const struct {
		int64_t left;
		const char *line;
	} cases[] = {{-5, "wait=0"}, {0, "wait=0"},  {1, "wait=1"},
	             {60, "wait=1"}, {61, "wait=2"}, {36000, "wait=600"}};
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text;

		view.next_wake = NOW + cases[i].left;
		text = golden_text(print_status, &view);
		assert_true(has_line(text, cases[i].line));
		free(text);
	}
}

static void
test_percent(void **unused)
{
	static const struct {
		uint64_t total, used;
		const char *line;
	} cases[] = {
	    {0, 0, "disk.used.percent=0.00"},
	    {3, 0, "disk.used.percent=0.00"},
	    {3, 1, "disk.used.percent=33.33"},
	    {3, 2, "disk.used.percent=66.67"},
	    {3, 3, "disk.used.percent=100.00"},
	    {1000000, 1, "disk.used.percent=0.00"},
	    {100000, 5, "disk.used.percent=0.01"},
	    {1000, 1, "disk.used.percent=0.10"},
	    {UINT64_MAX, UINT64_MAX / 2, "disk.used.percent=50.00"},
	    {UINT64_MAX, UINT64_MAX, "disk.used.percent=100.00"},
	};
	struct table table = {0};
	struct view view = make_view(&table);

	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text;

		view.disk.total = cases[i].total;
		view.disk.used = cases[i].used;
		text = golden_text(print_status, &view);
		assert_true(has_line(text, cases[i].line));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_idle),
	    cmocka_unit_test(test_status_busy),
	    cmocka_unit_test(test_status_trouble),
	    cmocka_unit_test(test_status_prestart_and_down),
	    cmocka_unit_test(test_activity),
	    cmocka_unit_test(test_volume_state),
	    cmocka_unit_test(test_progress),
	    cmocka_unit_test(test_asking_is_idle),
	    cmocka_unit_test(test_queue_of_the_stopped),
	    cmocka_unit_test(test_wait_is_rounded_up),
	    cmocka_unit_test(test_percent),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
