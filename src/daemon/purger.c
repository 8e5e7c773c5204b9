// SPDX-License-Identifier: ISC
#include "flashback/daemon/purger.h"

#include <stdlib.h>
#include <string.h>

#include "flashback/jobs/purge.h"
#include "flashback/lib/log.h"

void
purger_start(struct daemon *d)
{
	struct purge_job job = {.config = d->config, .reclaim = d->reclaim};

	if (!d->sweep || d->sweeper.pid != 0 || !d->disk.mounted ||
	    d->disk_state == PLAN_DISK_BROKEN)
		return;
	d->sweep = d->reclaim = false;
	if (event_fork(&d->sweeper, purge_body, &job) != 0)
		log_errno(LOG_LEVEL_ERROR, "old snapshots cannot be removed");
}

/* What cannot be removed is met again at each sweep, and said once. */
static void
take_trouble(struct daemon *d, const char *id, const char *words)
{
	char *text = text_format("%s: %s", id, words);

	if (text == NULL)
		return;
	if (!text_list_has(&d->trouble, text))
		log_say(LOG_LEVEL_WARNING, "%s", text);
	(void)text_list_add(&d->trouble_now, text);
	free(text);
}

static void
take_removed(struct table_row *row, const char *id, const char *name)
{
	log_say(LOG_LEVEL_DEBUG, "%s: removed %s", id, name);
	if (row != NULL && row->seen.expired > 0)
		row->seen.expired--;
}

static void
take_sweep(void *arg, char *line)
{
	struct daemon *d = arg;
	char *id = strchr(line, ' '), *text;
	struct table_row *row;
	struct summary seen;

	if (id == NULL)
		return;
	*id++ = '\0';
	text = strchr(id, ' ');
	if (text == NULL)
		return;
	*text++ = '\0';
	row = table_find(&d->table, id);
	if (strcmp(line, "trouble") == 0)
		take_trouble(d, id, text);
	else if (strcmp(line, "removed") == 0)
		take_removed(row, id, text);
	else if (strcmp(line, "summary") == 0 && row != NULL && row->known && !table_active(row) &&
	         summary_unpack(text, &seen) == 0)
		(void)table_see(row, &seen);
	d->dirty = true;
}

void
purger_hear(struct daemon *d)
{
	if (d->sweeper.pid == 0)
		return;
	event_lines(&d->sweeper, take_sweep, d);
	if (!event_reaped(&d->sweeper))
		return;
	event_lines(&d->sweeper, take_sweep, d);
	event_close(&d->sweeper);
	text_list_free(&d->trouble);
	d->trouble = d->trouble_now;
	memset(&d->trouble_now, 0, sizeof(d->trouble_now));
	d->dirty = true;
}
