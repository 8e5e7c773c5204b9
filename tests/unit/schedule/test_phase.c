// SPDX-License-Identifier: ISC
#include "flashback/schedule/phase.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* What can happen in each phase; all else must be refused. */
static const struct {
	enum table_phase from;
	enum phase_event event;
	enum table_phase to;
} legal[] = {
    {TABLE_RESTING, PHASE_ASK, TABLE_ASKING},       {TABLE_RESTING, PHASE_QUEUE, TABLE_QUEUED},
    {TABLE_ASKING, PHASE_ANSWERED, TABLE_QUEUED},   {TABLE_ASKING, PHASE_SILENT, TABLE_RESTING},
    {TABLE_ASKING, PHASE_UNASKED, TABLE_QUEUED},    {TABLE_ASKING, PHASE_NO_NET, TABLE_RESTING},
    {TABLE_ASKING, PHASE_WITHDRAWN, TABLE_RESTING}, {TABLE_QUEUED, PHASE_STARTED, TABLE_RUNNING},
    {TABLE_QUEUED, PHASE_WITHDRAWN, TABLE_RESTING}, {TABLE_RUNNING, PHASE_STOPPED, TABLE_ENDING},
    {TABLE_RUNNING, PHASE_ENDED, TABLE_RESTING},    {TABLE_ENDING, PHASE_ENDED, TABLE_RESTING},
};

static int
expected(enum table_phase from, enum phase_event event)
{
	for (size_t i = 0; i < sizeof(legal) / sizeof(legal[0]); i++)
		if (legal[i].from == from && legal[i].event == event)
			return (int)legal[i].to;
	return -1;
}

static void
test_every_pair(void **state)
{
	(void)state;
	for (int from = TABLE_RESTING; from <= TABLE_ENDING; from++) {
		for (int event = 0; event < PHASE_EVENTS; event++) {
			enum table_phase to = TABLE_RESTING;
			int rc = phase_next((enum table_phase)from, (enum phase_event)event, &to);
			int want = expected((enum table_phase)from, (enum phase_event)event);

			assert_int_equal(rc, want < 0 ? -1 : 0);
			if (want >= 0)
				assert_int_equal(to, want);
		}
	}
}

static void
test_a_whole_run(void **state)
{
	struct table_row row = {.phase = TABLE_RESTING};

	(void)state;
	phase_move(&row, PHASE_ASK);
	phase_move(&row, PHASE_ANSWERED);
	phase_move(&row, PHASE_STARTED);
	assert_int_equal(row.phase, TABLE_RUNNING);
	phase_move(&row, PHASE_STOPPED);
	phase_move(&row, PHASE_ENDED);
	assert_int_equal(row.phase, TABLE_RESTING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_pair),
	    cmocka_unit_test(test_a_whole_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
