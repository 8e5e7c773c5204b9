// SPDX-License-Identifier: ISC
#include "flashback/config/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <confuse.h>

#include "flashback/config/errors.h"
#include "flashback/config/input.h"
#include "flashback/config/lint.h"

/* One load: the config that it makes, and what it finds wrong. */
struct load {
	const struct config *old; /* what is in force; NULL: nothing yet */
	struct config *config;
	struct volume *defaults; /* what is around each host */
	struct errors_list errors;
	bool cut;     /* flashback.conf was not understood to its end */
	bool unknown; /* nor, for that, were the defaults */
	bool partial; /* nor was the host that is being read */
	/* of the file that is being read: */
	const char *file;
	bool hosts;       /* which of the two it is */
	bool clean;       /* lint had nothing to say */
	int end;          /* what stands on this line or after it is not looked at */
	int form_line;    /* where libconfuse stopped, or 0 */
	bool form_inside; /* a section */
	char *form_error; /* and why */
};

/* A value and its line; or, of what lint has put in, LINT_MARK and the line that it names. */
struct value {
	int line;
	char text[];
};

/* ---- what libconfuse is told, and what it calls ---- */

/* The first two options of each section: one that leads to the load, since libconfuse passes its
 * callbacks no argument, and one by which lint says where the section begins.  Nobody can write
 * their names. */
enum { OPT_LOAD, OPT_MARK, OPT_FIRST };

static const char mark_name[] = {LINT_MARK, '\0'};

static struct load *
load_of(cfg_t *cfg)
{
	return (struct load *)(void *)cfg_getnopt(cfg, OPT_LOAD)->simple_value.ptr;
}

static int
section_line(cfg_t *sec)
{
	const struct value *v = cfg_opt_getnptr(cfg_getnopt(sec, OPT_MARK), 0);

	return v != NULL ? v->line : 0;
}

/* For libconfuse: keep a value with its line, and see to it that an option is set but once. */
static int
keep_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct load *l = load_of(cfg);
	size_t size = strlen(text) + 1;
	struct value *v = malloc(sizeof(*v) + size);

	if (v == NULL) {
		l->errors.lost = true;
		return -1;
	}
	memcpy(v->text, text, size);
	v->line = text[0] == LINT_MARK ? (int)strtol(text + 1, NULL, 10) : cfg->line;
	/* The values before those of another = are gone by now; a number that is not needed
	 * otherwise keeps the line of the first. */
	if (opt->nvalues == 1 && opt->def.number != 0)
		errors_add(&l->errors, l->file, v->line,
		           "duplicate option \"%s\", first set on line %ld", cfg_opt_name(opt),
		           opt->def.number);
	else if (opt->nvalues == 1)
		opt->def.number = v->line;
	*(void **)result = v;
	return 0;
}

/* All that may stand in a section, or in a file; section NULL: no other section. */
static void
make_schema(cfg_opt_t *opts, struct load *l, unsigned place, const cfg_opt_t *section)
{
	const struct option_row *o;

	opts[OPT_LOAD] = (cfg_opt_t)CFG_PTR_CB("*", NULL, CFGF_NODEFAULT, NULL, NULL);
	opts[OPT_LOAD].simple_value.ptr = (void **)l;
	opts[OPT_MARK] =
	    (cfg_opt_t)CFG_PTR_LIST_CB(mark_name, NULL, CFGF_NODEFAULT, keep_value, free);
	opts += OPT_FIRST;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if ((o->places & place) != 0)
			*opts++ = (cfg_opt_t)CFG_PTR_LIST_CB(o->name, NULL, CFGF_NODEFAULT,
			                                     keep_value, free);
	if (section != NULL)
		*opts++ = *section;
	*opts = (cfg_opt_t)CFG_END();
}

/* For libconfuse: what stops it.  Of a text that lint has cut off the end is no error. */
static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *fmt, va_list args)
{
	struct load *l = load_of(cfg);
	const char *arg = strstr(fmt, "%s") != NULL ? va_arg(args, const char *) : "";
	cfg_t *first = cfg_opt_gettsec(cfg_getnopt(cfg, cfg_num(cfg) - 1), arg);

	if (l->form_line != 0 || (!l->clean && strcmp(fmt, "premature end of file") == 0))
		return;
	l->form_line = cfg->line;
	l->form_inside = strcmp(cfg_name(cfg), "root") != 0;
	l->form_error = errors_reword(fmt, arg, cfg_name(cfg), l->hosts, section_line(first));
}

/*
 * libconfuse crashes where memory ends in the middle of its work, so all that it can want, counted
 * generously, must be there beforehand: for each section the options it may have, with those of the
 * sections in it, and some dozen bytes for each that a value has.
 */
static bool
has_room(const struct lint *lint)
{
	size_t section = (size_t)2 * OPTION_VOLUMES * (sizeof(cfg_opt_t) + 64);
	char *room = malloc(65536 + (lint->sections + 2) * section + lint->len * 32);

	if (room == NULL)
		return false;
	room[0] = '\0'; /* or the compiler may think that nobody needs it */
	free(room);
	return true;
}

/* Have libconfuse read what lint wrote.  Return what it understood; NULL when there is no memory.
 */
static cfg_t *
parse(struct load *l, const struct lint *lint)
{
	const cfg_flag_t titled = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	cfg_opt_t file[OPTION_ALL], outer[OPTION_ALL], inner[OPTION_ALL];
	cfg_opt_t volume = CFG_SEC("volume", inner, titled);
	cfg_opt_t host = CFG_SEC("host", outer, titled);
	cfg_opt_t defaults = CFG_SEC("defaults", outer, CFGF_MULTI);
	FILE *f = fmemopen(lint->text, lint->len, "r");
	cfg_t *cfg = NULL;

	make_schema(inner, l, OPTION_VOLUME, NULL);
	make_schema(outer, l, l->hosts ? OPTION_HOST : OPTION_DEFAULTS, l->hosts ? &volume : NULL);
	make_schema(file, l, l->hosts ? 0 : OPTION_MAIN, l->hosts ? &host : &defaults);
	if (f != NULL && has_room(lint))
		cfg = cfg_init(file, CFGF_NONE);
	if (cfg != NULL) {
		cfg_set_error_function(cfg, on_error);
		if (cfg_parse_fp(cfg, f) != CFG_SUCCESS && l->form_line == 0 && l->clean) {
			l->form_line = cfg->line; /* it fails without a word, too */
			l->form_error = errors_reword("", "", "", l->hosts, 0);
		}
	}
	if (f != NULL)
		(void)fclose(f); /* which was only read */
	return cfg;
}

/* ---- what libconfuse has read ---- */

static void
read_option(struct load *l, cfg_opt_t *opt, void *base, enum option_place place)
{
	const struct option_row *o = option_find(cfg_opt_name(opt));
	const struct value *v = cfg_opt_getnptr(opt, 0);
	enum option_shape shape = option_shape(o);
	bool list = v != NULL && v->text[0] == LINT_MARK;
	int rc = 0;

	if (v == NULL || v->line >= l->end)
		return;
	option_mark(o, base, &(struct option_origin){l->file, v->line, place});
	if (shape != OPTION_SUM)
		option_clear(o, base);
	if (list && shape == OPTION_ONE)
		errors_add(&l->errors, l->file, v->line, "%s: it takes one value, without braces",
		           o->name);
	else
		for (unsigned i = list ? 1 : 0; (v = cfg_opt_getnptr(opt, i)) != NULL; i++) {
			char *why;

			if (v->line >= l->end)
				break;
			rc = list || shape != OPTION_COMMAND ? option_set(o, base, v->text, &why)
			                                     : option_split(o, base, v->text, &why);
			if (rc == -1)
				errors_take(&l->errors, l->file, v->line, o->name, why);
			/* Without one of its words, it cannot be said which is the first. */
			if (rc == -1 && shape == OPTION_COMMAND)
				break;
		}
}

static void
read_options(struct load *l, cfg_t *sec, void *base, enum option_place place)
{
	for (unsigned i = OPT_FIRST; i < cfg_num(sec); i++)
		if (cfg_getnopt(sec, i)->type == CFGT_PTR)
			read_option(l, cfg_getnopt(sec, i), base, place);
}

/* The title of a section, or NULL when it cannot be a name. */
static const char *
read_name(struct load *l, cfg_t *sec)
{
	char *why;

	if (volume_check_name(cfg_title(sec), &why) == 0)
		return cfg_title(sec);
	errors_take(&l->errors, l->file, section_line(sec), NULL, why);
	return NULL;
}

/* For qsort: by title whatever its case, then as they stand in the file. */
static int
compare_titles(const void *a, const void *b)
{
	cfg_t *x = (*(cfg_value_t *const *)a)->section, *y = (*(cfg_value_t *const *)b)->section;
	int order = strcasecmp(cfg_title(x), cfg_title(y));

	return order != 0 ? order : section_line(x) - section_line(y);
}

/* No two sections side by side may have titles that differ only in case.  Sorts them. */
static void
check_titles(struct load *l, cfg_opt_t *opt)
{
	if (cfg_opt_size(opt) > 0)
		qsort(opt->values, opt->nvalues, sizeof(cfg_value_t *), compare_titles);
	for (unsigned i = 1; i < cfg_opt_size(opt); i++) {
		cfg_t *first = cfg_opt_getnsec(opt, i - 1), *second = cfg_opt_getnsec(opt, i);

		if (strcasecmp(cfg_title(first), cfg_title(second)) == 0)
			errors_add(&l->errors, l->file, section_line(second),
			           "%s \"%s\" differs from \"%s\" on line %d only in case: some "
			           "file systems take them for one directory",
			           cfg_opt_name(opt), cfg_title(second), cfg_title(first),
			           section_line(first));
	}
}

static void
read_volume(struct load *l, cfg_t *sec, const char *host, const struct volume *around)
{
	const char *data_dir = l->old != NULL ? l->old->data_dir : l->config->data_dir;
	const char *name = read_name(l, sec), *blame = "source";
	const struct option_origin *origin, section = {l->file, section_line(sec), OPTION_VOLUME};
	struct volume *v = volume_new(around);
	char *why = NULL;

	if (v == NULL) {
		l->errors.lost = true;
		return;
	}
	read_options(l, sec, v, OPTION_VOLUME);
	origin = option_origin(option_find("source"), v);
	/* Nothing is said of what is missing because it was wrong, or was not read. */
	if (l->partial || host == NULL || name == NULL ||
	    (v->source == NULL ? origin->file != NULL : l->unknown)) {
		volume_free(v);
		return;
	}
	if (volume_finish(v, host, name, data_dir, &why, &blame) == 0) {
		if (config_add(l->config, v) == -1)
			l->errors.lost = true;
		return;
	}
	origin = option_origin(option_find(blame), v);
	if (origin->file == NULL)
		origin = &section;
	errors_take(&l->errors, origin->file, origin->line, blame, why);
	volume_free(v);
}

static void
read_host(struct load *l, cfg_t *sec)
{
	const char *name = read_name(l, sec);
	struct volume *around = volume_new(l->defaults);
	cfg_opt_t *volumes = cfg_getopt(sec, "volume");

	if (around == NULL) {
		l->errors.lost = true;
		return;
	}
	read_options(l, sec, around, OPTION_HOST);
	for (unsigned i = 0; i < cfg_opt_size(volumes); i++)
		read_volume(l, cfg_opt_getnsec(volumes, i), name, around);
	check_titles(l, volumes);
	volume_free(around);
}

/* Read the tree into the config. */
static void
read_tree(struct load *l, cfg_t *cfg)
{
	cfg_opt_t *opt = cfg_getopt(cfg, l->hosts ? "host" : "defaults");

	read_options(l, cfg, l->config, OPTION_MAIN);
	for (unsigned i = 0; i < cfg_opt_size(opt); i++) {
		cfg_t *sec = cfg_opt_getnsec(opt, i);

		l->partial = l->end < INT_MAX && i + 1 == cfg_opt_size(opt);
		if (l->hosts)
			read_host(l, sec);
		else if (i == 0)
			read_options(l, sec, l->defaults, OPTION_DEFAULTS);
		else
			errors_add(&l->errors, l->file, section_line(sec),
			           "duplicate section \"defaults\", first defined on line %d",
			           section_line(cfg_opt_getnsec(opt, 0)));
	}
	if (l->hosts)
		check_titles(l, opt);
}

/* Read the text of one file into the config.  Of what is wrong with its form only the first is
 * reported, whether lint has found it or libconfuse, which gets what stands before. */
static void
read_text(struct load *l, const struct input *t, const char *file, bool hosts)
{
	struct lint lint;
	cfg_t *cfg;

	l->file = file;
	l->hosts = hosts;
	l->form_line = 0;
	if (lint_clean(t->bytes, t->len, &lint) == -1) {
		l->errors.lost = true;
		return;
	}
	l->clean = lint.line == 0;
	cfg = parse(l, &lint);
	if (!hosts) {
		l->cut = l->form_line != 0 || !l->clean;
		l->unknown = l->cut && (!l->clean || l->form_inside || cfg == NULL ||
		                        cfg_size(cfg, "defaults") < lint.sections);
	}
	l->end = l->form_line != 0 ? l->form_line : l->clean ? INT_MAX : lint.end;
	if (l->form_line != 0) {
		errors_take(&l->errors, file, l->form_line, NULL, l->form_error);
	} else if (!l->clean) {
		errors_take(&l->errors, file, lint.line, NULL, lint.why);
		lint.why = NULL;
	}
	if (cfg != NULL) {
		read_tree(l, cfg);
		cfg_free(cfg);
	} else {
		l->errors.lost = true;
	}
	lint_free(&lint);
}

/* Read hosts.conf.  That it cannot be read is an error of the option that named it, if one did. */
static void
read_hosts(struct load *l, struct input *hosts)
{
	const struct config *c = l->config;
	const struct option_origin *origin = option_origin(option_find("hosts_file"), c);
	char *why;

	if (c->hosts_file == NULL)
		return;
	if (input_read(c->hosts_file, hosts, &why) == 0)
		read_text(l, hosts, c->hosts_file, true);
	else if (origin->file != NULL)
		errors_take(&l->errors, c->file, origin->line, c->hosts_file, why);
	else if (!l->cut)
		errors_take(&l->errors, c->hosts_file, 0, NULL, why);
	else
		free(why); /* the option may stand in what was not understood */
}

/* Read both files.  Return 1 when they are as they were, else 0. */
static int
read_both(struct load *l)
{
	struct config *c = l->config;
	struct input main, hosts = {0};
	char *why;

	if (input_read(c->file, &main, &why) == -1) {
		errors_take(&l->errors, c->file, 0, NULL, why);
		return 0;
	}
	if (l->old != NULL && input_is_same(&main, l->old->hosts_file, l->old->digest)) {
		input_free(&main);
		return 1;
	}
	read_text(l, &main, c->file, false);
	config_finish(c, !l->cut, &l->errors);
	read_hosts(l, &hosts);
	c->digest = input_digest(&main, &hosts);
	input_free(&main);
	input_free(&hosts);
	return 0;
}

int
conf_load(const char *file, const struct config *old, struct config **out, struct text_list *errors)
{
	struct load l = {.old = old, .config = config_new(file), .defaults = volume_new(NULL)};
	int rc = -1;

	*out = NULL;
	if (l.config != NULL && l.defaults != NULL)
		rc = read_both(&l);
	else
		l.errors.lost = true;
	if (l.errors.n > 0 || l.errors.lost) {
		if (errors_report(&l.errors, file, errors) == -1)
			text_list_addf(errors, "%s: out of memory", file);
		rc = -1;
	}
	if (rc == 0) {
		*out = l.config;
		l.config = NULL;
	}
	volume_free(l.defaults);
	errors_free(&l.errors);
	config_free(l.config);
	return rc;
}

void
conf_free(struct config *c)
{
	config_free(c);
}
