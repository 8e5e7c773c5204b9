// SPDX-License-Identifier: ISC
#include "flashback/report/restore.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/config/rsyncopt.h"
#include "flashback/config/source.h"
#include "flashback/config/value.h"
#include "flashback/lib/text.h"
#include "flashback/rsync/argv.h"

/* What the examples restore if no file of the snapshot will do. */
#define EXAMPLE_FILE "Documents/letter.odt"

/* The bytes of the files that have no other names than those that find(1) meets. */
#define ONLY_HERE                                                                                  \
	"-printf '%%i %%n %%b\\n' | awk '++seen[$1] == $2 { n += $3 } END { printf \"%%.0f\\n\", " \
	"n * 512 }'"

#define EXAMPLE_STAMP "YYYY-MM-DDThhmmss+zzzz"

/* Where the examples put files that shall not overwrite the source: below the current directory. */
#define ASIDE "./restored/"

/* What is to be restored. */
enum piece { ONE_FILE, ONE_DIRECTORY, EVERYTHING, PIECES };

static const char *const titles[PIECES] = {"One file", "One directory", "Everything"};

/* Where it is restored to: the source, or another directory. */
enum destination { BACK, TO_ASIDE };

/* What is being written, and about which volume. */
struct text {
	FILE *f;
	const struct volume *volume;
	const char *dir, *rsync;
	const char *latest; /* the name of the newest snapshot, or of the link to it */
	const char *file;   /* that the examples restore */
	int directory;      /* how much of that is its directory; 0: it has none */
	struct source back; /* where BACK leads */
	bool unknown;       /* that is not known: the commands end in a placeholder */
	bool own;           /* it is the source */
	char *ssh;          /* the remote shell to it, without a key that may only read */
	bool failed;        /* there was no memory for a command */
};

/* Where a restore goes.  A key that is restricted to reading is the usual reason for that to be
 * another place than the source, so it does not get into the commands then. */
static int
find_back(struct text *t)
{
	const struct volume *v = t->volume;
	const char *to = v->restore_to != NULL ? v->restore_to : v->source;
	char *why = NULL;
	int rc = source_parse(to, &t->back, &why);

	free(why);
	t->unknown = v->restore_to == NULL;
	t->own = !t->unknown && strcmp(to, v->source) == 0;
	t->ssh = t->own ? strdup(v->ssh) : value_shell_keyless(v->ssh);
	return rc == 0 && t->ssh != NULL ? 0 : -1;
}

/* Must rsync keep the remote shell from expanding the path (-s)?  An rsync older than 3.2.4 does
 * not escape it by itself. */
static bool
needs_secluded(const struct volume *v, const struct source *back)
{
	return back->transport == VOLUME_SHELL && !text_list_has(&v->rsync_options, "--old-args") &&
	       strpbrk(back->path, " \\'\"$`&;|<>()*?[]{}!#~") != NULL;
}

/* Add the options of the backup that the restore needs.  Those that reach the source are of no use
 * for a target that is reached in another way. */
static void
add_options(const struct text *t, bool local, struct text_list *argv)
{
	const struct volume *v = t->volume;
	unsigned uses = RSYNCOPT_RESTORE;

	if (!local && t->back.transport == v->transport)
		uses |= RSYNCOPT_SEND;
	for (size_t i = 0; i < v->rsync_options.n; i++) {
		const char *option = v->rsync_options.item[i];

		if (!rsyncopt_has(option, uses))
			continue;
		text_list_add(argv, option);
		/* In a local copy --fake-super applies to both sides; the target gets real owners.
		 */
		if (local && strcmp(option, "--fake-super") == 0)
			text_list_add(argv, "-M--super");
	}
}

/* Add the options that tell how to reach the host by this remote shell. */
static void
add_reach(const struct volume *v, const struct source *host, const char *ssh,
          struct text_list *argv)
{
	if (needs_secluded(v, host))
		text_list_add(argv, "-s");
	if (host->transport != VOLUME_SHELL || strcmp(ssh, "ssh") == 0)
		return;
	text_list_add(argv, "-e");
	text_list_add(argv, ssh);
}

/* Begin a command, to t->back or to a directory of this machine: the program and its options. */
static void
add_program(const struct text *t, bool relative, bool local, bool dry, struct text_list *argv)
{
	text_list_add(argv, t->rsync);
	if (dry)
		text_list_add(argv, "-n");
	/* --modify-window=-1: nanoseconds, else a file changed twice in one second stays. */
	text_list_split(argv, "-v -aHAX --sparse --numeric-ids --modify-window=-1");
	if (relative)
		text_list_add(argv, "-R");
	local = local || t->back.transport == VOLUME_LOCAL;
	if (!local)
		add_reach(t->volume, &t->back, t->ssh, argv);
	add_options(t, local, argv);
}

/* Build one command.  Restoring to the source uses the same transport as the backup; restoring
 * aside, or a local volume, is a local copy. */
static void
add_words(const struct text *t, enum piece piece, enum destination target, bool dry,
          struct text_list *argv)
{
	int length[PIECES] = {[ONE_FILE] = (int)strlen(t->file), [ONE_DIRECTORY] = t->directory};

	add_program(t, piece != EVERYTHING, target == TO_ASIDE, dry, argv);
	/* With -R the part after "/./" is created below the target, parent directories included. */
	text_list_addf(argv, "%s/%s/%s%.*s", t->dir, t->latest, piece == EVERYTHING ? "" : "./",
	               length[piece], t->file);
	if (target == TO_ASIDE || !t->unknown)
		text_list_add(argv, target == TO_ASIDE ? ASIDE : t->back.text);
}

/* In the place of an unknown target, after a blank: no shell runs a line that ends so. */
static void
put_placeholder(const struct text *t)
{
	int host = (int)(strlen(t->back.text) - strlen(t->back.path));

	fprintf(t->f, " <%.*s/PATH/>", host, t->back.text);
}

/* Write a line with a command, unless there was no memory for it, and free that. */
static void
put_line(struct text *t, struct text_list *argv, bool unknown, const char *after)
{
	fputs("    ", t->f);
	if (!argv->lost)
		argv_print(t->f, argv);
	if (unknown)
		put_placeholder(t);
	fputs(after, t->f);
	t->failed |= argv->lost;
	text_list_free(argv);
}

static void
put_command(struct text *t, enum piece piece, enum destination target, bool dry)
{
	struct text_list argv = {0};

	add_words(t, piece, target, dry, &argv);
	put_line(t, &argv, target == BACK && t->unknown, "\n");
}

/* Write a command about the volume's directory: words, directory, and what follows. */
static void __attribute__((format(printf, 3, 4)))
put_about(struct text *t, const char *words, const char *after, ...)
{
	struct text_list argv = {0};
	va_list args;

	text_list_split(&argv, words);
	text_list_add(&argv, t->dir);
	put_line(t, &argv, false, "");
	va_start(args, after);
	vfprintf(t->f, after, args);
	va_end(args);
	fputc('\n', t->f);
}

/* What the directory contains, and how to list it.  Written for somebody who has lost a machine and
 * never read a manual. */
static void
put_beginning(struct text *t)
{
	fprintf(t->f,
	        "How to restore %s\n\n"
	        "The directories beside this file are snapshots of %s .\n"
	        "Each is named after the time at which it was made, and is complete in itself;\n"
	        "`%s' is the newest.  Restoring needs only this disk and rsync: become root, in a\n"
	        "shell of root's (sudo -i), and paste a line.  With sudo before a line, its * is\n"
	        "expanded by your own shell, which may not look in here: \"no such file\".  "
	        "Replace\n%s by what you want, and `%s' by the name of\n"
	        "an older snapshot if need be.  A line with -n changes nothing: it shows what the\n"
	        "line below it would do.",
	        t->volume->id, t->volume->source, t->latest, t->file, t->latest);
	if (strcmp(t->latest, RESTORE_LINK) == 0)
		fputs("  Mind the slash after `latest': it is a link, and without\n"
		      "the slash cp -a copies only that.",
		      t->f);
	fputs("\n\nList the snapshots, and the versions of a file:\n\n", t->f);
	put_about(t, "ls -l", "/");
	put_about(t, "ls -l", "/*/%s", t->file);
	fputs(
	    "\nOne that ends in .partial lacks files that could not be read; in one that ends in\n"
	    ".suspect most files were missing when it was made.  .working, .interrupted and\n"
	    ".expired are not snapshots.\n",
	    t->f);
}

/* Directories that are empty in each snapshot though the source has files there. */
static void
put_left_out(const struct text *t, const struct text_list *left_out)
{
	if (left_out->n == 0)
		return;
	fputs("\nNot in the snapshots, as each is a file system of its own:\n\n", t->f);
	for (size_t i = 0; i < left_out->n; i++)
		fprintf(t->f, "- %s\n", left_out->item[i]);
}

/* The commands for each piece.  When restoring to the source a dry run comes first, as that
 * overwrites files that people work with. */
static void
put_pieces(struct text *t, enum destination target)
{
	for (enum piece i = ONE_FILE; i < PIECES; i++) {
		if (i == ONE_DIRECTORY && t->directory == 0)
			continue;
		fprintf(t->f, "\n%s:\n\n", titles[i]);
		if (target == BACK)
			put_command(t, i, target, true);
		put_command(t, i, target, false);
	}
}

/* Collect --delete and every option that protects from it what was never backed up. */
static void
list_filters(const struct volume *v, struct text_list *list)
{
	text_list_add(list, "--delete");
	if (v->one_file_system)
		text_list_add(list, "-x");
	for (size_t i = 0; i < v->exclude.n; i++)
		text_list_addf(list, "--exclude=%s", v->exclude.item[i]);
	for (size_t i = 0; i < v->rsync_options.n; i++)
		if (rsyncopt_has(v->rsync_options.item[i], RSYNCOPT_FILTER))
			text_list_add(list, v->rsync_options.item[i]);
}

/* Without the excludes of the backup, --delete would remove what was excluded: it is not in the
 * snapshot.  Options that cannot protect it are named. */
static void
put_delete(struct text *t)
{
	const struct text_list *options = &t->volume->rsync_options;
	struct text_list list = {0};

	fputs("\nThese commands keep files that are not in the snapshot.  To remove those, check "
	      "with\n"
	      "-n first, and add all of the following, or files that were never backed up are\n"
	      "removed too:\n\n",
	      t->f);
	list_filters(t->volume, &list);
	if (!list.lost)
		argv_print(t->f, &list);
	t->failed |= list.lost;
	fputc('\n', t->f);
	text_list_free(&list);
	for (size_t i = 0; i < options->n; i++)
		if (rsyncopt_has(options->item[i], RSYNCOPT_OMIT))
			fprintf(t->f, "What %s leaves out is removed all the same.\n",
			        options->item[i]);
}

/* Why the commands end in a placeholder, and how they get a target. */
static void
put_unknown(struct text *t)
{
	fprintf(t->f,
	        "\nBack to the host\n\n"
	        "The backup reads %s .  That is the root directory of the host, or the directory\n"
	        "that its key is restricted to (rrsync): only you know.  Replace",
	        t->volume->source);
	put_placeholder(t);
	fputs(" in\n"
	      "these lines by the whole path of what was backed up: in another place --delete\n"
	      "would remove what is there.  With restore_to in hosts.conf they contain it.\n",
	      t->f);
}

/* The key of the backup may only read; which other one may write is not known here. */
static void
put_key(struct text *t)
{
	if (strcmp(t->ssh, t->volume->ssh) != 0)
		fputs(
		    "The key of the backup is left out, as it may only read; another one is chosen "
		    "by\n"
		    "-e 'ssh -i FILE'.\n",
		    t->f);
	else
		fputs("If the key of this machine permits only reading (rrsync -ro), use another "
		      "with\n"
		      "-e 'ssh -i FILE', or restore aside and fetch the files from the host.\n",
		      t->f);
}

/* Restoring to the source, and what may prevent it: a read-only module, a key that may only read,
 * or a restricted path. */
static void
put_back(struct text *t)
{
	if (t->unknown)
		put_unknown(t);
	else
		fprintf(t->f, "\nBack to %s\n\n", t->back.text);
	if (t->back.transport == VOLUME_RSYNCD)
		fputs("Possible only if the module is writable; most are read only.\n", t->f);
	if (t->back.transport == VOLUME_SHELL)
		put_key(t);
	if (t->back.transport == VOLUME_SHELL && t->own)
		fputs(
		    "With rrsync a path begins at rrsync's directory, with another key at the "
		    "root:\n"
		    "then replace the last word by the whole path, or the files go to the wrong\n"
		    "place, and --delete removes what is there; or set restore_to in hosts.conf.\n",
		    t->f);
	fputs("For a new machine replace the last word by its address and mount point.\n", t->f);
	put_pieces(t, BACK);
	put_delete(t);
}

/* The options of the backup, so that what it leaves out is no difference; but what --fake-super and
 * --munge-links change in the store, the restore has changed back. */
static void
add_comparison(const struct volume *v, struct text_list *argv)
{
	const struct source source = {.transport = v->transport, .path = v->path};

	text_list_split(argv, "-n -i -c -aHAX --numeric-ids --modify-window=-1");
	add_reach(v, &source, v->ssh, argv);
	list_filters(v, argv);
	for (size_t i = 0; i < v->rsync_options.n; i++) {
		const char *option = v->rsync_options.item[i];

		if (!rsyncopt_has(option, RSYNCOPT_FILTER) && strcmp(option, "--fake-super") != 0 &&
		    strcmp(option, "--munge-links") != 0)
			text_list_add(argv, option);
	}
	text_list_add(argv, v->source);
	text_list_add(argv, ASIDE);
}

static void
put_aside(struct text *t)
{
	struct text_list argv = {0};

	fputs("\nAside, into " ASIDE " below the current directory\n", t->f);
	put_pieces(t, TO_ASIDE);
	fputs(
	    "\nTest this each quarter: in an empty directory, restore everything by the line "
	    "above,\n"
	    "and compare it with the source.  That reads each byte on both sides, and prints what\n"
	    "differs, which should be what has changed since the snapshot; a line that begins "
	    "with\n"
	    "a dot is about attributes:\n\n",
	    t->f);
	text_list_add(&argv, t->rsync);
	add_comparison(t->volume, &argv);
	put_line(t, &argv, false, "\n");
}

/* Disk usage, removing and pinning snapshots. */
static void
put_end(struct text *t)
{
	fputs("\nDisk usage; each snapshot counts what those above it do not have:\n\n", t->f);
	put_about(t, "du -shc", "/2*");
	fputs("\nWhat has changed since a snapshot:\n\n", t->f);
	put_about(t, "cd", " && diff -rq --no-dereference " EXAMPLE_STAMP " %s/", t->latest);
	fputs(
	    "\nAny snapshot can be removed, the others remain complete.  Do this while no run of\n"
	    "this volume is active, and notify flashback afterwards.  The first line shows how\n"
	    "many bytes that will free:\n\n",
	    t->f);
	put_about(t, "cd", " && find " EXAMPLE_STAMP " .flashback/spare -type f " ONLY_HERE);
	put_about(t, "rm -rf", "/" EXAMPLE_STAMP);
	fputs("    pkill -USR1 -x flashback\n\n"
	      "To keep a snapshot permanently, give it a suffix of your own:\n\n",
	      t->f);
	put_about(t, "cd", " && mv " EXAMPLE_STAMP " " EXAMPLE_STAMP ".before-upgrade");
}

/* Name the program without its path where that is in every root's PATH: the disk may be read on
 * another machine. */
static const char *
shorten(const char *rsync)
{
	static const char *const usual[] = {"/usr/bin/rsync", "/bin/rsync", "/usr/local/bin/rsync"};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (strcmp(rsync, usual[i]) == 0)
			return "rsync";
	return rsync;
}

/* For a module of an rsync daemon the commands that restore aside come first, as most modules are
 * read-only. */
int
restore_write(FILE *f, const struct restore *r)
{
	struct text t = {
	    .f = f,
	    .volume = r->volume,
	    .dir = r->dir,
	    .latest = r->latest,
	    .rsync = shorten(r->rsync),
	    .file = r->example != NULL ? r->example : EXAMPLE_FILE,
	};
	const char *slash = strrchr(t.file, '/');

	t.directory = slash != NULL ? (int)(slash - t.file) : 0;
	if (find_back(&t) != 0) {
		t.failed = true;
		goto out;
	}
	put_beginning(&t);
	put_left_out(&t, r->left_out);
	if (t.back.transport == VOLUME_RSYNCD)
		put_aside(&t);
	put_back(&t);
	if (t.back.transport != VOLUME_RSYNCD)
		put_aside(&t);
	put_end(&t);
out:
	source_free(&t.back);
	free(t.ssh);
	return t.failed || ferror(f) ? -1 : 0;
}

int
restore_beside(FILE *f, const struct volume *volume, const char *rsync, const char *from,
               const char *to)
{
	struct text t = {.f = f, .volume = volume, .rsync = shorten(rsync)};
	struct text_list argv = {0};

	t.failed = find_back(&t) != 0;
	if (!t.failed && !t.unknown)
		t.failed = (text_replace(&t.back.text, "%s%s", t.back.text, to) |
		            text_replace(&t.back.path, "%s%s", t.back.path, to)) != 0;
	if (!t.failed) {
		add_program(&t, false, false, false, &argv);
		text_list_add(&argv, from);
		if (!t.unknown)
			text_list_add(&argv, t.back.text);
	}
	put_line(&t, &argv, t.unknown, "\n");
	source_free(&t.back);
	free(t.ssh);
	return t.failed ? -1 : 0;
}
