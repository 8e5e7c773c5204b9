// SPDX-License-Identifier: ISC
/*
 * Both config files as they lie on the disk, with our checks and libconfuse behind them.  What
 * stands before a line of two percent signs is flashback.conf, what follows is hosts.conf; without
 * such a line it is all hosts.conf.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#include "flashback/config/conf.h"
#include "flashback/config/option.h"

#define MIDDLE "\n%%\n"
#define GOOD_MAIN "data_dir = \"/nowhere/backup\"\n"

struct files {
	char *dir, *main, *hosts;
};

/* They stay until whoever started us removes TMPDIR: a fuzzer ends without a word. */
static void
make_files(struct files *files)
{
	const char *tmp = getenv("TMPDIR");

	files->dir = text_format("%s/fuzz.XXXXXX", tmp != NULL ? tmp : "/tmp");
	HOLDS(files->dir != NULL && mkdtemp(files->dir) != NULL);
	files->main = text_format("%s/flashback.conf", files->dir);
	files->hosts = text_format("%s/hosts.conf", files->dir);
	HOLDS(files->main != NULL && files->hosts != NULL);
}

static void
write_file(const char *path, const void *text, size_t len)
{
	FILE *f = fopen(path, "w");

	HOLDS(f != NULL);
	HOLDS(fwrite(text, 1, len, f) == len);
	HOLDS(fclose(f) == 0 && chmod(path, 0600) == 0);
}

static void
check_errors(const struct text_list *errors)
{
	HOLDS(errors->n > 0);
	for (size_t i = 0; i < errors->n; i++) {
		HOLDS(fuzz_is_printable(errors->item[i]));
		HOLDS(errors->item[i][0] == '/' && strstr(errors->item[i], ": ") != NULL);
	}
}

/* Every option can be shown. */
static void
check_options(enum option_place place, const void *base)
{
	const struct option_row *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		char *text;

		if ((o->places & place) == 0)
			continue;
		text = option_print(o, base);
		HOLDS(text != NULL && fuzz_is_printable(text));
		free(text);
	}
}

/* A volume that was accepted has a good name. */
static void
check_volume(const struct volume *v)
{
	char *why = NULL;

	HOLDS(volume_check_name(v->host, &why) == 0 && volume_check_name(v->name, &why) == 0);
	HOLDS(v->source[0] != '-' && v->source[strlen(v->source) - 1] == '/');
	HOLDS(v->every > 0 && v->io_timeout > 0 && v->overdue > 0);
	HOLDS(volume_keeps_any(&v->keep));
	check_options(OPTION_VOLUME, v);
	for (int minute = 0; minute < 1440; minute += 97)
		HOLDS(volume_window_next(v, minute) >= 0);
}

static void
check_config(const struct files *files, const struct config *c)
{
	struct text_list errors = {0};
	struct config *again = NULL;

	HOLDS(c->data_dir[0] == '/' && c->parallel > 0 && c->wake > 0 && c->time_slice > 0);
	check_options(OPTION_MAIN, c);
	for (size_t i = 0; i < c->n; i++)
		check_volume(c->volumes[i]);
	HOLDS(conf_load(files->main, c, &again, &errors) == 1);
	HOLDS(again == NULL && errors.n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct files files;
	const uint8_t *middle = memmem(data, size, MIDDLE, sizeof(MIDDLE) - 1);
	const uint8_t *hosts = data;
	struct text_list errors = {0};
	struct config *config = NULL;
	int rc;

	if (files.dir == NULL)
		make_files(&files);
	if (middle != NULL) {
		write_file(files.main, data, (size_t)(middle + 1 - data));
		hosts = middle + sizeof(MIDDLE) - 1;
	} else {
		write_file(files.main, GOOD_MAIN, sizeof(GOOD_MAIN) - 1);
	}
	write_file(files.hosts, hosts, (size_t)(data + size - hosts));
	rc = conf_load(files.main, NULL, &config, &errors);
	HOLDS(rc == 0 || rc == -1);
	HOLDS((rc == 0) == (config != NULL));
	if (rc == 0)
		check_config(&files, config);
	else
		check_errors(&errors);
	conf_free(config);
	text_list_free(&errors);
	return 0;
}
