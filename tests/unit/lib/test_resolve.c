// SPDX-License-Identifier: ISC
#include "unit.h"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/resolve.h"

#define MAX 8

static void
numeric_or_not(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool numeric;
	} table[] = {
	    {"10.0.0.1", true},   {"::1", true},           {"fe80::1%lo", true},
	    {"kimono", false},    {"kimono.local", false}, {"10.0.0.1.example", false},
	    {"010.0.0.1", false}, {"10.1", false},         {"2130706433", false},
	    {"", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(resolve_is_numeric(table[i].name), table[i].numeric);
}

static void
numeric_addresses_are_taken_as_they_are(void **state)
{
	(void)state;
	struct resolve found[MAX];
	struct sockaddr_in in;
	char reason[200];
	size_t n;

	assert_int_equal(resolve_find("127.1.2.3", 8022, found, MAX, &n, reason, sizeof(reason)),
	                 RESOLVE_FOUND);
	assert_int_equal(n, 1);
	assert_string_equal(found[0].text, "127.1.2.3");
	assert_int_equal(found[0].len, sizeof(in));
	memcpy(&in, &found[0].addr, sizeof(in));
	assert_int_equal(in.sin_family, AF_INET);
	assert_int_equal(ntohs(in.sin_port), 8022);
	assert_int_equal(ntohl(in.sin_addr.s_addr), 0x7f010203);
}

static void
what_is_no_name_is_unknown(void **state)
{
	(void)state;
	/* Those that are no proper address are not looked up, so this needs no name server. */
	static const char *const bad[] = {"010.0.0.1", "10.1",           "2130706433", "0x7f.0.0.1",
	                                  "1:2",       "fe80::1%nosuch", "[::1]"};
	struct resolve found[MAX];
	char reason[200];
	size_t n = 1;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum resolve_result r =
		    resolve_find(bad[i], 22, found, MAX, &n, reason, sizeof(reason));

		/* Where there is no network at all, that is said of what is not numeric. */
		if (r != RESOLVE_UNKNOWN && strcmp(reason, "no network") != 0)
			fail_msg("%s: %d '%s'", bad[i], (int)r, reason);
		assert_int_equal(n, 0);
	}
}

static void
a_reason_is_fit_to_be_printed(void **state)
{
	(void)state;
	struct resolve found[MAX];
	char reason[200], name[] = "a:b\033[2J\n";
	size_t n;

	assert_int_equal(resolve_find(name, 22, found, MAX, &n, reason, sizeof(reason)),
	                 RESOLVE_UNKNOWN);
	assert_string_equal(reason, "the name a:b\\033[2J\\012 does not exist");
}

/* What resolve_find says of name where there is no network at all, not even loopback, and, with
 * files, no name server either.  Return -1 when there is no such place to be had. */
static int
find_without_network(const char *name, bool files, const char *words)
{
	char nsswitch[] = "/tmp/test_address.XXXXXX", reason[200] = "";
	struct resolve found[MAX];
	int fd = mkstemp(nsswitch), status;
	const char *text = files ? "hosts: files\n" : "hosts: files dns\n";
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	pid = fork();
	if (pid == 0) {
		size_t n;

		if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount(nsswitch, "/etc/nsswitch.conf", NULL, MS_BIND, NULL) < 0)
			_exit(255);
		enum resolve_result r =
		    resolve_find(name, 22, found, MAX, &n, reason, sizeof(reason));
		if (strstr(reason, words) == NULL) {
			print_message("%s: '%s' lacks '%s'\n", name, reason, words);
			_exit(100);
		}
		_exit((int)r);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(nsswitch);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static void
without_a_network_nothing_is_known(void **state)
{
	(void)state;
	int first = find_without_network("10.1.2.3", true, strerror(ENETUNREACH));

	if (first < 0) {
		print_message("SKIPPED: a network of one's own needs root\n");
		skip();
	}
	assert_int_equal(first, RESOLVE_NO_NET);
	assert_int_equal(find_without_network("fd00::1", true, "no route to the host"),
	                 RESOLVE_NO_NET);
	/* The files know no such name; it may exist all the same. */
	assert_int_equal(find_without_network("kimono.local", true, "no network"), RESOLVE_NO_NET);
	assert_int_equal(find_without_network("kimono.local", false, "cannot resolve"),
	                 RESOLVE_NO_NET);
	assert_int_equal(find_without_network("a:b", true, "does not exist"), RESOLVE_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numeric_or_not),
	    cmocka_unit_test(numeric_addresses_are_taken_as_they_are),
	    cmocka_unit_test(what_is_no_name_is_unknown),
	    cmocka_unit_test(a_reason_is_fit_to_be_printed),
	    cmocka_unit_test(without_a_network_nothing_is_known),
	};

	/* So that even a name server that says nothing costs little. */
	setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
