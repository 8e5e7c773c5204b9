// SPDX-License-Identifier: ISC
#include "flashback/config/render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/text.h"
#include "flashback/lib/units.h"

/* In quotes, of the kind that leaves s as it is if there is one. */
static char *
quoted(const char *s)
{
	bool single = strpbrk(s, "\"\\$") != NULL && strchr(s, '\'') == NULL;
	char *text = malloc(2 * strlen(s) + 1), *p = text, *safe, *out = NULL;

	if (text == NULL)
		return NULL;
	for (; *s != '\0'; s++) {
		if (!single && (*s == '"' || *s == '\\'))
			*p++ = '\\';
		*p++ = *s;
	}
	*p = '\0';
	safe = text_escaped(text);
	if (safe != NULL)
		out = single ? text_format("'%s'", safe) : text_format("\"%s\"", safe);
	free(safe);
	free(text);
	return out;
}

static char *
list(const struct text_list *l)
{
	char *text = strdup("{");

	for (size_t i = 0; i < l->n; i++) {
		char *item = quoted(l->item[i]);
		int rc = item != NULL && text != NULL
		             ? text_replace(&text, "%s%s %s", text, i > 0 ? "," : "", item)
		             : -1;

		free(item);
		if (rc == -1)
			goto fail;
	}
	if (text != NULL && text_replace(&text, "%s }", text) == 0)
		return text;
fail:
	free(text);
	return NULL;
}

static char *
windows(const struct volume *v)
{
	struct text_list words = {0};
	char *text = NULL;

	for (size_t i = 0; i < v->nwindows; i++) {
		const struct volume_window *w = &v->windows[i];

		if (text_list_addf(&words, "%02d:%02d-%02d:%02d", w->from / 60, w->from % 60,
		                   w->to / 60, w->to % 60) == -1)
			goto out;
	}
	text = list(&words);
out:
	text_list_free(&words);
	return text;
}

static char *
duration(int64_t seconds)
{
	char text[UNITS_TEXT];

	return text_format("\"%s\"", units_format_duration(text, seconds));
}

static char *
count(unsigned n)
{
	return text_format("%u", n);
}

static char *
yes_or_no(bool on)
{
	return strdup(on ? "yes" : "no");
}

static char *
percent(int hundredths)
{
	if (hundredths % 100 == 0)
		return text_format("\"%d%%\"", hundredths / 100);
	return text_format("\"%d.%02d%%\"", hundredths / 100, hundredths % 100);
}

static char *
probe(const struct volume *v)
{
	switch (v->probe) {
	case VOLUME_PROBE_PING:
		return strdup("\"ping\"");
	case VOLUME_PROBE_TCP:
		return text_format("\"tcp:%d\"", v->probe_port);
	case VOLUME_PROBE_NONE:
		break;
	}
	return strdup("\"none\"");
}

/* A size with the largest unit that leaves it whole. */
static char *
size(uint64_t bytes)
{
	static const char *const units[] = {"", "K", "M", "G", "T"};
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	return text_format("\"%" PRIu64 "%s\"", bytes, units[i]);
}

char *
render_config(const struct config *c, enum config_key key)
{
	switch (key) {
	case CONFIG_DATA_DIR:
		return quoted(c->data_dir);
	case CONFIG_HOSTS_FILE:
		return quoted(c->hosts_file);
	case CONFIG_STATUS_FILE:
		return quoted(c->status_file);
	case CONFIG_QUEUE_FILE:
		return quoted(c->queue_file);
	case CONFIG_PID_FILE:
		return quoted(c->pid_file);
	case CONFIG_LOG:
		return quoted(c->syslog ? "syslog" : "stderr");
	case CONFIG_WAKE:
		return duration(c->wake);
	case CONFIG_PARALLEL:
		return count(c->parallel);
	case CONFIG_TIME_SLICE:
		return duration(c->time_slice);
	case CONFIG_MIN_FREE:
		return c->min_free_percent >= 0 ? percent(c->min_free_percent)
		                                : size(c->min_free_bytes);
	case CONFIG_NOTIFY:
		return list(&c->notify);
	case CONFIG_RSYNC:
		return quoted(c->rsync);
	case CONFIG_KEYS:
		break;
	}
	return NULL;
}

char *
render_volume(const struct volume *v, enum volume_key key)
{
	switch (key) {
	case VOLUME_SOURCE:
		return quoted(v->source);
	case VOLUME_EVERY:
		return duration(v->every);
	case VOLUME_KEEP_LAST:
		return count(v->keep.last);
	case VOLUME_KEEP_HOURLY:
		return count(v->keep.hourly);
	case VOLUME_KEEP_DAILY:
		return count(v->keep.daily);
	case VOLUME_KEEP_WEEKLY:
		return count(v->keep.weekly);
	case VOLUME_KEEP_MONTHLY:
		return count(v->keep.monthly);
	case VOLUME_KEEP_YEARLY:
		return count(v->keep.yearly);
	case VOLUME_EXCLUDE:
		return list(&v->exclude);
	case VOLUME_RSYNC_OPTIONS:
		return list(&v->rsync_options);
	case VOLUME_SSH:
		return quoted(v->ssh);
	case VOLUME_ONE_FILE_SYSTEM:
		return yes_or_no(v->one_file_system);
	case VOLUME_PROBE:
		return probe(v);
	case VOLUME_ADDRESS:
		return quoted(v->address);
	case VOLUME_WINDOW:
		return windows(v);
	case VOLUME_IO_TIMEOUT:
		return duration(v->io_timeout);
	case VOLUME_REMOVABLE:
		return yes_or_no(v->removable);
	case VOLUME_BEFORE:
		return list(&v->before);
	case VOLUME_AFTER:
		return list(&v->after);
	case VOLUME_SHRINK_GUARD:
		return percent(v->shrink_guard);
	case VOLUME_OVERDUE:
		return duration(v->overdue);
	case VOLUME_DISABLED:
		return yes_or_no(v->disabled);
	case VOLUME_KEYS:
		break;
	}
	return NULL;
}
