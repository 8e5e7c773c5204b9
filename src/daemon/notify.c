// SPDX-License-Identifier: ISC
#include "flashback/daemon/notify.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/jobs/hook.h"
#include "flashback/lib/log.h"
#include "flashback/lib/units.h"
#include "flashback/schedule/plan.h"

#define NOTIFY_WORDS 1024 /* the longest error message of the command */

/* The items of an event, which is kept as the environment of the command. */
enum { EVENT, VOLUME, STATE, REASON };

/* Only the holder of the pid file notifies, or the user would get each event twice.  The queue is
 * bounded: a command that hangs must not let the daemon grow without limit. */
void
notify_add(struct notify *n, const struct notify_event *e)
{
	struct text_list env = {0};

	if (n->silent)
		return;
	text_list_addf(&env, "FLASHBACK_EVENT=%s", e->event);
	text_list_addf(&env, "FLASHBACK_VOLUME=%s", e->volume);
	text_list_addf(&env, "FLASHBACK_STATE=%s", e->state);
	text_list_addf(&env, "FLASHBACK_REASON=%s", e->reason);
	if (n->waiting < NOTIFY_WAITING && !env.lost) {
		n->env[n->waiting++] = env;
		return;
	}
	n->dropped++;
	text_list_free(&env);
}

static void
add_row(struct notify *n, const char *event, const struct table_row *row, const char *state,
        const char *reason)
{
	notify_add(n, &(struct notify_event){event, row->volume->id, state, reason});
}

/* Every run is logged once.  A result that may repeat at each wake for months (host not found) is
 * logged when it begins and at debug level after that. */
void
notify_log_end(const struct table_row *row, const struct history_run *run, const char *kind)
{
	const struct result_row *r = result_row(run->result);
	char took[UNITS_TEXT];

	units_format_clock(took, run->seconds > 0 ? run->seconds : 0);
	log_say(r->lasting && row->again ? LOG_LEVEL_DEBUG : r->level, "%s: %s after %s%s%s%s%s%s",
	        row->volume->id, r->words, took, kind[0] != '\0' ? " (" : "", kind,
	        kind[0] != '\0' ? ")" : "", run->reason[0] != '\0' ? ": " : "", run->reason);
}

/* Notify only a change: the first success is none, nor is the second failure; but files that could
 * not be read and were not among those of the run before are. row->notified is the
 * last result that was notified; the history cannot serve for that, because not every run in it is
 * notified.  That files differ from their source is notified each time, that they could not be
 * compared once, and both are shown until USR1. */
void
notify_end(struct notify *n, struct table_row *row)
{
	const struct history_run *last = &row->seen.last;
	const char *event = result_row(last->result)->event,
	           *before = result_row(row->notified)->event;
	bool news;

	if (last->differ > 0 || (last->uncompared && row->differs == NULL)) {
		free(row->differs);
		row->differs = strdup(last->reason);
		add_row(n, "differs", row, result_row(last->result)->shown, last->reason);
	}
	if (event == NULL)
		return;
	news = before != NULL ? strcmp(event, before) != 0 : last->result != RESULT_SUCCEEDED;
	news |= last->fresh > 0;
	row->notified = last->result;
	if (news)
		add_row(n, event, row, result_row(last->result)->shown, last->reason);
}

/* Log and queue that a volume has become overdue. */
static void
note_overdue(struct notify *n, const struct table_row *row, int64_t now)
{
	int64_t newest = summary_good(&row->seen);
	char age[UNITS_TEXT], words[128];

	if (newest == 0)
		snprintf(words, sizeof(words), "there is no backup yet");
	else
		snprintf(words, sizeof(words), "the last backup is %s old",
		         units_format_age(age, now - newest));
	log_say(LOG_LEVEL_ERROR, "%s: overdue: %s", row->volume->id, words);
	add_row(n, "overdue", row, "OVERDUE", words);
}

/* Compare each row with what was last reported.  A row whose directory has not been read yet is
 * skipped: its newest snapshot is unknown, and reporting it as overdue could be a false alarm. */
bool
notify_overdue(struct notify *n, struct table *table, int64_t now)
{
	bool changed = false;

	for (size_t i = 0; i < table->n; i++) {
		struct table_row *row = &table->row[i];

		if (!row->known || plan_overdue(row, now) == row->overdue)
			continue;
		row->overdue = !row->overdue;
		changed = true;
		if (row->overdue) {
			note_overdue(n, row, now);
			continue;
		}
		log_say(LOG_LEVEL_INFO, "%s: no longer overdue", row->volume->id);
		add_row(n, "recovered", row, result_row(row->seen.last.result)->shown,
		        "it is no longer overdue");
	}
	return changed;
}

/* The input of the child. */
struct call {
	const struct text_list *command, *env;
};

static const char *
value(const struct text_list *env, int item)
{
	return strchr(env->item[item], '=') + 1;
}

/* The child: run the user's command with the event in its environment and on its standard input.
 * It runs in a child because the command may take minutes or hang, and the loop must not wait for
 * it.  Only a failure is sent back. */
static int
call_body(int out, void *arg)
{
	const struct call *call = arg;
	const char *volume = value(call->env, VOLUME);
	char why[NOTIFY_WORDS], *line;
	int status;

	line = text_format("%s%s%s: %s\n", volume, volume[0] != '\0' ? " " : "",
	                   value(call->env, EVENT), value(call->env, REASON));
	if (line == NULL)
		return 1;
	status =
	    hook_run(call->command, call->env, line, HOOK_NOTIFY_SECONDS, -1, why, sizeof(why));
	if (status > 0)
		snprintf(why, sizeof(why), "%s ended with exit status %d%s", call->command->item[0],
		         status, hook_hint(status));
	if (status != 0)
		event_send(out, why, strlen(why) + 1);
	return 0;
}

/* Remove the first events from the queue. */
static void
drop(struct notify *n, size_t first)
{
	for (size_t i = 0; i < first; i++)
		text_list_free(&n->env[i]);
	n->waiting -= first;
	memmove(n->env, n->env + first, n->waiting * sizeof(n->env[0]));
}

/* Finish the last command, then start the next.  One at a time: commands that run in parallel could
 * report "recovered" before "failed".  A command removed from the config by a reload empties the
 * queue; otherwise --once would wait for it for ever. */
void
notify_step(struct notify *n, const struct text_list *command)
{
	struct call call = {.command = command, .env = &n->env[0]};
	char why[NOTIFY_WORDS];
	enum event_news news;

	if (n->child.pid != 0) {
		while ((news = event_next(&n->child, why, sizeof(why))) == EVENT_MESSAGE)
			log_say(LOG_LEVEL_WARNING, "notify: %s", why);
		if (news == EVENT_NOTHING)
			return;
		event_close(&n->child);
	}
	if (command->n == 0) {
		drop(n, n->waiting);
		n->dropped = 0;
	}
	if (n->waiting == 0)
		return;
	if (n->dropped > 0)
		log_say(LOG_LEVEL_WARNING, "notify: %u events dropped: more than %d were waiting",
		        n->dropped, NOTIFY_WAITING);
	n->dropped = 0;
	if (event_fork(&n->child, call_body, &call) != 0)
		log_errno(LOG_LEVEL_WARNING, "notify: %s could not be started", command->item[0]);
	drop(n, 1);
}

bool
notify_busy(const struct notify *n)
{
	return n->child.pid != 0 || n->waiting > 0;
}

void
notify_free(struct notify *n)
{
	if (n->child.pid != 0) {
		event_kill(&n->child, SIGKILL);
		event_close(&n->child);
	}
	drop(n, n->waiting);
}
