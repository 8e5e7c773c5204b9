// SPDX-License-Identifier: ISC
#include "flashback/daemon/prober.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/log.h"

/* The host does not answer, or its state is unknown.  Only the first time is logged: a laptop may
 * be away for weeks. */
static void
note_not_found(struct table_row *row, enum table_event event, const char *reason)
{
	if (row->silent_since == 0) {
		row->silent_since = clock_wall();
		log_say(LOG_LEVEL_INFO, "%s: not found: %s", row->volume->id, reason);
	}
	table_result(row, RESULT_NOT_FOUND, "%s", reason);
	table_move(row, event);
}

/* What an answer means for a row.  A host that cannot be probed at all (no permission, the prober
 * died) is queued: rsync then finds out, and a missing capability must not stop all backups.  A
 * host that does not answer is not an error: the row rests until the next wake. */
static void
take_answer(struct prober *p, struct table_row *row, enum probe_answer answer, const char *reason)
{
	if (answer != PROBE_UNKNOWN && answer != PROBE_NO_NET && answer != PROBE_NO_TURN)
		row->unresolved_since = 0;
	else if (answer == PROBE_UNKNOWN && row->unresolved_since == 0)
		row->unresolved_since = clock_wall();
	switch (answer) {
	case PROBE_UP:
		table_move(row, TABLE_EVENT_ANSWERED);
		break;
	case PROBE_UNKNOWN:
	case PROBE_SILENT:
		note_not_found(row, TABLE_EVENT_SILENT, reason);
		break;
	case PROBE_NO_NET:
	case PROBE_NO_TURN:
		note_not_found(row, TABLE_EVENT_NO_NET, reason);
		break;
	case PROBE_CANNOT:
		if (!p->logged)
			log_say(LOG_LEVEL_WARNING, "%s: could not be probed: %s", row->volume->id,
			        reason);
		p->logged = p->failed = true;
		table_move(row, TABLE_EVENT_UNPROBED);
		break;
	}
}

/* Volumes of one host share one probe if they use the same method, port and address. */
static bool
is_same(const struct probe_host *host, const struct volume *v)
{
	return v->probe == host->how && v->probe_port == host->port &&
	       strcmp(v->address, host->address) == 0;
}

/* Pass an answer to every row that waits for this host.  Only the first answer counts.  The index
 * comes from the child and is checked. */
static void
answer_host(struct prober *p, struct table *table, size_t host, enum probe_answer answer,
            const char *reason)
{
	if (host >= p->hosts.n || p->answered[host])
		return;
	p->answered[host] = true;
	if (answer == PROBE_NO_TURN && !p->turned) {
		p->turned = true;
		p->begin = p->hosts.host[host].row;
	}
	for (size_t i = 0; i < table->n; i++) {
		struct table_row *row = &table->row[i];

		if (row->phase == TABLE_PROBING && is_same(&p->hosts.host[host], row->volume))
			take_answer(p, row, answer, reason);
	}
}

static void
forget_hosts(struct prober *p)
{
	text_list_free(&p->addresses);
	free(p->hosts.host);
	free(p->answered);
	p->hosts = (struct probe_hosts){.n = 0};
	p->answered = NULL;
}

/* The prober has ended.  Hosts without an answer count as "cannot be probed" and their rows are
 * queued: rsync reports the cause.  No row may stay in PROBING, where nothing would ever take it
 * out again. */
static void
end(struct prober *p, struct table *table)
{
	event_close(&p->child);
	for (size_t i = 0; i < p->hosts.n; i++)
		answer_host(p, table, i, PROBE_CANNOT,
		            "no answer from the prober in time; rsync is started without a probe");
	p->logged = p->failed;
	forget_hosts(p);
	/* A reload may have changed the address of a row meanwhile: it matches no host any more and
	 * waits for the next wake. */
	for (size_t i = 0; i < table->n; i++)
		if (table->row[i].phase == TABLE_PROBING)
			table_move(&table->row[i], TABLE_EVENT_WITHDRAWN);
}

/* Add the host of a row to the list, unless it is in it already. */
static int
add_host(struct prober *p, const struct table *table, size_t row)
{
	const struct volume *v = table->row[row].volume;
	struct probe_hosts *hosts = &p->hosts;

	for (size_t i = 0; i < hosts->n; i++)
		if (is_same(&hosts->host[i], v))
			return 0;
	if (text_list_add(&p->addresses, v->address) == -1)
		return -1;
	hosts->host[hosts->n] = (struct probe_host){.address = p->addresses.item[hosts->n],
	                                            .how = v->probe,
	                                            .port = v->probe_port,
	                                            .row = row};
	hosts->n++;
	return 0;
}

/* Probe the hosts of all rows in PROBING with one child.  Where the resolver does not answer, each
 * name takes seconds, and the time of a wake is enough for some hundred of them: the list begins
 * where the last one ended, so that each has its turn.  The list stays in this process, because
 * answers refer to it by index.  If no child can be started, end() queues all rows. */
void
prober_start(struct prober *p, struct table *table)
{
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < table->n; i++)
		n += table->row[i].phase == TABLE_PROBING;
	if (n == 0)
		return;
	assert(p->hosts.n == 0 && p->addresses.n == 0);
	p->failed = p->turned = false;
	p->hosts.host = calloc(n, sizeof(*p->hosts.host));
	p->answered = calloc(n, sizeof(*p->answered));
	if (p->hosts.host == NULL || p->answered == NULL)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < table->n; i++) {
		size_t row = (p->begin + i) % table->n;

		if (table->row[row].phase == TABLE_PROBING)
			rc = add_host(p, table, row);
	}
	if (rc == 0)
		rc = event_fork(&p->child, probe_body, &p->hosts);
	p->late_at = clock_mono() + PROBE_DEADLINE * INT64_C(1000);
	if (rc != 0) {
		log_errno(LOG_LEVEL_ERROR, "cannot probe hosts");
		end(p, table);
	}
}

/* Read the answers that have arrived.  A prober that misses its deadline is killed; its end then
 * arrives as an event like any other. */
enum prober_news
prober_step(struct prober *p, struct table *table)
{
	enum prober_news what = PROBER_NOTHING;
	struct probe_message m;
	enum event_news news;

	if (p->child.pid == 0)
		return PROBER_NOTHING;
	while ((news = event_next(&p->child, &m, sizeof(m))) == EVENT_MESSAGE) {
		answer_host(p, table, m.host, m.answer, m.reason);
		what = PROBER_ANSWERED;
	}
	if (news == EVENT_ENDED) {
		end(p, table);
		return PROBER_ENDED;
	}
	if (clock_mono() >= p->late_at) {
		event_kill(&p->child, SIGKILL);
		p->late_at = INT64_MAX;
	}
	return what;
}

int64_t
prober_deadline(const struct prober *p)
{
	return p->child.pid != 0 ? p->late_at : INT64_MAX;
}

void
prober_free(struct prober *p)
{
	event_close(&p->child);
	forget_hosts(p);
}
