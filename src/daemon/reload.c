// SPDX-License-Identifier: ISC
#include "flashback/daemon/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/compat.h"
#include "flashback/lib/log.h"
#include "flashback/rsync/transfer.h"

/* The errors are logged when they change; that it is broken is news once.  Return whether it is. */
static bool
note_broken(struct reload *r, const struct text_list *errors)
{
	const char *first = errors->n > 0 ? errors->item[0] : "out of memory";
	bool news = r->config_error == NULL;

	if (!news && strcmp(r->config_error, first) == 0)
		return false;
	for (size_t i = 0; i < errors->n; i++)
		log_say(LOG_LEVEL_ERROR, "%s", errors->item[i]);
	(void)text_replace(&r->config_error, "%s", first);
	log_say(LOG_LEVEL_ERROR, "the config is broken; the last good one stays in force");
	return news;
}

static bool
note_mended(struct reload *r)
{
	if (r->config_error == NULL)
		return false;
	free(r->config_error);
	r->config_error = NULL;
	log_say(LOG_LEVEL_INFO, "the config is good again");
	return true;
}

/* Keep what is in force of an option that is read at start only, and say so. */
static void
hold(struct reload *r, const char *option, char **now, char **wanted)
{
	char *swap;

	if (strcmp(*now, *wanted) == 0)
		return;
	(void)text_list_addf(
	    &r->held, "%s is now \"%s\" in the config: restart flashback for that to take effect",
	    option, *wanted);
	swap = *now;
	*now = *wanted;
	*wanted = swap;
}

static void
adopt(struct reload *r, struct config **config, struct config *fresh)
{
	struct config *old = *config;

	text_list_free(&r->held);
	hold(r, "data_dir", &old->data_dir, &fresh->data_dir);
	hold(r, "pid_file", &old->pid_file, &fresh->pid_file);
	if (old->syslog != fresh->syslog)
		(void)text_list_add(&r->held,
		                    "log has changed in the config: restart flashback for that "
		                    "to take effect");
	fresh->syslog = old->syslog;
	conf_free(old);
	*config = fresh;
	log_say(LOG_LEVEL_INFO, "the config has been read again: %zu volume%s", fresh->n,
	        fresh->n == 1 ? "" : "s");
	malloc_trim(0);
}

struct reload_news
reload_config(struct reload *r, const char *file, struct config **config, struct table *table)
{
	struct reload_news news = {.renewed = false};
	struct text_list errors = {0};
	struct config *fresh = NULL;
	int rc = conf_load(file, *config, &fresh, &errors);

	if (rc < 0)
		news.broken = note_broken(r, &errors);
	else if (rc == 0)
		news.renewed = table_update(table, fresh->volumes, fresh->n, clock_wall()) == 0;
	if (news.renewed)
		adopt(r, config, fresh);
	else
		conf_free(fresh); /* no memory now: the next wake tries again */
	if (rc > 0 || news.renewed)
		news.mended = note_mended(r);
	text_list_free(&errors);
	return news;
}

/* ---- rsync ---- */

int
reload_rsync_now(struct reload *r, const char *path, char *why, size_t size)
{
	(void)stat(path, &r->rsync_file);
	return transfer_version(path, &r->rsync, why, size);
}

struct version_job {
	const char *path;
};

/* What the child sends. */
struct version_message {
	int rc;
	struct version version;
	char why[256];
};

static int
version_body(int out, void *arg)
{
	const struct version_job *job = arg;
	struct version_message m = {.rc = 0};

	m.rc = transfer_version(job->path, &m.version, m.why, sizeof(m.why));
	event_send(out, &m, sizeof(m));
	return 0;
}

void
reload_rsync(struct reload *r, const char *path)
{
	struct version_job job = {.path = path};
	struct stat st = {0};

	(void)stat(path, &st);
	if (r->child.pid != 0 ||
	    (st.st_ino == r->rsync_file.st_ino && st.st_dev == r->rsync_file.st_dev &&
	     st.st_mtime == r->rsync_file.st_mtime && st.st_size == r->rsync_file.st_size))
		return;
	r->answered = false;
	if (event_fork(&r->child, version_body, &job) == 0)
		r->rsync_file = st;
	else
		log_errno(LOG_LEVEL_ERROR, "%s could not be run", path);
}

bool
reload_rsync_pending(struct reload *r)
{
	struct version_message m;
	enum event_news news;

	while ((news = event_next(&r->child, &m, sizeof(m))) == EVENT_MESSAGE) {
		r->answered = true;
		if (m.rc == 0)
			r->rsync = m.version;
		else
			log_say(LOG_LEVEL_ERROR, "%s", m.why);
	}
	if (news != EVENT_ENDED)
		return r->child.pid != 0;
	if (!r->answered) /* the next wake tries again */
		r->rsync_file = (struct stat){.st_size = -1};
	event_close(&r->child);
	return false;
}

/* ---- before there is a daemon ---- */

struct config *
reload_read(const char *file)
{
	struct text_list errors = {0};
	struct config *config = NULL;

	if (conf_load(file, NULL, &config, &errors) != 0 && errors.n == 0)
		fprintf(stderr, "flashback: %s: %s\n", file, strerror(errno));
	for (size_t i = 0; i < errors.n; i++)
		fprintf(stderr, "%s\n", errors.item[i]);
	text_list_free(&errors);
	return config;
}

void
reload_unknown(const struct config *c, const char *operand)
{
	const char *best = config_nearest(c, operand);

	if (best != NULL)
		fprintf(stderr,
		        "flashback: there is no host or volume %s in %s; did you mean %s?\n",
		        operand, c->hosts_file, best);
	else
		fprintf(stderr,
		        "flashback: there is no host or volume %s in %s; flashback -t lists them\n",
		        operand, c->hosts_file);
}

int
reload_want(const struct config *config, struct table *table, const char *operand)
{
	unsigned found = 0, disabled = 0;

	for (size_t i = 0; i < table->n; i++) {
		struct table_row *row = &table->row[i];

		if (!volume_is_named(row->volume, operand))
			continue;
		found++;
		row->wanted = !row->volume->disabled;
		disabled += row->volume->disabled;
	}
	if (found > disabled)
		return 0;
	if (found > 0)
		fprintf(stderr,
		        "flashback: %s is disabled: remove `disabled = yes` to back it up\n",
		        operand);
	else
		reload_unknown(config, operand);
	return -1;
}

void
reload_free(struct reload *r)
{
	event_close(&r->child);
	free(r->config_error);
	text_list_free(&r->held);
}
