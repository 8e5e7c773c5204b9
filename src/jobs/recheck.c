// SPDX-License-Identifier: ISC
#include "flashback/jobs/recheck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/lib/units.h"
#include "flashback/store/round.h"

/* What one rsync compares.  When it is interrupted, all of it must be compared again.  rsync looks
 * each name that a host sends up among all those that were asked for, one by one. */
#define BATCH_FILES 2000
#define BATCH_BYTES (INT64_C(1) << 30)
#define TRIES 3           /* for a file that takes longer than its source is available */
#define FEWER 5           /* each of these takes a batch of 1/2^5 of the size */
#define SLOWEST (1 << 20) /* bytes a second that a source reads at least */

#define LINE_TEXT 160
#define FIRST_TEXT 48 /* of the reason, with the first file */

/* In ROUND_WORK: the names that are compared, those of them that differ, what was received of
 * these, as a tree; and beside it by inode number.  The last is a name that a file has for a
 * moment. */
#define WORK ".flashback/" ROUND_WORK "/"
#define LIST "list"
#define DIFFER "differ"
#define FILES "files"
#define MOMENT "name"

struct recheck {
	struct copy *c;
	struct round round;
	int dir;       /* ROUND_WORK */
	int64_t until; /* clock_mono: no batch begins later */
	int64_t files, bytes, found, found_bytes;
	char tree[STAMP_NAME_SIZE], first[FIRST_TEXT];
	char trouble[LINE_TEXT]; /* why files are not compared that should be; "": they are */
};

/* Files that one rsync compares. */
struct batch {
	struct recheck *r;
	struct round_file *file;
	size_t n;
	int64_t bytes;
	int64_t sent; /* files of which the source has sent a checksum */
	ino_t *found; /* those that differ and were received anew, ascending */
	size_t nfound;
};

/* What a user must not believe to be compared; the first reason is shown. */
__attribute__((format(printf, 2, 3))) static void
note_trouble(struct recheck *r, const char *fmt, ...)
{
	char text[RESULT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	copy_log(r->c, "recheck", text);
	if (r->trouble[0] == '\0')
		text_fit(r->trouble, sizeof(r->trouble), text, strlen(text));
}

/* ---- received files, in the place of those of the tree ---- */

static int
by_path(const void *a, const void *b)
{
	const struct round_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int
by_number(const void *a, const void *b)
{
	ino_t x = *(const ino_t *)a, y = *(const ino_t *)b;

	return (x > y) - (x < y);
}

static char *
number(char buf[UNITS_TEXT], ino_t ino)
{
	snprintf(buf, UNITS_TEXT, "%" PRIuMAX, (uintmax_t)ino);
	return buf;
}

/* A name of the tree: does a file have it that was received anew?  Then it becomes a name of that
 * one; the other, which older snapshots share, is left as it is, and the directory keeps its time.
 */
static int
visit(void *arg, int dirfd, const char *name, bool is_dir)
{
	const struct batch *b = arg;
	int work = b->r->dir;
	char fresh[UNITS_TEXT];
	struct stat st, dir;

	if (is_dir)
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || fstat(dirfd, &dir) < 0)
		return -1;
	if (bsearch(&st.st_ino, b->found, b->nfound, sizeof(ino_t), by_number) == NULL)
		return 0;
	if (linkat(work, number(fresh, st.st_ino), work, MOMENT, 0) < 0 ||
	    renameat(work, MOMENT, dirfd, name) < 0)
		return -1;
	return futimens(dirfd, (const struct timespec[2]){{.tv_nsec = UTIME_OMIT}, dir.st_mtim});
}

/* Has the file been received, with the size and time that it had?  If it has changed meanwhile, the
 * next run copies it.  Its directories come from the host: no symbolic link is followed. */
static bool
is_received(const struct batch *b, const struct round_file *f)
{
	const char *slash = strrchr(f->path, '/'), *name = slash != NULL ? slash + 1 : f->path;
	char *path = text_format(FILES "/%.*s", (int)(name - f->path), f->path);
	int dir = path != NULL ? tree_open(b->r->dir, path) : -1;
	char fresh[UNITS_TEXT];
	struct stat st;
	bool same;

	free(path);
	same = dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_size == f->size &&
	       st.st_mtim.tv_sec == f->mtime.tv_sec && st.st_mtim.tv_nsec == f->mtime.tv_nsec &&
	       linkat(dir, name, b->r->dir, number(fresh, f->ino), 0) == 0;
	file_close(&dir);
	return same;
}

/* Log a file that differs, with the command that shows where. */
static void
log_found(struct recheck *r, const struct round_file *f)
{
	const struct copy *c = r->c;
	struct stamp made = c->tree;
	char old[STAMP_NAME_SIZE], new[STAMP_NAME_SIZE], *line = NULL;
	struct text_list cmp = {0};
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	made.state = c->verdict.tree == VERDICT_TREE_PARTIAL ? STAMP_PARTIAL : STAMP_COMPLETE;
	if (out != NULL && text_list_add(&cmp, "cmp") == 0 &&
	    text_list_addf(&cmp, "%s/%s/%s/%s", c->config->data_dir, c->volume->id,
	                   stamp_format(&c->plan.base, old), f->path) == 0 &&
	    text_list_addf(&cmp, "%s/%s/%s/%s", c->config->data_dir, c->volume->id,
	                   stamp_format(&made, new), f->path) == 0)
		argv_print(out, &cmp);
	if (out != NULL && fclose(out) == 0)
		copy_log(c, "recheck: differs from its source though size and time are the same",
		         line);
	free(line);
	text_list_free(&cmp);
	if (r->first[0] == '\0')
		text_fit(r->first, sizeof(r->first), f->path, strlen(f->path));
	r->found_bytes += f->size;
}

/* Note which of the names on the list were received. */
static int
take_received(struct batch *b, FILE *list)
{
	char *name = NULL;
	size_t size = 0;

	b->found = reallocarray(NULL, b->n, sizeof(ino_t));
	if (b->found == NULL)
		return -1;
	rewind(list);
	while (getdelim(&name, &size, '\0', list) > 0) {
		const struct round_file key = {.path = scan_listed(name)},
		                        *f = bsearch(&key, b->file, b->n, sizeof(key), by_path);

		/* A host may name others, or one twice. */
		if (f == NULL || b->nfound == b->n || !is_received(b, f))
			continue;
		b->found[b->nfound++] = f->ino;
		log_found(b->r, f);
	}
	free(name);
	qsort(b->found, b->nfound, sizeof(ino_t), by_number);
	return 0;
}

/* ---- rsync ---- */

/* Run one rsync.  Return whether it ended well: it may have met files that it could not read. */
static bool
run(struct recheck *r, int (*make)(const struct argv_job *, struct text_list *),
    const struct argv_job *job, struct scan *scan)
{
	const struct transfer_end *end = &r->c->end;
	int code;

	if (copy_rsync(r->c, make, job, scan) != 0)
		return false;
	code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : -1;
	return end->stop == VERDICT_STOP_NO && end->words.stats.seen &&
	       (code == 0 || code == 23 || code == 24);
}

/* A file that is on a disk with a bad sector, or that may no longer be read, differs from its
 * source and cannot be received.  One that changed while it was copied has no error number. */
static void
note_unreadable(struct recheck *r)
{
	const struct output_words *w = &r->c->end.words;
	size_t len = strlen(w->first_error);

	if (w->unreadable > 0 && len > 0 && w->first_error[len - 1] == ')')
		note_trouble(r, "%" PRId64 " old file%s could not be read; first: %s",
		             w->unreadable, w->unreadable == 1 ? "" : "s", w->first_error);
}

/* Copy what differs; the job has no base, so it is sent whole and becomes a new file. */
static int
renew(struct batch *b, struct argv_job job, FILE *list)
{
	struct recheck *r = b->r;
	const struct store_volume *v = r->c->v;
	const struct tree walk = {.dev = v->dev, .visit = visit, .arg = b};

	job.checksum = false;
	job.list = WORK DIFFER;
	job.target = WORK FILES;
	if (tree_remove(r->dir, FILES, v->dev, NULL, 0) != 0 || mkdirat(r->dir, FILES, 0700) != 0 ||
	    !run(r, argv_copy, &job, NULL) || take_received(b, list) != 0)
		return -1;
	note_unreadable(r);
	if (b->nfound > 0 && tree_walk(v->fd, r->tree, &walk) != 0)
		return -1;
	r->found += (int64_t)b->nfound;
	r->round.found = r->found;
	return 0;
}

/* By path, each directory is named once, and rsync has fewer names to look through. */
static int
write_list(const struct batch *b)
{
	FILE *f = copy_list(b->r->dir, LIST);
	int rc = 0;

	if (f == NULL)
		return -1;
	qsort(b->file, b->n, sizeof(*b->file), by_path);
	for (size_t i = 0; i < b->n; i++)
		rc |= scan_list(f, b->file[i].path);
	return fclose(f) == 0 ? rc : -1;
}

/* Files may have been removed since the scan, but a source that sends less than half of what it was
 * asked for has had nothing compared. */
static bool
is_sent(struct batch *b)
{
	const struct output_stats *stats = &b->r->c->end.words.stats;
	int64_t n = (int64_t)b->n, sent = stats->files - stats->dirs;

	b->sent = sent < n ? sent : n;
	b->bytes = stats->bytes < b->bytes ? stats->bytes : b->bytes;
	return b->sent >= (n + 1) / 2;
}

/* Compare the files of a batch.  Return 0, or -1 when that was interrupted or is impossible. */
static int
compare(struct batch *b)
{
	struct recheck *r = b->r;
	struct argv_job job = r->c->plan.job;
	struct scan scan = {.old_bytes = true, .list = copy_list(r->dir, DIFFER)};
	int rc = -1;

	/* rsync would read the file of each base as well. */
	memset(job.base, 0, sizeof(job.base));
	job.checksum = true;
	job.list = WORK LIST;
	job.target = r->tree;
	/* The source is silent while it reads. */
	r->c->plan.patience = argv_patience(r->c->volume, false) + b->bytes / SLOWEST;
	r->c->expected = 0;
	if (scan.list != NULL && write_list(b) == 0 && run(r, argv_recheck, &job, &scan) &&
	    is_sent(b) && fflush(scan.list) == 0 && !scan.broken)
		rc = scan.listed > 0 ? renew(b, job, scan.list) : 0;
	if (scan.list != NULL)
		fclose(scan.list);
	free(b->found);
	return rc;
}

/* ---- the share of a run ---- */

/* The next batch of a list, from file i on.  Of one that was interrupted fewer are tried, at last
 * the first one alone: else the others would wait for one that takes too long. */
static struct batch
next_batch(struct recheck *r, const struct round_files *d, size_t i)
{
	struct batch b = {.r = r, .file = d->file + i};
	int64_t tries = b.file[0].place == r->round.held ? r->round.tries : 0;
	int fewer = FEWER * (int)(tries < TRIES ? tries : TRIES);

	do
		b.bytes += d->file[i + b.n++].size;
	while (i + b.n < d->n && b.n < (size_t)BATCH_FILES >> fewer &&
	       b.bytes + d->file[i + b.n].size <= BATCH_BYTES >> fewer);
	return b;
}

/* Record how far the round is.  Where that fails, files are compared again. */
static void
reach(struct recheck *r, int64_t place)
{
	round_reach(&r->round, place, clock_wall());
	(void)round_write(r->c->v->meta, &r->round);
}

/* A batch was interrupted.  A source that refuses an option will do so next time, too.  A file that
 * takes too long each time is left out of this round, so that the others come. */
static void
interrupted(struct recheck *r, const struct batch *b, int64_t first)
{
	const struct output_words *w = &r->c->end.words;

	copy_log(r->c, "recheck: interrupted", "the next run resumes here");
	if (w->bad_option) {
		note_trouble(r,
		             "no file can be compared: \"%s\": allow that on the host, or set "
		             "recheck = \"0\" for this volume",
		             w->last_error);
	} else if (round_interrupted(&r->round, first) > TRIES && b->n == 1) {
		note_trouble(r, "left out, its comparison was interrupted each time: %s",
		             b->file[0].path);
		reach(r, first);
	} else {
		(void)round_write(r->c->v->meta, &r->round);
	}
}

/* Compare the files of a list.  Return 0 when all have been compared. */
static int
compare_files(struct recheck *r, const struct round_files *d)
{
	for (size_t i = 0; i < d->n;) {
		struct batch b = next_batch(r, d, i);
		int64_t first = b.file[0].place, last = b.file[b.n - 1].place;

		if (clock_mono() >= r->until)
			return -1;
		if (compare(&b) != 0) {
			interrupted(r, &b, first);
			return -1;
		}
		reach(r, last);
		r->files += b.sent;
		r->bytes += b.bytes;
		i += b.n;
	}
	return 0;
}

/* Compare what is due, a list at a time: memory holds only so many names. */
static void
compare_due(struct recheck *r)
{
	const struct copy *c = r->c;
	int64_t due = round_due(&r->round, clock_wall(), c->volume->recheck);
	int rc = 0;

	while (rc == 0 && due > r->round.done) {
		struct round_files d = {.after = r->round.done, .upto = due, .room = ROUND_ROOM};

		rc = round_find(c->v, r->tree, &d);
		if (rc != 0)
			copy_log(c, "recheck", "the new snapshot could not be read");
		else
			rc = compare_files(r, &d);
		if (rc == 0)
			reach(r, d.upto);
		round_free(&d);
		if (d.upto == ROUND_END)
			break;
	}
	(void)round_write(c->v->meta, &r->round);
}

/* ---- what it has come to ---- */

/* Put words before what else is to be said of the run. */
__attribute__((format(printf, 2, 3))) static void
add_reason(struct history_run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	history_reason(run, fmt, ap);
	va_end(ap);
}

static void
report(const struct recheck *r)
{
	struct history_run *run = &r->c->verdict.run;
	char text[LINE_TEXT], bytes[UNITS_TEXT];

	snprintf(text, sizeof(text), "%" PRId64 " file%s (%s) compared with the source", r->files,
	         r->files == 1 ? "" : "s", units_format_bytes(bytes, (uint64_t)r->bytes));
	copy_log(r->c, "recheck", text);
	run->uncompared = r->trouble[0] != '\0';
	if (run->uncompared)
		add_reason(run, "recheck: %s%s%s", r->trouble, run->reason[0] != '\0' ? "; " : "",
		           run->reason);
	if (r->found == 0)
		return;
	run->differ = r->found;
	run->new_files += r->found;
	run->new_bytes += r->found_bytes;
	add_reason(
	    run,
	    "%" PRId64 " file%s from %s source though size and time are the same; first: %s; "
	    "a disk or memory is failing, here or on the host; both versions are kept: see "
	    "the run's log%s%s",
	    r->found, r->found == 1 ? " differs" : "s differ", r->found == 1 ? "its" : "their",
	    r->first, run->reason[0] != '\0' ? "; " : "", run->reason);
}

/* The names on a list are not converted as others are. */
static bool
has_iconv(const struct text_list *options)
{
	for (size_t i = 0; i < options->n; i++)
		if (strncmp(options->item[i], "--iconv", strlen("--iconv")) == 0)
			return true;
	return false;
}

/* The comparison has verdicts of its own on its rsyncs, which are none on the run. */
static void
compare_apart(struct recheck *r)
{
	struct copy *c = r->c;
	const struct transfer_end end = c->end;
	const struct verdict verdict = c->verdict;
	int64_t patience = c->plan.patience, expected = c->expected;

	copy_stage(c, TABLE_COMPARING);
	compare_due(r);
	c->end = end;
	c->verdict = verdict;
	c->plan.patience = patience;
	c->expected = expected;
}

void
recheck_run(struct copy *c)
{
	struct recheck r = {
	    .c = c, .dir = -1, .until = clock_mono() + c->config->time_slice * 1000};
	enum verdict_tree tree = c->verdict.tree;

	if (c->volume->recheck == 0 ||
	    (tree != VERDICT_TREE_COMPLETE && tree != VERDICT_TREE_PARTIAL))
		return;
	stamp_format(&c->tree, r.tree);
	round_read(c->v->meta, &r.round);
	r.found = r.round.found;
	if (r.found > 0)
		snprintf(r.first, sizeof(r.first), "in the log of a run that was cut");
	if (has_iconv(&c->volume->rsync_options))
		note_trouble(&r, "no file can be compared: --iconv is in rsync_options: set "
		                 "recheck = \"0\" for this volume");
	else if (tree_remove(c->v->meta, ROUND_WORK, c->v->dev, NULL, 0) == 0 &&
	         mkdirat(c->v->meta, ROUND_WORK, 0700) == 0)
		r.dir = openat(c->v->meta, ROUND_WORK, TREE_DIR);
	if (r.dir >= 0)
		compare_apart(&r);
	else if (r.trouble[0] == '\0')
		note_trouble(&r, "no file can be compared here: %s", strerror(errno));
	report(&r);
	file_close(&r.dir);
	(void)tree_remove(c->v->meta, ROUND_WORK, c->v->dev, NULL, 0);
}
