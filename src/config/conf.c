// SPDX-License-Identifier: ISC
#include "flashback/config/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "flashback/config/entry.h"
#include "flashback/config/errors.h"
#include "flashback/config/input.h"
#include "flashback/config/lint.h"
#include "flashback/config/place.h"
#include "flashback/config/title.h"
#include "flashback/config/volume.h"

#define LAYERS 3

/* One load: the config that it makes, and what it finds wrong. */
struct load {
	const struct config *old; /* what is in force; NULL: nothing yet */
	struct config *config;
	struct errors_list faults;
	struct volume_layer defaults;
	int defaults_line; /* 0: none yet */
	bool
	    cut; /* one of the files was not understood to its end: nothing is said to be missing */
};

/* Nothing is wrong for libconfuse in what lint wrote, so that this has nothing to say. */
static void __attribute__((format(printf, 2, 0)))
say_nothing(cfg_t *cfg, const char *fmt, va_list args)
{
	(void)cfg;
	(void)fmt;
	(void)args;
}

/* What libconfuse is told of the file: just the names that are there, where they are, since which
 * belong there is not its business. */

/* One level: its options, its sections, which hold the next level, and an end. */
static void
fill_level(cfg_opt_t *level, const struct text_list *names, cfg_opt_t *next)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->item[i][0] == LINT_OPTION)
			level[i] = (cfg_opt_t)CFG_STR_LIST(names->item[i], NULL, CFGF_NODEFAULT);
		else
			level[i] =
			    (cfg_opt_t)CFG_SEC(names->item[i], next, CFGF_MULTI | CFGF_TITLE);
	level[names->n] = (cfg_opt_t)CFG_END();
}

/* All levels in one piece, the outermost first. */
static cfg_opt_t *
make_schema(const struct lint *lint)
{
	cfg_opt_t *schema, *level, *next = NULL;
	size_t n = 0;

	for (size_t i = 0; i <= LINT_DEPTH; i++)
		n += lint->names[i].n + 1;
	schema = calloc(n, sizeof(*schema));
	if (schema == NULL)
		return NULL;
	level = schema + n;
	for (size_t i = LINT_DEPTH + 1; i-- > 0; next = level) {
		level -= lint->names[i].n + 1;
		fill_level(level, &lint->names[i], next);
	}
	return schema;
}

/*
 * libconfuse crashes where memory ends in the middle of its work, so all that it can want, counted
 * generously, must be there beforehand: for each section the options it may have, and some dozen
 * bytes for what is said in one.
 */
static bool
has_room(const struct lint *lint)
{
	size_t options = 1, sections = 1, want;
	const char *at = lint->text;
	char *room;

	for (size_t i = 0; i <= LINT_DEPTH; i++)
		options += lint->names[i].n;
	while ((at = strstr(at, "s_")) != NULL) {
		sections++;
		at += 2;
	}
	want = 65536 + sections * options * (sizeof(cfg_opt_t) + 64) + lint->len * 16;
	room = malloc(want);
	if (room == NULL)
		return false;
	room[0] = '\0'; /* or the compiler may think that nobody needs it */
	free(room);
	return true;
}

/* Have libconfuse read what lint wrote.  Return NULL when there is no memory. */
static cfg_t *
parse(const struct lint *lint)
{
	cfg_opt_t *schema = make_schema(lint);
	cfg_t *cfg = NULL;
	FILE *f = fmemopen(lint->text, lint->len, "r");

	if (f != NULL && schema != NULL && has_room(lint)) {
		cfg = cfg_init(schema, CFGF_NONE);
		if (cfg != NULL)
			cfg_set_error_function(cfg, say_nothing);
		if (cfg != NULL && cfg_parse_fp(cfg, f) != CFG_SUCCESS) {
			cfg_free(cfg);
			cfg = NULL;
		}
	}
	free(schema);
	if (f != NULL)
		(void)fclose(f); /* which was only read */
	return cfg;
}

/* Where in the files we are, and the layers that hold there. */
struct context {
	enum place place;
	const char *file;
	const char *host, *title; /* of the section; NULL where it cannot be a name */
	int line;
	const struct volume_layer *layers[LAYERS];
};

/* Take an option of the new text apart. */
static int
read_entry(struct load *l, cfg_opt_t *opt, struct entry *e)
{
	for (unsigned i = 0; i < cfg_opt_size(opt); i++) {
		const char *value;
		int line;
		enum lint_item kind = lint_read(cfg_opt_getnstr(opt, i), &line, &value);

		if (kind == LINT_VALUE) {
			if (entry_add(e, line, value) == -1)
				return -1;
		} else if (kind == LINT_TOLD) {
			e->told = true;
		} else if (i == 0) {
			e->line = line;
			e->list = kind == LINT_LIST;
		} else {
			errors_add(&l->faults, e->file, line,
			           "%s is given a second time: first on line %d", e->name, e->line);
			return 0;
		}
	}
	return 0;
}

static void
read_option(struct load *l, cfg_opt_t *opt, const struct context *ctx, struct volume_layer *layer)
{
	struct entry e = {.file = ctx->file, .name = cfg_opt_name(opt) + 2};
	char *why = NULL;

	if (read_entry(l, opt, &e) == -1) {
		l->faults.lost = true;
	} else if (place_check_option(ctx->place, e.name, &why) == -1) {
		errors_take(&l->faults, e.file, e.line, NULL, why);
	} else if (ctx->place == PLACE_MAIN) {
		entry_to_config(&e, config_key_find(e.name), l->config, &l->faults);
	} else {
		entry_to_layer(&e, volume_key_find(e.name), layer, &l->faults);
	}
	entry_free(&e);
}

static void
read_options(struct load *l, cfg_t *sec, const struct context *ctx, struct volume_layer *layer)
{
	for (unsigned i = 0; i < cfg_num(sec); i++) {
		cfg_opt_t *opt = cfg_getnopt(sec, i);

		if (cfg_opt_name(opt)[0] == LINT_OPTION && cfg_opt_size(opt) > 0)
			read_option(l, opt, ctx, layer);
	}
}

/* No two sections of one kind may have the same name, nor names that differ only in case. */
static void
check_titles(struct load *l, cfg_opt_t *opt, const char *file)
{
	unsigned size = cfg_opt_size(opt), n = 0;
	struct title *titles = calloc(size + 1, sizeof(*titles));

	if (titles == NULL) {
		l->faults.lost = true;
		return;
	}
	for (unsigned i = 0; i < size; i++) {
		struct title *t = &titles[n];
		const char *title = cfg_title(cfg_opt_getnsec(opt, i));

		if (lint_read(title, &t->line, &t->text) == LINT_VALUE)
			n++;
	}
	title_check(titles, n, file, cfg_opt_name(opt) + 2, &l->faults);
	free(titles);
}

/* Say it of the innermost setting of key, or of the volume itself if nothing sets it. */
static void
blame(struct load *l, const struct context *ctx, enum volume_key key, char *why)
{
	struct volume_origin origin = {.file = ctx->file, .line = ctx->line};

	for (int i = 0; i < LAYERS; i++)
		if (ctx->layers[i]->setting[key].set)
			origin = ctx->layers[i]->setting[key].origin;
	errors_take(&l->faults, origin.file, origin.line, volume_key_name(key), why);
}

static bool
mentions(cfg_t *sec, enum volume_key key)
{
	for (unsigned i = 0; i < cfg_num(sec); i++) {
		cfg_opt_t *opt = cfg_getnopt(sec, i);

		if (cfg_opt_size(opt) > 0 &&
		    strcmp(cfg_opt_name(opt) + 2, volume_key_name(key)) == 0)
			return true;
	}
	return false;
}

/* Make the volume, unless what it lacks has been told already. */
static void
resolve(struct load *l, cfg_t *sec, const struct context *ctx)
{
	bool told = mentions(sec, VOLUME_SOURCE) && !ctx->layers[2]->setting[VOLUME_SOURCE].set;
	const char *data_dir = l->old != NULL ? l->old->data_dir : l->config->data_dir;
	struct volume *v;
	enum volume_key key;
	char *why;

	if (l->cut || told || ctx->host == NULL || ctx->title == NULL)
		return;
	v = volume_resolve(ctx->host, ctx->title, ctx->layers, data_dir, &why, &key);
	if (v != NULL) {
		if (config_add(l->config, v) == -1)
			l->faults.lost = true;
		return;
	}
	blame(l, ctx, key, why);
}

/* Sections hold sections, but lint_clean lets no more than LINT_DEPTH of them through. */
/* NOLINTBEGIN(misc-no-recursion) */
static void walk_sections(struct load *l, cfg_t *sec, const struct context *ctx);

/* Read defaults, which may stand there but once. */
static void
walk_defaults(struct load *l, cfg_t *sec, const struct context *ctx)
{
	if (l->defaults_line != 0) {
		errors_add(&l->faults, ctx->file, ctx->line,
		           "defaults is there a second time: first on line %d", l->defaults_line);
		return;
	}
	l->defaults_line = ctx->line;
	read_options(l, sec, ctx, &l->defaults);
	walk_sections(l, sec, ctx);
}

/* Read a host or a volume with what it holds. */
static void
walk_section(struct load *l, cfg_t *sec, struct context *ctx)
{
	bool host = ctx->place == PLACE_HOST;
	struct volume_layer layer = {0};
	char *why;

	if (ctx->title != NULL && volume_check_name(ctx->title, &why) == -1) {
		errors_take(&l->faults, ctx->file, ctx->line, NULL, why);
		ctx->title = NULL;
	}
	if (host)
		ctx->host = ctx->title;
	ctx->layers[host ? 1 : 2] = &layer;
	read_options(l, sec, ctx, &layer);
	walk_sections(l, sec, ctx);
	if (!host)
		resolve(l, sec, ctx);
	volume_layer_free(&layer);
}

static void
enter_section(struct load *l, cfg_t *sec, const char *name, const struct context *around)
{
	struct context ctx = *around;
	char *why = NULL;

	lint_read(cfg_title(sec), &ctx.line, &ctx.title);
	if (place_check_section(around->place, name, ctx.title, &ctx.place, &why) == -1)
		errors_take(&l->faults, ctx.file, ctx.line, NULL, why);
	if (ctx.place == PLACE_DEFAULTS)
		walk_defaults(l, sec, &ctx);
	else if (ctx.place != PLACES)
		walk_section(l, sec, &ctx);
}

static void
walk_sections(struct load *l, cfg_t *sec, const struct context *ctx)
{
	for (unsigned i = 0; i < cfg_num(sec); i++) {
		cfg_opt_t *opt = cfg_getnopt(sec, i);

		if (cfg_opt_name(opt)[0] != LINT_SECTION)
			continue;
		check_titles(l, opt, ctx->file);
		for (unsigned k = 0; k < cfg_opt_size(opt); k++)
			enter_section(l, cfg_opt_getnsec(opt, k), cfg_opt_name(opt) + 2, ctx);
	}
}
/* NOLINTEND(misc-no-recursion) */

/* Read the text of one file into the config. */
static void
read_text(struct load *l, const struct input *t, const char *file, enum place place)
{
	struct context ctx = {.place = place, .file = file, .layers = {&l->defaults}};
	struct lint lint;
	cfg_t *cfg;

	if (lint_clean(t->bytes, t->len, file, &l->faults, &lint) == -1) {
		l->faults.lost = true;
		return;
	}
	l->cut = l->cut || lint.cut;
	cfg = parse(&lint);
	if (cfg != NULL) {
		read_options(l, cfg, &ctx, NULL);
		walk_sections(l, cfg, &ctx);
		cfg_free(cfg);
	} else {
		l->faults.lost = true;
	}
	lint_free(&lint);
}

static void
read_main(struct load *l, const struct input *main)
{
	struct config *c = l->config;

	read_text(l, main, c->file, PLACE_MAIN);
	config_finish(c, !l->cut, &l->faults);
}

/* The file cannot be read: blame the option that named it, if one did. */
static void
blame_hosts_file(struct load *l, char *why)
{
	const struct config *c = l->config;
	const struct volume_origin *origin = &c->origin[CONFIG_HOSTS_FILE];

	if (origin->file != NULL)
		errors_take(&l->faults, c->file, origin->line, c->hosts_file, why);
	else if (!l->cut)
		errors_take(&l->faults, c->hosts_file, 0, NULL, why);
	else
		free(why); /* the option may stand in what was not understood */
}

static void
read_hosts(struct load *l, struct input *hosts)
{
	const struct config *c = l->config;
	char *why;

	if (c->hosts_file == NULL)
		return;
	if (input_read(c->hosts_file, hosts, &why) == -1)
		blame_hosts_file(l, why);
	else
		read_text(l, hosts, c->hosts_file, PLACE_HOSTS);
}

/* Are these the bytes that old was made from? */
static bool
is_unchanged(const struct config *old, const struct input *main)
{
	struct input hosts;
	char *why;
	bool same;

	if (input_read(old->hosts_file, &hosts, &why) == -1) {
		free(why);
		return false;
	}
	same = input_digest(main, &hosts) == old->digest;
	input_free(&hosts);
	return same;
}

/* Read both files.  Return 1 when they are as they were, else 0. */
static int
read_both(struct load *l)
{
	struct input main, hosts = {0};
	char *why;
	int rc = 0;

	if (input_read(l->config->file, &main, &why) == -1) {
		errors_take(&l->faults, l->config->file, 0, NULL, why);
		return 0;
	}
	if (l->old != NULL && is_unchanged(l->old, &main)) {
		rc = 1;
	} else {
		read_main(l, &main);
		read_hosts(l, &hosts);
		l->config->digest = input_digest(&main, &hosts);
	}
	input_free(&main);
	input_free(&hosts);
	return rc;
}

int
conf_load(const char *file, const struct config *old, struct config **out, struct text_list *errors)
{
	struct load l = {.old = old, .config = config_new(file)};
	int rc;

	*out = NULL;
	if (l.config == NULL) {
		text_list_addf(errors, "%s: cannot be read: %s", file, strerror(errno));
		return -1;
	}
	rc = read_both(&l);
	if (l.faults.n > 0 || l.faults.lost) {
		if (errors_report(&l.faults, l.config->file, errors) == -1)
			text_list_addf(errors, "%s: out of memory", file);
		rc = -1;
	}
	if (rc == 0) {
		*out = l.config;
		l.config = NULL;
	}
	volume_layer_free(&l.defaults);
	errors_free(&l.faults);
	config_free(l.config);
	return rc;
}

void
conf_free(struct config *c)
{
	config_free(c);
}
