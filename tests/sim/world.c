// SPDX-License-Identifier: ISC
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static struct world the_world;

struct world *
world(void)
{
	return &the_world;
}

struct world_volume *
world_find(const char *id)
{
	for (size_t i = 0; i < the_world.volumes; i++)
		if (strcmp(the_world.volume[i].id, id) == 0)
			return &the_world.volume[i];
	return NULL;
}

void
world_edited(void)
{
	the_world.edits++;
}

void
world_break_config(bool broken)
{
	for (size_t i = 0; i < the_world.volumes && the_world.broken_config && !broken; i++)
		the_world.volume[i].since = sim_mono();
	the_world.broken_config = broken;
}

/* ---- the config ---- */

static void
set(struct volume *volume, const char *name, const char *value)
{
	const struct option_row *o = option_find(name);
	char *why = NULL;

	if (option_set(o, volume, value, &why) != 0)
		sim_broken("the simulation's own config: %s: %s", name, why);
	option_mark(o, volume,
	            &(struct option_origin){.file = "hosts.conf", .place = OPTION_VOLUME});
}

static void
set_number(struct volume *volume, const char *name, const char *unit, int64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld%s", (long long)n, unit);
	set(volume, name, text);
}

static void
set_source(struct volume *volume, const struct world_volume *v)
{
	char text[96];

	if (v->host == NULL)
		snprintf(text, sizeof(text), "/srv/%s/", v->name);
	else
		snprintf(text, sizeof(text), "root@%s:/srv/%s/", v->host->name, v->name);
	set(volume, "source", text);
}

static void
set_all(struct volume *volume, const struct world_volume *v)
{
	static const char *const keeps[WORLD_KEEPS] = {
	    "keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly"};

	set_source(volume, v);
	set_number(volume, "every", "h", v->every);
	for (int i = 0; i < WORLD_KEEPS; i++)
		set_number(volume, keeps[i], "", v->keep[i]);
	for (int i = 0; i < v->excludes; i++)
		set_number(volume, "exclude", ".bak", i);
	if (v->window != NULL)
		set(volume, "window", v->window);
	if (v->removable)
		set(volume, "removable", "yes");
	if (v->before)
		set(volume, "before", "/usr/local/bin/before");
	if (!v->guarded)
		set(volume, "shrink_guard", "0%");
	if (v->disabled)
		set(volume, "disabled", "yes");
}

static struct volume *
resolve(const struct world_volume *v)
{
	struct volume *volume = volume_new(NULL);
	const char *blame;
	char *why = NULL;

	if (volume == NULL)
		abort();
	set_all(volume, v);
	if (volume_finish(volume, v->host != NULL ? v->host->name : "here", v->name, "/backup",
	                  &why, &blame) != 0)
		sim_broken("the simulation's own config: %s: %s", blame, why);
	return volume;
}

static char *
copy(const char *text)
{
	char *made = strdup(text);

	if (made == NULL)
		abort();
	return made;
}

struct config *
world_config(void)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	*c = (struct config){
	    .file = copy("/etc/flashback.conf"),
	    .hosts_file = copy("/etc/hosts.conf"),
	    .data_dir = copy("/backup"),
	    .status_file = copy("/run/flashback/status.txt"),
	    .queue_file = copy("/run/flashback/queue.txt"),
	    .pid_file = copy("/run/flashback/pid"),
	    .wake = the_world.wake,
	    .time_slice = the_world.time_slice,
	    .parallel = the_world.parallel,
	    .min_free_percent = 200,
	    .min_free_bytes = UINT64_C(10) << 30,
	    .rsync = copy("/usr/bin/rsync"),
	    .digest = the_world.edits + 1,
	};
	c->volumes = calloc(WORLD_VOLUMES, sizeof(struct volume *));
	if (c->volumes == NULL)
		abort();
	for (size_t i = 0; i < the_world.volumes; i++)
		if (the_world.volume[i].configured)
			c->volumes[c->n++] = resolve(&the_world.volume[i]);
	return c;
}

/* ---- the sources ---- */

static void
add_file(struct world_volume *v)
{
	v->file = sim_grow(v->file, &v->max, v->n, sizeof(*v->file));
	v->file[v->n++] = (struct world_file){.id = ++v->last_id, .version = ++v->last_version};
}

static void
change_one(struct world_volume *v)
{
	size_t i = (size_t)sim_roll((int64_t)v->n);

	if (sim_chance(2, 3))
		v->file[i].version = ++v->last_version;
	else if (v->n > 1 &&
	         (v->n * 4 > v->usual * 5 || (v->n * 5 > v->usual * 4 && sim_chance(1, 2))))
		v->file[i] = v->file[--v->n];
	else
		add_file(v);
}

void
world_change(struct world_volume *v)
{
	int64_t hours = (sim_mono() - v->changed_at) / 3600000, changes = hours / 6;

	if (changes == 0 || v->n == 0)
		return;
	v->changed_at = sim_mono();
	if (changes > (int64_t)v->usual)
		changes = (int64_t)v->usual;
	while (changes-- > 0)
		change_one(v);
}

void
world_delete_most(struct world_volume *v)
{
	size_t left = v->usual / 4 + 1;

	v->usual = left;
	if (v->n > left)
		v->n = left;
}

size_t
world_listed(const struct world_volume *v)
{
	switch (v->source) {
	case WORLD_THERE:
		break;
	case WORLD_SHRUNK:
		return v->n / 10 + 1;
	case WORLD_EMPTY:
	case WORLD_MISSING:
		return 0;
	}
	return v->n;
}

/* ---- the beginning ---- */

static void
make_host(struct world_host *h, size_t i)
{
	static const char *const names[WORLD_HOSTS] = {"kimono", "nas", "digit", "laptop"};

	*h = (struct world_host){.up = true, .known = true};
	snprintf(h->name, sizeof(h->name), "%s", names[i]);
}

static void
make_keep(struct world_volume *v)
{
	static const unsigned most[WORLD_KEEPS] = {3, 6, 10, 6, 6, 3};
	unsigned sum = 0;

	for (int i = 0; i < WORLD_KEEPS; i++) {
		v->keep[i] = sim_chance(1, 2) ? (unsigned)sim_roll(most[i] + 1) : 0;
		sum += v->keep[i];
	}
	if (sum == 0)
		v->keep[2] = 10;
}

static void
make_volume(struct world_volume *v, size_t i)
{
	static const char *const names[WORLD_VOLUMES] = {"home",  "etc",      "mail",
	                                                 "music", "pictures", "www"};
	static const int everies[] = {6, 12, 24, 24, 24, 48, 72};
	static const char *const windows[] = {NULL, NULL, NULL, "22:00-06:00", "02:30-05:00"};

	*v = (struct world_volume){.configured = true, .source = WORLD_THERE};
	snprintf(v->name, sizeof(v->name), "%s", names[i]);
	if (!sim_chance(1, 6))
		v->host = &the_world.host[sim_roll((int64_t)the_world.hosts)];
	snprintf(v->id, sizeof(v->id), "%s/%s", v->host != NULL ? v->host->name : "here", v->name);
	v->removable = sim_chance(1, 6);
	v->before = sim_chance(1, 6);
	v->guarded = !sim_chance(1, 8);
	v->every = everies[sim_roll(7)];
	v->window = windows[sim_roll(5)];
	make_keep(v);
	v->usual = (size_t)sim_range(12, 40);
	while (v->n < v->usual)
		add_file(v);
}

void
world_begin(void)
{
	static const int64_t wakes[] = {600, 1800, 3600, 3600, 7200};
	int64_t files = 0;

	the_world.hosts = (size_t)sim_range(2, WORLD_HOSTS);
	the_world.volumes = (size_t)sim_range(2, WORLD_VOLUMES);
	the_world.wake = wakes[sim_roll(5)];
	the_world.parallel = (unsigned)sim_range(1, 3);
	the_world.time_slice = sim_chance(1, 2) ? SIM_HOUR : 2 * SIM_HOUR;
	the_world.network = true;
	for (size_t i = 0; i < the_world.hosts; i++)
		make_host(&the_world.host[i], i);
	for (size_t i = 0; i < the_world.volumes; i++) {
		make_volume(&the_world.volume[i], i);
		files += (int64_t)the_world.volume[i].n;
	}
	drive_set(true, DRIVE_GOOD, files * sim_range(3, 12));
}
