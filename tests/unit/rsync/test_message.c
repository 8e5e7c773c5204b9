// SPDX-License-Identifier: ISC
#include "unit.h"

#include <time.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/message.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void
test_lines(void **state)
{
	static const struct {
		const char *line;
		enum message_kind kind;
		enum message_error error;
		const char *text;
	} rows[] = {
	    /* the source */
	    {"rsync: [sender] opendir \"/s/lock\" failed: Permission denied (13)",
	     MESSAGE_UNREADABLE, MESSAGE_ERROR_OTHER, "/s/lock: Permission denied (13)"},
	    {"rsync: [sender] send_files failed to open \"x y\" (in home): Permission denied (13)",
	     MESSAGE_UNREADABLE, MESSAGE_ERROR_OTHER, "x y: Permission denied (13)"},
	    {"rsync: [sender] send_files failed to open \"/a\"b\": Permission denied (13)",
	     MESSAGE_UNREADABLE, MESSAGE_ERROR_OTHER, "/a\"b: Permission denied (13)"},
	    {"rsync: [sender] send_files failed to open \"/a\\#012b\\#303\\#251\\#033\": "
	     "Permission "
	     "denied (13)",
	     MESSAGE_UNREADABLE, MESSAGE_ERROR_OTHER,
	     "/a\\012b\303\251\\033: Permission denied (13)"},
	    {"rsync: [sender] send_files failed to open \"/" HUNDRED "\": Permission denied (13)",
	     MESSAGE_UNREADABLE, MESSAGE_ERROR_OTHER,
	     "/" TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345678...: Permission denied (13)"},
	    {"rsync: [sender] write failed on \"/x\": No space left on device (28)",
	     MESSAGE_UNREADABLE, MESSAGE_ERROR_OTHER, "/x: No space left on device (28)"},
	    {"rsync: send_files failed to open \"/etc/shadow\": Permission denied (13)",
	     MESSAGE_UNREADABLE, MESSAGE_ERROR_OTHER, "/etc/shadow: Permission denied (13)"},
	    {"ERROR: db/big failed verification -- update discarded.", MESSAGE_UNREADABLE,
	     MESSAGE_ERROR_OTHER, "db/big: it changed while it was being copied"},
	    {"WARNING: db/big failed verification -- update discarded (will try again).",
	     MESSAGE_NOISE, MESSAGE_ERROR_OTHER, ""},
	    {"file has vanished: \"/s/a\"", MESSAGE_VANISHED, MESSAGE_ERROR_OTHER,
	     "/s/a: vanished"},
	    {"directory has vanished: \"d\" (in home)", MESSAGE_VANISHED, MESSAGE_ERROR_OTHER,
	     "d: vanished"},
	    /* this disk */
	    {"rsync: [receiver] write failed on \"/b/x\": No space left on device (28)",
	     MESSAGE_UNWRITTEN, MESSAGE_ERROR_NO_SPACE, "/b/x: No space left on device (28)"},
	    {"rsync: [receiver] mkstemp \"/b/.x.Abc\" failed: Disk quota exceeded (122)",
	     MESSAGE_UNWRITTEN, MESSAGE_ERROR_NO_SPACE, "/b/.x.Abc: Disk quota exceeded (122)"},
	    {"rsync: mkstemp \"/b/.x.Abc\" failed: No space left on device (28)", MESSAGE_UNWRITTEN,
	     MESSAGE_ERROR_NO_SPACE, "/b/.x.Abc: No space left on device (28)"},
	    {"rsync: [generator] recv_generator: mkdir \"/b/d\" failed: Read-only file system (30)",
	     MESSAGE_UNWRITTEN, MESSAGE_ERROR_READ_ONLY, "/b/d: Read-only file system (30)"},
	    {"rsync: [receiver] rename \"/b/.b.X\" -> \"b\": Input/output error (5)",
	     MESSAGE_UNWRITTEN, MESSAGE_ERROR_IO, "/b/.b.X: Input/output error (5)"},
	    {"rsync: [generator] link \"/b/w\" => a failed: Too many links (31)", MESSAGE_UNWRITTEN,
	     MESSAGE_ERROR_LINKS, "/b/w: Too many links (31)"},
	    {"rsync: [Receiver] mkdir \"/b/w\" failed: No such file or directory (2)",
	     MESSAGE_UNWRITTEN, MESSAGE_ERROR_OTHER, "/b/w: No such file or directory (2)"},
	    {"rsync: [generator] failed to set times on \"/b/.\": Read-only file system (30)",
	     MESSAGE_ATTRIBUTE, MESSAGE_ERROR_READ_ONLY, "/b/.: Read-only file system (30)"},
	    {"rsync: [receiver] rsync_xal_set: fsetxattr(\"/b/.f\",\"user.x\") failed: No space "
	     "left on device (28)",
	     MESSAGE_ATTRIBUTE, MESSAGE_ERROR_OTHER, "/b/.f: No space left on device (28)"},
	    {"rsync: [receiver] set_acl: xacl_set(.f, ACL_TYPE_ACCESS): Operation not supported "
	     "(95)",
	     MESSAGE_ATTRIBUTE, MESSAGE_ERROR_OTHER,
	     "set_acl: xacl_set(.f, ACL_TYPE_ACCESS): Operation not supported (95)"},
	    {"rsync: [generator] chown \"/b/w\" failed: Operation not permitted (1)",
	     MESSAGE_ATTRIBUTE, MESSAGE_ERROR_OTHER, "/b/w: Operation not permitted (1)"},
	    {"rsync: [generator] mknod \"/b/p\" failed: Operation not permitted (1)",
	     MESSAGE_ATTRIBUTE, MESSAGE_ERROR_OTHER, "/b/p: Operation not permitted (1)"},
	    /* neither */
	    {"rsync: [Receiver] failed to connect to h (10.0.0.1): Connection refused (111)",
	     MESSAGE_OTHER, MESSAGE_ERROR_OTHER, ""},
	    {"rsync: [client] failed to open exclude file \"/x\": No such file or directory (2)",
	     MESSAGE_OTHER, MESSAGE_ERROR_OTHER, ""},
	    {"bash: \"x\": No space left on device (28)", MESSAGE_OTHER, MESSAGE_ERROR_OTHER, ""},
	    {"rsync: [Receiver] mkdir failed: Read-only file system (30)", MESSAGE_OTHER,
	     MESSAGE_ERROR_OTHER, ""},
	    {"rsync: [receiver] something \"/x\" odd (28)", MESSAGE_OTHER, MESSAGE_ERROR_OTHER, ""},
	    {"rsync: [receiver] mkdir \"/x\": odd", MESSAGE_OTHER, MESSAGE_ERROR_OTHER, ""},
	    {"@ERROR: chdir failed", MESSAGE_OTHER, MESSAGE_ERROR_OTHER, ""},
	    {"rsync: [generator] write error: Broken pipe (32)", MESSAGE_NOISE, MESSAGE_ERROR_OTHER,
	     ""},
	    {"rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]",
	     MESSAGE_NOISE, MESSAGE_ERROR_OTHER, ""},
	    {"*** Skipping any contents from this failed directory ***", MESSAGE_NOISE,
	     MESSAGE_ERROR_OTHER, ""},
	    {"", MESSAGE_NOISE, MESSAGE_ERROR_OTHER, ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct message m;

		print_message("%s\n", rows[i].line);
		message_read(rows[i].line, strlen(rows[i].line), &m);
		assert_string_equal(m.text, rows[i].text);
		assert_int_equal(m.kind, rows[i].kind);
		assert_int_equal(m.error, rows[i].error);
	}
}

/* A line put together from random pieces of lines and random bytes. */
static size_t
random_line(char *line, size_t size)
{
	static const char *const pieces[] = {
	    "rsync: ",  "[sender] ",   "[receiver] ", "[generator] ",
	    "\"",       "\" failed: ", ": ",          "(28)",
	    "(5)",      "\\#012",      "\\#33",       "\\",
	    "set_acl",  ")",           "ERROR: ",     " failed verification -- update discarded.",
	    "\303\251", "\033",        "\n",
	};
	size_t n = 0, count = (size_t)rand() % 12;

	while (count-- > 0) {
		const char *piece = pieces[(size_t)rand() % LENGTH(pieces)];
		size_t length = strlen(piece);

		if (n + length + 1 >= size)
			break;
		memcpy(line + n, piece, length);
		n += length;
		if (rand() % 3 == 0)
			line[n++] = (char)(rand() % 256);
	}
	return n;
}

static void
test_whole_path(void **state)
{
	static const char line[] =
	    "rsync: [sender] opendir \"/" HUNDRED "/a\\#012\" failed: Permission denied (13)";
	char huge[3000];
	struct message m;

	(void)state;
	message_read(line, strlen(line), &m);
	assert_string_equal(m.whole, "/" HUNDRED "/a\\012: Permission denied (13)");
	/* Each byte as four, and more of them than are read. */
	memset(huge, 1, sizeof(huge));
	memcpy(huge, line, 25);
	memcpy(huge + sizeof(huge) - 36, "\" failed: Permission denied (13)", 32);
	message_read(huge, sizeof(huge) - 4, &m);
	assert_true(strlen(m.whole) > 2000);
	assert_non_null(strstr(m.whole, "\\001: Permission denied (13)"));
}

/* Whatever the line, the text fits and is safe to print. */
static void
test_random_lines(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 50000; i++) {
		char line[256], clean[MESSAGE_TEXT], whole[MESSAGE_WHOLE];
		size_t n = random_line(line, sizeof(line));
		char *exact = malloc(n + 1);
		struct message m;

		assert_non_null(exact);
		memcpy(exact, line, n);
		message_read(exact, n, &m);
		free(exact);
		assert_true(strlen(m.text) < MESSAGE_TEXT);
		text_clean(clean, sizeof(clean), m.text, strlen(m.text));
		assert_string_equal(clean, m.text);
		assert_true(strlen(m.whole) < MESSAGE_WHOLE - 1);
		text_clean(whole, sizeof(whole), m.whole, strlen(m.whole));
		assert_string_equal(whole, m.whole);
		if (m.kind == MESSAGE_UNREADABLE || m.kind == MESSAGE_VANISHED)
			assert_int_equal(m.error, MESSAGE_ERROR_OTHER);
		if (m.kind == MESSAGE_OTHER || m.kind == MESSAGE_NOISE)
			assert_string_equal(m.text, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_whole_path),
	    cmocka_unit_test(test_random_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
