// SPDX-License-Identifier: ISC
#include "flashback/jobs/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/event.h"
#include "flashback/lib/mounts.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/lib/units.h"
#include "flashback/store/firstseen.h"
#include "flashback/store/storewarn.h"
#include "flashback/store/trust.h"
#include "flashback/store/unlisted.h"
#include "flashback/store/usage.h"
#include "flashback/store/voldir.h"

#define UNLISTED_NAMED 5 /* of volumes that are not in the config */

_Static_assert(sizeof(struct inspect_message) <= EVENT_SIZE, "it can be sent");

/* The free bytes that min_free requires on a disk of total bytes: the smaller of the percentage
 * and the cap. */
static uint64_t
required(const struct config *config, uint64_t total)
{
	uint64_t share;

	if (config->min_free_percent < 0)
		return config->min_free_bytes;
	share = total / 10000 * (uint64_t)config->min_free_percent;
	return share < config->min_free_bytes ? share : config->min_free_bytes;
}

/* Check the inodes against the share that min_free requires of the bytes: a disk without free
 * inodes is as full as one without blocks. */
static void
check_inodes(const struct statvfs *fs, double share, struct inspect_disk *disk)
{
	double least = share * (double)fs->f_files, have = (double)fs->f_favail;

	if (fs->f_files == 0 || have >= least)
		return;
	disk->low = true;
	disk->very_low = disk->very_low || have < least / 2;
	snprintf(disk->reason, sizeof(disk->reason),
	         "the backup disk has %ju of %ju inodes free, less than min_free asks for: "
	         "make room, or lower keep_ options",
	         (uintmax_t)fs->f_favail, (uintmax_t)fs->f_files);
}

/* Fill in disk from statvfs, compared with min_free; the reason names what the user can do. */
static void
check_space(const struct statvfs *fs, const struct config *config, struct inspect_disk *disk)
{
	uint64_t unit = fs->f_frsize ? fs->f_frsize : fs->f_bsize;
	char have[UNITS_TEXT], all[UNITS_TEXT], need[UNITS_TEXT];

	disk->fsid = fs->f_fsid;
	disk->total = unit * fs->f_blocks;
	disk->used = unit * (fs->f_blocks - fs->f_bfree);
	disk->free = unit * fs->f_bavail;
	disk->broken = (fs->f_flag & ST_RDONLY) != 0;
	disk->low = disk->very_low = false;
	if (fs->f_blocks > 0) { /* 0: this file system has no block count */
		disk->least = required(config, disk->total);
		check_inodes(fs, (double)disk->least / (double)disk->total, disk);
		if (disk->free < disk->least) {
			disk->low = true;
			disk->very_low = disk->very_low || disk->free < disk->least / 2;
			snprintf(disk->reason, sizeof(disk->reason),
			         "the backup disk has %s of %s free, less than min_free (%s): make "
			         "room, or lower keep_ options",
			         units_format_bytes(have, disk->free),
			         units_format_bytes(all, disk->total),
			         units_format_bytes(need, disk->least));
		}
	}
	if (disk->broken)
		snprintf(
		    disk->reason, sizeof(disk->reason),
		    "the backup disk is mounted read-only: the kernel's log (dmesg) may say why");
}

int
inspect_room(int fd, const struct config *config, struct inspect_disk *disk)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) == 0) {
		check_space(&fs, config, disk);
		return 0;
	}
	snprintf(disk->reason, sizeof(disk->reason),
	         "the free space of the backup disk cannot be read: %s", strerror(errno));
	return -1;
}

static void __attribute__((format(printf, 3, 4)))
warn(int out, enum inspect_kind kind, const char *fmt, ...)
{
	struct inspect_message m = {.kind = kind};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m.warning, sizeof(m.warning), fmt, ap);
	va_end(ap);
	event_send(out, &m, offsetof(struct inspect_message, warning) + strlen(m.warning) + 1);
}

/* What the inspector needs to read all volumes. */
struct reading {
	int out;
	const struct store *store;
	const char *data_dir;
	struct firstseen seen;
	int64_t now;
};

/* Something else stands where the volume's commands expect the link or RESTORE.txt: in a copy that
 * followed links `latest` is an old snapshot for ever. */
static void
warn_of_foreign(const struct reading *r, const struct volume *volume, const char *name)
{
	char *safe = text_escaped(r->data_dir);

	if (safe != NULL)
		warn(r->out, INSPECT_WARNING,
		     "%s: %s in its directory is not what flashback made, and commands for a "
		     "restore use it: cd %s/%s && mv %s %s.old",
		     volume->id, name, safe, volume->id, name, name);
	free(safe);
}

/* Send the summary of a volume that was read, and whether `latest` needs a repair.  A volume
 * without any run has no history to become overdue by: firstseen stands in for it. */
static void
send_volume(struct reading *r, const struct volume *volume, const struct store_volume *v)
{
	struct inspect_message m = {.kind = INSPECT_VOLUME};
	struct summary *seen = &m.volume.seen;
	const char *foreign;

	snprintf(m.volume.id, sizeof(m.volume.id), "%s", volume->id);
	summary_make(v->stamps, v->nstamps, v->runs, v->nruns, r->now, seen);
	if (seen->first == 0 && summary_good(seen) == 0 && !volume->disabled)
		seen->first = firstseen_of(&r->seen, volume->id, r->now);
	m.volume.stale =
	    r->store->traits.symlinks && v->fd >= 0 && voldir_latest_is_stale(v, r->now);
	event_send(r->out, &m, sizeof(m));
	foreign = v->fd >= 0 ? voldir_foreign(v) : NULL;
	if (foreign != NULL)
		warn_of_foreign(r, volume, foreign);
}

/* A volume cannot be read: what is known of it stays, also in firstseen. */
static void
send_unread(struct reading *r, const struct volume *volume, const char *what, int error)
{
	(void)firstseen_of(&r->seen, volume->id, r->now);
	warn(r->out, INSPECT_UNREAD, "%s%s cannot be read: %s", volume->id, what,
	     trust_error(error));
}

/* Read one volume and send its summary.  A volume without a directory has no snapshots, which is
 * no error; one that cannot be read gets a warning, and its state stays unknown. */
static void
inspect_volume(struct reading *r, const struct volume *volume)
{
	struct store_volume v;

	if (store_volume_open(r->store, volume->host, volume->name, false, &v) < 0 &&
	    errno != ENOENT)
		send_unread(r, volume, "", errno);
	else if (v.unread != 0)
		send_unread(r, volume, "/" STORE_HISTORY, v.unread);
	else
		send_volume(r, volume, &v);
	store_volume_close(&v);
}

static void
inspect_volumes(int out, const struct store *s, const struct inspect_job *job)
{
	struct reading r = {
	    .out = out, .store = s, .data_dir = job->config->data_dir, .now = job->now};

	firstseen_open(&r.seen, s->fd);
	for (size_t i = 0; i < job->config->n; i++)
		inspect_volume(&r, job->config->volumes[i]);
	firstseen_close(&r.seen);
}

static void
send_disk(int out, const struct inspect_disk *disk)
{
	struct inspect_message m = {.kind = INSPECT_DISK, .disk = *disk};

	event_send(out, &m, sizeof(m));
}

/* Set the reason from *why (NULL: out of memory), escaped, and free it. */
static void
take_reason(struct inspect_disk *disk, char **why)
{
	const char *words = *why ? *why : "out of memory";

	text_escape(disk->reason, sizeof(disk->reason), words, strlen(words));
	free(*why);
	*why = NULL;
}

static void
warn_of_store(int out, const char *data_dir, const struct store *s)
{
	char *words = storewarn_text(data_dir, s), *safe = words ? text_escaped(words) : NULL;

	if (safe)
		warn(out, INSPECT_WARNING, "%s", safe);
	free(safe);
	free(words);
}

/* A full disk or an editor may have emptied the config, and then backups would end without a word;
 * and who has renamed a volume finds its snapshots by this. */
static void
warn_of_unlisted(int out, const struct store *s, const struct config *config)
{
	struct text_list found = {0};
	char *names = NULL;

	unlisted_find(s->fd, config, &found);
	for (size_t i = 0; i < found.n && i < UNLISTED_NAMED; i++)
		(void)text_replace(&names, "%s%s%.*s", names != NULL ? names : "",
		                   names != NULL ? ", " : "", (int)strcspn(found.item[i], ":"),
		                   found.item[i]);
	if (names != NULL && found.n > UNLISTED_NAMED)
		(void)text_replace(&names, "%s and %zu more", names, found.n - UNLISTED_NAMED);
	if (names != NULL)
		warn(out, INSPECT_UNLISTED,
		     "not in the config, and so not backed up: %s; the snapshots stay", names);
	free(names);
	text_list_free(&found);
}

/* Try to write to the disk: after an error some file systems refuse every write but are not
 * flagged read-only.  Return 0 or the errno. */
static int
write_test(const struct store *s)
{
	int meta = openat(s->fd, MARKER_DIR, TREE_DIR);
	int error = meta < 0 || store_writable(meta) != 0 ? errno : 0;

	if (meta >= 0)
		close(meta);
	return error;
}

/* One volume's directory may refuse what the disk does not (chattr +a, a bad block in it): as an
 * error of the disk it would be retried at each wake, and be in nobody's health. */
enum result
inspect_blame(const struct store *s, int error)
{
	int kept = errno, now = result_of_errno(error) == RESULT_FULL ? error : write_test(s);

	errno = kept;
	return now == 0 ? RESULT_FAILED : result_of_errno(now);
}

static void
test_writing(const struct store *s, struct inspect_disk *disk)
{
	int error = write_test(s);

	if (error == 0)
		return;
	if (result_of_errno(error) == RESULT_FULL && disk->low)
		return; /* inspect_room has set a better reason */
	disk->low = result_of_errno(error) == RESULT_FULL;
	disk->broken = !disk->low;
	snprintf(disk->reason, sizeof(disk->reason),
	         "nothing can be written to the backup disk: %s; the kernel's log (dmesg) may "
	         "say why",
	         strerror(error));
}

/* Which mount of which device is at path?  It differs when a disk was exchanged for its clone,
 * whose file system has the same id, and the store on it, too. */
static uint64_t
mount_of(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT,
	          STATX_BASIC_STATS | STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &st) != 0)
		return 0;
	return (uint64_t)st.stx_mnt_id ^ (uint64_t)st.stx_dev_major << 40 ^
	       (uint64_t)st.stx_dev_minor << 52;
}

/* Nothing to do but check that the same file system is still mounted? */
static bool
is_known(const struct inspect_job *job)
{
	return !job->volumes && !job->test && job->marker;
}

/* Any access to an automounted disk would mount it, and keep it mounted.  The next run finds out
 * whether it is there. */
static bool
is_at_rest(const struct inspect_job *job)
{
	return is_known(job) && job->idle && mounts_on_demand(job->config->data_dir);
}

/*
 * Inspect the disk once, and send the result.  This is a process of its own since any access to
 * a failing disk or a dead network mount may block without limit; the daemon kills it at its
 * deadline.
 */
int
inspect_body(int out, void *arg)
{
	const struct inspect_job *job = arg;
	const struct config *config = job->config;
	struct inspect_disk disk = {.mounted = false};
	struct store s;
	struct statvfs fs;
	char *why;

	if (is_at_rest(job))
		return 0;
	/* statvfs and statx of its root do not wake a sleeping disk. */
	if (is_known(job) && job->fsid != 0 && mount_of(config->data_dir) == job->mount &&
	    statvfs(config->data_dir, &fs) == 0 && fs.f_fsid == job->fsid) {
		disk.mounted = true;
		disk.mount = job->mount;
		check_space(&fs, config, &disk);
		send_disk(out, &disk);
		return 0;
	}
	if (store_open(config->data_dir, &s, &why) < 0) {
		take_reason(&disk, &why);
		send_disk(out, &disk);
		return 0;
	}
	disk.mounted = disk.opened = true;
	disk.mount = mount_of(config->data_dir);
	disk.growth = usage_growth(s.fd, job->now);
	if (inspect_room(s.fd, config, &disk) < 0)
		disk.mounted = false;
	else if (job->test && !disk.broken)
		test_writing(&s, &disk);
	memcpy(disk.id, s.traits.id, sizeof(disk.id));
	send_disk(out, &disk);
	warn_of_store(out, config->data_dir, &s);
	storewarn_note(config->pid_file, config->data_dir);
	warn_of_unlisted(out, &s, config);
	if (job->volumes)
		inspect_volumes(out, &s, job);
	store_close(&s);
	return 0;
}
