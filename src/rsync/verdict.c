// SPDX-License-Identifier: ISC
#include "flashback/rsync/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "flashback/lib/units.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WHOLE 10000 /* hundredths of a percent */
#define SIGNALLED 128

/* rsync's exit statuses are below this; others are the remote shell's. */
#define OWN_CODES_END 36

/* Everything that the rows of the table depend on. */
struct evidence {
	const struct verdict_case *c;
	const struct output_words *w;
	int code;      /* rsync's exit status; 128+n for signal n */
	bool killed;   /* by that signal */
	int64_t files; /* files copied: rsync's number without those that vanished */
};

static bool
is_full(const struct evidence *r)
{
	return r->c->disk_full;
}

/* A disk error in rsync's output counts only when it was verified here: a host can forge it. */
static bool
is_disk(const struct evidence *r)
{
	return (r->w->no_space || r->w->read_only || r->w->io_error) &&
	       (r->c->disk_broken || r->c->disk_full);
}

static bool
is_disk_full(const struct evidence *r)
{
	return is_disk(r) && r->c->disk_full;
}

/* rsync ran to its end: all that could be copied was, and it printed its statistics. */
static bool
is_through(const struct evidence *r)
{
	return r->w->stats.seen && (r->code == 0 || r->code == 23 || r->code == 24);
}

static bool
is_links(const struct evidence *r)
{
	return r->w->too_many_links && r->code != 0 && r->code != 24;
}

/* The source does not exist or cannot be opened: no files listed, or only an unreadable root, or
 * its absence was reported. */
static bool
is_no_source(const struct evidence *r)
{
	const struct output_stats *s = &r->w->stats;

	if (s->seen && (s->files == 0 || (s->files == 1 && r->code == 23)))
		return true;
	return r->w->source_gone && !s->seen && r->code != 0;
}

static bool
is_empty(const struct evidence *r)
{
	return is_through(r) && r->code != 23 && r->files == 1;
}

static bool
is_gone(const struct evidence *r)
{
	return r->c->removable && (is_no_source(r) || is_empty(r));
}

/* The number of files to compare with.  If a source disk disappears during a run, its files are
 * listed and then vanish, so the list counts, too. */
static int64_t
count_before(const struct evidence *r)
{
	int64_t listed = r->w->stats.files;

	return listed > r->c->files_before ? listed : r->c->files_before;
}

/* Shrink guard: has the source lost more files than shrink_guard allows?  An unmounted or
 * damaged source must not expire good snapshots. */
static bool
is_shrunk(const struct evidence *r)
{
	int64_t before = count_before(r), files = r->files;

	if (!is_through(r) || before <= 0 || files > INT64_MAX / WHOLE)
		return false;
	if (before > INT64_MAX / WHOLE)
		before = INT64_MAX / WHOLE;
	return files * WHOLE < before * r->c->shrink_guard;
}

/* Change guard: have far more files changed or gone than usually? */
static bool
is_overturned(const struct evidence *r)
{
	return is_through(r) && r->c->alarm.span > 0;
}

static bool
is_complete(const struct evidence *r)
{
	return is_through(r) && r->code != 23;
}

static bool
is_config(const struct evidence *r)
{
	return r->w->bad_option;
}

/* The connection, the remote side or rsync itself failed during the run: the tree is kept, and a
 * later run may complete it. */
static bool
is_cut(const struct evidence *r)
{
	static const int codes[] = {10, 11, 12, 19, 20, 22, 30, 35};

	for (size_t i = 0; i < COUNT(codes); i++)
		if (r->code == codes[i])
			return true;
	return r->code >= OWN_CODES_END;
}

typedef void say_fn(const struct evidence *r, struct verdict *v);

/* Set the reason.  Its parts are escaped already. */
static void __attribute__((format(printf, 2, 3))) say(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	history_reason(&v->run, fmt, ap);
	va_end(ap);
}

static void
say_stopped(const struct evidence *r, struct verdict *v)
{
	(void)r;
	say(v, "interrupted; the next run resumes from here");
}

static void
say_stalled(const struct evidence *r, struct verdict *v)
{
	char time[UNITS_TEXT];
	const char *why = r->w->cause;

	if (*why == '\0')
		why =
		    *r->w->last_error != '\0' ? r->w->last_error : "the host or the network hangs";
	units_format_duration(time, r->c->patience);
	say(v, "no sign of life for %s: %s", time, why);
}

/* How far a run came before the disk was full: a source that is larger than the disk looks like
 * any other full disk without that. */
static const char *
how_far(const struct evidence *r, char out[3 * UNITS_TEXT])
{
	char got[UNITS_TEXT], all[UNITS_TEXT];

	*out = '\0';
	if (r->c->received <= 0)
		return out;
	units_format_bytes(got, (uint64_t)r->c->received);
	if (r->c->needed > r->c->received)
		snprintf(out, 3 * UNITS_TEXT, ", after %s of %s", got,
		         units_format_bytes(all, (uint64_t)r->c->needed));
	else
		snprintf(out, 3 * UNITS_TEXT, ", after %s", got);
	return out;
}

static void
say_room(const struct evidence *r, struct verdict *v)
{
	char far[3 * UNITS_TEXT];

	say(v, "stopped because the backup disk was filling up%s", how_far(r, far));
}

/* Explain a disk error, with what the user can do about it. */
static void
say_disk(const struct evidence *r, struct verdict *v)
{
	char far[3 * UNITS_TEXT];

	if (r->c->disk_full)
		say(v, "the backup disk is full%s: make room, or lower keep_ options",
		    how_far(r, far));
	else if (r->w->read_only)
		say(v, "the backup disk is read-only: the kernel's log (dmesg) says why");
	else
		say(v, "the backup disk has errors: the kernel's log (dmesg) says more; first: %s",
		    *r->w->first_refusal != '\0' ? r->w->first_refusal : r->w->first_attribute);
}

static void
say_links(const struct evidence *r, struct verdict *v)
{
	say(v, "more hard links than this disk allows: %s", r->w->first_refusal);
}

static void
say_no_source(const struct evidence *r, struct verdict *v)
{
	if (is_empty(r))
		say(v, "the source is there but empty");
	else if (r->w->source_gone && *r->w->cause != '\0')
		say(v, "%s", r->w->cause);
	else if (*r->w->first_error != '\0')
		say(v, "the source cannot be opened: %s", r->w->first_error);
	else
		say(v, "the source cannot be opened");
}

static void
say_empty(const struct evidence *r, struct verdict *v)
{
	(void)r;
	say(v, "the source is empty, or all of it is left out: is its disk mounted?");
}

static void
say_shrunk(const struct evidence *r, struct verdict *v)
{
	say(v, "only %" PRId64 " files where %" PRId64 " were before", r->files, count_before(r));
}

static void
say_overturned(const struct evidence *r, struct verdict *v)
{
	const struct masschange_alarm *a = &r->c->alarm;
	char runs[32] = "";

	if (a->span > 1)
		snprintf(runs, sizeof(runs), " within %u runs", a->span);
	say(v, "%" PRId64 " of %" PRId64 " files are changed or gone%s, usually about %" PRId64,
	    a->changed, a->before, runs, a->usual);
}

static void
say_complete(const struct evidence *r, struct verdict *v)
{
	if (r->c->unlinked != NULL && *r->c->unlinked != '\0')
		say(v, "hard links became separate files: %s", r->c->unlinked);
	else if (r->w->vanished == 1)
		say(v, "1 file vanished while it was copied");
	else if (r->w->vanished > 1)
		say(v, "%" PRId64 " files vanished while they were copied", r->w->vanished);
	else if (r->code == 24)
		say(v, "some files vanished while they were copied");
}

/* A mount of a desktop session, which its user alone may read, root not either. */
static const char *
fuse_hint(const char *error)
{
	static const struct {
		const char *end, *hint;
	} mounts[] = {
#define HINT(name) "; that is a mount of a desktop: add exclude = \"" name "\""
	    {"/.gvfs: Permission denied (13)", HINT(".gvfs")},
	    {"/gvfs: Permission denied (13)", HINT("gvfs")},
	    {"/thinclient_drives: Permission denied (13)", HINT("thinclient_drives")},
	    {"/.cache/doc: Permission denied (13)", HINT(".cache/doc")},
#undef HINT
	};
	size_t len = strlen(error);

	for (size_t i = 0; i < COUNT(mounts); i++) {
		size_t n = strlen(mounts[i].end);

		if (len >= n && strcmp(error + len - n, mounts[i].end) == 0)
			return mounts[i].hint;
	}
	return "";
}

/* EPERM, where the disk is known to be able, is a right that flashback lacks. */
static bool
is_forbidden(const char *error)
{
	static const char end[] = "Operation not permitted (1)";
	size_t len = strlen(error);

	return len >= sizeof(end) - 1 && strcmp(error + len - (sizeof(end) - 1), end) == 0;
}

/* Of files that could not be read those are named that are new: the others were reported. */
static void
say_unreadable(const struct evidence *r, struct verdict *v)
{
	const struct verdict_case *c = r->c;
	const char *files = r->w->unreadable == 1 ? "file" : "files", *first = c->fresh_first;

	if (first == NULL || *first == '\0')
		first = r->w->first_error;
	v->run.fresh = c->fresh;
	if (c->fresh <= 0)
		say(v, "%" PRId64 " %s could not be read; first: %s%s", r->w->unreadable, files,
		    first, fuse_hint(first));
	else
		say(v, "%" PRId64 " %s could not be read, %" PRId64 " %s: %s%s", r->w->unreadable,
		    files, c->fresh,
		    first == c->fresh_first ? "of them new" : "more than before; first", first,
		    fuse_hint(first));
}

/* Explain a partial snapshot by the most useful error: unread files first, then files and
 * attributes that could not be written. */
static void
say_partial(const struct evidence *r, struct verdict *v)
{
	const struct output_words *w = r->w;

	if (w->unreadable > 0)
		say_unreadable(r, v);
	else if (w->unwritten > 0)
		say(v, "%" PRId64 " %s could not be written; first: %s", w->unwritten,
		    w->unwritten == 1 ? "file" : "files", w->first_refusal);
	else if (r->c->disk_able && is_forbidden(w->first_attribute))
		say(v,
		    "this process may not set some owners, devices or xattrs: is it in a "
		    "container, without a capability, or not root? first: %s",
		    w->first_attribute);
	else if (*w->first_attribute != '\0')
		say(v,
		    "this disk cannot hold some owners, ACLs or xattrs (see --no-acls, "
		    "--no-xattrs);"
		    " first: %s",
		    w->first_attribute);
	else
		say(v, "some files were not copied: %s", w->last_error);
}

/* The most specific explanation available: a recognised cause, else the meaning of the exit
 * status with the last error line. */
static void
say_failed(const struct evidence *r, struct verdict *v)
{
	const struct output_words *w = r->w;
	const char *said = *w->first_refusal != '\0' ? w->first_refusal : w->last_error;

	if (*w->cause != '\0')
		say(v, "%s", w->cause);
	else if (r->killed)
		say(v, "rsync was killed by signal %d", r->code - SIGNALLED);
	else if (!is_through(r) && (r->code == 0 || r->code == 23 || r->code == 24))
		say(v,
		    "exit status %d without rsync's closing words: is another command run in its "
		    "place?",
		    r->code);
	else
		say(v, "%s%s%s", cause_of_code(r->code), *said != '\0' ? ": " : "", said);
}

/*
 * The first row that holds decides, so the order matters: a stop by flashback itself explains any
 * exit status, a disk error explains errors in rsync's output, and only an exit status that none of
 * them explains is judged by itself.
 */
static const struct row {
	enum verdict_stop stop;                  /* if it was ended for this, or VERDICT_STOP_NO */
	bool (*holds)(const struct evidence *r); /* NULL: it does */
	enum result result;
	enum verdict_tree tree;
	say_fn *say;
} table[] = {
    {VERDICT_STOP_SIGNAL, NULL, RESULT_INTERRUPTED, VERDICT_TREE_LEFT, say_stopped},
    {VERDICT_STOP_STALL, NULL, RESULT_FAILED, VERDICT_TREE_INTERRUPTED, say_stalled},
    {VERDICT_STOP_ROOM, is_full, RESULT_FULL, VERDICT_TREE_EXPIRED, say_room},
    {VERDICT_STOP_ROOM, NULL, RESULT_FULL, VERDICT_TREE_LEFT, say_room},
    {VERDICT_STOP_NO, is_disk_full, RESULT_FULL, VERDICT_TREE_EXPIRED, say_disk},
    {VERDICT_STOP_NO, is_disk, RESULT_DISK, VERDICT_TREE_INTERRUPTED, say_disk},
    {VERDICT_STOP_NO, is_links, RESULT_LINKS, VERDICT_TREE_EXPIRED, say_links},
    {VERDICT_STOP_NO, is_gone, RESULT_NOT_FOUND, VERDICT_TREE_EXPIRED, say_no_source},
    {VERDICT_STOP_NO, is_no_source, RESULT_NO_SOURCE, VERDICT_TREE_EXPIRED, say_no_source},
    {VERDICT_STOP_NO, is_empty, RESULT_SUSPECT, VERDICT_TREE_SUSPECT, say_empty},
    {VERDICT_STOP_NO, is_shrunk, RESULT_SUSPECT, VERDICT_TREE_SUSPECT, say_shrunk},
    {VERDICT_STOP_NO, is_overturned, RESULT_SUSPECT, VERDICT_TREE_SUSPECT, say_overturned},
    {VERDICT_STOP_NO, is_complete, RESULT_SUCCEEDED, VERDICT_TREE_COMPLETE, say_complete},
    {VERDICT_STOP_NO, is_through, RESULT_PARTIAL, VERDICT_TREE_PARTIAL, say_partial},
    {VERDICT_STOP_NO, is_config, RESULT_FAILED, VERDICT_TREE_EXPIRED, say_failed},
    {VERDICT_STOP_NO, is_cut, RESULT_FAILED, VERDICT_TREE_INTERRUPTED, say_failed},
    {VERDICT_STOP_NO, NULL, RESULT_FAILED, VERDICT_TREE_EXPIRED, say_failed},
};

/* Set everything but the reason.  Without statistics (NULL or not seen) the figures are -1,
 * unknown. */
static void
set_result(struct verdict *v, enum result result, int code, const struct output_stats *stats)
{
	struct history_run *run = &v->run;
	bool known = stats != NULL && stats->seen;

	run->result = result;
	run->code = code;
	run->files = known ? stats->files : -1;
	run->new_files = known ? stats->transferred : -1;
	run->bytes = known ? stats->bytes : -1;
	run->new_bytes = known ? stats->new_bytes : -1;
	run->fresh = 0;
	run->reason[0] = '\0';
}

int
verdict_give_up(struct verdict *v, enum result result, const char *fmt, ...)
{
	va_list ap;

	set_result(v, result, -1, NULL);
	v->tree = VERDICT_TREE_LEFT;
	va_start(ap, fmt);
	history_reason(&v->run, fmt, ap);
	va_end(ap);
	return -1;
}

/* Fill in what the rows need, and apply the first that holds; the last always does. */
void
verdict_make(const struct verdict_case *c, const struct output_words *w, struct verdict *v)
{
	struct evidence r = {.c = c, .w = w, .killed = WIFSIGNALED(c->status)};
	const struct row *row = table;

	r.files = w->stats.files - (w->vanished < w->stats.files ? w->vanished : 0);
	r.code = r.killed ? SIGNALLED + WTERMSIG(c->status) : WEXITSTATUS(c->status);
	while ((row->stop != VERDICT_STOP_NO && row->stop != c->stop) ||
	       (row->holds != NULL && !row->holds(&r)))
		row++;
	set_result(v, row->result, r.code, &w->stats);
	v->tree = row->tree;
	row->say(&r, v);
}
