// SPDX-License-Identifier: ISC
#include "flashback/jobs/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "flashback/lib/event.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"
#include "flashback/rsync/verdict.h"
#include "flashback/store/summary.h"
#include "flashback/store/voldir.h"

/* How many bytes of so many must be free. */
static uint64_t
wanted(const struct config *config, uint64_t total)
{
	uint64_t share;

	if (config->min_free_percent < 0)
		return config->min_free_bytes;
	share = total / 10000 * (uint64_t)config->min_free_percent;
	return share < config->min_free_bytes ? share : config->min_free_bytes;
}

/* The share of the inodes that must be free is that of the bytes. */
static void
look_inodes(const struct statvfs *fs, double share, struct inspect_disk *disk)
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

static void
look_figures(const struct statvfs *fs, const struct config *config, struct inspect_disk *disk)
{
	uint64_t unit = fs->f_frsize ? fs->f_frsize : fs->f_bsize, least;
	char have[UNITS_TEXT], all[UNITS_TEXT], need[UNITS_TEXT];

	disk->fsid = fs->f_fsid;
	disk->total = unit * fs->f_blocks;
	disk->used = unit * (fs->f_blocks - fs->f_bfree);
	disk->free = unit * fs->f_bavail;
	disk->broken = (fs->f_flag & ST_RDONLY) != 0;
	disk->low = disk->very_low = false;
	if (fs->f_blocks > 0) { /* else this file system does not count */
		least = wanted(config, disk->total);
		look_inodes(fs, (double)least / (double)disk->total, disk);
		if (disk->free < least) {
			disk->low = true;
			disk->very_low = disk->very_low || disk->free < least / 2;
			snprintf(disk->reason, sizeof(disk->reason),
			         "the backup disk has %s of %s free, less than min_free (%s): make "
			         "room, or lower keep_ options",
			         units_format_bytes(have, disk->free),
			         units_format_bytes(all, disk->total),
			         units_format_bytes(need, least));
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
		look_figures(&fs, config, disk);
		return 0;
	}
	snprintf(disk->reason, sizeof(disk->reason),
	         "the free space of the backup disk cannot be read: %s", strerror(errno));
	return -1;
}

int
inspect_send(int out, const char *word, const char *id, const struct store_volume *v, int64_t now)
{
	struct summary seen;
	char packed[SUMMARY_LINE];

	if (v->unread != 0) {
		errno = v->unread;
		return -1;
	}
	summary_make(v->stamps, v->nstamps, v->runs, v->nruns, now, &seen);
	if (summary_pack(&seen, packed, sizeof(packed)) < 0)
		return -1;
	return event_send(out, "%s %s %s", word, id, packed);
}

static void
look_volume(int out, const struct store *s, const struct volume *volume, int64_t now)
{
	struct store_volume v;
	bool told = false;

	if (store_volume_open(s, volume->host, volume->name, false, &v) < 0 && errno != ENOENT)
		event_send(out, "warning %s cannot be read: %s", volume->id, strerror(errno));
	else if (v.unread != 0)
		event_send(out, "warning %s/%s cannot be read: %s", volume->id, STORE_HISTORY,
		           strerror(v.unread));
	else if (inspect_send(out, "volume", volume->id, &v, now) < 0)
		event_send(out, "warning %s cannot be told of: %s", volume->id, strerror(errno));
	else
		told = true;
	if (!told)
		event_send(out, "unread %s", volume->id);
	else if (s->traits.symlinks && v.fd >= 0 && voldir_latest_is_stale(&v, now))
		event_send(out, "stale %s", volume->id);
	store_volume_close(&v);
}

/* Every number as one that int64_t holds: units reads those back. */
static void
send_disk(int out, const struct inspect_disk *d)
{
	event_send(out, "disk %d %d %jd %jd %jd %jd %d %d %d %s %s", d->mounted, d->opened,
	           (intmax_t)d->fsid, (intmax_t)d->total, (intmax_t)d->used, (intmax_t)d->free,
	           d->low, d->very_low, d->broken, d->id[0] != '\0' ? d->id : "-", d->reason);
}

/* Take the words in *why (may be NULL) as the reason, and free them. */
static void
take_reason(struct inspect_disk *disk, char **why)
{
	const char *words = *why ? *why : "out of memory";

	text_escape(disk->reason, sizeof(disk->reason), words, strlen(words));
	free(*why);
	*why = NULL;
}

static void
warn(int out, const char *data_dir, const struct store *s)
{
	char *words = store_warning(data_dir, s), *safe = words ? text_escaped(words) : NULL;

	if (safe)
		event_send(out, "warning %s", safe);
	free(safe);
	free(words);
}

/* After an error some file systems refuse every write and do not say that they are read-only. */
static void
test_writing(const struct store *s, struct inspect_disk *disk)
{
	int meta = openat(s->fd, MARKER_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc = meta < 0 ? -1 : store_writable(meta), error = errno;

	if (meta >= 0)
		close(meta);
	if (rc == 0)
		return;
	if (result_of_errno(error) == RESULT_FULL && disk->low)
		return; /* as has been said, and better */
	disk->low = result_of_errno(error) == RESULT_FULL;
	disk->broken = !disk->low;
	snprintf(disk->reason, sizeof(disk->reason),
	         "nothing can be written to the backup disk: %s; the kernel's log (dmesg) may "
	         "say why",
	         strerror(error));
}

int
inspect_body(int out, void *arg)
{
	const struct inspect_job *job = arg;
	const struct config *config = job->config;
	struct inspect_disk disk = {.mounted = false};
	struct store s;
	struct statvfs fs;
	char *why;

	/* The wake of an idle daemon: one call, and the disk sleeps on. */
	if (!job->volumes && !job->test && job->marker && job->fsid != 0 &&
	    statvfs(config->data_dir, &fs) == 0 && fs.f_fsid == job->fsid) {
		disk.mounted = true;
		look_figures(&fs, config, &disk);
		send_disk(out, &disk);
		return 0;
	}
	if (store_open(config->data_dir, &s, &why) < 0) {
		take_reason(&disk, &why);
		send_disk(out, &disk);
		return 0;
	}
	disk.mounted = disk.opened = true;
	if (inspect_room(s.fd, config, &disk) < 0)
		disk.mounted = false;
	else if (job->test && !disk.broken)
		test_writing(&s, &disk);
	memcpy(disk.id, s.traits.id, sizeof(disk.id));
	send_disk(out, &disk);
	warn(out, config->data_dir, &s);
	for (size_t i = 0; job->volumes && i < config->n; i++)
		look_volume(out, &s, config->volumes[i], job->now);
	store_close(&s);
	return 0;
}

int
inspect_parse(const char *line, struct inspect_disk *disk)
{
	static const int64_t least[] = {0, 0, INT64_MIN, 0, 0, 0, 0, 0, 0};
	static const int64_t most[] = {1, 1, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, 1, 1, 1};
	int64_t n[sizeof(most) / sizeof(most[0])];
	char word[32], id[MARKER_ID_SIZE] = "";

	if (text_word(&line, word, sizeof(word)) < 0 || strcmp(word, "disk") != 0)
		return -1;
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++)
		if (units_read_integer(&line, least[i], most[i], &n[i]) < 0)
			return -1;
	if (text_word(&line, id, sizeof(id)) < 0)
		return -1;
	*disk = (struct inspect_disk){.mounted = n[0],
	                              .opened = n[1],
	                              .fsid = (uint64_t)n[2],
	                              .total = (uint64_t)n[3],
	                              .used = (uint64_t)n[4],
	                              .free = (uint64_t)n[5],
	                              .low = n[6],
	                              .very_low = n[7],
	                              .broken = n[8]};
	if (strcmp(id, "-") != 0)
		memcpy(disk->id, id, sizeof(disk->id));
	line += *line == ' ';
	text_clean(disk->reason, sizeof(disk->reason), line, strlen(line));
	return 0;
}
