// SPDX-License-Identifier: ISC
#include "flashback/rsync/argv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/config/rsyncopt.h"
#include "flashback/rsync/scan.h"

/* A reachable host answers within this time (seconds). */
#define CONNECT_TIMEOUT 20
/* The longest interval between keepalive messages of ssh (seconds). */
#define ALIVE_INTERVAL_MAX 60

/* Characters that no shell interprets. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"

/*
 * Must the path be sent in the protocol (-s) rather than on the remote command line?  rsync 3.5.0
 * escapes it for the remote shell (all but some backslashes), older versions not always.  Only
 * where needed: rrsync on the host refuses -s.
 */
static bool
needs_secluded(const struct volume *v, const struct version *version)
{
	if (v->transport != VOLUME_SHELL || text_list_has(&v->rsync_options, "--old-args"))
		return false;
	if (version->confine_root)
		return strchr(v->path, '\\') != NULL;
	return v->path[strspn(v->path, PLAIN)] != '\0';
}

/*
 * The `ssh` option with BatchMode and time-outs appended: without them ssh could wait for a
 * password or a dead host for ever.  ssh uses the first value given, so the user's own options take
 * precedence.
 */
static void
add_shell(const struct volume *volume, struct text_list *argv)
{
	int64_t interval = volume->io_timeout / 10;

	if (volume->transport != VOLUME_SHELL)
		return;
	if (interval > ALIVE_INTERVAL_MAX)
		interval = ALIVE_INTERVAL_MAX;
	if (interval < 1)
		interval = 1;
	text_list_add(argv, "-e");
	text_list_addf(argv,
	               "%s -o BatchMode=yes -o ConnectTimeout=%d -o ServerAliveInterval=%" PRId64
	               " -o ServerAliveCountMax=%" PRId64,
	               volume->ssh, CONNECT_TIMEOUT, interval,
	               volume->io_timeout > interval ? volume->io_timeout / interval : 1);
}

/* Does the sender read each file in full before it sends anything about it? */
static bool
compares_contents(const struct volume *v, bool checksum)
{
	return checksum || text_list_has(&v->rsync_options, "-c") ||
	       text_list_has(&v->rsync_options, "--checksum");
}

int64_t
argv_patience(const struct volume *volume, bool checksum)
{
	bool is_unseen = volume->transport != VOLUME_LOCAL && compares_contents(volume, checksum);

	/* Reads on the host are not visible here, and names are sent in batches of some
	 * hundreds, so silence is longer. */
	return volume->io_timeout * (is_unseen ? 24 : 3);
}

/* Filter rules for these attributes, separated by blanks.  A rule for attributes replaces rsync's
 * own, which leaves out system.* (the ACLs). */
static void
add_attributes(const struct argv_job *job, const char *sides, const char *name,
               struct text_list *argv)
{
	if (name == NULL || *name == '\0' ||
	    text_list_has(&job->volume->rsync_options, "--no-xattrs"))
		return;
	text_list_addf(argv, "--filter=-x%s system.*", sides);
	while (*name != '\0') {
		int len = (int)strcspn(name, " ");

		if (len > 0)
			text_list_addf(argv, "--filter=-x%s %.*s", sides, len, name);
		name += len + (name[len] == ' ');
	}
}

/*
 * Leave alone the attributes that the disk adds by itself or refuses; see traits.c.  Those that
 * it adds on both sides: a source may be on such a disk, too; and both are named, because
 * --delete-excluded would make it the sender.  Those that it refuses by a rule of the receiver,
 * which is not sent to a host: its rsync need not know such rules.  Here the sender has the
 * receiver's arguments, and without a rule of its own it would send system.* too.
 */
static void
add_xattr_rules(const struct argv_job *job, struct text_list *argv)
{
	add_attributes(job, "sr", job->added, argv);
	add_attributes(job, job->volume->transport == VOLUME_LOCAL ? "sr" : "r", job->refused,
	               argv);
}

/*
 * In a local copy --confine-root holds for the sender, too, which then skips the files that a rule
 * merges (`: .rsync-filter') without a word.  So the sender is started as if it were on another
 * host: env(1) in the place of ssh takes the host's name for a variable.  -s, since no shell takes
 * the arguments apart; whole files, as in any local copy.
 */
#define APART "apart=sender"

static bool
is_apart(const struct argv_job *job)
{
	static const char rule[] = "--filter=";
	const struct text_list *options = &job->volume->rsync_options;

	if (job->volume->transport != VOLUME_LOCAL || !job->version.confine_root)
		return false;
	for (size_t i = 0; i < options->n; i++)
		/* merge, dir-merge */
		if (strncmp(options->item[i], rule, sizeof(rule) - 1) == 0 &&
		    strchr(".:md", options->item[i][sizeof(rule) - 1]) != NULL)
			return true;
	return false;
}

/* The program, and the options of every copy and scan.  A sender that compares by checksum is
 * silent for long, so it gets no --timeout, which would abort it. */
static void
add_manner(const struct argv_job *job, struct text_list *argv)
{
	const struct volume *v = job->volume;
	const char *const words[] = {
	    job->program,
	    "-aHAX",
	    "--sparse",
	    "--numeric-ids",
	    v->one_file_system ? "-x" : NULL,
	    needs_secluded(v, &job->version) ? "-s" : NULL,
	    "--partial",
	    job->whole_seconds ? NULL : "--modify-window=-1",
	    job->checksum ? "--checksum" : NULL,
	    job->unlinked ? "--no-hard-links" : NULL,
	    "--no-h",
	    "--stats",
	    "--info=progress2",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i] != NULL)
			text_list_add(argv, words[i]);
	add_xattr_rules(job, argv);
	if (is_apart(job)) {
		text_list_split(argv, "-s -e /usr/bin/env --whole-file");
		text_list_addf(argv, "--rsync-path=%s", job->program);
	}
	if (job->source != NULL)
		text_list_addf(argv, "--contimeout=%d", CONNECT_TIMEOUT);
	if (!compares_contents(v, job->checksum))
		text_list_addf(argv, "--timeout=%" PRId64, v->io_timeout);
	add_shell(v, argv);
}

/*
 * The bases.  With --confine-root rsync opens every directory from / down to each old file, several
 * times a file; a path through the target and ".." would add two more each time.  Without it the
 * relative path is used.
 */
static void
add_bases(const struct argv_job *job, struct text_list *argv)
{
	bool is_confined = job->version.confine_root && job->root != NULL;
	const char *directory = is_confined ? job->root : "..";

	if (is_confined)
		text_list_addf(argv, "--confine-root=%s", job->root);
	for (size_t i = 0; i < ARGV_BASES && job->base[i] != NULL; i++)
		text_list_addf(argv, "--link-dest=%s/%s", directory, job->base[i]);
}

static void
add_filters(const struct argv_job *job, struct text_list *argv)
{
	const struct text_list *exclude = &job->volume->exclude;

	for (size_t i = 0; i < exclude->n; i++)
		text_list_addf(argv, "--exclude=%s", exclude->item[i]);
	text_list_append(argv, &job->volume->rsync_options);
}

/* The last words.  Return -1 if there was no memory for any before them. */
static int
add_ends(const struct argv_job *job, struct text_list *argv)
{
	const char *source = job->source != NULL ? job->source : job->volume->source;

	text_list_add(argv, "--");
	text_list_addf(argv, "%s%s", is_apart(job) ? APART ":" : "", source);
	text_list_addf(argv, "%s/", job->target);
	return argv->lost ? -1 : 0;
}

static const char *
format_of(const struct argv_job *job)
{
	return job->dates ? "--out-format=" SCAN_FORMAT_DATES : "--out-format=" SCAN_FORMAT;
}

/* The order matters: filters in rsync_options come after the excludes, and after the options
 * that flashback needs. */
int
argv_rsync(const struct argv_job *job, struct text_list *argv)
{
	add_manner(job, argv);
	text_list_add(argv, format_of(job));
	add_bases(job, argv);
	add_filters(job, argv);
	return add_ends(job, argv);
}

/*
 * --delete-excluded removes from the spare what has been excluded since.  --ignore-errors: an
 * unreadable directory would be missing from a fresh tree, too, so its deletion must not be
 * suppressed.
 */
int
argv_scan(const struct argv_job *job, struct text_list *argv)
{
	add_manner(job, argv);
	text_list_split(argv, "-n --delete --delete-excluded --ignore-errors");
	text_list_add(argv, format_of(job));
	add_filters(job, argv);
	return add_ends(job, argv);
}

/* The beginning of the arguments for the names on a list. */
static void
add_listed(const struct argv_job *job, struct text_list *argv)
{
	add_manner(job, argv);
	if (job->volume->transport != VOLUME_LOCAL)
		add_bases(job, argv);
	text_list_addf(argv, "--files-from=%s", job->list);
	text_list_split(argv, "--from0 --ignore-missing-args");
}

int
argv_copy(const struct argv_job *job, struct text_list *argv)
{
	add_listed(job, argv);
	add_filters(job, argv);
	return add_ends(job, argv);
}

int
argv_recheck(const struct argv_job *job, struct text_list *argv)
{
	add_listed(job, argv);
	text_list_add(argv, "-n");
	text_list_add(argv, "--out-format=" SCAN_FORMAT);
	add_filters(job, argv);
	return add_ends(job, argv);
}

int
argv_top(const struct argv_job *job, struct text_list *argv)
{
	add_manner(job, argv);
	text_list_split(argv, "--no-r --dirs --exclude=*");
	text_list_append(argv, &job->volume->rsync_options);
	return add_ends(job, argv);
}

/* Only options that rsync needs to reach the source: a filter could hide its contents, and the
 * source would look empty. */
int
argv_list(const struct volume *volume, const char *program, const struct version *version,
          struct text_list *argv)
{
	const struct text_list *options = &volume->rsync_options;

	text_list_add(argv, program);
	text_list_split(argv, "--list-only --dirs");
	if (needs_secluded(volume, version))
		text_list_add(argv, "-s");
	text_list_split(argv, "--no-h --stats");
	text_list_addf(argv, "--timeout=%" PRId64, volume->io_timeout);
	add_shell(volume, argv);
	for (size_t i = 0; i < options->n; i++)
		if (rsyncopt_has(options->item[i], RSYNCOPT_REACH))
			text_list_add(argv, options->item[i]);
	text_list_add(argv, "--");
	text_list_add(argv, volume->source);
	return argv->lost ? -1 : 0;
}

/*
 * Print a word with control characters (or others that a terminal must not receive) as octal
 * escapes for printf(1).  A command substitution drops trailing newlines, so these follow in
 * quotes.
 */
static void
print_octal(FILE *f, const char *word)
{
	size_t length = strlen(word);

	while (length > 0 && word[length - 1] == '\n')
		length--;
	fputs("\"$(printf '", f);
	for (size_t i = 0; i < length; i++) {
		if (word[i] != '-' && strchr(PLAIN, word[i]) != NULL && word[i] != '%')
			fputc(word[i], f);
		else
			fprintf(f, "\\%03o", (unsigned)(unsigned char)word[i]);
	}
	fputs("')\"", f);
	if (word[length] != '\0')
		fprintf(f, "'%s'", word + length);
}

static void
print_quoted(FILE *f, const char *word)
{
	fputc('\'', f);
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			fputs("'\\''", f);
		else
			fputc(*word, f);
	}
	fputc('\'', f);
}

static bool
is_printable(const char *word)
{
	size_t length = strlen(word);
	char *escaped = malloc(length + 1);
	bool same;

	if (escaped == NULL)
		return false;
	same = strcmp(text_escape(escaped, length + 1, word, length), word) == 0;
	free(escaped);
	return same;
}

/* Each word in the most readable form that a shell reads back exactly. */
void
argv_print(FILE *f, const struct text_list *argv)
{
	for (size_t i = 0; i < argv->n; i++) {
		const char *word = argv->item[i];

		if (i > 0)
			fputc(' ', f);
		if (*word != '\0' && word[strspn(word, PLAIN)] == '\0')
			fputs(word, f);
		else if (is_printable(word))
			print_quoted(f, word);
		else
			print_octal(f, word);
	}
}
