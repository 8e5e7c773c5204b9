// SPDX-License-Identifier: ISC
#include "unit.h"

#include <time.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/cause.h"

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static int
find(const char *line, struct cause *cause)
{
	return cause_find(line, strlen(line), cause);
}

/* The real words of ssh and rsync in whole runs are with test_judge; here are their cousins. */
static void
test_found(void **state)
{
	static const struct {
		const char *line;
		enum cause_mark mark;
		const char *text;
	} rows[] = {
	    {"No RSA host key is known for 10.0.0.1 and you have requested strict checking.",
	     CAUSE_PLAIN,
	     "is the host key of 10.0.0.1 unknown? as the user that runs flashback, run `ssh "
	     "10.0.0.1` "
	     "once, and compare the fingerprint"},
	    {"ssh: Could not resolve hostname h: Temporary failure in name resolution", CAUSE_PLAIN,
	     "cannot resolve h: no name server answered"},
	    {"ssh: connect to host fe80::1%eth0 port 22: No route to host", CAUSE_PLAIN,
	     "fe80::1%eth0 cannot be reached: No route to host"},
	    {"ssh: connect to host fd00::1 port 22: No route to host", CAUSE_PLAIN,
	     "fd00::1 cannot be reached: No route to host"},
	    {"ssh: connect to host h port 22: Connection timed out", CAUSE_PLAIN,
	     "h cannot be reached: Connection timed out"},
	    {"Timeout, server kimono.lan not responding.", CAUSE_PLAIN,
	     "kimono.lan stopped answering: it was switched off, or the network "
	     "failed"},
	    {"root@h: Permission denied (publickey,password,keyboard-interactive).", CAUSE_PLAIN,
	     "key refused: not in authorized_keys? passphrase, no SSH_AUTH_SOCK? home writable by "
	     "all? PermitRootLogin no? account expired? key type? \"root@h: Permission denied "
	     "(publickey,password,keyboard-interactive)\""},
	    {"Unable to negotiate with 10.0.0.1 port 22: no matching key exchange method found. "
	     "Their offer: diffie-hellman-group1-sha1,kex-strict-s-v00@openssh.com",
	     CAUSE_PLAIN,
	     "ssh on the host and ssh here have no \"key exchange method\" in common (\"Their "
	     "offer: "
	     "diffie-hellman-group1-sha1,kex-strict-s-v00@openssh.com\"): see ssh_config(5)"},
	    {"unknown option -- a\": run b; \"", CAUSE_PLAIN,
	     "ssh does not know the option \"a': run b; '\": check the ssh option of the volume"},
	    {"Bad owner or permissions on /root/.ssh/config", CAUSE_PLAIN,
	     "does ssh refuse its file /root/.ssh/config? it must belong to its user and be "
	     "writable by nobody else"},
	    {"sh: 1: rsync: not found", CAUSE_PLAIN,
	     "no rsync on the host: install it there, or give its path with --rsync-path in "
	     "rsync_options"},
	    {"zsh:1: command not found: rsync", CAUSE_PLAIN,
	     "no rsync on the host: install it there, or give its path with --rsync-path in "
	     "rsync_options"},
	    {"rsync: Command not found.", CAUSE_PLAIN,
	     "no rsync on the host: install it there, or give its path with --rsync-path in "
	     "rsync_options"},
	    {"bash: line 1: /opt/bin/rsnc: No such file or directory", CAUSE_PLAIN,
	     "the host has no command /opt/bin/rsnc"},
	    {"sudo: a password is required", CAUSE_PLAIN,
	     "sudo on the host asks for a password: allow the command in --rsync-path without one "
	     "(NOPASSWD)"},
	    {"sudo: a terminal is required to read the password; either use the -S option",
	     CAUSE_PLAIN,
	     "sudo on the host asks for a password: allow the command in --rsync-path without one "
	     "(NOPASSWD)"},
	    {"sudo: sorry, you must have a tty to run sudo", CAUSE_PLAIN,
	     "sudo on the host wants a terminal: turn requiretty off in its sudoers (Defaults:USER "
	     "!requiretty)"},
	    {"Sorry, user ann is not allowed to execute '/usr/bin/rsync --server' as root on h.",
	     CAUSE_PLAIN,
	     "sudo on the host does not let ann run this: sudoers must allow the command in "
	     "--rsync-path, with any options"},
	    {"ann is not in the sudoers file.  This incident will be reported.", CAUSE_PLAIN,
	     "ann is not in the sudoers file of the host"},
	    {"sudo: Account expired or PAM config lacks an \"account\" section for sudo, contact "
	     "your system administrator",
	     CAUSE_PLAIN, "sudo on the host: the account has expired"},
	    {"Your account has expired; please contact your system administrator.", CAUSE_PLAIN,
	     "the account on the host has expired"},
	    {"sign_and_send_pubkey: no mutual signature supported", CAUSE_PLAIN,
	     "the key is of a type that the host rejects: make an ed25519 one, or see "
	     "PubkeyAcceptedAlgorithms in ssh_config(5)"},
	    {"This account is currently not available.", CAUSE_PLAIN,
	     "the account on the host has no login shell (nologin): give it one, such as /bin/sh"},
	    {"rsync: ACLs are not supported on this server", CAUSE_OPTION,
	     "the rsync on the host has no ACLs: add --no-acls to rsync_options"},
	    {"rsync: extended attributes are not supported on this server", CAUSE_OPTION,
	     "the rsync on the host has no xattrs: add --no-xattrs to rsync_options"},
	    {"--acls requires protocol 30 or higher (negotiated 29).", CAUSE_OPTION,
	     "the rsync on the host is too old for --acls: upgrade it, or add --no-acls and "
	     "--no-xattrs to rsync_options"},
	    {"bash: line 1: 15825 Killed                  rsync --server", CAUSE_PLAIN,
	     "rsync on the host was killed: out of memory?"},
	    {"rsync: invalid option -- A", CAUSE_OPTION,
	     "the rsync on the host does not know an option that is needed (is it openrsync?): -- "
	     "A"},
	    {"openrsync: unrecognized option `--acls'", CAUSE_OPTION,
	     "the rsync on the host is openrsync: add --no-acls and --no-xattrs to rsync_options, "
	     "or install the rsync of samba.org there"},
	    {"/usr/bin/rsync: unrecognized option `--acls'", CAUSE_OPTION,
	     "the rsync on the host does not know an option that is needed (is it openrsync?): "
	     "`--acls'"},
	    {"rsync: failed to connect to h (10.0.0.1): Connection timed out (110)", CAUSE_PLAIN,
	     "h cannot be reached: Connection timed out (110)"},
	    {"rsync: getaddrinfo: h 873: Temporary failure in name resolution", CAUSE_PLAIN,
	     "cannot resolve h: no name server answered"},
	    {"@ERROR: invalid uid nosuch", CAUSE_PLAIN,
	     "the rsync daemon reports: invalid uid nosuch"},
	    {"@ERROR: a\033[2Jb", CAUSE_PLAIN, "the rsync daemon reports: a\\033[2Jb"},
	    /* Words that are none of these, or that somebody else would like us to say. */
	    {"", CAUSE_PLAIN, NULL},
	    {"Host key for has changed and you have requested strict checking.", CAUSE_PLAIN, NULL},
	    {"Host key for x';reboot;' has changed and you have requested strict checking.",
	     CAUSE_PLAIN, NULL},
	    {"Host key for  has changed and you have requested strict checking.", CAUSE_PLAIN,
	     NULL},
	    {"Host key verification failed.x", CAUSE_PLAIN, NULL},
	    {"Host key for x has changed and you have requested strict checking.!", CAUSE_PLAIN,
	     NULL},
	    {" Host key verification failed.", CAUSE_PLAIN, NULL},
	    {"a b: Permission denied (publickey).", CAUSE_PLAIN, NULL},
	    {"rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]",
	     CAUSE_PLAIN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct cause cause;

		print_message("row %zu\n", i);
		if (rows[i].text == NULL) {
			assert_int_equal(find(rows[i].line, &cause), -1);
			continue;
		}
		assert_int_equal(find(rows[i].line, &cause), 0);
		assert_string_equal(cause.text, rows[i].text);
		assert_int_equal(cause.mark, rows[i].mark);
		assert_true(cause.rank > 0);
	}
}

/* Of two things that ssh says, the one nearer to the root has the higher rank. */
static void
test_rank(void **state)
{
	static const struct {
		const char *better, *worse;
	} rows[] = {
	    {"Host key for h has changed and you have requested strict checking.",
	     "Host key verification failed."},
	    {"Load key \"/root/k\": bad permissions", "root@h: Permission denied (publickey)."},
	    {"ssh: connect to host h port 22: Connection refused",
	     "Warning: Identity file /root/k not accessible: No such file or directory."},
	    {"kex_exchange_identification: Connection closed by remote host",
	     "Connection closed by 10.0.0.1 port 22"},
	    {"Connection timed out during banner exchange", "Connection to h port 22 timed out"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct cause better, worse;

		print_message("%s\n", rows[i].better);
		assert_int_equal(find(rows[i].better, &better), 0);
		assert_int_equal(find(rows[i].worse, &worse), 0);
		assert_true(better.rank > worse.rank);
	}
}

/* However long the names are, the words fit. */
static void
test_long(void **state)
{
	static const char *const lines[] = {
	    FIFTY FIFTY ": Permission denied (" FIFTY FIFTY ").",
	    "Host key for " FIFTY FIFTY " has changed and you have requested strict checking.",
	    "ssh: Could not resolve hostname " FIFTY FIFTY ": Name or service not known",
	    "rsync: [client] failed to open " FIFTY " file " FIFTY FIFTY ": " FIFTY,
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct cause cause;

		assert_int_equal(find(lines[i], &cause), 0);
		assert_in_range(strlen(cause.text), 100, CAUSE_TEXT - 1);
	}
}

/* What one name or text can take of the words is bounded; a whole file is no message. */
static void
test_bounds(void **state)
{
	static const char name[] = "Host key for x\0y has changed and you have requested strict "
	                           "checking.";
	char line[2000];
	struct cause cause;

	(void)state;
	assert_int_equal(find("@ERROR: " FIFTY FIFTY FIFTY, &cause), 0);
	assert_int_equal(strlen(cause.text), strlen("the rsync daemon reports: ") + 72);
	assert_int_equal(cause_find(name, sizeof(name) - 1, &cause), -1);
	memset(line, 'x', sizeof(line));
	memcpy(line, "@ERROR: ", 8);
	assert_int_equal(cause_find(line, 1000, &cause), 0);
	assert_int_equal(cause_find(line, sizeof(line), &cause), -1);
}

static void
test_random_lines(void **state)
{
	static const char *const pieces[] = {
	    "rsync: ",  "ssh: ",
	    "@ERROR: ", "sh: ",
	    "line 1: ", "x",
	    ": ",       "Permission denied (",
	    ").",       "\033[",
	    "\303",     "\0x",
	    " port ",   "*",
	    "%",        "command not found",
	    "$1",       "rsync",
	    "sudo: ",   "failed to connect to ",
	    " (",       "unknown option",
	};
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 20000; i++) {
		char line[256] = "", clean[CAUSE_TEXT];
		struct cause cause;
		char *exact;

		for (int n = rand() % 10; n > 0; n--)
			strcat(line, pieces[(size_t)rand() % LENGTH(pieces)]);
		exact = strdup(line);
		assert_non_null(exact);
		if (cause_find(exact, strlen(exact), &cause) == 0) {
			assert_true(strlen(cause.text) < CAUSE_TEXT);
			text_clean(clean, sizeof(clean), cause.text, strlen(cause.text));
			assert_string_equal(clean, cause.text);
		}
		free(exact);
	}
}

static void
test_codes(void **state)
{
	(void)state;
	for (int code = -1; code < 300; code++)
		assert_true(strlen(cause_of_code(code)) > 5);
	assert_string_equal(cause_of_code(22), "rsync ran out of memory");
	assert_string_equal(cause_of_code(77), "rsync failed with an unexpected exit status");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),        cmocka_unit_test(test_rank),
	    cmocka_unit_test(test_long),         cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_random_lines), cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
