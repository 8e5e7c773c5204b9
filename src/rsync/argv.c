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
 * The `ssh` option with BatchMode and time-outs appended: without them ssh could wait for a
 * password or a dead host for ever.  ssh uses the first value given, so the user's own options take
 * precedence.
 */
static char *
format_shell(const struct volume *volume)
{
	int64_t interval = volume->io_timeout / 10;

	if (interval > ALIVE_INTERVAL_MAX)
		interval = ALIVE_INTERVAL_MAX;
	if (interval < 1)
		interval = 1;
	return text_format(
	    "%s -o BatchMode=yes -o ConnectTimeout=%d -o ServerAliveInterval=%" PRId64
	    " -o ServerAliveCountMax=%" PRId64,
	    volume->ssh, CONNECT_TIMEOUT, interval,
	    volume->io_timeout > interval ? volume->io_timeout / interval : 1);
}

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

static int
add_shell(const struct volume *volume, struct text_list *argv)
{
	char *shell;
	int error;

	if (volume->transport != VOLUME_SHELL)
		return 0;
	shell = format_shell(volume);
	if (shell == NULL)
		return -1;
	error = text_list_add(argv, "-e") != 0 || text_list_add(argv, shell) != 0;
	free(shell);
	return error ? -1 : 0;
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
static int
add_attributes(const struct argv_job *job, const char *sides, const char *name,
               struct text_list *argv)
{
	if (name == NULL || *name == '\0' ||
	    text_list_has(&job->volume->rsync_options, "--no-xattrs"))
		return 0;
	if (text_list_addf(argv, "--filter=-x%s system.*", sides) != 0)
		return -1;
	while (*name != '\0') {
		int len = (int)strcspn(name, " ");

		if (len > 0 && text_list_addf(argv, "--filter=-x%s %.*s", sides, len, name) != 0)
			return -1;
		name += len + (name[len] == ' ');
	}
	return 0;
}

/*
 * Leave alone the attributes that the disk adds by itself or refuses; see addedattr.h.  Those that
 * it adds on both sides: a source may be on such a disk, too; and both are named, because
 * --delete-excluded would make it the sender.  Those that it refuses by a rule of the receiver,
 * which is not sent to a host: its rsync need not know such rules.  Here the sender has the
 * receiver's arguments, and without a rule of its own it would send system.* too.
 */
static int
add_xattr_rules(const struct argv_job *job, struct text_list *argv)
{
	const char *sides = job->volume->transport == VOLUME_LOCAL ? "sr" : "r";

	return add_attributes(job, "sr", job->added, argv) != 0 ||
	               add_attributes(job, sides, job->refused, argv) != 0
	           ? -1
	           : 0;
}

static int
add_all(struct text_list *argv, const char *const options[])
{
	for (size_t i = 0; options[i] != NULL; i++)
		if (text_list_add(argv, options[i]) != 0)
			return -1;
	return 0;
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

static int
add_apart(const struct argv_job *job, struct text_list *argv)
{
	static const char *const options[] = {"-s", "-e", "/usr/bin/env", "--whole-file", NULL};

	if (!is_apart(job))
		return 0;
	return add_all(argv, options) != 0 ||
	               text_list_addf(argv, "--rsync-path=%s", job->program) != 0
	           ? -1
	           : 0;
}

/* Options of every copy and scan.  A sender that compares by checksum is silent for long, so it
 * gets no --timeout, which would abort it. */
static int
add_manner(const struct argv_job *job, struct text_list *argv)
{
	const struct volume *v = job->volume;
	const char *const options[] = {
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

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i] != NULL && text_list_add(argv, options[i]) != 0)
			return -1;
	if (add_xattr_rules(job, argv) != 0 || add_apart(job, argv) != 0)
		return -1;
	if (job->source != NULL && text_list_addf(argv, "--contimeout=%d", CONNECT_TIMEOUT) != 0)
		return -1;
	if (!compares_contents(v, job->checksum) &&
	    text_list_addf(argv, "--timeout=%" PRId64, v->io_timeout) != 0)
		return -1;
	return add_shell(v, argv);
}

/*
 * The bases.  With --confine-root rsync opens every directory from / down to each old file, several
 * times a file; a path through the target and ".." would add two more each time.  Without it the
 * relative path is used.
 */
static int
add_bases(const struct argv_job *job, struct text_list *argv)
{
	bool is_confined = job->version.confine_root && job->root != NULL;
	const char *directory = is_confined ? job->root : "..";

	if (is_confined && text_list_addf(argv, "--confine-root=%s", job->root) != 0)
		return -1;
	for (size_t i = 0; i < LINKDEST_MAX && job->base[i] != NULL; i++)
		if (text_list_addf(argv, "--link-dest=%s/%s", directory, job->base[i]) != 0)
			return -1;
	return 0;
}

static int
add_filters(const struct argv_job *job, struct text_list *argv)
{
	const struct text_list *exclude = &job->volume->exclude;

	for (size_t i = 0; i < exclude->n; i++)
		if (text_list_addf(argv, "--exclude=%s", exclude->item[i]) != 0)
			return -1;
	return text_list_append(argv, &job->volume->rsync_options);
}

static int
add_ends(const struct argv_job *job, struct text_list *argv)
{
	const char *source = job->source != NULL ? job->source : job->volume->source;

	if (text_list_add(argv, "--") != 0 ||
	    text_list_addf(argv, "%s%s", is_apart(job) ? APART ":" : "", source) != 0)
		return -1;
	return text_list_addf(argv, "%s/", job->target);
}

/* The order matters: filters in rsync_options come after the excludes, and after the options
 * that flashback needs. */
int
argv_rsync(const struct argv_job *job, struct text_list *argv)
{
	if (text_list_add(argv, job->program) != 0 || add_manner(job, argv) != 0 ||
	    text_list_add(argv, "--out-format=" SCAN_FORMAT) != 0 || add_bases(job, argv) != 0 ||
	    add_filters(job, argv) != 0)
		return -1;
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
	static const char *const options[] = {
	    "-n", "--delete", "--delete-excluded", "--ignore-errors", "--out-format=" SCAN_FORMAT,
	    NULL};

	if (text_list_add(argv, job->program) != 0 || add_manner(job, argv) != 0 ||
	    add_all(argv, options) != 0 || add_filters(job, argv) != 0)
		return -1;
	return add_ends(job, argv);
}

/* The arguments for the names on a list, with these options. */
static int
add_listed(const struct argv_job *job, const char *const options[], struct text_list *argv)
{
	static const char *const list[] = {"--from0", "--ignore-missing-args", NULL};

	if (text_list_add(argv, job->program) != 0 || add_manner(job, argv) != 0)
		return -1;
	if (job->volume->transport != VOLUME_LOCAL && add_bases(job, argv) != 0)
		return -1;
	if (text_list_addf(argv, "--files-from=%s", job->list) != 0 || add_all(argv, list) != 0 ||
	    add_all(argv, options) != 0 || add_filters(job, argv) != 0)
		return -1;
	return add_ends(job, argv);
}

int
argv_copy(const struct argv_job *job, struct text_list *argv)
{
	static const char *const options[] = {NULL};

	return add_listed(job, options, argv);
}

int
argv_recheck(const struct argv_job *job, struct text_list *argv)
{
	static const char *const options[] = {"-n", "--out-format=" SCAN_FORMAT, NULL};

	return add_listed(job, options, argv);
}

int
argv_top(const struct argv_job *job, struct text_list *argv)
{
	static const char *const options[] = {"--no-r", "--dirs", "--exclude=*", NULL};

	if (text_list_add(argv, job->program) != 0 || add_manner(job, argv) != 0 ||
	    add_all(argv, options) != 0 || text_list_append(argv, &job->volume->rsync_options) != 0)
		return -1;
	return add_ends(job, argv);
}

/* Only options that rsync needs to reach the source: a filter could hide its contents, and the
 * source would look empty. */
int
argv_list(const struct volume *volume, const char *program, const struct version *version,
          struct text_list *argv)
{
	const struct text_list *options = &volume->rsync_options;

	if (text_list_add(argv, program) != 0 || text_list_add(argv, "--list-only") != 0 ||
	    text_list_add(argv, "--dirs") != 0 ||
	    (needs_secluded(volume, version) && text_list_add(argv, "-s") != 0) ||
	    text_list_add(argv, "--no-h") != 0 || text_list_add(argv, "--stats") != 0 ||
	    text_list_addf(argv, "--timeout=%" PRId64, volume->io_timeout) != 0 ||
	    add_shell(volume, argv) != 0)
		return -1;
	for (size_t i = 0; i < options->n; i++)
		if (rsyncopt_has(options->item[i], RSYNCOPT_REACH) &&
		    text_list_add(argv, options->item[i]) != 0)
			return -1;
	if (text_list_add(argv, "--") != 0 || text_list_add(argv, volume->source) != 0)
		return -1;
	return 0;
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
