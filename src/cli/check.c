// SPDX-License-Identifier: ISC
#include "flashback/cli/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/config/option.h"
#include "flashback/config/value.h"
#include "flashback/jobs/leftout.h"
#include "flashback/lib/columns.h"
#include "flashback/lib/text.h"
#include "flashback/lib/units.h"
#include "flashback/rsync/transfer.h"
#include "flashback/store/result.h"
#include "flashback/store/retain.h"
#include "flashback/store/store.h"
#include "flashback/store/storewarn.h"
#include "flashback/store/unlisted.h"

#define WIDTH 15 /* the longest name of an option */

/* Print the options that are allowed at one place, each with file and line of its origin: with
 * inheritance from defaults and hosts, the value in force is hard to find otherwise. */
static void
show_options(FILE *f, enum option_place place, const void *base, const char *indent)
{
	const struct option_row *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		const struct option_origin *origin = option_origin(o, base);
		char *value;

		if ((o->places & place) == 0)
			continue;
		value = option_print(o, base);
		fprintf(f, "%s%-*s = %s", indent, WIDTH, o->name,
		        value != NULL ? value : "(out of memory)");
		if (origin->file != NULL)
			fprintf(f, "   # %s:%d\n", origin->file, origin->line);
		else /* the only default that has no notation in the config */
			fprintf(f, "   # default%s\n",
			        strcmp(o->name, "min_free") == 0 ? ", at most 10G" : "");
		free(value);
	}
}

static int
add_volume(const struct volume *v, struct text_list *cells)
{
	char every[UNITS_TEXT] = "disabled", *keeps = retain_why(&v->keep);
	int rc = -1;

	if (!v->disabled)
		units_format_duration(every, v->every);
	if (keeps != NULL)
		rc = text_list_add(cells, v->id) | text_list_add(cells, v->source) |
		     text_list_add(cells, every) | text_list_add(cells, keeps);
	free(keeps);
	return rc;
}

/* What is backed up, how often, and what is kept of it. */
static int
show_volumes(FILE *f, const struct config *c)
{
	static const char *const titles[] = {"VOLUME", "SOURCE", "EVERY", "KEEPS", NULL};
	struct text_list cells = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n; i++)
		rc = add_volume(c->volumes[i], &cells);
	if (rc == 0 && c->n > 0)
		columns_print(f, titles, &cells);
	text_list_free(&cells);
	return rc;
}

/* An absent disk is not an error here: the config can be checked without it. */
void
check_unlisted(FILE *f, const struct config *c)
{
	struct text_list found = {0};
	int fd = open(c->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return;
	unlisted_find(fd, c, &found);
	close(fd);
	if (found.n > 0)
		fprintf(f, "\n# Snapshots of volumes that are not in the config; they are never "
		           "expired:\n");
	for (size_t i = 0; i < found.n; i++)
		fprintf(f, "# %s\n", found.item[i]);
	text_list_free(&found);
}

static void
show_all_options(FILE *f, const struct config *c)
{
	if (c->n > 0)
		fputc('\n', f);
	show_options(f, OPTION_MAIN, c, "");
	for (size_t i = 0; i < c->n; i++) {
		fprintf(f, "\n%s\n", c->volumes[i]->id);
		show_options(f, OPTION_VOLUME, c->volumes[i], "    ");
	}
}

int
check_print(FILE *f, const struct config *c, bool verbose)
{
	if (show_volumes(f, c) != 0)
		return -1;
	if (verbose)
		show_all_options(f, c);
	check_unlisted(f, c);
	return fflush(f) == 0 && !ferror(f) ? 0 : -1;
}

/* Where hints go, and how many there were. */
struct hints {
	FILE *f;
	size_t n;
};

static void __attribute__((format(printf, 2, 3))) hint(struct hints *h, const char *fmt, ...)
{
	va_list args;

	h->n++;
	fputs("\n# ", h->f);
	va_start(args, fmt);
	vfprintf(h->f, fmt, args);
	va_end(args);
	fputc('\n', h->f);
}

static void
hint_words(struct hints *h, const char *words)
{
	hint(h, "%s", words != NULL ? words : strerror(ENOMEM));
}

/* Does this file exist?  One that cannot be looked at may. */
static bool
exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* Does the ssh option name a key, by -i and its whole path, that does not exist? */
static bool
lacks_key(const char *ssh)
{
	struct text_list words = {0};
	int rc = value_shell_words(ssh, &words);
	bool lacks = false;

	for (size_t i = 0; rc == 0 && i < words.n; i++) {
		const char *key = value_shell_option(&words, &i, "-i");

		lacks |= key != NULL && *key == '/' && !exists(key);
	}
	text_list_free(&words);
	return lacks;
}

/* What is most likely a mistake, and would only show when the first run fails, or never: a source
 * or key that is not there, several patterns in one string. */
static void
show_mistakes(struct hints *h, const struct volume *v)
{
	char *safe;

	if (v->transport == VOLUME_LOCAL && !v->removable && !exists(v->path))
		hint(h, "%s: its source is not there now", v->id);
	if (v->transport == VOLUME_SHELL && lacks_key(v->ssh))
		hint(h, "%s: the key that ssh -i names is not there", v->id);
	for (size_t i = 0; i < v->exclude.n; i++) {
		if (strstr(v->exclude.item[i], ", ") == NULL)
			continue;
		safe = value_print_text(v->exclude.item[i]);
		hint(h,
		     "%s: exclude = %s is one pattern; several are a list, "
		     "{ \"a\", \"b\" }",
		     v->id, safe != NULL ? safe : "...");
		free(safe);
	}
}

/* Volumes whose restore leads nobody knows where.  One that is restored wrongly overwrites, or
 * with --delete removes, what is not its own. */
static void
show_restore_hints(struct hints *h, const struct config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct volume *v = c->volumes[i];

		if (v->restore_to == NULL)
			hint(h,
			     "%s: the source is / of %s, which is the root of that host, or "
			     "the directory that its key is restricted to (rrsync): say where a "
			     "restore goes, such as restore_to = \"root@%s:/home/\"",
			     v->id, v->remote_host, v->remote_host);
	}
}

/* File systems below local sources: what one does not know to be left out is missed on the worst
 * day. */
static void
show_left_out(struct hints *h, const struct config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct text_list list = {0};

		if (leftout_list(c->volumes[i], c->data_dir, &list) == -1)
			hint_words(h, NULL);
		else if (list.n > 0)
			hint(h,
			     "%s: left out, as each is a file system of its own (give it a "
			     "volume, exclude it, or set one_file_system = no):",
			     c->volumes[i]->id);
		for (size_t k = 0; k < list.n; k++)
			fprintf(h->f, "#     %s\n", list.item[k]);
		text_list_free(&list);
	}
}

/* Whoever asks for a backup each six hours may believe that the day's four all stay. */
static void
hint_retention(struct hints *h, const struct volume *v)
{
	const char *period = NULL;
	unsigned needed = retain_last_needed(&v->keep, v->every, &period);
	char every[UNITS_TEXT];

	if (needed == 0 || v->disabled)
		return;
	hint(h,
	     "%s: every is %s, and the shortest period that a keep_ option keeps is a%s %s: of "
	     "the snapshots of one %s only the newest stays, besides the last %u; keep_last = %u "
	     "keeps all of them",
	     v->id, units_format_duration(every, v->every), period[0] == 'h' ? "n" : "", period,
	     period, v->keep.last, needed);
}

static void
show_hints(struct hints *h, const struct config *c)
{
	struct version version;
	struct store store;
	char *words, why[RESULT_TEXT];

	if (c->n == 0)
		hint(h, "%s lists no volumes: nothing will be backed up", c->hosts_file);
	for (size_t i = 0; i < c->n; i++)
		hint_retention(h, c->volumes[i]);
	if (store_open(c->data_dir, &store, &words) != 0) {
		hint_words(h, words);
	} else {
		words = storewarn_text(c->data_dir, &store);
		if (words != NULL)
			hint_words(h, words);
		store_close(&store);
	}
	free(words);
	for (size_t i = 0; i < c->idle.n; i++)
		hint(h, "host %s has no volumes: nothing of it is backed up", c->idle.item[i]);
	for (size_t i = 0; i < c->n; i++)
		show_mistakes(h, c->volumes[i]);
	show_restore_hints(h, c);
	show_left_out(h, c);
	if (transfer_version(c->rsync, &version, why, sizeof(why)) != 0)
		hint_words(h, why);
	else if (version_risk(&version) != NULL)
		hint_words(h, version_risk(&version));
}

/* The number of hosts, those without volumes included.  The volumes of a host follow each other. */
static size_t
count_hosts(const struct config *c)
{
	size_t n = c->idle.n;

	for (size_t i = 0; i < c->n; i++)
		n += i == 0 || strcmp(c->volumes[i]->host, c->volumes[i - 1]->host) != 0;
	return n;
}

static void
show_verdict(FILE *f, const struct config *c, size_t hints)
{
	size_t hosts = count_hosts(c);

	fprintf(f, "\n%zu host%s, %zu volume%s, no errors", hosts, hosts == 1 ? "" : "s", c->n,
	        c->n == 1 ? "" : "s");
	if (hints > 0)
		fprintf(f, ", %zu hint%s above", hints, hints == 1 ? "" : "s");
	fputc('\n', f);
}

/* Problems that are not errors in the config, and so do not change the exit status: an empty list,
 * no store, no rsync.  A verdict without their number would claim that all is well. */
int
check_hints(FILE *f, const struct config *c)
{
	struct hints h = {.f = f};

	show_hints(&h, c);
	show_verdict(f, c, h.n);
	return fflush(f) == 0 && !ferror(f) ? 0 : -1;
}
