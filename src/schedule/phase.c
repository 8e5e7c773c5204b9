// SPDX-License-Identifier: ISC
#include "flashback/schedule/phase.h"

#include <assert.h>
#include <stddef.h>

static const struct {
	enum table_phase from;
	enum phase_event event;
	enum table_phase to;
} transitions[] = {
    {TABLE_RESTING, PHASE_ASK, TABLE_ASKING},       {TABLE_RESTING, PHASE_QUEUE, TABLE_QUEUED},
    {TABLE_ASKING, PHASE_ANSWERED, TABLE_QUEUED},   {TABLE_ASKING, PHASE_SILENT, TABLE_RESTING},
    {TABLE_ASKING, PHASE_UNASKED, TABLE_QUEUED},    {TABLE_ASKING, PHASE_NO_NET, TABLE_RESTING},
    {TABLE_ASKING, PHASE_WITHDRAWN, TABLE_RESTING}, {TABLE_QUEUED, PHASE_STARTED, TABLE_RUNNING},
    {TABLE_QUEUED, PHASE_WITHDRAWN, TABLE_RESTING}, {TABLE_RUNNING, PHASE_STOPPED, TABLE_ENDING},
    {TABLE_RUNNING, PHASE_ENDED, TABLE_RESTING},    {TABLE_ENDING, PHASE_ENDED, TABLE_RESTING},
};

int
phase_next(enum table_phase from, enum phase_event event, enum table_phase *to)
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
phase_move(struct table_row *row, enum phase_event event)
{
	enum table_phase to = row->phase;
	int rc = phase_next(row->phase, event, &to);

	assert(rc == 0);
	(void)rc;
	row->phase = to;
}
