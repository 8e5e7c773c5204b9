// SPDX-License-Identifier: ISC
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "flashback/rsync/output.h"
#include "flashback/rsync/verdict.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define EXIT(n) ((n) << 8) /* as waitpid gives it */
#define LONG_NAME "a.very.long.name.of.a.host.in.some.cloud.example.org"

static void
hear_all(struct output_words *w, const char *text, bool is_error)
{
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		output_line(w, text, (size_t)(end - text), is_error);
}

/* What else is known of a run, and the row of the table that it is. */
static const struct row {
	const char *name;
	struct verdict_case c;
	const char *out, *err;
	enum result result;
	enum verdict_tree tree;
	bool expires_complete, expires_partial;
	const char *reason;
} rows[] = {
    {"asked to stop, though it was through",
     {.stop = VERDICT_STOP_SIGNAL},
     "Number of files: 5\n",
     "",
     RESULT_INTERRUPTED,
     VERDICT_TREE_LEFT,
     false,
     false,
     "interrupted; the next run resumes from here"},
    {"stalled, with words",
     {.status = EXIT(20), .stop = VERDICT_STOP_STALL, .patience = 1800},
     "",
     "client_loop: send disconnect: Broken pipe\r\n",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "no sign of life for 30m: the network connection was lost: Broken pipe"},
    {"stalled, other words",
     {.status = 9, .stop = VERDICT_STOP_STALL, .patience = 1800},
     "",
     "odd\n",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "no sign of life for 30m: odd"},
    {"stalled in silence",
     {.status = 9, .stop = VERDICT_STOP_STALL, .patience = 90},
     "",
     "",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "no sign of life for 90s: the host or the network hangs"},
    {"stopped for room, full",
     {.status = EXIT(20), .stop = VERDICT_STOP_ROOM, .disk_broken = true, .disk_full = true},
     "",
     "",
     RESULT_FULL,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "stopped because the backup disk was filling up"},
    {"stopped for room, some left",
     {.status = EXIT(20), .stop = VERDICT_STOP_ROOM},
     "",
     "",
     RESULT_FULL,
     VERDICT_TREE_LEFT,
     false,
     false,
     "stopped because the backup disk was filling up"},
    {"a broken disk that rsync did not meet",
     {.status = EXIT(12), .disk_broken = true},
     "",
     "x\n",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "the connection was lost: rsync on the host exited, or the network failed: x"},
    {"the sender's disk is full",
     {.status = EXIT(23), .disk_broken = true, .disk_full = true},
     "Number of files: 5\n",
     "rsync: [sender] opendir \"/x\" failed: No space left on device (28)\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "1 file could not be read; first: /x: No space left on device (28)"},
    {"one more that could not be read",
     {.status = EXIT(23), .fresh = 1, .fresh_first = "/y: no"},
     "Number of files: 5\n",
     "rsync: [sender] opendir \"/x\" failed: Permission denied (13)\n"
     "rsync: [sender] opendir \"/y\" failed: Permission denied (13)\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "2 files could not be read, 1 of them new: /y: no"},
    {"more than are listed could not be read",
     {.status = EXIT(23), .fresh = 9, .fresh_first = ""},
     "Number of files: 5\n",
     "rsync: [sender] opendir \"/x\" failed: Permission denied (13)\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "1 file could not be read, 9 more than before; first: /x: Permission denied (13)"},
    {"forged words of a full disk",
     {.status = EXIT(0)},
     "Number of files: 5\n",
     "rsync: [receiver] write failed on \"/x\": No space left on device (28)\n",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     ""},
    {"forged words of too many links",
     {.status = EXIT(24)},
     "Number of files: 5\n",
     "rsync: [generator] link \"/x\" => a failed: Too many links (31)\n",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     "some files vanished while they were copied"},
    {"too many links, as older ones end",
     {.status = EXIT(12)},
     "",
     "rsync: link \"/x\" => a failed: Too many links (31)\n",
     RESULT_LINKS,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "more hard links than this disk allows: /x: Too many links (31)"},
    {"the disk is said to be full, then more is said",
     {.status = EXIT(11), .disk_full = true},
     "",
     "rsync: [receiver] write failed on \"/x\": No space left on device (28)\n"
     "rsync: [receiver] mkstemp \"/y\" failed: Permission denied (13)\n",
     RESULT_FULL,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "the backup disk is full: make room, or lower keep_ options"},
    {"the source is gone, then more is said",
     {.status = EXIT(5)},
     "",
     "@ERROR: chdir failed\n@ERROR: odd\n",
     RESULT_NO_SOURCE,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "the directory of the rsync daemon's module does not exist"},
    {"an option is refused, then more is said",
     {.status = EXIT(12)},
     "",
     "rsync: -A: invalid option\n@ERROR: odd\n",
     RESULT_FAILED,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "the rsync on the host does not know an option that is needed (is it openrsync?): -A"},
    {"more words than a row has room for",
     {.status = EXIT(255)},
     "",
     "root@" LONG_NAME ": Permission denied (publickey).\n",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "key refused: not in authorized_keys? passphrase, no SSH_AUTH_SOCK? home writable by all? "
     "PermitRootLogin no? account expired? key type? "
     "\"root@a.very.long.name.of.a.host.in.some.cloud.example.org: ..."},
    {"forged words of a source that is gone, cut off",
     {.status = EXIT(12)},
     "Number of files: 5\n",
     "@ERROR: chdir failed\n",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "the directory of the rsync daemon's module does not exist"},
    {"few files, but cut off",
     {.status = EXIT(12), .shrink_guard = 5000, .files_before = 11},
     "Number of files: 5\n",
     "",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "the connection was lost: rsync on the host exited, or the network failed"},
    {"two files, though one name ends like the other",
     {.status = EXIT(23)},
     "Number of files: 9\n",
     "rsync: [sender] read errors mapping \"/s/xbig\": Input/output error (5)\n"
     "ERROR: big failed verification -- update discarded.\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "2 files could not be read; first: /s/xbig: Input/output error (5)"},
    {"a root that cannot be read",
     {.status = EXIT(23)},
     "Number of files: 1 (dir: 1)\n",
     "rsync: [sender] opendir \"/s/.\" failed: Permission denied (13)\n",
     RESULT_NO_SOURCE,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "the source cannot be opened: /s/.: Permission denied (13)"},
    {"the same without words",
     {.status = EXIT(23)},
     "Number of files: 0\n",
     "",
     RESULT_NO_SOURCE,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "the source cannot be opened"},
    {"forged words of a source that is gone",
     {.status = EXIT(0)},
     "Number of files: 5\n",
     "@ERROR: chdir failed\n",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     ""},
    {"empty, and files vanished",
     {.status = EXIT(24)},
     "Number of files: 1 (dir: 1)\n",
     "",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "the source is empty, or all of it is left out: is its disk mounted?"},
    {"all vanished",
     {.status = EXIT(24)},
     "Number of files: 3 (reg: 2, dir: 1)\n",
     "file has vanished: \"/a\"\nfile has vanished: \"/b\"\n",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "the source is empty, or all of it is left out: is its disk mounted?"},
    {"too many vanished",
     {.status = EXIT(24), .shrink_guard = 5000, .files_before = 9},
     "Number of files: 6\n",
     "file has vanished: \"/a\"\nfile has vanished: \"/b\"\n",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "only 4 files where 9 were before"},
    {"too many vanished, and nothing to compare with",
     {.status = EXIT(24), .shrink_guard = 7500},
     "Number of files: 6\n",
     "file has vanished: \"/a\"\nfile has vanished: \"/b\"\n",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "only 4 files where 6 were before"},
    {"half is enough",
     {.status = EXIT(0), .shrink_guard = 5000, .files_before = 10},
     "Number of files: 5\n",
     "",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     ""},
    {"less than half",
     {.status = EXIT(0), .shrink_guard = 5000, .files_before = 11},
     "Number of files: 5\n",
     "",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "only 5 files where 11 were before"},
    {"less than half and partial",
     {.status = EXIT(23), .shrink_guard = 5000, .files_before = 11},
     "Number of files: 5\n",
     "rsync: [sender] opendir \"/x\" failed: Permission denied (13)\n",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "only 5 files where 11 were before"},
    {"the guard is off",
     {.status = EXIT(0), .files_before = 1000},
     "Number of files: 2\n",
     "",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     ""},
    {"the guard with numbers beyond belief",
     {.status = EXIT(0), .shrink_guard = 10000, .files_before = INT64_MAX},
     "Number of files: 72057594037927935\n",
     "",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     ""},
    {"few files after numbers beyond belief",
     {.status = EXIT(0), .shrink_guard = 5000, .files_before = INT64_MAX},
     "Number of files: 2\n",
     "",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "only 2 files where 9223372036854775807 were before"},
    {"far more has changed than usually",
     {.status = EXIT(23), .alarm = {4812, 5100, 40, 1}},
     "Number of files: 5\n",
     "",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "4812 of 5100 files are changed or gone, usually about 40"},
    {"the same within three runs",
     {.status = EXIT(24), .alarm = {4812, 5100, 40, 3}},
     "Number of files: 5\n",
     "",
     RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT,
     false,
     false,
     "4812 of 5100 files are changed or gone within 3 runs, usually about 40"},
    {"far more has changed, but it was interrupted",
     {.status = EXIT(12), .alarm = {4812, 5100, 40, 1}},
     "Number of files: 5\n",
     "",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "the connection was lost: rsync on the host exited, or the network failed"},
    {"nothing to compare with",
     {.status = EXIT(0), .shrink_guard = 5000},
     "Number of files: 2\n",
     "",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     ""},
    {"one vanished",
     {.status = EXIT(24)},
     "Number of files: 9\n",
     "file has vanished: \"/x\"\n",
     RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE,
     true,
     true,
     "1 file vanished while it was copied"},
    {"partial without words",
     {.status = EXIT(23)},
     "Number of files: 9\n",
     "odd\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "some files were not copied: odd"},
    {"one of each",
     {.status = EXIT(23)},
     "Number of files: 9\n",
     "rsync: [receiver] mkstemp \"/b\" failed: Permission denied (13)\n"
     "rsync: [sender] opendir \"/a\" failed: Permission denied (13)\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "1 file could not be read; first: /a: Permission denied (13)"},
    {"exit 0 without statistics",
     {.status = EXIT(0)},
     "",
     "",
     RESULT_FAILED,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "exit status 0 without rsync's closing words: is another command run in its place?"},
    {"through, but killed by a signal",
     {.status = 9},
     "Number of files: 5\n",
     "",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "rsync was killed by signal 9"},
    {"through, but with another status",
     {.status = EXIT(12)},
     "Number of files: 5\n",
     "",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "the connection was lost: rsync on the host exited, or the network failed"},
    {"the remote shell's own status",
     {.status = EXIT(137)},
     "",
     "",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "the command on the host was killed: out of memory?"},
    {"words that scripts count",
     {.status = EXIT(12)},
     "",
     "FAILED to be; SUCCEEDED; FAILED/SUCCEEDED\n",
     RESULT_FAILED,
     VERDICT_TREE_INTERRUPTED,
     false,
     false,
     "the connection was lost: rsync on the host exited, or the network failed: failed to be;"
     " succeeded; failed/succeeded"},
    {"a mount of a desktop",
     {.status = EXIT(23)},
     "Number of files: 100\n",
     "rsync: [sender] readlink_stat(\"/home/ann/.gvfs\") failed: Permission denied (13)\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "1 file could not be read; first: /home/ann/.gvfs: Permission denied (13); that is a mount of "
     "a desktop: add exclude = \".gvfs\""},
    {"a right that is missing",
     {.status = EXIT(23), .disk_able = true},
     "Number of files: 100\n",
     "rsync: [generator] mknod \"/b/h/v/x.working/null\" failed: Operation not permitted (1)\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "this process may not set some owners, devices or xattrs: is it in a container, without a "
     "capability, or not root? first: null: Operation not permitted (1)"},
    {"the same of a disk that keeps no owners",
     {.status = EXIT(23)},
     "Number of files: 100\n",
     "rsync: [receiver] chown \"/b/h/v/x.working/f\" failed: Operation not permitted (1)\n",
     RESULT_PARTIAL,
     VERDICT_TREE_PARTIAL,
     false,
     true,
     "this disk cannot hold some owners, ACLs or xattrs (see --no-acls, --no-xattrs); first: f: "
     "Operation not permitted (1)"},
    {"escapes",
     {.status = EXIT(3)},
     "",
     "\033[31mred\n",
     RESULT_FAILED,
     VERDICT_TREE_EXPIRED,
     false,
     false,
     "rsync could not use the source or its own directory: \\033[31mred"},
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct output_words w = {0};
		struct verdict v;

		print_message("%s\n", rows[i].name);
		hear_all(&w, rows[i].out, false);
		hear_all(&w, rows[i].err, true);
		verdict_make(&rows[i].c, &w, &v);
		assert_string_equal(v.run.reason, rows[i].reason);
		assert_int_equal(v.run.result, rows[i].result);
		assert_int_equal(v.run.fresh, rows[i].c.fresh);
		assert_int_equal(v.tree, rows[i].tree);
		assert_int_equal(result_row(v.run.result)->complete, rows[i].expires_complete);
		assert_int_equal(result_row(v.run.result)->partial, rows[i].expires_partial);
	}
}

/* The codes that end in .interrupted: what was copied so far is worth keeping. */
static void
test_codes(void **state)
{
	static const int cut[] = {10, 11, 12, 19, 20, 22, 30, 35, 36, 124, 126, 127, 137, 255};
	size_t next = 0;

	(void)state;
	for (int code = 1; code < 256; code++) {
		struct verdict_case c = {.status = EXIT(code)};
		struct output_words w = {0};
		struct verdict v;
		bool kept = code >= 36 || (next < COUNT(cut) && cut[next] == code);

		if (next < COUNT(cut) && cut[next] == code)
			next++;
		verdict_make(&c, &w, &v);
		assert_int_equal(v.run.result, RESULT_FAILED);
		assert_int_equal(v.tree, kept ? VERDICT_TREE_INTERRUPTED : VERDICT_TREE_EXPIRED);
		assert_int_equal(v.run.code, code);
	}
	assert_int_equal(next, COUNT(cut));
}

static void
test_given_up(void **state)
{
	struct verdict v;

	(void)state;
	memset(&v, 1, sizeof(v));
	assert_int_equal(verdict_give_up(&v, RESULT_DISK, "%s: it FAILED\n", "x"), -1);
	assert_int_equal(v.run.result, RESULT_DISK);
	assert_int_equal(v.tree, VERDICT_TREE_LEFT);
	assert_int_equal(v.run.code, -1);
	assert_false(result_row(v.run.result)->complete || result_row(v.run.result)->partial);
	assert_string_equal(v.run.reason, "x: it failed\\012");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_codes),
	    cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
