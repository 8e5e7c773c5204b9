// SPDX-License-Identifier: ISC
#include "unit.h"
#include "judge_cases.h"

#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/output.h"
#include "flashback/rsync/output.h"
#include "flashback/rsync/verdict.h"

#define EXIT(n) ((n) << 8) /* as waitpid gives it */

#define RSYNC                                                                                      \
	"LC_ALL=C rsync -aHAX --sparse --numeric-ids -x --partial --modify-window=-1 --no-h "      \
	"--stats"                                                                                  \
	" --info=progress2 "

static char directory[] = "/tmp/flashback-judge.XXXXXX";

static void
hear_all(struct output_words *w, const char *text, bool is_error)
{
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		output_line(w, text, (size_t)(end - text), is_error);
}

static void
test_real_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(judge_real_cases); i++) {
		const struct judge_real_case *k = &judge_real_cases[i];
		struct output_words w = {0};
		struct verdict v;
		struct verdict_case c = {
		    .status = k->status < 0 ? -k->status : EXIT(k->status),
		    .removable = k->removable,
		    .disk_broken = k->broken,
		    .disk_full = k->full,
		};

		print_message("%s\n", k->name);
		hear_all(&w, k->out, false);
		hear_all(&w, k->err, true);
		verdict_make(&c, &w, &v);
		assert_string_equal(v.run.reason, k->reason);
		assert_int_equal(v.run.result, k->result);
		assert_int_equal(v.tree, k->tree);
		assert_int_equal(v.run.code, k->status < 0 ? 128 - k->status : k->status);
	}
}

/* Hear what a command wrote to a file, cut at line ends and carriage returns as a worker cuts it.
 */
static void
hear_file(struct output_words *w, const char *name, bool is_error)
{
	struct output_progress progress = {.left = -1};
	char *path = text_format("%s/%s", directory, name), *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while ((n = getdelim(&line, &size, '\n', f)) > 0) {
		const char *s = line, *end = line + n - 1, *cr;

		for (; (cr = memchr(s, '\r', (size_t)(end - s))) != NULL; s = cr + 1)
			output_progress(s, (size_t)(cr - s), &progress);
		output_line(w, s, (size_t)(end - s), is_error);
	}
	free(line);
	fclose(f);
	free(path);
}

/* Run commands of the shell in the directory and judge what came of it. */
static void
run(const char *commands, const struct verdict_case *known, struct verdict *v)
{
	struct verdict_case c = *known;
	struct output_words w = {0};
	char *script = text_format("cd %s && { %s; } >out 2>err </dev/null", directory, commands);

	assert_non_null(script);
	c.status = system(script);
	assert_true(c.status >= 0);
	hear_file(&w, "out", false);
	hear_file(&w, "err", true);
	verdict_make(&c, &w, v);
	free(script);
}

#define MOUNT "unshare -m sh -c 'mount -t "
#define CAN_MOUNT "unshare -m mount -t tmpfs none mnt"

static const struct live_case {
	const char *name;
	const char *needs; /* a command that must succeed here, else this cannot be tried */
	const char *commands;
	struct verdict_case c;
	enum result result;
	const char *reason; /* the beginning of it */
} live_cases[] = {
    {"all is well", NULL, RSYNC "src/ a/", {0}, RESULT_SUCCEEDED, ""},
    {"no source",
     NULL,
     RSYNC "nothing/ b/",
     {0},
     RESULT_NO_SOURCE,
     "the source cannot be opened: "},
    {"no source, removable",
     NULL,
     RSYNC "nothing/ b/",
     {.removable = true},
     RESULT_NOT_FOUND,
     "the source cannot be opened: "},
    {"empty", NULL, RSYNC "empty/ c/", {0}, RESULT_SUSPECT, "the source is empty"},
    {"empty, removable",
     NULL,
     RSYNC "empty/ c/",
     {.removable = true},
     RESULT_NOT_FOUND,
     "the source is there but empty"},
    {"shrunk",
     NULL,
     RSYNC "src/ d/",
     {.shrink_guard = 5000, .files_before = 9},
     RESULT_SUSPECT,
     "only 4 files where 9 were before"},
    {"unreadable",
     NULL,
     "./nobody " RSYNC "locked/ open/",
     {0},
     RESULT_PARTIAL,
     "1 file could not be read; first: "},
    {"a far side that only exits", NULL, RSYNC "-e ./exit24 h:/x/ e/", {0}, RESULT_FAILED, ""},
    {"a login shell that talks",
     NULL,
     RSYNC "-e ./talk h:/x/ e/",
     {0},
     RESULT_FAILED,
     "no rsync answers on the host: does its login shell print text"},
    {"no rsync there",
     NULL,
     RSYNC "-e ./norsync h:/x/ e/",
     {0},
     RESULT_FAILED,
     "no rsync on the host"},
    {"options that are not known there",
     NULL,
     RSYNC "-e ./openrsync h:/x/ e/",
     {0},
     RESULT_FAILED,
     "the rsync on the host does not know an option"},
    {"no ssh here",
     NULL,
     RSYNC "-e /nonexistent/ssh h:/x/ e/",
     {0},
     RESULT_FAILED,
     "the remote shell /nonexistent/ssh could not be started"},
    {"connection refused",
     NULL,
     RSYNC "rsync://127.0.0.1:1/x/ e/",
     {0},
     RESULT_FAILED,
     "connection refused by 127.0.0.1"},
    {"killed", NULL, RSYNC "-e ./kill h:/x/ e/", {0}, RESULT_FAILED, ""},
    {"asked: there",
     NULL,
     "LC_ALL=C rsync --list-only --dirs --no-h --stats src/",
     {0},
     RESULT_SUCCEEDED,
     ""},
    {"asked: empty",
     NULL,
     "LC_ALL=C rsync --list-only --dirs --no-h --stats empty/",
     {.removable = true},
     RESULT_NOT_FOUND,
     ""},
    {"asked: absent",
     NULL,
     "LC_ALL=C rsync --list-only --dirs --no-h --stats nothing/",
     {.removable = true},
     RESULT_NOT_FOUND,
     ""},
    {"full",
     CAN_MOUNT,
     MOUNT "tmpfs -o size=64k none mnt && " RSYNC "big/ mnt/w/'",
     {.disk_full = true},
     RESULT_FULL,
     "the backup disk is full"},
    {"out of inodes",
     CAN_MOUNT,
     MOUNT "tmpfs -o nr_inodes=4 none mnt && " RSYNC "src/ mnt/w/'",
     {.disk_full = true},
     RESULT_FULL,
     "the backup disk is full"},
    {"read-only",
     CAN_MOUNT,
     MOUNT "tmpfs none mnt && mkdir mnt/w && mount -o remount,ro mnt && " RSYNC "src/ mnt/w/'",
     {.disk_broken = true},
     RESULT_DISK,
     "the backup disk is read-only"},
    {"no xattrs",
     CAN_MOUNT " && test -e has_xattr",
     MOUNT "ramfs none mnt && " RSYNC "xattr/ mnt/w/'",
     {0},
     RESULT_PARTIAL,
     "this disk cannot hold some owners, ACLs or xattrs"},
};

/* Is there what the case needs on this machine? */
static bool
can_try(const struct live_case *k)
{
	char *script;
	int status;

	if (k->needs == NULL)
		return true;
	script = text_format("cd %s && { %s; } >/dev/null 2>&1", directory, k->needs);
	assert_non_null(script);
	status = system(script);
	free(script);
	return status == 0;
}

/* The rsync of this machine, whatever its version, is judged as the words above are. */
static void
test_live(void **state)
{
	(void)state;
	if (system("rsync --version >/dev/null 2>&1") != 0)
		skip();
	for (size_t i = 0; i < LENGTH(live_cases); i++) {
		const struct live_case *k = &live_cases[i];
		struct verdict v;

		if (!can_try(k)) {
			print_message("%s: not tried\n", k->name);
			continue;
		}
		run(k->commands, &k->c, &v);
		print_message("%s: %s: %s\n", k->name, result_row(v.run.result)->name,
		              v.run.reason);
		assert_int_equal(v.run.result, k->result);
		assert_int_equal(strncmp(v.run.reason, k->reason, strlen(k->reason)), 0);
	}
}

static int
set_up(void **state)
{
	static const char commands[] =
	    "chmod 755 . && mkdir src src/d empty big locked open mnt xattr && chmod 777 open &&"
	    " echo 1 >src/a && echo 2 >src/d/b && cp src/a src/d/b locked && chmod 0 locked/a &&"
	    " head -c 200000 /dev/zero | tr '\\0' x >big/f && echo 1 >xattr/f &&"
	    " { setfattr -n user.x -v 1 xattr/f && touch has_xattr || :; } &&"
	    " for f in 'exit24 exit 24' 'talk echo Welcome, this is a talkative shell; cat "
	    ">/dev/null'"
	    " 'norsync echo bash: line 1: rsync: command not found >&2; exit 127'"
	    " 'openrsync echo rsync: -HAX: invalid option >&2; exit 1' 'kill kill -9 $PPID'"
	    " 'nobody [ $(id -u) != 0 ] || set -- runuser -u nobody -- env \"$@\"; exec env "
	    "\"$@\"';"
	    " do printf '#!/bin/sh\\n%s\\n' \"${f#* }\" >\"${f%% *}\" &&"
	    " chmod 755 \"${f%% *}\" || exit; done";
	char *script;
	int status;

	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	script = text_format("cd %s && %s", directory, commands);
	if (script == NULL)
		return -1;
	status = system(script);
	free(script);
	return status == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	char *script = text_format("chmod -R u+rwX %s && rm -rf %s", directory, directory);
	int status = script != NULL ? system(script) : -1;

	(void)state;
	free(script);
	return status == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_real_words),
	    cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
