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

/* The config has errors.  They are logged when they change and not at each wake.  Return true if it
 * had none before: then notify gets one event. */
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
	log_say(LOG_LEVEL_ERROR, "the config has errors; the previous one stays in force");
	return news;
}

/* Return whether the config had errors before this reload. */
static bool
note_valid(struct reload *r)
{
	if (r->config_error == NULL)
		return false;
	free(r->config_error);
	r->config_error = NULL;
	log_say(LOG_LEVEL_INFO, "the config is valid again");
	return true;
}

/* Keep the value in force of an option that is read only at start, and warn until the restart.
 * Applied at once, a new data_dir would move running workers to another disk, and a new pid_file
 * would have no lock. */
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

/* Has a volume of the config that was in force until now left it? */
static bool
drops_volume(const struct config *old, struct table *table)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct table_row *row = table_find(table, old->volumes[i]->id);

		if (row == NULL || row->gone)
			return true;
	}
	return false;
}

/* Put the new config in force.  Running workers hold references to their volumes and are not
 * disturbed. */
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
	log_say(LOG_LEVEL_INFO, "config reloaded: %zu volume%s", fresh->n,
	        fresh->n == 1 ? "" : "s");
	malloc_trim(0);
}

/* Parse and check a new config completely before it replaces the old one: with one that has errors
 * the daemon continues as before.  The table is updated first, because that may fail for lack of
 * memory; then the old config stays in force. */
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
	if (news.renewed) {
		news.dropped = drops_volume(*config, table);
		adopt(r, config, fresh);
	} else {
		conf_free(fresh); /* out of memory: retry at the next wake */
	}
	if (rc > 0 || news.renewed)
		news.valid = note_valid(r);
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

/* The message of the child. */
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

/* Arguments depend on the version of rsync, and an upgrade may replace it while the daemon runs.
 * The file is compared by stat(2), so that rsync is run only after a change; in a child, because a
 * program that hangs would stop the loop. */
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

/* Read the version from the child.  If it ended without an answer, the recorded stat is made
 * invalid so that the next wake retries; otherwise the version of the old rsync would stay in
 * force. */
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

/* ---- at start, and for other modes ---- */

/* The last line of a bad config: whoever sees one error of many should know that there are more. */
static void
print_verdict(const char *file, const struct text_list *errors)
{
	size_t len = strlen(file), first = 0, n = errors->n;

	for (size_t i = 0; i < n; i++)
		first += strncmp(errors->item[i], file, len) == 0 && errors->item[i][len] == ':';
	fprintf(stderr, "flashback: %zu error%s in %s\n", n, n == 1 ? "" : "s",
	        first > 0 && first < n ? "2 files" : "1 file");
}

struct config *
reload_read(const char *file)
{
	struct text_list errors = {0};
	struct config *config = NULL;

	if (conf_load(file, NULL, &config, &errors) != 0 && errors.n == 0)
		fprintf(stderr, "flashback: %s: %s\n", file, strerror(errno));
	for (size_t i = 0; i < errors.n; i++)
		fprintf(stderr, "%s\n", errors.item[i]);
	if (errors.n > 0)
		print_verdict(file, &errors);
	text_list_free(&errors);
	return config;
}

void
reload_unknown(const struct config *c, const char *operand)
{
	const char *best = config_nearest(c, operand);
	char *safe = text_escaped(operand);

	fprintf(stderr, "flashback: unknown host or volume %s in %s; ", safe != NULL ? safe : "",
	        c->hosts_file);
	if (best != NULL)
		fprintf(stderr, "did you mean %s?\n", best);
	else if (operand[0] == '/' && c->n > 0)
		fprintf(stderr, "it begins with the name of a volume, as in %s\n",
		        c->volumes[0]->id);
	else
		fputs("flashback -t lists them\n", stderr);
	free(safe);
}

/* An operand may name a host with several volumes.  Disabled ones among them are skipped; if
 * nothing else is named, that is an error: exit status 0 would claim a backup that was not made. */
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
