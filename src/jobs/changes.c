// SPDX-License-Identifier: ISC
#include "flashback/jobs/changes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/rsync/scan.h"
#include "flashback/store/masschange.h"
#include "flashback/store/treediff.h"

/* ---- change_guard ---- */

/* Compare the tree of this run with an older snapshot; d->files is -1 when not all can be read. */
static void
compare(const struct copy *c, const struct stamp *older, struct treediff *d)
{
	char snapshot[STAMP_NAME_SIZE], tree[STAMP_NAME_SIZE];

	if (treediff_count(c->v, stamp_format(older, snapshot), stamp_format(&c->tree, tree), d) !=
	    0)
		d->files = -1;
}

/* Take over what has changed since the older snapshot.  Return 0, or -1 when that is unknown. */
static int
take_changes(const struct copy *c, const struct stamp *older, const struct treediff *d,
             struct masschange_run *now)
{
	char snapshot[STAMP_NAME_SIZE];

	now->changed = d->changed;
	now->before = d->files;
	if (d->files >= 0)
		return 0;
	copy_log(c,
	         "change_guard: not all of this snapshot can be read, so what has changed "
	         "is not known",
	         stamp_format(older, snapshot));
	return -1;
}

/*
 * How much has changed since the snapshot before?  The scan of a quick run tells that, but not
 * whether a file of which only the time differs has changed, so where it is much the trees are
 * compared.  After a full run they always are: its bases may include a suspect tree, and a file
 * that is linked to that is no unchanged one.
 */
static int
measure(const struct copy *c, struct treediff *d, struct masschange_run *now)
{
	const struct scan *s = &c->scan;
	const struct output_stats *stats = &c->end.words.stats;

	now->changed = s->changed + s->touched + s->gone_files;
	now->before = stats->files - stats->dirs - s->skipped - s->created + s->gone_files;
	if (c->full == NULL && now->changed <= now->before / 4)
		return 0;
	if (c->full == NULL)
		compare(c, &c->plan.base, d);
	return take_changes(c, &c->plan.base, d, now);
}

/* Changes that a single run does not show: an attack that takes days.  The sum may count a file
 * twice; the snapshot before all these runs, if it exists, tells. */
static struct masschange_alarm
judge_span(const struct copy *c, const struct masschange *m, const struct masschange_run *now)
{
	const struct masschange_alarm none = {.span = 0};
	struct masschange_run sum = masschange_sum(m, now);
	int guard = c->volume->change_guard;
	struct treediff d = {.names_only = false};

	if (masschange_judge(m, &sum, MASSCHANGE_SPAN, guard).span == 0)
		return none;
	for (size_t i = 0; i < c->v->nstamps; i++) {
		const struct stamp *older = &c->v->stamps[i];

		if (older->when != m->run[MASSCHANGE_SPAN - 1].when)
			continue;
		compare(c, older, &d);
		if (take_changes(c, older, &d, &sum) == 0)
			return masschange_judge(m, &sum, MASSCHANGE_SPAN, guard);
	}
	return none;
}

/* A snapshot of another source or with other excludes is no measure, nor is one that is suspect
 * already. */
static void
guard(struct copy *c, struct treediff *d)
{
	struct history_run *run = &c->verdict.run;
	const struct stamp *base = &c->plan.base;
	struct masschange_run now = {.when = 0};
	struct masschange m;

	if (c->volume->change_guard == 0 || base->when == 0 ||
	    !history_is_alike(c->v->runs, c->v->nruns, base, run->fingerprint) ||
	    measure(c, d, &now) != 0 || now.before <= 0)
		return;
	run->changed = now.changed;
	run->before = now.before;
	if (c->verdict.tree == VERDICT_TREE_SUSPECT)
		return;
	masschange_read(c->v->runs, c->v->nruns, c->v->stamps, c->v->nstamps, &m);
	c->alarm = masschange_judge(&m, &now, 1, c->volume->change_guard);
	if (c->alarm.span == 0)
		c->alarm = judge_span(c, &m, &now);
	if (c->alarm.span > 0)
		copy_judge(c);
}

/* ---- directories that are empty now ---- */

/* Add to the reason the directory that has lost most. */
static void
note_emptied(struct history_run *run, const struct treediff *d)
{
	char *safe = text_escaped(d->most), more[48] = "";
	size_t len = strlen(run->reason);

	if (d->emptied > 1)
		snprintf(more, sizeof(more), " (and %zu more director%s)", d->emptied - 1,
		         d->emptied == 2 ? "y" : "ies");
	if (safe != NULL && d->lost > 0)
		snprintf(run->reason + len, sizeof(run->reason) - len,
		         "%s%s/ is empty now, it had %" PRId64 " file%s%s", len > 0 ? "; " : "",
		         safe, d->lost, d->lost == 1 ? "" : "s", more);
	free(safe);
}

/* The search in a list, in which the names come directory by directory, the contents of each before
 * itself. */
struct emptied {
	int top;               /* the tree */
	char parent[PATH_MAX]; /* of the last name */
	char dir[PATH_MAX];    /* the empty directory that this is, or was below; "": none */
	int64_t files;         /* what that has lost so far, directories aside */
	struct treediff found;
};

/* The present directory is over: does it count? */
static void
flush(struct emptied *e)
{
	struct treediff *d = &e->found;
	bool counts = e->dir[0] != '\0' && e->files > 0;

	d->emptied += counts;
	if (counts && e->files > d->lost) {
		memcpy(d->most, e->dir, sizeof(d->most));
		d->lost = e->files;
	}
	e->files = 0;
}

/* Set path to the deepest directory of it that still exists, if that is empty, else to "".  The top
 * is not reported: an empty source is a case of its own. */
static void
find_empty(int top, char *path)
{
	int fd = -1;

	while (*path != '\0' && (fd = tree_open(top, path)) < 0) {
		char *slash = strrchr(path, '/');

		*(slash != NULL ? slash : path) = '\0';
	}
	if (fd < 0 || !tree_is_empty(fd))
		*path = '\0';
	file_close(&fd);
}

/* Take over the directory of the next name. */
static void
enter(struct emptied *e, const char *name)
{
	const char *slash = strrchr(name, '/');
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", slash != NULL ? (int)(slash - name) : 0, name);
	if (strcmp(dir, e->parent) == 0)
		return;
	memcpy(e->parent, dir, sizeof(dir));
	find_empty(e->top, dir);
	if (strcmp(dir, e->dir) != 0) {
		flush(e);
		memcpy(e->dir, dir, sizeof(dir));
	}
}

/* Is name the directory that the name before it was in? */
static bool
is_parent(const char *name, const char *before)
{
	size_t len = strlen(name);

	return strncmp(before, name, len) == 0 && before[len] == '/';
}

void
changes_emptied(int volume, const char *tree, FILE *gone, struct history_run *run)
{
	struct emptied e = {.top = tree_open(volume, tree)};
	char *name = NULL, before[PATH_MAX] = "";
	size_t size = 0;

	rewind(gone);
	while (e.top >= 0 && getdelim(&name, &size, '\0', gone) > 0) {
		enter(&e, scan_listed(name));
		e.files += !is_parent(name, before);
		snprintf(before, sizeof(before), "%s", name);
	}
	flush(&e);
	note_emptied(run, &e.found);
	free(name);
	file_close(&e.top);
}

/* ---- what else there is to say ---- */

/* A run that shares nothing is no failure, but the disk fills up as with full copies: say so in the
 * row and in the log, with the cause.  Equal files that could not be linked are copied by rsync
 * without a word; that is what the snapshot takes. */
static void
note_sharing(struct copy *c, const char *tree, const char *base)
{
	struct history_run *r = &c->verdict.run;
	enum sharing sharing = SHARING_SOME;

	if (c->store->traits.hard_links && c->plan.job.base[0] != NULL)
		sharing = treediff_sharing(c->v, tree, base);
	if (sharing == SHARING_SOME)
		return;
	if (sharing == SHARING_COPIES)
		r->new_bytes = r->bytes;
	copy_log(c, "this snapshot", treediff_words(sharing));
	if (r->reason[0] == '\0')
		snprintf(r->reason, sizeof(r->reason), "%s", treediff_words(sharing));
}

/* A file whose date the disk does not hold looks changed at each run.  The first of them tells
 * whether this disk is one that does not hold theirs. */
static void
note_dates(struct copy *c, const char *tree)
{
	const struct scan *s = &c->scan;
	struct history_run *r = &c->verdict.run;
	int top = s->odd_dates > 0 ? openat(c->v->fd, tree, TREE_DIR) : -1;
	char name[RESULT_TEXT / 2], words[RESULT_TEXT];
	struct tm held;
	struct stat st;

	if (top != -1 && fstatat(top, s->odd_first, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    localtime_r(&st.st_mtim.tv_sec, &held) != NULL &&
	    (int64_t)held.tm_year + 1900 != s->odd_year) {
		text_escape(name, sizeof(name), s->odd_first, strlen(s->odd_first));
		snprintf(words, sizeof(words),
		         "this disk cannot hold the dates of some files, which are copied again at "
		         "each run: %" PRId64 ", the first %s, of %" PRId64,
		         s->odd_dates, name, s->odd_year);
		copy_log(c, words, "");
		if (r->reason[0] == '\0')
			snprintf(r->reason, sizeof(r->reason), "%s", words);
	}
	file_close(&top);
}

/* A quick run shares at least half, by its nature, and has a list of what is gone. */
void
changes_run(struct copy *c)
{
	char tree[STAMP_NAME_SIZE], base[STAMP_NAME_SIZE];
	bool compared = c->full != NULL && c->plan.base.when != 0;
	struct treediff d = {.names_only = c->volume->change_guard == 0};

	if (!copy_is_good(c))
		return;
	if (compared)
		compare(c, &c->plan.base, &d);
	guard(c, &d);
	note_dates(c, stamp_format(&c->tree, tree));
	if (!compared)
		return;
	note_sharing(c, tree, stamp_format(&c->plan.base, base));
	note_emptied(&c->verdict.run, &d);
}
