// SPDX-License-Identifier: ISC
#include "flashback/rsync/transfer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/event.h"
#include "flashback/rsync/output.h"

#include "check.h"
#include "rsync.h"
#include "sim.h"

/* In the place of the module transfer: the same watch, over a pretend rsync. */

#define GRACE_MS 10000
#define STUCK_MS 30000

/* What the arguments that the product made say. */
static void
read_arguments(struct rsync *r, const struct text_list *argv)
{
	static const char base[] = "--link-dest=";
	const char *target = argv->item[argv->n - 1];

	for (size_t i = 0; i < argv->n; i++) {
		const char *word = argv->item[i], *name = strrchr(word, '/');

		if (strncmp(word, base, strlen(base)) == 0 && name != NULL) {
			if (r->bases == ARGV_BASES)
				sim_broken("more bases than rsync is to be given");
			if (stamp_parse(name + 1, &r->base[r->bases++]) != 0)
				sim_broken("a base is no snapshot: %s", word);
		}
		r->checksum |= strcmp(word, "--checksum") == 0;
		r->unlinked |= strcmp(word, "--no-hard-links") == 0;
	}
	if (strlen(target) >= sizeof(r->target) || strchr(target, '/') == NULL)
		sim_broken("rsync is to write to %s", target);
	memcpy(r->target, target, strcspn(target, "/"));
}

static struct rsync *
prepare(const struct transfer *t)
{
	struct rsync *r = calloc(1, sizeof(*r));
	const struct drive_handle *h = drive_handle(t->dir);

	if (r == NULL)
		abort();
	r->volume = world_find(h->dir->id);
	r->fingerprint = volume_fingerprint(process_self()->volume);
	r->alive = sim_mono();
	read_arguments(r, t->argv);
	return r;
}

static void
stop(const struct transfer *t, struct transfer_end *end, const struct rsync *r, struct process *p,
     int64_t *kill_at)
{
	int64_t patience = t->patience * 1000;
	struct event_signals s;

	event_read(t->signals, &s);
	if (end->stop != VERDICT_STOP_NO)
		return;
	if (s.end)
		end->stop = VERDICT_STOP_SIGNAL;
	else if (s.room)
		end->stop = VERDICT_STOP_ROOM;
	else if (sim_mono() - r->alive >= patience)
		end->stop = VERDICT_STOP_STALL;
	if (end->stop == VERDICT_STOP_NO)
		return;
	*kill_at = sim_mono() + GRACE_MS;
	process_term(p);
}

/* Return 0, or -1 when it cannot be ended. */
static int
watch(const struct transfer *t, struct transfer_end *end, struct rsync *r, struct process *p)
{
	int64_t kill_at = -1, stuck_at = -1;

	while (!p->ended) {
		int64_t until = r->alive + t->patience * 1000;

		if (kill_at >= 0 || stuck_at >= 0)
			until = kill_at >= 0 ? kill_at : stuck_at;
		process_wait(until);
		if (p->ended)
			break;
		stop(t, end, r, p, &kill_at);
		if (kill_at >= 0 && sim_mono() >= kill_at) {
			kill_at = -1;
			stuck_at = sim_mono() + STUCK_MS;
			if (!r->stuck)
				process_kill(p, SIGKILL);
		}
		if (stuck_at >= 0 && sim_mono() >= stuck_at)
			return -1;
	}
	return 0;
}

static void
hear(struct output_words *words, const char *text, bool is_error)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		output_line(words, text, len, is_error);
		text += len;
		text += *text == '\n';
	}
}

int
transfer_run(const struct transfer *t, struct transfer_end *end)
{
	struct rsync *r = prepare(t);
	struct process *p;
	int rc;

	memset(end, 0, sizeof(*end));
	p = process_start(PROCESS_RSYNC, rsync_body, r);
	p->careful = true;
	p->volume = process_self()->volume;
	/* The lock that it inherits. */
	r->fd = drive_open(p, drive_handle(t->lock)->dir, true);
	drive_handle(r->fd)->mount = drive_handle(t->lock)->mount;
	rc = watch(t, end, r, p);
	end->progress.percent = r->percent;
	if (rc == 0) {
		end->status = p->status;
		hear(&end->words, r->out, false);
		hear(&end->words, r->err, true);
		rsync_free(r);
	}
	process_forget(p);
	errno = EBUSY;
	return rc;
}

int
transfer_version(const char *path, struct version *out, char *why, size_t size)
{
	(void)path;
	(void)why;
	(void)size;
	*out = (struct version){.major = 3, .minor = 5, .confine_root = true, .usable = true};
	return 0;
}
