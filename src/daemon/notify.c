// SPDX-License-Identifier: ISC
#include "flashback/daemon/notify.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/jobs/hook.h"
#include "flashback/lib/log.h"

#define SEPARATOR '\x1f' /* cannot be in a text that has been escaped */

enum { EVENT, VOLUME, STATE, REASON, FIELDS };

static const char *const variables[FIELDS] = {
    [EVENT] = "FLASHBACK_EVENT",
    [VOLUME] = "FLASHBACK_VOLUME",
    [STATE] = "FLASHBACK_STATE",
    [REASON] = "FLASHBACK_REASON",
};

void
notify_add(struct notify *n, const struct notify_event *e)
{
	if (n->waiting.n >= NOTIFY_WAITING ||
	    text_list_addf(&n->waiting, "%s%c%s%c%s%c%s", e->event, SEPARATOR, e->volume, SEPARATOR,
	                   e->state, SEPARATOR, e->reason) != 0)
		n->dropped++;
}

/* What the child works with: its own copy. */
struct call {
	const struct text_list *command;
	char *event;
};

static void
split(char *event, const char *field[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		char *end = strchr(event, SEPARATOR);

		field[i] = event;
		if (end == NULL)
			end = event + strlen(event);
		event = *end != '\0' ? end + 1 : end;
		*end = '\0';
	}
}

static int
call_body(int out, void *arg)
{
	const struct call *call = arg;
	const char *field[FIELDS];
	struct text_list env = {0};
	char why[256], *line;
	int status;

	split(call->event, field);
	for (int i = 0; i < FIELDS; i++)
		if (text_list_addf(&env, "%s=%s", variables[i], field[i]) != 0)
			return 1;
	line = text_format("%s%s%s: %s\n", field[VOLUME], field[VOLUME][0] != '\0' ? " " : "",
	                   field[EVENT], field[REASON]);
	if (line == NULL)
		return 1;
	status = hook_run(call->command, &env, line, HOOK_NOTIFY_SECONDS, -1, why, sizeof(why));
	if (status < 0)
		event_send(out, "%s", why);
	else if (status > 0)
		event_send(out, "%s ended with exit status %d%s", call->command->item[0], status,
		           hook_hint(status));
	return 0;
}

static void
take_line(void *arg, char *line)
{
	(void)arg;
	log_say(LOG_LEVEL_WARNING, "notify: %s", line);
}

/* Remove the first of the waiting events and return it. */
static char *
take_first(struct text_list *list)
{
	char *first = list->item[0];

	memmove(list->item, list->item + 1, list->n * sizeof(*list->item));
	list->n--;
	return first;
}

void
notify_step(struct notify *n, const struct text_list *command)
{
	struct call call = {.command = command};

	if (n->child.pid != 0) {
		event_lines(&n->child, take_line, NULL);
		if (!event_reaped(&n->child))
			return;
		event_lines(&n->child, take_line, NULL);
		event_close(&n->child);
	}
	if (command->n == 0) {
		text_list_free(&n->waiting);
		n->dropped = 0;
	}
	if (n->waiting.n == 0)
		return;
	if (n->dropped > 0)
		log_say(LOG_LEVEL_WARNING, "notify: %u events were dropped, there were too many",
		        n->dropped);
	n->dropped = 0;
	call.event = take_first(&n->waiting);
	if (event_fork(&n->child, call_body, &call) != 0)
		log_errno(LOG_LEVEL_WARNING, "notify: %s could not be started", command->item[0]);
	free(call.event);
}

bool
notify_busy(const struct notify *n)
{
	return n->child.pid != 0 || n->waiting.n > 0;
}

void
notify_free(struct notify *n)
{
	if (n->child.pid != 0) {
		event_kill(&n->child, SIGKILL);
		event_close(&n->child);
	}
	text_list_free(&n->waiting);
}
