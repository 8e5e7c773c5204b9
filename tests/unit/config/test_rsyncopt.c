// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/rsyncopt.h"

static const char *const good[] = {
    "--exclude=*.o",
    "--include=/a b/",
    "--filter=- *.o",
    "--exclude-from=/etc/x",
    "--include-from=/etc/x",
    "--max-size=1G",
    "--min-size=1",
    "-z",
    "--compress",
    "--compress-choice=zstd",
    "--compress-level=1",
    "--compress-threads=2",
    "--skip-compress=gz/jpg",
    "--bwlimit=1m",
    "--rsync-path=sudo rsync",
    "--password-file=/etc/p",
    "--port=8730",
    "--address=10.0.0.1",
    "-4",
    "-6",
    "--contimeout=10",
    "--sockopts=SO_SNDBUF=1",
    "--iconv=utf8,latin1",
    "--fake-super",
    "--copy-unsafe-links",
    "--safe-links",
    "--munge-links",
    "-W",
    "--whole-file",
    "--no-whole-file",
    "--block-size=1000",
    "-c",
    "--checksum",
    "--checksum-choice=xxh3",
    "--fsync",
    "--open-noatime",
    "--max-alloc=2G",
    "--old-args",
    "--no-hard-links",
    "--no-acls",
    "--no-xattrs",
    "--no-sparse",
    "--no-numeric-ids",
    "--no-owner",
    "--no-group",
    "--no-devices",
    "--no-specials",
};

static void
test_good(void **state)
{

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		char *why = NULL;

		if (rsyncopt_check(good[i], &why) != 0)
			fail_msg("%s: %s", good[i], why);
	}
}

/* What was measured to empty a snapshot or to reach into others; and ways to write around it. */
static const char *const forbidden[] = {
    "--existing",
    "--list-only",
    "--files-from=/dev/null",
    "--dirs",
    "-d",
    "--only-write-batch=/x",
    "--inplace",
    "--link-dest=/",
    "--copy-dest=/x",
    "--compare-dest=",
    "--backup",
    "--backup-dir=/x",
    "-b",
    "--temp-dir=/x",
    "-T/x",
    "--partial-dir=x",
    "--append",
    "--delete",
    "--quiet",
    "-q",
    "--info=none",
    "--no-recursive",
    "--no-r",
    "--no-H",
    "--no-times",
    "--update",
    "-u",
    "-K",
    "-e",
    "-e=sh",
    "--rsh=sh",
    "--daemon",
    "--config=/x",
    "--dry-run",
    "-n",
    "--ignore-existing",
    "--remove-source-files",
    "--trust-sender",
    "--insecure-links",
    "--chmod=a+w",
    "--exclud=x",
    "--comp",
    "-zW",
    "-cz",
    "-M--x",
    "--",
    "-",
    "/etc",
    "host:/x",
    "",
    " -z",
    "-z ",
    "--checksum\n",
    "--Checksum",
    "--timeout=1",
    "--stop-after=1",
    "--log-file=/x",
    "--write-devices",
    "--copy-devices",
    "--super",
    "--usermap=*:x",
    "--no-perms",
};

static void
test_never(void **state)
{

	(void)state;
	for (size_t i = 0; i < LENGTH(forbidden); i++) {
		char *why = NULL;

		if (rsyncopt_check(forbidden[i], &why) == 0)
			fail_msg("%s was allowed", forbidden[i]);
		assert_non_null(why);
		free(why);
	}
}

static void
test_words(void **state)
{
	static const struct {
		const char *option, *why;
	} cases[] = {
	    {"--inplace", "option '--inplace' is not allowed; hosts.conf(5) lists those that are"},
	    {"--exlude=x", "option '--exlude=x' is not allowed; did you mean \"--exclude\"?"},
	    {"--bwlimit", "--bwlimit needs its value in the same item: --bwlimit=VALUE"},
	    {"--bwlimit=", "--bwlimit needs its value in the same item: --bwlimit=VALUE"},
	    {"1000", "'1000' is not an option: write an option and its value as one item, "
	             "--option=value"},
	    {"-zc", "'-zc': write a short option alone, in an item of its own, and one with a "
	            "value in full, --option=value"},
	    {"--checksum=md5", "'--checksum=md5': --checksum takes no value"},
	    {"--exclude-from=x", "'--exclude-from=x': give --exclude-from an absolute path"},
	    {"--filter=!", "'--filter=!' would drop the excludes before it"},
	    {"--filter=clear", "'--filter=clear' would drop the excludes before it"},
	    {"--exclude=!", "'--exclude=!' would drop the excludes before it"},
	    {"--bwlimit=1m -z",
	     "'--bwlimit=1m -z' contains a blank: write each option as an item of a list"},
	    {"--port=ssh", "'--port=ssh': a port is a number from 1 to 65535"},
	    {"--port=0", "'--port=0': a port is a number from 1 to 65535"},
	    {"", "an item is empty"},
	    {"--bwlimit=1\n", "'--bwlimit=1\\012' contains a control character"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *why = NULL;

		assert_int_equal(rsyncopt_check(cases[i].option, &why), -1);
		assert_string_equal(why, cases[i].why);
		free(why);
	}
}

/* Is option among these, which end with NULL? */
static bool
is_one_of(const char *option, const char *const *list)
{
	while (*list != NULL && strcmp(*list, option) != 0)
		list++;
	return *list != NULL;
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What each is fit for, whatever its value. */
static void
test_uses(void **state)
{
	const char *const *reach =
	    LIST("--rsync-path", "--password-file", "--port", "--address", "-4", "-6",
	         "--contimeout", "--iconv", "--sockopts", "--old-args");
	const char *const *send =
	    LIST("-z", "--compress", "--compress-choice", "--compress-level", "--compress-threads");
	const char *const *slow =
	    LIST("--filter", "--max-size", "--min-size", "--iconv", "--fake-super",
	         "--copy-unsafe-links", "--safe-links", "--munge-links", "-c", "--checksum",
	         "--checksum-choice", "--old-args");
	const char *const *filter =
	    LIST("--exclude", "--include", "--filter", "--exclude-from", "--include-from");
	const char *const *omit =
	    LIST("--max-size", "--min-size", "--safe-links", "--no-devices", "--no-specials");

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		const char *option = good[i];
		char *name = strndup(option, strcspn(option, "="));
		bool restores = strncmp(name, "--no-", 5) == 0 ||
		                is_one_of(name, LIST("--fake-super", "--munge-links"));

		if (rsyncopt_has(option, RSYNCOPT_REACH) != is_one_of(name, reach) ||
		    rsyncopt_has(option, RSYNCOPT_QUICK) == is_one_of(name, slow) ||
		    rsyncopt_has(option, RSYNCOPT_RESTORE) != restores ||
		    rsyncopt_has(option, RSYNCOPT_RESTORE | RSYNCOPT_SEND) !=
		        (restores || is_one_of(name, reach) || is_one_of(name, send)) ||
		    rsyncopt_has(option, RSYNCOPT_FILTER) != is_one_of(name, filter) ||
		    rsyncopt_has(option, RSYNCOPT_OMIT) != is_one_of(name, omit))
			fail_msg("%s", option);
		free(name);
	}
	assert_false(rsyncopt_has("--delete", RSYNCOPT_QUICK));
	assert_false(rsyncopt_has("--portal=1", RSYNCOPT_REACH));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_never),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_uses),
	};

	return cmocka_run_group_tests_name("rsyncopt", tests, NULL, NULL);
}
