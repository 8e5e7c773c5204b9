// SPDX-License-Identifier: ISC
#include "flashback/cli/dryrun.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/daemon/reload.h"
#include "flashback/jobs/copy.h"
#include "flashback/jobs/inspect.h"
#include "flashback/jobs/leftout.h"
#include "flashback/lib/clock.h"
#include "flashback/rsync/runplan.h"
#include "flashback/rsync/transfer.h"
#include "flashback/schedule/plan.h"
#include "flashback/schedule/table.h"
#include "flashback/store/expire.h"
#include "flashback/store/salvage.h"
#include "flashback/store/spare.h"
#include "flashback/store/store.h"
#include "flashback/store/summary.h"
#include "flashback/store/voldir.h"

/* The input that all volumes share. */
struct dry {
	const struct config *config;
	const struct text_list *wanted;
	const char *data_dir; /* its real path, if it exists */
	struct version version;
	struct store store;
	bool opened;
	struct plan_now when;
	const char *disk_reason;
};

static bool
is_wanted(const struct dry *d, const struct volume *v)
{
	for (size_t i = 0; i < d->wanted->n; i++)
		if (volume_is_named(v, d->wanted->item[i]))
			return true;
	return d->wanted->n == 0;
}

/* Print what plan_decide returns for a volume.  The same function decides in the daemon, so that
 * the dry run cannot differ from it. */
static void
print_reason(const struct dry *d, const struct table_row *row)
{
	static const struct {
		const char *words;
		bool dated; /* the instant of the decision follows */
	} causes[] = {
	    [PLAN_RUN] = {"due; it would run now", false},
	    [PLAN_NOT_DUE] = {"not due until ", true},
	    [PLAN_DISABLED] = {"disabled", false},
	    [PLAN_CLOCK] = {"nothing runs: the clock is wrong", false},
	    [PLAN_AHEAD] = {"held back: its newest snapshot is ahead of the clock until ", true},
	    [PLAN_DISK] = {"nothing runs: ", false},
	    [PLAN_WINDOW] = {"due, but its window opens at ", true},
	    [PLAN_BACKOFF] = {"due, but it has failed: again at ", true},
	};
	struct plan_decision decision;
	struct stamp stamp = {.offset = d->when.offset};
	const char *after = "";
	char at[STAMP_TIME_SIZE];

	plan_decide(row, &d->when, &decision);
	stamp.when = decision.at;
	if (decision.cause == PLAN_RUN && row->volume->probe != VOLUME_PROBE_NONE)
		after = " if its host answers";
	else if (decision.cause == PLAN_DISK)
		after = d->disk_reason;
	else if (causes[decision.cause].dated)
		after = stamp_time(&stamp, at);
	printf("%s: %s%s\n", row->volume->id, causes[decision.cause].words, after);
}

/* Make the plan of a run with the function that the worker uses.  The changes that the salvage of a
 * worker would make first are predicted and not made. */
static void
plan_run(const struct dry *d, const struct table_row *row, struct store_volume *v, const char *path,
         struct copy *c)
{
	char boot[VOLDIR_BOOT];

	*c = (struct copy){
	    .config = d->config,
	    .volume = row->volume,
	    .version = d->version,
	    .store = &d->store,
	    .v = v,
	    .seen = &row->seen,
	    .root = path,
	};
	if (voldir_boot(v->fd, boot) != 0)
		boot[0] = '\0';
	(void)salvage_foresee(v, boot, d->when.now, &c->doubtful);
	copy_plan(c, d->when.now);
}

/* Say what kind of run it would be, and make the arguments of its first rsync.  The scan of a quick
 * run is that of the spare, or where this is yet to be made, of the snapshot that it would equal.
 */
static int
print_kind(const struct store_volume *v, const struct runplan *plan, struct text_list *argv)
{
	struct argv_job job = plan->job;
	char base[STAMP_NAME_SIZE];

	if (plan->full != NULL) {
		printf("    full run: %s\n", plan->full);
		return argv_rsync(&job, argv);
	}
	stamp_format(&plan->base, base);
	printf("    quick run, compared with %s; the comparison, which changes nothing:\n", base);
	job.target = spare_is_noted(v, base) ? SPARE_PATH : base;
	return argv_scan(&job, argv);
}

/* Print the first command of the run: all of a full run, the scan of a quick one, whose later steps
 * depend on what that names. */
static int
print_command(const struct dry *d, const struct table_row *row, struct store_volume *v)
{
	const struct volume *volume = row->volume;
	struct text_list cd = {0}, argv = {0}, make = {0};
	struct copy copy;
	int rc = -1;

	text_list_split(&make, "mkdir -pm 700");
	text_list_addf(&make, "%s/%s", d->data_dir, volume->host);
	text_list_addf(&make, "%s/%s", d->data_dir, volume->id);
	text_list_add(&cd, "cd");
	text_list_addf(&cd, "%s/%s", d->data_dir, volume->id);
	if (make.lost || cd.lost)
		goto out;
	plan_run(d, row, v, cd.item[1], &copy);
	if (print_kind(v, &copy.plan, &argv) == 0) {
		printf("    ");
		if (v->fd < 0) {
			argv_print(stdout, &make);
			printf("\n    ");
		}
		argv_print(stdout, &cd);
		printf(" && ");
		argv_print(stdout, &argv);
		putchar('\n');
		rc = 0;
	}
out:
	text_list_free(&make);
	text_list_free(&cd);
	text_list_free(&argv);
	return rc;
}

/* Print what would expire after a success. */
static int
print_expiry(const struct dry *d, const struct volume *volume, const struct store_volume *v)
{
	struct stamp next[EXPIRE_MAX],
	    made = runplan_stamp(v->stamps, v->nstamps, d->when.now, d->when.offset);
	char name[STAMP_NAME_SIZE];
	int n = expire_foresee(v, &volume->keep, made, d->when.now, next);

	for (int i = 0; i < n; i++)
		printf("    would expire %s/%s\n", volume->id, stamp_format(&next[i], name));
	return n < 0 ? -1 : 0;
}

/* Print what one_file_system leaves out of a local source. */
static int
print_left_out(const struct dry *d, const struct volume *volume)
{
	struct text_list list = {0};
	int rc = leftout_list(volume, d->data_dir, &list);

	for (size_t i = 0; i < list.n; i++)
		printf("    left out, as a file system of its own: %s\n", list.item[i]);
	text_list_free(&list);
	return rc;
}

static int
unreadable(const struct dry *d, const struct volume *volume, const char *what, int error)
{
	fprintf(stderr, "flashback: %s/%s%s cannot be read: %s\n", d->config->data_dir, volume->id,
	        what, strerror(error));
	return -1;
}

/* All that is printed for one volume.  No lock is taken: a run in progress must not be disturbed,
 * and one that changes the directory meanwhile makes the output outdated at worst.  A volume
 * without a directory has no snapshots yet.  An unreadable history is an error: a decision without
 * it would be wrong. */
static int
print_volume(const struct dry *d, struct volume *volume)
{
	struct table_row row = {.volume = volume, .first_seen = d->when.now};
	struct store_volume v = {.fd = -1, .meta = -1, .lock = -1, .held = -1};
	char *why;
	int rc;

	if (copy_keep_out(volume, d->config->data_dir, &why) != 0) {
		fprintf(stderr, "flashback: %s: %s\n", volume->id,
		        why != NULL ? why : strerror(ENOMEM));
		free(why);
		return -1;
	}
	if (d->opened && store_volume_open(&d->store, volume->host, volume->name, false, &v) != 0 &&
	    errno != ENOENT)
		return unreadable(d, volume, "", errno);
	if (v.unread != 0) {
		rc = unreadable(d, volume, "/" STORE_HISTORY, v.unread);
		store_volume_close(&v);
		return rc;
	}
	summary_make(v.stamps, v.nstamps, v.runs, v.nruns, d->when.now, &row.seen);
	row.known = true;
	row.retry_at =
	    plan_retry_at(&row.seen, history_ended(&row.seen.last), d->config->wake, volume->every);
	print_reason(d, &row);
	rc = volume->disabled ? 0 : print_command(d, &row, &v);
	if (rc == 0 && !volume->disabled)
		rc = print_left_out(d, volume);
	if (rc == 0 && !volume->disabled)
		rc = print_expiry(d, volume, &v);
	store_volume_close(&v);
	return rc;
}

/* An unknown operand is an error before anything is printed. */
static int
print_all(const struct dry *d)
{
	int rc = 0;

	for (size_t i = 0; i < d->wanted->n; i++) {
		if (config_named(d->config, d->wanted->item[i]) > 0)
			continue;
		reload_unknown(d->config, d->wanted->item[i]);
		return 1;
	}
	if (d->config->n == 0)
		printf("%s lists no volumes: nothing would be done\n", d->config->hosts_file);
	for (size_t i = 0; i < d->config->n; i++)
		if (is_wanted(d, d->config->volumes[i]) &&
		    print_volume(d, d->config->volumes[i]) != 0)
			rc = 1;
	return rc;
}

/* Determine the state of the disk as the inspector does. */
static void
look(struct dry *d, char **why, struct inspect_disk *disk)
{
	if (store_open(d->config->data_dir, &d->store, why) != 0) {
		d->store.traits.nanoseconds = d->store.traits.dates = true; /* as of most disks */
		d->when.disk = PLAN_DISK_ABSENT;
		d->disk_reason = *why != NULL ? *why : strerror(ENOMEM);
		return;
	}
	d->opened = true;
	d->disk_reason = disk->reason;
	if (inspect_room(d->store.fd, d->config, disk) != 0 || disk->broken)
		d->when.disk = PLAN_DISK_BROKEN;
	else if (disk->low)
		d->when.disk = PLAN_DISK_FULL;
}

/* The version of rsync comes first: the printed commands depend on it. */
int
dryrun_run(const struct config *config, const struct text_list *wanted)
{
	struct dry d = {.config = config, .wanted = wanted};
	struct inspect_disk disk = {0};
	char why[256], *absent = NULL, *real = realpath(config->data_dir, NULL);
	int rc = 1;

	d.data_dir = real != NULL ? real : config->data_dir;
	d.when = (struct plan_now){.now = clock_wall(), .wake = config->wake, .disk = PLAN_DISK_OK};
	d.when.offset = clock_offset(d.when.now);
	if (transfer_version(config->rsync, &d.version, why, sizeof(why)) == 0) {
		look(&d, &absent, &disk);
		rc = print_all(&d);
	} else {
		fprintf(stderr, "flashback: %s\n", why);
	}
	if (d.opened)
		store_close(&d.store);
	free(absent);
	free(real);
	return rc;
}
