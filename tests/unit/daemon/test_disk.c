// SPDX-License-Identifier: ISC
#include "sender.h"

#include <signal.h>

#include "flashback/daemon/disk.h"

/* What the events of one look came to. */
struct look {
	unsigned figures, volumes, looked;
	bool changed, gone;
};

/* Let a child that sends these messages be the inspector, and take what comes of it. */
static struct look
look(struct disk *k, const struct inspect_message *m, size_t n, int status)
{
	struct disk_event e;
	enum disk_news news;
	struct look l = {0};

	k->reading = k->want_volumes;
	k->want_volumes = false;
	k->late_at = clock_mono() + 20000;
	sender_start(&k->inspector, (struct sender){m, sizeof(*m), n, status});
	while (l.looked == 0) {
		while ((news = disk_next(k, &e)) != DISK_NOTHING) {
			l.figures += news == DISK_FIGURES;
			l.volumes += news == DISK_VOLUME;
			l.looked += news == DISK_INSPECTED;
			l.changed |= e.changed;
			l.gone |= e.gone;
		}
		sender_wait(&k->inspector);
	}
	assert_int_equal(k->inspector.pid, 0);
	return l;
}

static struct inspect_message
figures(bool mounted, const char *id)
{
	struct inspect_message m = {.kind = INSPECT_DISK,
	                            .disk = {.mounted = mounted, .opened = id[0] != '\0'}};

	snprintf(m.disk.id, sizeof(m.disk.id), "%s", id);
	if (!mounted)
		snprintf(m.disk.reason, sizeof(m.disk.reason), "it is not mounted");
	return m;
}

static struct look
see(struct disk *k, struct inspect_message m)
{
	return look(k, &m, 1, 0);
}

static void
test_states(void **state)
{
	struct inspect_message fit = figures(true, ""), low = fit, broken = fit;
	struct disk k = {0};

	(void)state;
	low.disk.low = true;
	broken.disk.broken = low.disk.low = true;
	snprintf(low.disk.reason, sizeof(low.disk.reason), "it is full");
	assert_false(see(&k, fit).changed); /* that a disk is fit is no news at the start */
	assert_true(k.known && k.state == PLAN_DISK_OK);
	assert_true(see(&k, low).changed);
	assert_int_equal(k.state, PLAN_DISK_FULL);
	assert_string_equal(disk_words(&k), "it is full");
	assert_false(see(&k, low).changed);
	assert_true(see(&k, broken).changed); /* it is low too, but that is the lesser evil */
	assert_int_equal(k.state, PLAN_DISK_BROKEN);
	assert_true(see(&k, figures(false, "")).changed);
	assert_int_equal(k.state, PLAN_DISK_ABSENT);
	assert_string_equal(disk_words(&k), "it is not mounted");
	assert_true(see(&k, fit).changed);
	assert_string_equal(disk_words(&k), "the disk is usable again");
	disk_free(&k);

	k = (struct disk){0};
	assert_true(see(&k, figures(false, "")).changed);
	disk_free(&k);
}

/* Runs must stop, and the volumes must be read, when the disk is not the one that it was. */
static void
test_gone_and_come(void **state)
{
	struct disk k = {.want_volumes = true};

	(void)state;
	assert_false(see(&k, figures(true, "one")).gone);
	assert_false(k.want_volumes);
	assert_false(see(&k, figures(true, "")).gone); /* it was not even opened */
	assert_false(see(&k, figures(true, "one")).gone);
	assert_false(k.want_volumes);
	assert_true(see(&k, figures(true, "two")).gone);
	assert_true(k.want_volumes);
	assert_true(see(&k, figures(false, "")).gone);
	assert_false(see(&k, figures(false, "")).gone);
	k.want_volumes = false;
	assert_false(see(&k, figures(true, "two")).gone);
	assert_true(k.want_volumes); /* it may have been used elsewhere */
	disk_free(&k);
}

/* How fast it fills up is read with the store, or known from a run; it is not lost meanwhile. */
static void
test_growth(void **state)
{
	struct inspect_message opened = figures(true, "one");
	struct disk k = {0};

	(void)state;
	opened.disk.growth = 5;
	see(&k, opened);
	assert_int_equal(k.last.growth, 5);
	k.last.growth = 7;
	see(&k, figures(true, ""));
	assert_int_equal(k.last.growth, 7);
	opened.disk.growth = 0;
	see(&k, opened);
	assert_int_equal(k.last.growth, 0);
	disk_free(&k);
}

static void
test_volumes_and_warnings(void **state)
{
	struct inspect_message m[] = {
	    figures(true, "one"),
	    {.kind = INSPECT_WARNING, .warning = "open to others"},
	    {.kind = INSPECT_VOLUME, .volume = {.id = "a/b"}},
	    {.kind = INSPECT_UNREAD, .warning = "a/c cannot be read"},
	};
	struct disk k = {0};
	struct look l;

	(void)state;
	l = look(&k, m, LENGTH(m), 0);
	assert_int_equal(l.volumes, 1);
	assert_true(k.unread);
	assert_int_equal(k.warnings.n, 2);
	assert_int_equal(k.logged.n, 2);
	/* A look that did not open the store had no occasion to warn. */
	see(&k, figures(true, ""));
	assert_int_equal(k.warnings.n, 2);
	see(&k, figures(true, "one"));
	assert_int_equal(k.warnings.n, 0);
	disk_free(&k);
}

/* An inspector that dies: unknown is not healthy, and the volumes must be read another time. */
static void
test_no_answer(void **state)
{
	struct disk k = {.want_volumes = true};
	struct inspect_message m = figures(true, "one");

	(void)state;
	assert_true(look(&k, NULL, 0, 1).changed);
	assert_true(k.known && k.unread);
	assert_int_equal(k.state, PLAN_DISK_ABSENT);
	assert_true(look(&k, &m, 1, 1).changed);
	assert_false(look(&k, NULL, 0, 1).changed); /* the last answer stands */
	assert_int_equal(k.state, PLAN_DISK_OK);
	disk_free(&k);

	k = (struct disk){.known = false};
	disk_stop(&k);
	assert_false(look(&k, NULL, 0, 1).changed); /* we have killed it ourselves */
	disk_free(&k);
}

static void
test_hangs(void **state)
{
	struct inspect_message m = figures(true, "one");
	struct disk k = {0};
	struct disk_event e;

	(void)state;
	see(&k, m);
	sender_start(&k.inspector, (struct sender){.status = SENDER_STAYS});
	k.late_at = clock_mono() + 10000;
	assert_int_equal(disk_next(&k, &e), DISK_NOTHING);
	assert_true(disk_is_inspecting(&k));
	assert_int_equal(disk_deadline(&k, true), k.late_at);
	k.late_at = clock_mono();
	assert_int_equal(disk_next(&k, &e), DISK_INSPECTED);
	assert_true(e.changed && !k.last.mounted && k.hangs_since > 0);
	assert_int_equal(k.state, PLAN_DISK_ABSENT);
	assert_false(disk_is_inspecting(&k));
	assert_false(disk_is_due(&k, true)); /* it may outlive its end */
	while (k.inspector.pid != 0) {
		sender_wait(&k.inspector);
		(void)disk_next(&k, &e);
	}
	assert_true(see(&k, m).changed);
	assert_int_equal(k.hangs_since, 0);
	disk_free(&k);
}

static void
test_when_to_look(void **state)
{
	struct disk k = {0};

	(void)state;
	assert_false(disk_is_due(&k, false));
	assert_false(disk_is_due(&k, true)); /* ten seconds after the last that nobody watched */
	assert_true(disk_deadline(&k, true) > clock_mono() + 5000);
	assert_int_equal(disk_deadline(&k, false), INT64_MAX);
	k.next_room = clock_mono();
	assert_true(disk_is_due(&k, true));
	assert_false(disk_is_due(&k, true));
	k.doubt = true;
	assert_true(disk_is_due(&k, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),       cmocka_unit_test(test_gone_and_come),
	    cmocka_unit_test(test_growth),       cmocka_unit_test(test_volumes_and_warnings),
	    cmocka_unit_test(test_no_answer),    cmocka_unit_test(test_hangs),
	    cmocka_unit_test(test_when_to_look),
	};

	alarm(60);
	close(event_open()); /* signals stay blocked, as in the daemon */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
