// SPDX-License-Identifier: ISC
#include "flashback/daemon/warn.h"

#include <string.h>
#include <unistd.h>

#include "flashback/jobs/probe.h"
#include "flashback/lib/log.h"
#include "flashback/rsync/version.h"

static bool
has_pinged_volume(const struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->row[i].volume->probe == VOLUME_PROBE_PING &&
		    !table->row[i].volume->disabled)
			return true;
	return false;
}

/* What is not as it should be now.  Without memory a warning is lost for one wake. */
static void
collect(const struct daemon *d, struct text_list *out)
{
	(void)text_list_append(out, &d->held);
	if (geteuid() != 0)
		(void)text_list_add(out,
		                    "flashback does not run as root: owners and unreadable files "
		                    "cannot be kept as they are");
	if (version_risk(&d->rsync) != NULL)
		(void)text_list_add(out, version_risk(&d->rsync));
	if (has_pinged_volume(&d->table) && !probe_may_ping())
		(void)text_list_add(out,
		                    "no permission to ping: run as root, or with the capability "
		                    "CAP_NET_RAW, or set probe = \"tcp\"; until then rsync is "
		                    "started without asking");
}

void
warn_renew(struct daemon *d)
{
	struct text_list now = {0};

	collect(d, &now);
	for (size_t i = 0; i < now.n; i++)
		if (!text_list_has(&d->standing, now.item[i]))
			log_say(LOG_LEVEL_WARNING, "%s", now.item[i]);
	text_list_free(&d->standing);
	d->standing = now;
}

void
warn_seen(struct daemon *d)
{
	for (size_t i = 0; i < d->seen.n; i++)
		if (!text_list_has(&d->seen_logged, d->seen.item[i]))
			log_say(LOG_LEVEL_WARNING, "%s", d->seen.item[i]);
	text_list_free(&d->seen_logged);
	(void)text_list_append(&d->seen_logged, &d->seen);
}
