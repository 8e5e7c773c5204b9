// SPDX-License-Identifier: ISC
#include "flashback/store/store.h"
#include "flashback/store/storewarn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/store/firstseen.h"
#include "flashback/store/unlisted.h"
#include "flashback/store/summary.h"
#include "flashback/store/usage.h"
#include "flashback/store/voldir.h"

#include "check.h"
#include "drive.h"
#include "sim.h"

/* In the place of the modules store, record and boot: the same promises, kept upon the pretend
 * disk. */

int
store_open(const char *data_dir, struct store *s, char **why)
{
	drive_step();
	*s = (struct store){.fd = -1};
	*why = NULL;
	if (!drive_mounted()) {
		*why = text_format("%s is not a flashback store", data_dir);
		errno = ENOENT;
		return -1;
	}
	*s = (struct store){
	    .fd = DRIVE_STORE_FD + (int)drive_mount(), .dev = drive_mount(), .ino = 2};
	s->known = true;
	s->traits.nanoseconds = s->traits.symlinks = s->traits.hard_links = true;
	return 0;
}

char *
storewarn_text(const char *data_dir, const struct store *s)
{
	(void)data_dir;
	(void)s;
	return NULL;
}

void
storewarn_note(const char *beside, const char *data_dir)
{
	(void)beside;
	(void)data_dir;
}

bool
store_is_copy(int fd, const struct store *s)
{
	(void)fd;
	(void)s;
	return false;
}

int
store_same(const char *data_dir, const struct store *s)
{
	(void)data_dir;
	drive_step();
	errno = ESTALE;
	return drive_mounted() && s->dev == drive_mount() ? 0 : -1;
}

void
store_close(struct store *s)
{
	s->fd = -1;
}

/* Nothing is kept: each daemon counts from its own start. */
void
firstseen_open(struct firstseen *f, int store)
{
	(void)store;
	*f = (struct firstseen){.dir = -1};
}

int64_t
firstseen_of(struct firstseen *f, const char *id, int64_t now)
{
	(void)f;
	(void)id;
	(void)now;
	return 0;
}

void
firstseen_close(struct firstseen *f)
{
	(void)f;
}

void
unlisted_find(int fd, const struct config *c, struct text_list *found)
{
	(void)fd;
	(void)c;
	(void)found;
}

void
usage_note(int store, int64_t now, bool anew)
{
	(void)store;
	(void)now;
	(void)anew;
}

int64_t
usage_growth(int store, int64_t now)
{
	(void)store;
	(void)now;
	return 0;
}

static int
list(struct store_volume *v, struct drive_handle *h)
{
	struct stamp *stamps = calloc(h->dir->n + 1, sizeof(*stamps));

	if (stamps == NULL)
		abort();
	for (size_t i = 0; i < h->dir->n; i++) {
		stamps[i] = h->dir->tree[i]->stamp;
		if (stamps[i].state == STAMP_PINNED)
			stamps[i].was = history_pinned(v->runs, v->nruns, &stamps[i]);
	}
	if (h->dir->n > 1)
		qsort(stamps, h->dir->n, sizeof(*stamps), stamp_compare);
	free(h->stamps);
	v->stamps = h->stamps = stamps;
	v->nstamps = h->dir->n;
	return 0;
}

int
store_volume_list(struct store_volume *v)
{
	struct drive_handle *h = drive_handle(v->fd);

	drive_step();
	if (drive_may(h, false) != 0)
		return -1;
	return list(v, h);
}

static int
may_open(const struct store *s, const char *id, bool make)
{
	struct drive_handle h = {.mount = (unsigned)s->dev};
	const struct drive_dir *d = drive_dir(id, false);

	if (drive_may(&h, make) != 0)
		return -1;
	if (!make && d == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (make && d != NULL && d->holders > 0) {
		errno = EWOULDBLOCK;
		return -1;
	}
	return 0;
}

const char *
voldir_holders(const struct store *s, const char *id, char buf[VOLDIR_HOLDERS])
{
	(void)s;
	(void)id;
	buf[0] = '\0';
	return buf;
}

int
store_volume_open(const struct store *s, const char *host, const char *name, bool make,
                  struct store_volume *v)
{
	char *id = text_format("%s/%s", host, name);
	struct drive_handle *h;

	drive_step();
	*v = (struct store_volume){.fd = -1, .meta = -1, .lock = -1, .held = -1};
	if (id == NULL || may_open(s, id, make) != 0) {
		free(id);
		return -1;
	}
	v->fd = v->meta = drive_open(process_self(), drive_dir(id, true), make);
	free(id);
	if (make)
		v->lock = v->held = v->fd;
	v->dev = s->dev;
	h = drive_handle(v->fd);
	h->history = h->dir->history;
	if (h->history != NULL) {
		h->history->refs++;
		v->runs = h->history->run;
		v->nruns = h->history->n;
	}
	return list(v, h);
}

void
store_volume_close(struct store_volume *v)
{
	struct drive_handle *h = drive_handle(v->fd);

	if (h != NULL)
		drive_close(h);
	*v = (struct store_volume){.fd = -1, .meta = -1, .lock = -1, .held = -1};
}

int
store_rename(struct store_volume *v, struct stamp *stamp, enum stamp_state state)
{
	struct drive_handle *h = drive_handle(v->fd);
	struct stamp to = {.when = stamp->when, .offset = stamp->offset, .state = state};
	struct drive_tree *t;

	drive_step();
	if (drive_may(h, true) != 0)
		return -1;
	t = drive_find(h->dir, stamp);
	errno = t == NULL ? ENOENT : drive_find(h->dir, &to) != NULL ? EEXIST : EINVAL;
	if (t == NULL || errno == EEXIST || stamp->state == STAMP_PINNED)
		return -1;
	check_rename(process_self(), h->dir, t, state);
	drive_rename(h->dir, t, state);
	for (size_t i = 0; i < v->nstamps; i++)
		if (stamp_compare(&v->stamps[i], stamp) == 0) {
			v->stamps[i].state = state;
			break;
		}
	stamp->state = state;
	return 0;
}

static int
has_room(void)
{
	errno = ENOSPC;
	return drive_used() < drive_blocks() ? 0 : -1;
}

int
store_writable(int dirfd)
{
	drive_step();
	return drive_may(drive_handle(dirfd), true) != 0 || has_room() != 0 ? -1 : 0;
}

int
file_holds(int dirfd, uint64_t bytes)
{
	(void)bytes;
	return store_writable(dirfd);
}

/* ---- record ---- */

static struct stamp
find_latest(const struct store_volume *v, int64_t now)
{
	struct summary seen;

	summary_make(v->stamps, v->nstamps, NULL, 0, now, &seen);
	return seen.latest;
}

bool
voldir_latest_is_stale(const struct store_volume *v, int64_t now)
{
	struct stamp latest = find_latest(v, now);

	drive_step();
	return stamp_compare(&drive_handle(v->fd)->dir->latest, &latest) != 0;
}

char *
voldir_newest(const struct store_volume *v, int64_t now, char buf[STAMP_NAME_SIZE])
{
	struct stamp latest = find_latest(v, now);

	return latest.when != 0 ? stamp_format(&latest, buf) : NULL;
}

const char *
voldir_foreign(const struct store_volume *v)
{
	(void)v;
	return NULL;
}

int
voldir_latest(struct store_volume *v, int64_t now)
{
	struct drive_handle *h = drive_handle(v->fd);
	struct stamp latest = find_latest(v, now);

	drive_step();
	if (drive_may(h, true) != 0)
		return -1;
	if (stamp_compare(&h->dir->latest, &latest) != 0)
		drive_set_latest(h->dir, &latest);
	return 0;
}

/* What of a line can be read again from the file. */
static bool
survives(const struct history_run *run, struct history_run *out)
{
	char line[1024] = "";
	FILE *f = fmemopen(line, sizeof(line), "w");
	int rc;

	if (f == NULL)
		abort();
	rc = history_print(f, run);
	fclose(f);
	return rc == 0 && history_parse(line, out) == 0;
}

/* The file as it is now on the disk: what of these lines, the last few of them new, can be read
 * again. */
static struct drive_history *
write_lines(const struct history_run *runs, size_t n, size_t fresh)
{
	struct drive_history *file = malloc(sizeof(*file) + n * sizeof(*runs));

	if (file == NULL)
		abort();
	*file = (struct drive_history){.refs = 1, .n = n > fresh ? n - fresh : 0};
	memcpy(file->run, runs, file->n * sizeof(*runs));
	for (size_t i = file->n; i < n; i++) {
		file->run[file->n] = runs[i];
		file->n += survives(&runs[i], &file->run[file->n]);
	}
	return file;
}

int
voldir_history(struct store_volume *v, const struct history_run *run)
{
	struct drive_handle *h = drive_handle(v->fd);
	struct history_run *runs = calloc(v->nruns + 1, sizeof(*runs));

	if (runs == NULL)
		abort();
	if (v->nruns > 0)
		memcpy(runs, v->runs, v->nruns * sizeof(*runs));
	runs[v->nruns] = *run;
	free(h->own_runs);
	v->runs = h->own_runs = runs;
	v->nruns = history_prune(runs, v->nruns + 1, v->stamps, v->nstamps);
	drive_step();
	check_line(process_self(), h->dir, run);
	if (drive_may(h, true) != 0 || has_room() != 0)
		return -1;
	drive_set_history(h->dir, write_lines(v->runs, v->nruns, ++h->fresh));
	drive_step();
	drive_sync_names(h->dir);
	return 0;
}

/* Here each can be read. */
int
voldir_set_aside(struct store_volume *v)
{
	(void)v;
	abort();
}

bool
voldir_is_blind(const struct store_volume *v)
{
	(void)v;
	return false;
}

int
voldir_note_write(const struct store_volume *v, const char *boot, const struct stamp *working)
{
	struct drive_handle *h = drive_handle(v->lock);

	drive_step();
	if (drive_may(h, true) != 0)
		return -1;
	h->dir->noted_boot[0] = '\0';
	drive_step();
	snprintf(h->dir->noted_boot, sizeof(h->dir->noted_boot), "%s", boot);
	h->dir->noted = working != NULL ? *working : (struct stamp){0};
	return 0;
}

int
voldir_note_read(const struct store_volume *v, char *boot, size_t size, struct stamp *working)
{
	struct drive_handle *h = drive_handle(v->lock);

	drive_step();
	*working = (struct stamp){0};
	if (drive_may(h, false) != 0)
		return -1;
	errno = ENODATA;
	if (h->dir->noted_boot[0] == '\0')
		return -1;
	snprintf(boot, size, "%s", h->dir->noted_boot);
	*working = h->dir->noted;
	return 0;
}

/* ---- boot ---- */

int
voldir_boot(int fd, char buf[VOLDIR_BOOT])
{
	snprintf(buf, VOLDIR_BOOT, "boot-%u/%u", drive_boot(), drive_handle(fd)->mount);
	return 0;
}
