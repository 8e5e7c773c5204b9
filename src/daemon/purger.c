// SPDX-License-Identifier: ISC
#include "flashback/daemon/purger.h"

#include <stdlib.h>

#include "flashback/jobs/purge.h"
#include "flashback/lib/log.h"

/* Only one purger runs at a time: two would remove the same trees.  The flags are cleared when it
 * starts, so that what expires while it runs is left to the next one. */
void
purger_start(struct purger *p, const struct config *config)
{
	struct purge_job job = {.config = config, .again = p->again, .reclaim = p->reclaim};

	if (!p->wanted || p->child.pid != 0)
		return;
	p->wanted = p->again = p->reclaim = false;
	if (event_fork(&p->child, purge_body, &job) != 0)
		log_errno(LOG_LEVEL_ERROR, "cannot remove old snapshots");
}

/* Each purger fails again at what cannot be removed: log it once, and show it as long as it
 * lasts. */
static void
take_trouble(struct purger *p, const struct purge_message *m)
{
	char *text = text_format("%s: %s", m->id, m->words);

	if (text == NULL)
		return;
	if (!text_list_has(&p->trouble, text))
		log_say(LOG_LEVEL_WARNING, "%s", text);
	(void)text_list_add(&p->trouble_now, text);
	free(text);
}

/* Apply one message of the purger to the row of its volume. row is NULL when the volume has left
 * the config. */
static void
take_message(struct purger *p, struct table_row *row, const struct purge_message *m)
{
	switch (m->kind) {
	case PURGE_REMOVED:
		log_say(LOG_LEVEL_DEBUG, "%s: removed %s", m->id, m->words);
		if (row != NULL && row->seen.expired > 0)
			row->seen.expired--;
		break;
	case PURGE_TROUBLE:
		take_trouble(p, m);
		break;
	case PURGE_SUMMARY:
		/* A running worker has newer data. */
		if (row != NULL && row->known && !table_active(row))
			(void)table_see(row, &m->seen);
		break;
	}
}

/* Read the messages of the purger.  The list of failures is replaced only when it has ended: until
 * then it is incomplete, and failures would seem to be solved. */
bool
purger_step(struct purger *p, struct table *table)
{
	struct purge_message m;
	enum event_news news;
	bool changed = false;

	while ((news = event_next(&p->child, &m, sizeof(m))) == EVENT_MESSAGE) {
		take_message(p, table_find(table, m.id), &m);
		changed = true;
	}
	if (news != EVENT_ENDED)
		return changed;
	event_close(&p->child);
	text_list_free(&p->trouble);
	p->trouble = p->trouble_now;
	p->trouble_now = (struct text_list){.n = 0};
	return true;
}

/* After a run that filled the disk no run starts until the purger has removed its tree; else every
 * volume in the queue would fill the disk again. */
bool
purger_is_clearing(struct purger *p)
{
	p->clearing = p->clearing && (p->wanted || p->child.pid != 0);
	return p->clearing;
}

void
purger_free(struct purger *p)
{
	event_close(&p->child);
	text_list_free(&p->trouble);
	text_list_free(&p->trouble_now);
}
