// SPDX-License-Identifier: ISC
#include "flashback/jobs/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/config/value.h"
#include "flashback/jobs/inspect.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"
#include "flashback/lib/mounts.h"
#include "flashback/lib/tree.h"
#include "flashback/lib/units.h"
#include "flashback/store/spare.h"
#include "flashback/store/treediff.h"
#include "flashback/store/voldir.h"

/* Check real paths, and every mount of the store's file system: a bind mount below the source
 * would otherwise be copied into the store itself. */
int
copy_keep_out(struct volume *v, const char *data_dir, char **why)
{
	char *source = v->transport == VOLUME_LOCAL ? realpath(v->source, NULL) : NULL;
	char *store = source != NULL ? realpath(data_dir, NULL) : NULL;
	struct text_list places = {0};
	int rc = 0;

	*why = NULL;
	if (store != NULL)
		rc = text_list_add(&places, store) | mounts_each(store, &places);
	for (size_t i = 0; rc == 0 && i < places.n; i++)
		rc = volume_keep_out(v, source, places.item[i], why);
	text_list_free(&places);
	free(store);
	free(source);
	return rc;
}

/* Collect what is known of the volume and the disk for runplan_make, which decides. */
void
copy_plan(struct copy *c, int64_t now)
{
	const struct runplan_case rc = {
	    .volume = c->volume,
	    .stamps = c->v->stamps,
	    .nstamps = c->v->nstamps,
	    .runs = c->v->runs,
	    .nruns = c->v->nruns,
	    .last = c->seen->last.result,
	    .doubtful = c->doubtful,
	    .now = now,
	    .as_root = geteuid() == 0,
	    .spare = spare_possible(c->store),
	    .job =
	        {
	            .program = c->config->rsync,
	            .source = c->source,
	            .version = c->version,
	            .root = c->root,
	            .whole_seconds = !c->store->traits.nanoseconds,
	            .dates = !c->store->traits.dates,
	            .added = c->store->traits.added,
	            .refused = c->store->traits.refused,
	        },
	    .offset = clock_offset(now),
	};

	runplan_make(&rc, &c->plan);
}

void
copy_recall(struct copy *c)
{
	char *text = NULL;
	size_t len;

	if (file_read(c->v->meta, VOLDIR_UNREADABLE, UNREADABLE_MAX, &text, &len) == 0)
		unreadable_parse(&c->unreadable, text);
	free(text);
}

/* Note the tree in the lock file, then create it.  In this order: after a power failure the next
 * run must know of which boot a .working tree is, since its files may never have reached the
 * disk. */
int
copy_make_tree(struct copy *c)
{
	char name[STAMP_NAME_SIZE];

	c->tree = c->plan.tree;
	c->verdict.run.stamp.when = c->tree.when;
	c->verdict.run.stamp.offset = c->tree.offset;
	if (voldir_note_write(c->v, c->boot, &c->tree) != 0)
		return verdict_give_up(&c->verdict, inspect_blame(c->store, errno),
		                       "the lock file cannot be written: %s", strerror(errno));
	if (mkdirat(c->v->fd, stamp_format(&c->tree, name), 0700) != 0)
		return verdict_give_up(&c->verdict, inspect_blame(c->store, errno),
		                       "%s/%s cannot be made: %s", c->volume->id, name,
		                       strerror(errno));
	return 0;
}

static int
take_line(void *arg, const char *line, size_t len)
{
	return scan_line(arg, line, len);
}

/* A line for each file would make the log as large as a file list. */
int
copy_rsync(struct copy *c, int (*make)(const struct argv_job *, struct text_list *),
           const struct argv_job *job, struct scan *scan)
{
	struct text_list argv = {0};
	struct transfer t = {
	    .argv = &argv,
	    .dir = c->v->fd,
	    .lock = c->v->held,
	    .signals = c->signals,
	    .progress = c->progress,
	    .progress_arg = c->report_arg,
	    .patience = c->plan.patience,
	    .log = c->log,
	    .take = scan != NULL ? take_line : NULL,
	    .arg = scan,
	    .unreadable = &c->unreadable,
	};
	int rc = make(job, &argv);

	if (rc == 0)
		rc = transfer_run(&t, &c->end);
	if (rc != 0 && errno == EBUSY)
		verdict_give_up(&c->verdict, RESULT_FAILED,
		                "rsync hangs in the kernel and cannot be ended: look at "
		                "the disk and the network mounts");
	else if (rc != 0)
		verdict_give_up(&c->verdict, RESULT_FAILED, "rsync could not be started: %s",
		                strerror(errno));
	text_list_free(&argv);
	return rc;
}

/* getcwd on the descriptor: realpath on the configured path could name another disk by now. */
char *
copy_root(const struct copy *c)
{
	char *path = fchdir(c->v->fd) == 0 ? getcwd(NULL, 0) : NULL;

	if (chdir("/") != 0) {
		free(path);
		return NULL;
	}
	return path;
}

/* Is there no room for what was to be copied, although a small file can be written?  rsync has
 * removed the large file that did not fit, and statvfs tells nothing of quotas: try one as large as
 * the largest that was copied.  A host that invents sizes harms its own volume only. */
static bool
is_full(const struct copy *c)
{
	struct inspect_disk disk = {0};

	if (inspect_room(c->store->fd, c->config, &disk) == 0 && disk.very_low)
		return true;
	return c->end.words.no_space && c->scan.largest > 0 &&
	       file_holds(c->v->fd, (uint64_t)c->scan.largest) != 0 &&
	       result_of_errno(errno) == RESULT_FULL;
}

/* Verify disk errors by a write test before they count: a host can forge them in rsync's output,
 * and a disk error pauses all volumes. */
static void
check_disk(const struct copy *c, struct verdict_case *jc)
{
	const struct output_words *w = &c->end.words;

	if (!w->no_space && !w->read_only && !w->io_error && c->end.stop != VERDICT_STOP_ROOM)
		return;
	if (store_writable(c->v->fd) != 0) {
		enum result blame = inspect_blame(c->store, errno);

		jc->disk_broken = blame != RESULT_FAILED;
		jc->disk_full = blame == RESULT_FULL;
	} else if (is_full(c)) {
		jc->disk_broken = jc->disk_full = true;
	}
}

/* Collect what verdict_make needs besides rsync's output: how rsync ended, what the disk is
 * like, how many files the last comparable snapshot had. */
void
copy_judge(struct copy *c)
{
	struct verdict_case jc = {
	    .status = c->end.status,
	    .stop = c->end.stop,
	    .removable = c->volume->removable,
	    .disk_able = c->store->traits.owners && c->store->traits.xattrs,
	    .received = c->end.progress.bytes,
	    .needed = c->expected,
	    .shrink_guard = c->volume->shrink_guard,
	    .files_before = history_files_before(c->v->runs, c->v->nruns, c->v->stamps,
	                                         c->v->nstamps, volume_fingerprint(c->volume),
	                                         clock_wall() + SUMMARY_AHEAD_MAX),
	    .alarm = c->alarm,
	    .fresh = c->unreadable.fresh,
	    .fresh_first = c->unreadable.first,
	    .patience = c->plan.patience,
	    .unlinked = c->unlinked,
	};

	check_disk(c, &jc);
	verdict_make(&jc, &c->end.words, &c->verdict);
}

/* Does this tree of the volume have the marker of the store in this directory? */
static bool
has_store(const struct copy *c, const struct stamp *tree, const char *path)
{
	char name[STAMP_NAME_SIZE];
	int top = openat(c->v->fd, stamp_format(tree, name), TREE_DIR);
	int dir = top >= 0 ? tree_open(top, path) : -1;
	bool found = dir >= 0 && store_is_copy(dir, c->store);

	file_close(&dir);
	file_close(&top);
	return found;
}

/* A quick run has not received a marker that has not changed: the base has it. */
bool
copy_find_store(struct copy *c)
{
	const struct text_list *stores = &c->scan.stores;
	char *path = NULL, *pattern = NULL, *safe = NULL;
	size_t i = 0;

	while (i < stores->n && !has_store(c, &c->tree, stores->item[i]) &&
	       (c->plan.base.when == 0 || !has_store(c, &c->plan.base, stores->item[i])))
		i++;
	if (i == stores->n)
		return false;
	path = text_format("/%s", stores->item[i]);
	pattern = path != NULL ? volume_pattern(path) : NULL;
	safe = pattern != NULL ? value_print_text(pattern) : NULL;
	verdict_give_up(&c->verdict, RESULT_FAILED,
	                "the source contains this store, which would be copied into itself, or a "
	                "copy of it: add exclude = %s to this volume",
	                safe != NULL ? safe : "(its path)");
	c->verdict.tree = VERDICT_TREE_EXPIRED;
	free(path);
	free(pattern);
	free(safe);
	return true;
}

/* The files are the same, but rsync cannot know that without reading all of them, and copies them.
 * To fill the disk first would stop the other volumes as well.  With more than one base it is
 * unknown how much another base has. */
bool
copy_fits(struct copy *c)
{
	struct inspect_disk disk = {0};
	char base[STAMP_NAME_SIZE], need[UNITS_TEXT], have[UNITS_TEXT];
	uint64_t bytes = (uint64_t)c->scan.new_bytes, room;

	if (!runplan_is_touched(&c->scan, c->end.words.stats.files) || c->plan.job.base[1] != NULL)
		return true;
	stamp_format(&c->plan.base, base);
	if (treediff_is_coarse(c->v, base))
		c->full = "times in the newest snapshot lack fractions of a second (moved by tar? "
		          "an old rsync?)";
	if (inspect_room(c->store->fd, c->config, &disk) != 0 || disk.total == 0)
		return true;
	room = disk.free > disk.least ? disk.free - disk.least : 0;
	if (bytes <= room)
		return true;
	verdict_give_up(&c->verdict, RESULT_FULL,
	                "%s must be copied again, %s are free above min_free: %s; make room, or "
	                "see Moving a store in flashback(8)",
	                units_format_bytes(need, bytes), units_format_bytes(have, room), c->full);
	c->verdict.tree = VERDICT_TREE_EXPIRED;
	return false;
}

bool
copy_is_good(const struct copy *c)
{
	enum verdict_tree tree = c->verdict.tree;

	return tree == VERDICT_TREE_COMPLETE || tree == VERDICT_TREE_PARTIAL ||
	       tree == VERDICT_TREE_SUSPECT;
}

void
copy_stage(const struct copy *c, enum table_stage stage)
{
	c->stage(c->report_arg, stage);
}

void
copy_log(const struct copy *c, const char *what, const char *words)
{
	char *line = text_format("flashback: %s%s%s", what, words[0] != '\0' ? ": " : "", words);

	if (line != NULL)
		runlog_line(c->log, line, strlen(line));
	free(line);
}

/* O_EXCL after an unlink: never write through a link that was placed there. */
FILE *
copy_list(int dir, const char *name)
{
	FILE *f = NULL;
	int fd;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT) {
		fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		f = fd < 0 ? NULL : fdopen(fd, "w+");
		if (f == NULL && fd >= 0)
			close(fd);
	}
	return f;
}

/* A full run: one rsync into the empty tree, with the plan's bases for --link-dest. */
int
copy_full(struct copy *c)
{
	struct output_stats *stats = &c->end.words.stats;

	text_list_free(&c->scan.stores);
	c->scan = (struct scan){.id = c->volume->id, .dates = c->plan.job.dates};
	unreadable_begin(&c->unreadable);
	c->expected = 0;
	copy_stage(c, TABLE_COPYING);
	if (copy_rsync(c, argv_rsync, &c->plan.job, &c->scan) != 0)
		return -1;
	/* rsync's statistics omit files that are copied because only their attributes differ;
	 * the scan counts them. */
	if (c->scan.new_bytes > stats->new_bytes)
		stats->new_bytes = c->scan.new_bytes;
	if (c->scan.new_files > stats->transferred)
		stats->transferred = c->scan.new_files;
	copy_judge(c);
	(void)(copy_is_good(c) && copy_find_store(c));
	return 0;
}
