// SPDX-License-Identifier: ISC
#include "flashback/config/conf.h"

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

/* The state of one load: the new config, and the errors found. */
struct load {
	const struct config *old; /* the config in force; NULL: none yet */
	struct config *config;
	struct volume *defaults; /* what each host inherits */
	struct errors_list errors;
	bool cut;     /* flashback.conf was not parsed to its end */
	bool unknown; /* and therefore the defaults are incomplete */
	bool partial; /* the host being read is incomplete */
	/* of the file being read: */
	const char *file;
	bool hosts;       /* it is hosts.conf */
	bool clean;       /* lint found no error */
	int end;          /* nothing is read from this line on */
	int form_line;    /* where libconfuse stopped, or 0 */
	bool form_inside; /* a section */
	char *form_error; /* and why */
};

/* A value and its line; or, for an entry that lint inserted, LINT_MARK and the line it names. */
struct value {
	int line;
	char text[];
};

/* ---- libconfuse's schema and callbacks ---- */

/*
 * The first two options of each section: one that points to the load, since libconfuse passes no
 * argument to its callbacks, and one by which lint marks where the section begins.  No user can
 * write their names.
 */
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

/* libconfuse's callback for a value: store it with its line, and report an option that is set
 * twice. */
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
	/* libconfuse has freed the values of the first assignment by now; def.number, otherwise
	 * unused, keeps its line. */
	if (opt->nvalues == 1 && opt->def.number != 0)
		errors_add(&l->errors, l->file, v->line,
		           "duplicate option \"%s\", first set on line %ld", cfg_opt_name(opt),
		           opt->def.number);
	else if (opt->nvalues == 1)
		opt->def.number = v->line;
	*(void **)result = v;
	return 0;
}

/* Fill in the options that a section, or a file, may have; section NULL: no sections inside. */
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

/* libconfuse's callback for a syntax error: keep the first.  An unexpected end of a text that
 * lint cut short is no error. */
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
 * Test that there is enough memory: libconfuse crashes when it runs out in the middle of a parse. A
 * generous estimate: for each section the options it may have, with those of the sections inside,
 * and some dozen bytes for each option's values.
 */
static bool
has_room(const struct lint *lint)
{
	size_t section = (size_t)2 * OPTION_VOLUMES * (sizeof(cfg_opt_t) + 64);
	char *room = malloc(65536 + (lint->sections + 2) * section + lint->len * 32);

	if (room == NULL)
		return false;
	room[0] = '\0'; /* a use, so that the compiler keeps the allocation */
	free(room);
	return true;
}

/* Parse the text from lint with libconfuse.  Return what it parsed, even after a syntax error;
 * NULL when out of memory. */
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
			l->form_line = cfg->line; /* it may fail without an error message */
			l->form_error = errors_reword("", "", "", l->hosts, 0);
		}
	}
	if (f != NULL)
		(void)fclose(f); /* only read from, so no error to check */
	return cfg;
}

/* ---- from libconfuse's tree to the config ---- */

/* Set one option from its values.  Everything from l->end on is ignored: it stands behind a
 * syntax error, so it may be incomplete. */
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
			/* With one word invalid, the next would be checked as the program. */
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

/* The title of a section; NULL, with an error added, when it is not a valid name. */
static const char *
read_name(struct load *l, cfg_t *sec)
{
	char *why;

	if (volume_check_name(cfg_title(sec), &why) == 0)
		return cfg_title(sec);
	errors_take(&l->errors, l->file, section_line(sec), NULL, why);
	return NULL;
}

/* For qsort: by title ignoring case, then by line. */
static int
compare_titles(const void *a, const void *b)
{
	cfg_t *x = (*(cfg_value_t *const *)a)->section, *y = (*(cfg_value_t *const *)b)->section;
	int order = strcasecmp(cfg_title(x), cfg_title(y));

	return order != 0 ? order : section_line(x) - section_line(y);
}

/* Report neighbouring sections whose titles differ only in case.  Sorts them. */
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

/* Make a volume from its section.  An error of the volume as a whole is reported on the line of
 * the option to blame, or of the section. */
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
	/* Report nothing as missing that was invalid, or that may stand in the part that was not
	 * parsed: the user would correct the wrong line. */
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

/* Read a host's options, which its volumes inherit, and then the volumes. */
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
	if (cfg_opt_size(volumes) == 0 && name != NULL &&
	    text_list_addf(&l->config->idle, "%s (%s:%d)", name, l->file, section_line(sec)) != 0)
		l->errors.lost = true;
	for (unsigned i = 0; i < cfg_opt_size(volumes); i++)
		read_volume(l, cfg_opt_getnsec(volumes, i), name, around);
	check_titles(l, volumes);
	volume_free(around);
}

/* Read libconfuse's tree into the config.  Only the last section can be incomplete. */
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

/*
 * Read the text of one file into the config.  Only the first syntax error is reported, whether from
 * lint or from libconfuse: later ones mostly follow from it.  Invalid values before it are reported
 * as well.
 */
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

/* Read hosts.conf.  If it cannot be read, that is an error of hosts_file where that is set, on
 * its line. */
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
		free(why); /* hosts_file may be set in the part that was not parsed */
}

/* Read both files.  Return 1 when they are unchanged, else 0. */
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
	if (hosts.bytes != NULL) /* else there are errors */
		c->digest = input_digest(&main, &hosts);
	input_free(&main);
	input_free(&hosts);
	return 0;
}

/* Build a new config beside the old one, and hand it over only if it is free of errors: a reload
 * with an error must leave the running config untouched. */
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
