// SPDX-License-Identifier: ISC
#include "flashback/cli/list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/cli/check.h"
#include "flashback/cli/versions.h"
#include "flashback/daemon/reload.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/columns.h"
#include "flashback/lib/units.h"
#include "flashback/rsync/runplan.h"
#include "flashback/store/expire.h"
#include "flashback/store/retain.h"
#include "flashback/store/round.h"
#include "flashback/store/store.h"
#include "flashback/store/summary.h"

struct list {
	FILE *f;
	const struct config *config;
	struct store store;
	int64_t now;
	bool headed; /* several volumes: each begins with its name and ends with a blank line */
};

static int
complain(const char *id, const char *words)
{
	fprintf(stderr, "flashback: %s: %s\n", id, words);
	return -1;
}

/* Open a volume for reading.  One without a directory has no snapshots yet. */
static int
open_volume(const struct list *l, const struct volume *volume, struct store_volume *v)
{
	if (store_volume_open(&l->store, volume->host, volume->name, false, v) == 0 ||
	    errno == ENOENT) {
		if (v->unread != 0)
			complain(volume->id, "its history cannot be read: no sizes are shown");
		return 0;
	}
	return complain(volume->id, strerror(errno));
}

/* A number of bytes, or -1: unknown. */
static char *
bytes_text(char buf[UNITS_TEXT], int64_t bytes)
{
	if (bytes >= 0)
		return units_format_bytes(buf, (uint64_t)bytes);
	snprintf(buf, UNITS_TEXT, "-");
	return buf;
}

/* ---- volumes ---- */

static int
add_volume(const struct list *l, const struct volume *volume, struct text_list *cells)
{
	struct store_volume v;
	struct summary seen;
	char oldest[VERSIONS_NAME] = "-", newest[VERSIONS_NAME] = "-", size[UNITS_TEXT];
	unsigned n = 0;

	if (open_volume(l, volume, &v) != 0)
		return -1;
	for (size_t i = 0; i < v.nstamps; i++)
		if (versions_is_snapshot(&v.stamps[i])) {
			if (n++ == 0)
				versions_name(&v.stamps[i], oldest);
			versions_name(&v.stamps[i], newest);
		}
	summary_make(v.stamps, v.nstamps, v.runs, v.nruns, l->now, &seen);
	text_list_add(cells, volume->id);
	text_list_addf(cells, "%u", n);
	text_list_add(cells, oldest);
	text_list_add(cells, newest);
	text_list_add(cells, bytes_text(size, seen.bytes));
	store_volume_close(&v);
	return cells->lost ? complain(volume->id, strerror(ENOMEM)) : 0;
}

static int
list_volumes(const struct list *l)
{
	static const char *const titles[] = {"VOLUME", " SNAPSHOTS", "OLDEST",
	                                     "NEWEST", " SIZE",      NULL};
	struct text_list cells = {0};
	int rc = 0;

	for (size_t i = 0; i < l->config->n; i++)
		if (add_volume(l, l->config->volumes[i], &cells) != 0)
			rc = -1;
	columns_print(l->f, titles, &cells);
	text_list_free(&cells);
	check_unlisted(l->f, l->config);
	return rc;
}

/* ---- the snapshots of a volume ---- */

/* What there is to say of a state besides the snapshot's rank. */
static const struct {
	const char *word, *why;
} states[] = {
    [STAMP_COMPLETE] = {"complete", NULL},
    [STAMP_PARTIAL] = {"partial", NULL},
    [STAMP_SUSPECT] = {"suspect", "look at it: rename or remove it"},
    [STAMP_WORKING] = {"working", "being made, or left by a crash"},
    [STAMP_INTERRUPTED] = {"interrupted", "base of the next run"},
    [STAMP_EXPIRED] = {"expired", "being removed"},
    [STAMP_PINNED] = {"pinned", "pinned"},
};

/* The new snapshot that decides what goes next is the one that will be due. */
static int
foresee(const struct list *l, const struct volume *volume, const struct store_volume *v,
        struct stamp next[EXPIRE_MAX])
{
	struct summary seen;
	int64_t due;

	summary_make(v->stamps, v->nstamps, NULL, 0, l->now, &seen);
	due = summary_attempt(&seen) + volume->every;
	if (due < l->now)
		due = l->now;
	return expire_foresee(v, &volume->keep,
	                      runplan_stamp(v->stamps, v->nstamps, due, clock_offset(due)), l->now,
	                      next);
}

/* A volume that left the config has no source, and nothing of it expires. */
static bool
is_listed(const struct volume *volume)
{
	return volume->source != NULL;
}

/* Why a snapshot is kept, and whether it goes next: new memory. */
static char *
why_kept(const struct volume *volume, const struct stamp *s, const struct volume_keep *rank,
         const struct stamp *next, int n)
{
	char *words =
	    states[s->state].why != NULL ? strdup(states[s->state].why) : retain_why(rank);

	for (int i = 0; words != NULL && i < n; i++)
		if (stamp_compare(&next[i], s) == 0)
			(void)text_replace(&words, "%s%sgoes next", words,
			                   *words != '\0' ? "; " : "");
	if (words != NULL && *words == '\0')
		(void)text_replace(&words,
		                   is_listed(volume) ? "no longer kept" : "not in hosts.conf");
	return words;
}

static int
add_snapshot(const struct store_volume *v, const struct stamp *s, char *why,
             struct text_list *cells)
{
	const struct history_run *run = history_made(v->runs, v->nruns, s);
	char name[VERSIONS_NAME], size[UNITS_TEXT], new[UNITS_TEXT];
	int rc;

	bytes_text(size, run != NULL ? run->bytes : -1);
	bytes_text(new, run != NULL ? run->new_bytes : -1);
	rc = why != NULL ? 0 : -1;
	if (rc == 0)
		rc = text_list_add(cells, versions_name(s, name)) |
		     text_list_add(cells, states[s->state].word) |
		     (run != NULL && run->files >= 0 ? text_list_addf(cells, "%" PRId64, run->files)
		                                     : text_list_add(cells, "-")) |
		     text_list_add(cells, size) | text_list_add(cells, new) |
		     text_list_add(cells, why);
	free(why);
	return rc;
}

/* How far the comparison with the source is. */
static void
print_round(const struct list *l, const struct store_volume *v)
{
	struct round r;
	char *words;

	round_read(v->meta, &r);
	words = round_words(&r, l->now);
	if (words != NULL)
		fprintf(l->f, "recheck: %s\n", words);
	free(words);
}

static int
list_snapshots(const struct list *l, const struct volume *volume)
{
	static const char *const titles[] = {"SNAPSHOT", "STATE", " FILES", " SIZE",
	                                     " NEW",     "KEPT",  NULL};
	struct text_list cells = {0};
	struct stamp next[EXPIRE_MAX];
	struct store_volume v;
	struct volume_keep *rank;
	int rc = -1, n;

	if (open_volume(l, volume, &v) != 0)
		return -1;
	rank = calloc(v.nstamps + 1, sizeof(*rank));
	n = is_listed(volume) ? foresee(l, volume, &v, next) : 0;
	if (rank != NULL && n != -1)
		rc = retain_rank(v.stamps, v.nstamps, &volume->keep, rank);
	for (size_t i = 0; rc == 0 && i < v.nstamps; i++)
		rc = add_snapshot(&v, &v.stamps[i],
		                  why_kept(volume, &v.stamps[i], &rank[i], next, n), &cells);
	if (l->headed)
		fprintf(l->f, "%s\n", volume->id);
	if (rc == 0)
		columns_print(l->f, titles, &cells);
	else
		complain(volume->id, strerror(ENOMEM));
	if (rc == 0 && volume->recheck != 0)
		print_round(l, &v);
	if (l->headed)
		fputc('\n', l->f);
	text_list_free(&cells);
	free(rank);
	store_volume_close(&v);
	return rc;
}

/* ---- operands ---- */

/* The part of an operand after HOST/VOLUME/; NULL when it does not begin with that volume. */
static char *
path_in(const struct volume *volume, char *operand)
{
	size_t len = strlen(volume->id);

	return strncmp(operand, volume->id, len) == 0 && operand[len] == '/' ? operand + len + 1
	                                                                     : NULL;
}

/* Make the components of a path follow one another with one slash between them, in place.  Return
 * 0, or -1 when one of them is `..'. */
static int
tidy(char *path)
{
	char *to = path, *next = path;
	const char *part;

	while ((part = strsep(&next, "/")) != NULL) {
		size_t len = strlen(part);

		if (strcmp(part, "..") == 0)
			return -1;
		if (len == 0 || strcmp(part, ".") == 0)
			continue;
		if (to != path)
			*to++ = '/';
		memmove(to, part, len);
		to += len;
	}
	*to = '\0';
	return 0;
}

static int
list_path(const struct list *l, const struct volume *volume, char *path, const char *shown)
{
	struct versions_case c = {
	    .config = l->config, .volume = volume, .path = path, .shown = shown};
	struct store_volume v;
	int rc;

	if (tidy(path) != 0)
		return complain(shown, "`..' leads out of the volume");
	if (*path == '\0')
		return list_snapshots(l, volume);
	if (open_volume(l, volume, &v) != 0)
		return -1;
	rc = versions_print(l->f, &c, &v);
	store_volume_close(&v);
	return rc;
}

/* A volume that is not in the config may still have snapshots in the store.  Return false when it
 * has no directory. */
static bool
list_unlisted(const struct list *l, const char *operand, const char *shown, int *rc)
{
	char *copy = strdup(operand), *path = copy, id[VOLUME_ID_SIZE];
	struct volume volume = {.id = id};
	struct store_volume v;
	bool found = false;

	if (copy != NULL) {
		volume.host = strsep(&path, "/");
		volume.name = strsep(&path, "/");
	}
	if (volume.name != NULL && volume_is_name(volume.host) && volume_is_name(volume.name) &&
	    store_volume_open(&l->store, volume.host, volume.name, false, &v) == 0) {
		store_volume_close(&v);
		snprintf(id, sizeof(id), "%s/%s", volume.host, volume.name);
		*rc = list_path(l, &volume, path != NULL ? path : id + strlen(id), shown);
		found = true;
	}
	free(copy);
	return found;
}

/* An unknown volume is named without the path in it, so that a similar one is found. */
static int
list_operand(const struct list *l, const char *operand)
{
	char *shown = text_escaped(operand), *name = strdup(operand), *slash;
	int rc = shown != NULL && name != NULL ? 0 : complain("-l", strerror(ENOMEM));
	bool found = rc != 0;

	for (size_t i = 0; rc == 0 && i < l->config->n; i++) {
		const struct volume *volume = l->config->volumes[i];
		char *path = path_in(volume, name);

		if (path == NULL && !volume_is_named(volume, operand))
			continue;
		found = true;
		if (path != NULL)
			rc |= list_path(l, volume, path, shown);
		else
			rc |= list_snapshots(l, volume);
	}
	if (!found && !list_unlisted(l, operand, shown, &rc)) {
		slash = strchr(name, '/');
		slash = slash != NULL ? strchr(slash + 1, '/') : NULL;
		if (slash != NULL)
			*slash = '\0';
		reload_unknown(l->config, name);
		rc = -1;
	}
	free(name);
	free(shown);
	return rc;
}

int
list_run(FILE *f, const struct config *config, const struct text_list *wanted)
{
	struct list l = {.f = f, .config = config, .now = clock_wall()};
	char *why;
	size_t named = 0;
	int rc = 0;

	for (size_t i = 0; i < wanted->n; i++)
		named += config_named(config, wanted->item[i]);
	l.headed = named > 1;
	if (store_open(config->data_dir, &l.store, &why) != 0) {
		fprintf(stderr, "flashback: %s\n", why != NULL ? why : strerror(ENOMEM));
		free(why);
		return 1;
	}
	if (wanted->n == 0)
		rc = list_volumes(&l);
	for (size_t i = 0; i < wanted->n; i++)
		rc |= list_operand(&l, wanted->item[i]);
	store_close(&l.store);
	return rc == 0 && fflush(f) == 0 && !ferror(f) ? 0 : 1;
}
