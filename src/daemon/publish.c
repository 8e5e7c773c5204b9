// SPDX-License-Identifier: ISC
#include "flashback/daemon/publish.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/daemon/wake.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"
#include "flashback/lib/log.h"
#include "flashback/lib/safepath.h"
#include "flashback/lib/units.h"
#include "flashback/report/health.h"
#include "flashback/report/queue.h"

#define WRITE_EVERY_MS 60000
#define GRACE_SECONDS 60 /* beyond that, before a reader may take the daemon for dead */

static void
gather(struct daemon *d, enum view_life life, struct view *view)
{
	text_list_free(&d->warnings);
	/* Without memory a warning is not shown this time. */
	(void)text_list_append(&d->warnings, &d->standing);
	(void)text_list_append(&d->warnings, &d->seen);
	(void)text_list_append(&d->warnings, &d->trouble);
	*view = (struct view){
	    .table = &d->table,
	    .when = wake_when(d),
	    .life = life,
	    .pid = (int)getpid(),
	    .data_dir = d->config->data_dir,
	    .disk =
	        {
	            .asked = d->look_told,
	            .mounted = d->disk.mounted,
	            .total = d->disk.total,
	            .used = d->disk.used,
	            .free = d->disk.free,
	        },
	    .disk_reason = d->disk_state == PLAN_DISK_OK ? NULL : d->disk_reason,
	    .config_error = d->config_error,
	    .warnings = &d->warnings,
	    .version = FLASHBACK_VERSION,
	};
	view->next_update = view->when.now;
	if (life != VIEW_DOWN) {
		view->next_wake = view->when.now + (d->next_wake - clock_mono() + 999) / 1000;
		view->next_update += WRITE_EVERY_MS / 1000 + GRACE_SECONDS;
	}
}

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

/* Replace the file at path.  Return 0, or -1 with *why in new memory. */
static int
replace(const char *path, int (*write)(FILE *, void *), struct view *view, char **why)
{
	char *copy = strdup(path), *copy2 = strdup(path), *dir_why = NULL;
	int dir = -1, rc = -1;

	if (copy == NULL || copy2 == NULL)
		goto out;
	dir = safepath_open_dir(dirname(copy), true, &dir_why);
	if (dir < 0) {
		*why = text_format("%s cannot be written: %s", path,
		                   dir_why != NULL ? dir_why : strerror(ENOMEM));
		goto out;
	}
	rc = file_replace(dir, basename(copy2), 0644, write, view, false);
	if (rc != 0)
		*why = text_format("%s cannot be written: %s", path, strerror(errno));
	close(dir);
out:
	free(dir_why);
	free(copy);
	free(copy2);
	return rc;
}

int
publish_write(struct daemon *d, enum view_life life)
{
	struct view view;
	char *why = NULL;
	int rc;

	d->dirty = false;
	d->next_write = clock_mono() + WRITE_EVERY_MS;
	if (d->pid_fd < 0)
		return 0;
	gather(d, life, &view);
	rc = replace(d->config->status_file, write_status, &view, &why);
	if (rc == 0)
		rc = replace(d->config->queue_file, write_queue, &view, &why);
	if (rc != 0 && (d->write_error == NULL || why == NULL || strcmp(why, d->write_error) != 0))
		log_say(LOG_LEVEL_ERROR, "%s", why != NULL ? why : strerror(ENOMEM));
	else if (rc == 0 && d->write_error != NULL)
		log_say(LOG_LEVEL_INFO, "the status files can be written again");
	free(d->write_error);
	d->write_error = why;
	return rc;
}

void
publish_rows(struct daemon *d)
{
	struct view view;

	gather(d, VIEW_ALIVE, &view);
	queue_print(stdout, &view, d->options->wanted.n > 0);
	/* The runs are what they are, whether or not somebody reads of them. */
	(void)fflush(stdout);
}

void
publish_event(struct daemon *d, const char *event, const struct table_row *row, const char *state,
              const char *reason)
{
	struct notify_event e = {
	    .event = event,
	    .volume = row != NULL ? row->volume->id : "",
	    .state = state,
	    .reason = reason,
	};

	if (d->pid_fd >= 0)
		notify_add(&d->notify, &e);
}

void
publish_start(struct daemon *d)
{
	struct view view;
	struct health_verdict verdict;

	gather(d, VIEW_ALIVE, &view);
	health_judge(&view, &verdict);
	publish_event(d, "start", NULL, health_name(verdict.level), verdict.reason);
}

void
publish_result(const struct table_row *row, const struct history_run *run)
{
	const struct result_row *r = result_row(run->result);
	char took[UNITS_TEXT];

	units_format_clock(took, run->seconds > 0 ? run->seconds : 0);
	log_say(r->lasting && row->again ? LOG_LEVEL_DEBUG : r->level, "%s: %s after %s%s%s",
	        row->volume->id, r->words, took, run->reason[0] != '\0' ? ": " : "", run->reason);
}

void
publish_news(struct daemon *d, struct table_row *row)
{
	const struct history_run *last = &row->seen.last;
	const char *event = result_row(last->result)->event, *told = result_row(row->told)->event;
	bool news;

	d->dirty = true;
	if (event == NULL)
		return;
	/* A first success is no news, and neither is the second failure.  The history may end with
	 * a run of which nothing was told. */
	news = told != NULL ? strcmp(event, told) != 0 : last->result != RESULT_SUCCEEDED;
	row->told = last->result;
	if (news)
		publish_event(d, event, row, result_row(last->result)->shown, last->reason);
}

void
publish_overdue(struct daemon *d)
{
	int64_t now = clock_wall();
	char age[UNITS_TEXT], words[128];

	for (size_t i = 0; i < d->table.n; i++) {
		struct table_row *row = &d->table.row[i];
		int64_t good = summary_good(&row->seen);

		if (!row->known || plan_overdue(row, now) == row->overdue)
			continue;
		row->overdue = !row->overdue;
		d->dirty = true;
		if (!row->overdue) {
			log_say(LOG_LEVEL_INFO, "%s: no longer overdue", row->volume->id);
			publish_event(d, "recovered", row, result_row(row->seen.last.result)->shown,
			              "it is no longer overdue");
			continue;
		}
		if (good == 0)
			snprintf(words, sizeof(words), "there is no backup yet");
		else
			snprintf(words, sizeof(words), "the last backup is %s old",
			         units_format_age(age, now - good));
		log_say(LOG_LEVEL_ERROR, "%s: overdue: %s", row->volume->id, words);
		publish_event(d, "overdue", row, "OVERDUE", words);
	}
}
