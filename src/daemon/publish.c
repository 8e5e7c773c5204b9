// SPDX-License-Identifier: ISC
#include "flashback/daemon/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/jobs/probe.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"
#include "flashback/lib/log.h"
#include "flashback/lib/safepath.h"
#include "flashback/report/queue.h"
#include "flashback/report/status.h"

static int
write_status(FILE *f, void *arg)
{
	status_write(f, arg);
	return ferror(f) ? -1 : 0;
}

static int
write_queue(FILE *f, void *arg)
{
	status_queue(f, arg);
	return ferror(f) ? -1 : 0;
}

/* Replace the file at path atomically: a reader sees the old or the new content, never half of it.
 * Nobody else may be able to change its directory, because a root process writes there.  Return 0,
 * or -1 with *why in new memory. */
static int
replace(const char *path, int (*write)(FILE *, void *), struct view *view, char **why)
{
	char *reason;
	const char *base;
	int dir = safepath_open_above(path, true, &base, &reason), rc = -1;

	if (dir >= 0)
		rc = file_replace(dir, base, 0644, write, view, false);
	if (rc != 0)
		*why = text_format("%s cannot be written: %s", path,
		                   reason != NULL ? reason : strerror(errno));
	file_close(&dir);
	free(reason);
	return rc;
}

static void
sweep(const char *path)
{
	const char *base;
	char *why;
	int dir = safepath_open_above(path, true, &base, &why);

	if (dir >= 0)
		file_sweep(dir, &base, 1);
	file_close(&dir);
	free(why); /* publish_write reports it */
}

void
publish_sweep(const struct config *config)
{
	sweep(config->status_file);
	sweep(config->queue_file);
}

/* Write both files.  An error is logged when it begins, changes and ends: the files are written
 * each minute, and a full /run would fill the log.  A failure does not stop the daemon, whose
 * backups matter more than its status. */
int
publish_write(struct publish *p, const struct config *config, struct view *view)
{
	char *why = NULL;
	int rc;

	p->dirty = false;
	p->next = clock_mono() + PUBLISH_SECONDS * 1000;
	rc = replace(config->status_file, write_status, view, &why);
	if (rc == 0)
		rc = replace(config->queue_file, write_queue, view, &why);
	if (rc != 0 && (p->error == NULL || why == NULL || strcmp(why, p->error) != 0))
		log_say(LOG_LEVEL_ERROR, "%s", why != NULL ? why : strerror(ENOMEM));
	else if (rc == 0 && p->error != NULL)
		log_say(LOG_LEVEL_INFO, "the status files can be written again");
	free(p->error);
	p->error = why;
	return rc;
}

static bool
has_pinged_volume(const struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->row[i].volume->probe == VOLUME_PROBE_PING &&
		    !table->row[i].volume->disabled)
			return true;
	return false;
}

/* Compute the list of lasting problems anew and log those that the previous list did not have.
 * Replacing the whole list is what makes a solved problem disappear from status.txt. */
void
publish_standing(struct publish *p, const struct table *table, const struct text_list *held,
                 const struct version *rsync)
{
	struct text_list now = {0};

	/* Without memory a warning is missing until the next wake. */
	(void)text_list_append(&now, held);
	if (geteuid() != 0)
		(void)text_list_add(&now,
		                    "flashback does not run as root: owners and unreadable files "
		                    "cannot be kept as they are");
	if (version_risk(rsync) != NULL)
		(void)text_list_add(&now, version_risk(rsync));
	if (has_pinged_volume(table) && !probe_may_ping())
		(void)text_list_add(&now,
		                    "no permission to ping: run as root, or with the capability "
		                    "CAP_NET_RAW, or set probe = \"tcp\"; until then rsync is "
		                    "started without a probe");
	for (size_t i = 0; i < now.n; i++)
		if (!text_list_has(&p->standing, now.item[i]))
			log_say(LOG_LEVEL_WARNING, "%s", now.item[i]);
	text_list_free(&p->standing);
	p->standing = now;
}

const struct text_list *
publish_warnings(struct publish *p, const struct text_list *disk, const struct text_list *trouble)
{
	text_list_free(&p->warnings);
	/* Without memory a warning is missing from this view. */
	(void)text_list_append(&p->warnings, &p->standing);
	(void)text_list_append(&p->warnings, disk);
	(void)text_list_append(&p->warnings, trouble);
	return &p->warnings;
}

void
publish_progress(const struct view *view)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return;
	status_progress(f, view);
	if (fclose(f) == 0)
		log_progress(len > 0 ? text : NULL);
	free(text);
}

void
publish_rows(const struct view *view, bool wanted)
{
	log_progress(NULL);
	queue_print(stdout, view, wanted);
	/* A closed standard output does not change the exit status of --once: the runs themselves
	 * succeeded. */
	(void)fflush(stdout);
}

void
publish_free(struct publish *p)
{
	free(p->error);
	text_list_free(&p->standing);
	text_list_free(&p->warnings);
}
