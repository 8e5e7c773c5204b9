// SPDX-License-Identifier: ISC
#include "flashback/daemon/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flashback/daemon/publish.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/compat.h"
#include "flashback/lib/log.h"
#include "flashback/rsync/transfer.h"

/* The errors are logged when they change, and told as one event for the whole time that it is
 * broken. */
static void
tell_broken(struct daemon *d, const struct text_list *errors)
{
	const char *first = errors->n > 0 ? errors->item[0] : "out of memory";

	if (d->config_error != NULL && strcmp(d->config_error, first) == 0)
		return;
	for (size_t i = 0; i < errors->n; i++)
		log_say(LOG_LEVEL_ERROR, "%s", errors->item[i]);
	if (d->config_error == NULL)
		publish_event(d, "config", NULL, "WARNING", first);
	(void)text_replace(&d->config_error, "%s", first);
	log_say(LOG_LEVEL_ERROR, "the config is broken; the last good one stays in force");
	d->dirty = true;
}

static void
tell_mended(struct daemon *d)
{
	if (d->config_error == NULL)
		return;
	free(d->config_error);
	d->config_error = NULL;
	log_say(LOG_LEVEL_INFO, "the config is good again");
	publish_event(d, "config", NULL, "OK", "the config is good again");
	d->dirty = true;
}

/* Keep what is in force of an option that is read at start only, and say so. */
static void
hold(struct daemon *d, const char *option, char **now, char **wanted)
{
	char *swap;

	if (strcmp(*now, *wanted) == 0)
		return;
	(void)text_list_addf(
	    &d->held, "%s is now \"%s\" in the config: restart flashback for that to take effect",
	    option, *wanted);
	swap = *now;
	*now = *wanted;
	*wanted = swap;
}

/* Does it hold a volume that was not there before? */
static bool
has_new_volumes(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (!table->row[i].known)
			return true;
	return false;
}

static void
adopt(struct daemon *d, struct config *config)
{
	text_list_free(&d->held);
	hold(d, "data_dir", &d->config->data_dir, &config->data_dir);
	hold(d, "pid_file", &d->config->pid_file, &config->pid_file);
	if (d->config->syslog != config->syslog)
		(void)text_list_add(&d->held,
		                    "log has changed in the config: restart flashback for that "
		                    "to take effect");
	config->syslog = d->config->syslog;
	conf_free(d->config);
	d->config = config;
	if (has_new_volumes(&d->table))
		d->look_volumes = true;
	log_say(LOG_LEVEL_INFO, "the config has been read again: %zu volume%s", config->n,
	        config->n == 1 ? "" : "s");
	tell_mended(d);
	d->dirty = true;
	malloc_trim(0);
}

void
reload_config(struct daemon *d)
{
	struct text_list errors = {0};
	struct config *config = NULL;
	int rc = conf_load(d->options->config_file, d->config, &config, &errors);

	if (rc < 0)
		tell_broken(d, &errors);
	else if (rc > 0)
		tell_mended(d);
	else if (table_update(&d->table, config->volumes, config->n, clock_wall()) == 0)
		adopt(d, config);
	else
		conf_free(config); /* no memory now: the next wake tries again */
	text_list_free(&errors);
}

void
reload_rsync(struct daemon *d)
{
	struct stat st = {0};
	char why[256];

	(void)stat(d->config->rsync, &st);
	if (st.st_ino == d->rsync_file.st_ino && st.st_dev == d->rsync_file.st_dev &&
	    st.st_mtime == d->rsync_file.st_mtime && st.st_size == d->rsync_file.st_size)
		return;
	d->rsync_file = st;
	if (transfer_version(d->config->rsync, &d->rsync, why, sizeof(why)) != 0)
		log_say(LOG_LEVEL_ERROR, "%s", why);
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
