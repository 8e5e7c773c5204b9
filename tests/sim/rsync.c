// SPDX-License-Identifier: ISC
#include "rsync.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/judge_cases.h"

#include "check.h"
#include "process.h"
#include "sim.h"

#define STATUS(code) ((code) << 8) /* as from waitpid */
#define CASES (sizeof(judge_real_cases) / sizeof(judge_real_cases[0]))
/* Its pace in an ordinary copy, in a slow one, and how long it may hang in the kernel. */
enum { FILE_MS = 400, SLOW_FILE_MS = 900000, HANG_MS = 2400000 };

static int
speak(struct rsync *r, const struct judge_real_case *c)
{
	snprintf(r->err + strlen(r->err), sizeof(r->err) - strlen(r->err), "%s", c->err);
	return c->status < 0 ? -c->status : STATUS(c->status);
}

/* What a real one said in such a case. */
static int
speak_as(struct rsync *r, const char *name)
{
	for (size_t i = 0; i < CASES; i++)
		if (strcmp(judge_real_cases[i].name, name) == 0)
			return speak(r, &judge_real_cases[i]);
	sim_broken("no real rsync has said %s", name);
}

/* One of those that came to no statistics, and were not the disk's fault. */
static int
speak_broken(struct rsync *r, size_t way)
{
	for (size_t i = 0; i < CASES; i++) {
		const struct judge_real_case *c = &judge_real_cases[(way + i) % CASES];

		if (*c->out == '\0' && c->result == RESULT_FAILED && !c->removable && !c->broken)
			return speak(r, c);
	}
	return STATUS(12);
}

/* Time passes.  Return 0, or -1 when it has been told to end. */
static int
nap(struct rsync *r, int64_t ms)
{
	struct process *p = process_self();
	int64_t until = sim_mono() + ms;

	while (sim_mono() < until && (r->stuck || !p->pending.end))
		process_wait(until);
	if (p->pending.end && !r->stuck)
		return -1;
	r->alive = sim_mono();
	return 0;
}

static bool
is_there(const struct rsync *r)
{
	const struct world_host *h = r->volume->host;

	return h == NULL || (h->up && h->known && world()->network);
}

static enum world_trouble
trouble_of(const struct rsync *r)
{
	return r->volume->host != NULL ? r->volume->host->trouble : WORLD_FINE;
}

/* A host that goes away in the middle is noticed by ssh after some minutes. */
static int
lose_host(struct rsync *r)
{
	return nap(r, 180000) != 0 ? speak_as(r, "term") : speak_as(r, "hang");
}

static int
fail_write(struct rsync *r)
{
	return speak_as(r, errno == ENOSPC ? "enospc" : errno == EROFS ? "erofs" : "eio");
}

/* The same file in a base: by size and time, which torn ones have too, or by content. */
static struct drive_inode *
find_base(const struct rsync *r, const struct world_file *f)
{
	const struct drive_handle *h = drive_handle(r->fd);

	for (size_t i = 0; i < r->bases; i++) {
		const struct drive_tree *t = drive_find(h->dir, &r->base[i]);
		struct drive_inode *inode = t != NULL ? drive_lookup(t, f->id) : NULL;

		if (inode != NULL && inode->version == f->version && !(r->checksum && inode->torn))
			return inode;
	}
	return NULL;
}

static bool
is_in_source(const struct rsync *r, const struct world_file *f)
{
	size_t listed = world_listed(r->volume);

	for (size_t i = 0; i < listed; i++)
		if (r->volume->file[i].id == f->id)
			return true;
	return false;
}

static void
add_meant(struct rsync *r, const struct world_file *f)
{
	struct drive_inode inode = {.file = f->id, .version = f->version};
	struct drive_entry entry = {.inode = &inode};
	struct drive_tree one = {.entry = &entry, .n = 1};

	r->meant += drive_seal(&one) - drive_seal(&(struct drive_tree){.n = 0});
}

/* Return 0, or -1 with errno when it could not be written. */
static int
copy_file(struct rsync *r, const struct world_file *f)
{
	enum world_trouble trouble = trouble_of(r);
	struct drive_inode *inode = find_base(r, f);

	if (trouble == WORLD_UNREADABLE && f->id % 7 == 1) {
		r->unreadable++;
		return 0;
	}
	if (inode == NULL &&
	    (!is_in_source(r, f) || (trouble == WORLD_VANISHING && sim_chance(1, 6)))) {
		r->vanished++;
		return 0;
	}
	if (drive_may(drive_handle(r->fd), true) != 0)
		return -1;
	check_write(drive_handle(r->fd)->dir, r->tree);
	add_meant(r, f);
	if (inode != NULL) {
		drive_link(r->tree, inode);
		return 0;
	}
	r->transferred++;
	return drive_write(r->tree, f->id, f->version);
}

/* Copy all; return the status if it did not come to its end, or -1. */
static int
copy_all(struct rsync *r)
{
	int64_t pace = trouble_of(r) == WORLD_SLOW ? SLOW_FILE_MS : FILE_MS;
	int64_t owed = 0;

	for (size_t i = 0; i < r->n; i++) {
		size_t before = r->transferred;

		if (copy_file(r, &r->file[i]) != 0)
			return fail_write(r);
		r->percent = (int)(i * 100 / r->n);
		owed += r->transferred > before ? pace : 0;
		if (owed < 5000 && i % 16 != 15)
			continue;
		if (nap(r, owed + 10) != 0)
			return speak_as(r, "term");
		owed = 0;
		if (!is_there(r))
			return lose_host(r);
	}
	return -1;
}

/* What `--stats` says at the end. */
static void
say_figures(struct rsync *r, size_t files)
{
	snprintf(r->out, sizeof(r->out),
	         "Number of files: %zu (reg: %zu, dir: 1)\n"
	         "Number of created files: %zu (reg: %zu)\n"
	         "Number of regular files transferred: %zu\n"
	         "Total file size: %zu bytes\n"
	         "Total transferred file size: %zu bytes\n",
	         files + 1, files, files, files, r->transferred, files << 20, r->transferred << 20);
}

static int
speak_of_vanished(struct rsync *r)
{
	for (size_t i = 0; i < r->vanished; i++) {
		size_t len = strlen(r->err);

		snprintf(r->err + len, sizeof(r->err) - len, "file has vanished: \"/f%zu\"\n", i);
	}
	return STATUS(24);
}

static int
finish(struct rsync *r)
{
	enum world_trouble trouble = trouble_of(r);

	if (drive_may(drive_handle(r->fd), true) != 0)
		return fail_write(r);
	r->tree->fingerprint = r->fingerprint;
	r->tree->meant = r->meant + drive_seal(&(struct drive_tree){.n = 0});
	if (trouble == WORLD_LINKS && !r->unlinked) {
		say_figures(r, r->n);
		return speak_as(r, "links");
	}
	if (trouble == WORLD_LIES_FULL)
		return speak_as(r, "enospc");
	say_figures(r, r->n);
	r->tree->made = r->unreadable > 0 ? DRIVE_PART : DRIVE_WHOLE;
	if (r->unreadable > 0)
		return speak_as(r, "unreadable");
	return r->vanished > 0 ? speak_of_vanished(r) : 0;
}

static int
find_nothing(struct rsync *r)
{
	snprintf(r->out, sizeof(r->out), "Number of files: 0\n");
	return speak_as(r, r->volume->host != NULL ? "missing_ssh" : "missing_local");
}

static void
list_source(struct rsync *r)
{
	world_change(r->volume);
	r->n = world_listed(r->volume);
	r->file = calloc(r->n + 1, sizeof(*r->file));
	if (r->file == NULL)
		abort();
	if (r->n > 0)
		memcpy(r->file, r->volume->file, r->n * sizeof(*r->file));
}

/* What stands in the way before anything is copied; the status, or -1. */
static int
begin(struct rsync *r)
{
	if (nap(r, sim_range(500, 20000)) != 0)
		return speak_as(r, "term");
	if (!is_there(r))
		return nap(r, 20000) != 0 ? speak_as(r, "term") : speak_as(r, "ssh_noroute");
	if (r->volume->source == WORLD_MISSING)
		return find_nothing(r);
	list_source(r);
	return -1;
}

/* It hangs for ever, in the kernel even, or breaks off somewhere in the middle. */
static int
break_off(struct rsync *r)
{
	enum world_trouble trouble = trouble_of(r);

	if (trouble == WORLD_BREAKS) {
		r->n = (size_t)sim_roll((int64_t)r->n + 1);
		if (copy_all(r) >= 0)
			return speak_as(r, "term");
		return speak_broken(r, r->volume->host->way);
	}
	if (trouble == WORLD_STUCK) {
		int64_t until = sim_mono() + HANG_MS;

		r->stuck = true;
		while (sim_mono() < until)
			process_wait(until);
		r->stuck = false;
		return STATUS(20);
	}
	while (!process_self()->pending.end)
		process_wait(-1);
	return speak_as(r, "term");
}

int
rsync_body(void *arg)
{
	struct rsync *r = arg;
	const struct drive_handle *h = drive_handle(r->fd);
	enum world_trouble trouble = trouble_of(r);
	struct stamp s;
	int status;

	if (stamp_parse(r->target, &s) != 0)
		sim_broken("%s: rsync is to write to %s", h->dir->id, r->target);
	r->tree = drive_find(h->dir, &s);
	check_bases(h->dir, r->tree, r->base, r->bases, r->checksum);
	status = begin(r);
	if (status < 0 &&
	    (trouble == WORLD_BREAKS || trouble == WORLD_HANGS || trouble == WORLD_STUCK))
		return break_off(r);
	if (status < 0)
		status = copy_all(r);
	return status < 0 ? finish(r) : status;
}

void
rsync_free(struct rsync *r)
{
	if (r != NULL)
		free(r->file);
	free(r);
}
