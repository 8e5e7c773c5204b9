// SPDX-License-Identifier: ISC
#include "golden.h"
#include "rows.h"

#include "flashback/lib/clock.h"
#include "flashback/report/reason.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WAKE (10 * MINUTE)
#define OFFSET ((int32_t)HOUR)
/* 2026-11-22 14:06 at an offset of an hour; the next wake is at 14:10. */
#define NOW (CLOCK_RELEASE_DATE + 13 * HOUR + 6 * MINUTE)
#define NEXT_WAKE (NOW + 4 * MINUTE)

#define STALE .seen = {.complete = NOW - 2 * DAY, .bytes = -1, .new_bytes = -1}
#define OLD .seen = {.complete = NOW - 20 * DAY}
#define FRESH .seen = {.complete = NOW - 4 * HOUR}
#define SUSPECT_AT (NOW - HOUR)
#define RUNNING(where) STALE, .phase = TABLE_RUNNING, .stage = (where)
#define PROGRESS .progress = {.percent = 43, .rate = 12897485, .left = 432, .done = 43, .all = 100}

/* A row, and what stands in its last column. */
static const struct said {
	const char *option; /* of the volume; NULL: none */
	struct table_row row;
	const char *reason; /* of the row; NULL: none */
	enum plan_disk disk;
	const char *text;
} cases[] = {
    {NULL, {STALE}, NULL, 0, "READY: starts at 14:10"},
    {NULL, {STALE, .phase = TABLE_PROBING}, NULL, 0, "READY: probing the host"},
    {NULL, {FRESH}, NULL, 0, "NEXT RUN IN 20:00:00"},
    {"every=3d", {FRESH}, NULL, 0, "NEXT RUN IN 2d+20:00:00"},
    {NULL, {OLD}, NULL, 0, "READY, OVERDUE: starts at 14:10"},
    {"disabled=yes", {OLD}, "gone", 0, "DISABLED"},
    {"disabled=yes",
     {.seen = {.future = {.when = NOW + 1500 * DAY, .offset = OFFSET, .state = STAMP_PARTIAL}}},
     NULL,
     0,
     "DISABLED"},
    {"disabled=yes", {RUNNING(TABLE_COPYING)}, NULL, 0, "DISABLED: its last run has not ended yet"},

    {NULL, {RUNNING(TABLE_PREPARING), PROGRESS}, "old", 0, "BACKING UP: preparing"},
    {NULL, {RUNNING(TABLE_COMPARING)}, "old", 0, "COMPARING"},
    {NULL,
     {RUNNING(TABLE_COMPARING), .progress = {.percent = 7, .left = -1, .done = 1234, .all = 9999}},
     NULL,
     0,
     "COMPARING 1234 files"},
    {NULL,
     {OLD, .phase = TABLE_ENDING, .stage = TABLE_COMPARING},
     NULL,
     0,
     "COMPARING, OVERDUE: being stopped"},
    {NULL, {RUNNING(TABLE_COPYING)}, "old", 0, "BACKING UP"},
    {NULL, {RUNNING(TABLE_COPYING), PROGRESS}, NULL, 0, "BACKING UP 43% 12.3M/s 0:07:12"},
    {NULL,
     {OLD, .phase = TABLE_ENDING, .stage = TABLE_COPYING, PROGRESS},
     NULL,
     0,
     "BACKING UP 43% 12.3M/s 0:07:12, OVERDUE: being stopped"},
    {NULL,
     {RUNNING(TABLE_COPYING), .progress = {.percent = 7, .left = -1, .all = 9}},
     NULL,
     0,
     "BACKING UP 7% 0/s"},
    {NULL,
     {RUNNING(TABLE_COPYING), .gone = true},
     NULL,
     0,
     "BACKING UP: no longer in the config; this row ends with the run"},
    {NULL, {RUNNING(TABLE_COMMITTING), PROGRESS}, NULL, 0, "ROTATING: syncing the disk"},
    {NULL, {RUNNING(TABLE_EXPIRING)}, NULL, 0, "ROTATING: expiring old snapshots"},

    {NULL,
     {STALE, .seen.last.result = RESULT_NOT_FOUND, .silent_since = NOW - 2 * DAY - HOUR},
     NULL,
     0,
     "NOT FOUND: host silent since 2026-11-20 13:06"},
    {NULL,
     {OLD, .seen.last.result = RESULT_NOT_FOUND, .silent_since = NOW - 14 * HOUR},
     "the name kimono is not known",
     0,
     "NOT FOUND, OVERDUE: the name kimono is not known since 00:06"},
    {NULL,
     {STALE, .seen.last.result = RESULT_NOT_FOUND},
     "the source is empty",
     0,
     "NOT FOUND: the source is empty"},

    {NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = 540},
     "no rsync on the host",
     0,
     "FAILED (0:09:00): no rsync on the host; again at 14:10"},
    {NULL,
     {OLD, .seen.last.result = RESULT_LINKS, .seen.last.seconds = 1, .retry_at = NOW + 2 * DAY},
     "too many links",
     0,
     "FAILED (0:00:01), OVERDUE: too many links; again at 2026-11-24 14:10"},
    {NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = -1},
     NULL,
     0,
     "FAILED: again at 14:10"},
    {NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = 3},
     "the rsync SUCCEEDED or FAILED, FAILEDFAILED",
     0,
     "FAILED (0:00:03): the rsync succeeded or failed, failedfailed; again at 14:10"},
    {NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = 3},
     "two\nlines, \x1b[31mred, \xe2\x80\xaeturned, bad \xff, \\033 as it was, \xc3\xa4\xc3\xb6",
     0,
     "FAILED (0:00:03): two\\012lines, \\033[31mred, \\342\\200\\256turned, bad \\377, \\033 as "
     "it was, \xc3\xa4\xc3\xb6; again at 14:10"},
    {NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = 3, .phase = TABLE_PROBING},
     "refused",
     0,
     "FAILED (0:00:03): refused; again when the host answers"},
    {NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = 3, .phase = TABLE_QUEUED},
     "refused",
     0,
     "FAILED (0:00:03): refused; again when a slot is free"},
    {NULL,
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = 3},
     "refused",
     PLAN_DISK_ABSENT,
     "FAILED (0:00:03): refused; again when the disk is usable"},
    {"window=22:00-23:00",
     {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = 3},
     "refused",
     0,
     "FAILED (0:00:03): refused; again at 22:00"},
    {NULL,
     {
         .seen = {.complete = NOW - 2 * DAY,
                  .last = {.result = RESULT_NO_SOURCE, .seconds = 61, .reason = "/srv is gone"}},
     },
     NULL,
     0,
     "FAILED (0:01:01): /srv is gone; again at 14:10"},

    {NULL,
     {.seen =
          {.complete = NOW - 2 * DAY,
           .suspect = SUSPECT_AT,
           .flawed = {.result = RESULT_SUSPECT,
                      .snapshot = {.when = SUSPECT_AT, .offset = OFFSET, .state = STAMP_SUSPECT},
                      .reason = "12 files where 4000 were"}}},
     NULL,
     0,
     "SUSPECT: 12 files where 4000 were; look at it; to accept it: cd '/my backup/kimono/home' && "
     "mv 2026-11-22T130600+0100.suspect 2026-11-22T130600+0100"},
    {NULL,
     {.seen = {.suspect = SUSPECT_AT}},
     NULL,
     0,
     "SUSPECT: far fewer files than before, or too many changes; look at it; to accept it: take "
     ".suspect off "
     "its name"},
    {NULL,
     {.seen = {.complete = NOW - 2 * DAY, .partial = NOW - HOUR},
      .seen.last.result = RESULT_PARTIAL},
     "3 files: the first, /home/x: Permission denied",
     0,
     "PARTIAL: 3 files: the first, /home/x: Permission denied"},
    {NULL,
     {.seen = {.partial = NOW - HOUR}, .seen.last.result = RESULT_BUSY},
     "locked",
     0,
     "PARTIAL: some of the source could not be read"},
    {NULL,
     {.seen = {.partial = NOW - HOUR}, .seen.last.result = RESULT_NOT_DUE},
     NULL,
     0,
     "PARTIAL: some of the source could not be read"},
    {NULL,
     {FRESH, .seen.last.result = RESULT_SUCCEEDED, .fresh = true, .seen.last.seconds = 540},
     NULL,
     0,
     "SUCCEEDED (0:09:00)"},
    {NULL,
     {FRESH, .seen.last.result = RESULT_SUCCEEDED, .fresh = true, .seen.last.seconds = 540},
     "2 files vanished while they were copied",
     0,
     "SUCCEEDED (0:09:00): 2 files vanished while they were copied"},

    {NULL,
     {STALE, .phase = TABLE_QUEUED},
     NULL,
     0,
     "WAITING (slot): other volumes are being backed up"},
    {"window=22:00-23:00", {STALE}, NULL, 0, "WAITING (window): its window opens at 22:00"},
    {"window=01:00-02:00",
     {STALE},
     NULL,
     0,
     "WAITING (window): its window opens at 2026-11-23 01:00"},
    {NULL, {STALE}, NULL, PLAN_DISK_ABSENT, "WAITING (disk): the backup disk is absent"},
    {NULL,
     {STALE},
     NULL,
     PLAN_DISK_FULL,
     "WAITING (disk): the backup disk has too little free space"},
    {NULL, {STALE}, NULL, PLAN_DISK_BROKEN, "WAITING (disk): the backup disk cannot be written"},
    {NULL,
     {STALE},
     NULL,
     PLAN_DISK_UNKNOWN,
     "WAITING (disk): the backup disk has not been checked yet"},
    {NULL,
     {STALE, .seen.last.result = RESULT_DISK, .retry_at = NOW + 12 * HOUR},
     "no space left on the backup disk",
     0,
     "WAITING (disk): no space left on the backup disk; again at 2026-11-23 02:10"},
    {NULL,
     {.seen = {.complete = NOW + 3600}},
     NULL,
     0,
     "WAITING (clock): its newest snapshot is ahead of the clock; again at 15:10"},
    {NULL,
     {STALE, .seen.last.result = RESULT_BUSY},
     "another rsync works on it",
     0,
     "WAITING (busy): another rsync works on it; again at 14:10"},
    {NULL,
     {STALE, .seen.last.result = RESULT_NOT_NOW},
     NULL,
     0,
     "WAITING (busy): busy; again at 14:10"},

    {NULL,
     {STALE, .seen.last.result = RESULT_INTERRUPTED, .percent = 43},
     "its time slice was over",
     0,
     "READY: interrupted at 43%, resumes at 14:10"},
    {NULL,
     {STALE, .seen.last.result = RESULT_INTERRUPTED, .percent = 43, .phase = TABLE_QUEUED},
     NULL,
     0,
     "WAITING (slot): interrupted at 43%, resumes when a slot is free"},
    {"window=22:00-23:00",
     {OLD, .seen.last.result = RESULT_INTERRUPTED},
     NULL,
     0,
     "WAITING (window), OVERDUE: interrupted, resumes at 22:00"},
    {NULL,
     {STALE, .seen.last.result = RESULT_INTERRUPTED, .percent = 43},
     NULL,
     PLAN_DISK_FULL,
     "WAITING (disk): interrupted at 43%, resumes when the disk is usable"},
    {NULL,
     {.seen = {.complete = NOW - 4 * HOUR}, .seen.last.result = RESULT_INTERRUPTED, .percent = 43},
     NULL,
     0,
     "NEXT RUN IN 20:00:00: interrupted at 43%, resumes at 2026-11-23 10:06"},

    {NULL,
     {.seen = {.complete = NOW - 4 * HOUR,
               .future = {.when = NOW + 1500 * DAY, .offset = OFFSET, .state = STAMP_PARTIAL}}},
     NULL,
     0,
     "NEXT RUN IN 20:00:00: 2030-12-31T140600+0100.partial is from the future: cd '/my "
     "backup/kimono/home' && mv 2030-12-31T140600+0100.partial "
     "2030-12-31T140600+0100.partial.from-the-future"},
};

struct asked {
	const struct table_row *row;
	const struct view *view;
};

static void
print_status(FILE *f, const void *arg)
{
	const struct asked *asked = arg;
	struct state state;

	state_of(asked->row, asked->view, &state);
	reason_status(f, &state);
}

static void
test_status(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct said *c = &cases[i];
		const struct view view = {.when = {NOW, OFFSET, WAKE, c->disk},
		                          .life = VIEW_ALIVE,
		                          .next_wake = NEXT_WAKE,
		                          .data_dir = "/my backup"};
		struct table_row row = c->row;
		char *text;

		row.volume = rows_volume("kimono/home", c->option, NULL);
		row.known = true;
		if (c->reason != NULL) {
			snprintf(row.seen.last.reason, RESULT_TEXT, "%s", c->reason);
			row.seen.flawed = rows_flawed(&row);
		}
		text = golden_text(print_status, &(struct asked){&row, &view});
		assert_string_equal(text, c->text);
		free(text);
		volume_free(row.volume);
	}
}

/* --once found a volume that is not due locked: why it did not run is all that the user wants to
 * know.  A daemon has the same result from before the other run ended. */
static void
test_once_busy(void **unused)
{
	struct view view = {.when = {NOW, OFFSET, WAKE, PLAN_DISK_OK},
	                    .life = VIEW_ALIVE,
	                    .next_wake = NEXT_WAKE,
	                    .once = true};
	struct table_row row = {.seen = {.complete = NOW - 4 * HOUR, .last.result = RESULT_BUSY},
	                        .volume = rows_volume("a/b", NULL),
	                        .known = true};
	char *text;

	(void)unused;
	snprintf(row.seen.last.reason, RESULT_TEXT, "in use");
	text = golden_text(print_status, &(struct asked){&row, &view});
	assert_string_equal(text, "NEXT RUN IN 20:00:00: in use");
	free(text);
	row.seen.complete = NOW - 48 * HOUR;
	text = golden_text(print_status, &(struct asked){&row, &view});
	assert_string_equal(text, "WAITING (busy): in use; again with the next run of flashback");
	free(text);
	row.seen.complete = NOW - 4 * HOUR;
	view.once = false;
	text = golden_text(print_status, &(struct asked){&row, &view});
	assert_string_equal(text, "NEXT RUN IN 20:00:00");
	free(text);
	volume_free(row.volume);
}

/* A wrong clock: nothing else is worth telling. */
static void
test_clock(void **unused)
{
	const struct view view = {.when = {100, 0, WAKE, PLAN_DISK_OK}, .life = VIEW_ALIVE};
	struct table_row row = {STALE, .volume = rows_volume("a/b", NULL)};
	char *text = golden_text(print_status, &(struct asked){&row, &view});

	(void)unused;
	assert_string_equal(
	    text, "WAITING (clock): the clock is wrong: its date is before the release of "
	          "flashback");
	free(text);
	row.seen.last.result = RESULT_FAILED;
	row.seen.last.seconds = 3;
	text = golden_text(print_status, &(struct asked){&row, &view});
	assert_string_equal(text, "FAILED (0:00:03): again when the clock is right");
	free(text);
	volume_free(row.volume);
}

/* A path with a word that scripts count cannot be put in small letters; it is left out. */
static void
test_counted_word_in_path(void **unused)
{
	const struct view view = {.when = {NOW, OFFSET, WAKE, PLAN_DISK_OK},
	                          .life = VIEW_ALIVE,
	                          .data_dir = "/mnt/FAILED"};
	struct table_row row = {.seen = {.suspect = SUSPECT_AT,
	                                 .flawed = {.result = RESULT_SUSPECT,
	                                            .snapshot = {.when = SUSPECT_AT,
	                                                         .offset = OFFSET,
	                                                         .state = STAMP_SUSPECT}}},
	                        .volume = rows_volume("a/b", NULL)};
	char *text = golden_text(print_status, &(struct asked){&row, &view});

	(void)unused;
	assert_null(strstr(text, "FAILED"));
	assert_non_null(strstr(text, "to accept it: mv 2026-11-22T130600+0100.suspect "));
	free(text);
	volume_free(row.volume);
}

/* The longest reason that there can be, all of it to be escaped, comes whole. */
static void
test_long_reason(void **unused)
{
	const struct view view = {.when = {NOW, OFFSET, WAKE, PLAN_DISK_OK}};
	struct table_row row = {STALE, .seen.last.result = RESULT_FAILED, .seen.last.seconds = -1};
	char *text;

	(void)unused;
	memset(row.seen.last.reason, '\n', RESULT_TEXT - 1);
	row.volume = rows_volume("a/b", NULL);
	text = golden_text(print_status, &(struct asked){&row, &view});
	assert_null(strchr(text, '\n'));
	assert_int_equal(strlen(text),
	                 strlen("FAILED: ; again at the next wake") + 4 * (RESULT_TEXT - 1));
	free(text);
	volume_free(row.volume);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status),      cmocka_unit_test(test_once_busy),
	    cmocka_unit_test(test_clock),       cmocka_unit_test(test_counted_word_in_path),
	    cmocka_unit_test(test_long_reason),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
