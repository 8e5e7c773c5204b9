// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/source.h"

static void
assert_text(const char *text, const char *got, const char *want)
{
	if (want == NULL && got == NULL)
		return;
	if (want == NULL || got == NULL || strcmp(got, want) != 0)
		fail_msg("%s: got %s, not %s", text, got ? got : "nothing",
		         want ? want : "nothing");
}

static void
test_good(void **state)
{
	static const struct {
		const char *text;
		enum volume_transport transport;
		const char *source, *host, *path;
		int port;
	} cases[] = {
	    {"/", VOLUME_LOCAL, "/", NULL, "/", 0},
	    {"/etc", VOLUME_LOCAL, "/etc/", NULL, "/etc/", 0},
	    {"/etc/", VOLUME_LOCAL, "/etc/", NULL, "/etc/", 0},
	    {"//srv/./a  b//c/.", VOLUME_LOCAL, "/srv/a  b/c/", NULL, "/srv/a  b/c/", 0},
	    {"/a:b@c/...", VOLUME_LOCAL, "/a:b@c/.../", NULL, "/a:b@c/.../", 0},
	    {"kimono:/home", VOLUME_SHELL, "kimono:/home/", "kimono", "/home/", 0},
	    {"root@Kimono.local:/home/", VOLUME_SHELL, "root@Kimono.local:/home/", "Kimono.local",
	     "/home/", 0},
	    {"me@corp@host:docs", VOLUME_SHELL, "me@corp@host:docs/", "host", "docs/", 0},
	    {"host:a@b:c", VOLUME_SHELL, "host:a@b:c/", "host", "a@b:c/", 0},
	    {"10.0.0.1:/", VOLUME_SHELL, "10.0.0.1:/", "10.0.0.1", "/", 0},
	    {"[fd77::2]:/x", VOLUME_SHELL, "[fd77::2]:/x/", "fd77::2", "/x/", 0},
	    {"u@[fe80::1%eth0]:/x y", VOLUME_SHELL, "u@[fe80::1%eth0]:/x y/", "fe80::1%eth0",
	     "/x y/", 0},
	    {"rsync://nas.lan/music", VOLUME_RSYNCD, "rsync://nas.lan/music/", "nas.lan", "music/",
	     0},
	    {"RSYNC://u@nas:8730/music/a b/", VOLUME_RSYNCD, "RSYNC://u@nas:8730/music/a b/", "nas",
	     "music/a b/", 8730},
	    {"rsync://[::1]:65535/m", VOLUME_RSYNCD, "rsync://[::1]:65535/m/", "::1", "m/", 65535},
	    {"nas::music", VOLUME_RSYNCD, "nas::music/", "nas", "music/", 0},
	    {"u@[::1]::music/x", VOLUME_RSYNCD, "u@[::1]::music/x/", "::1", "music/x/", 0},
	    {"my_box-2:/", VOLUME_SHELL, "my_box-2:/", "my_box-2", "/", 0},
	    {"b\xc3\xbc"
	     "cher:/",
	     VOLUME_SHELL,
	     "b\xc3\xbc"
	     "cher:/",
	     "b\xc3\xbc"
	     "cher",
	     "/", 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct source v = {.port = 1};
		char *why;
		int rc = source_parse(cases[i].text, &v, &why);

		if (rc == -1)
			fail_msg("%s: %s", cases[i].text, why);
		assert_int_equal(v.transport, cases[i].transport);
		assert_text(cases[i].text, v.text, cases[i].source);
		assert_text(cases[i].text, v.host, cases[i].host);
		assert_text(cases[i].text, v.path, cases[i].path);
		assert_int_equal(v.port, cases[i].port);
		source_free(&v);
	}
}

static const struct {
	const char *text, *why;
} bad[] = {
    {"", "it is empty: write a path, or HOST:PATH"},
    {"etc", "'etc' is neither an absolute path nor HOST:PATH"},
    {"[fe80::1%]:/x", "'fe80::1%' is not an IPv6 address"},
    {"./a:b", "'./a:b' is neither an absolute path nor HOST:PATH"},
    {"~/docs", "'~' is not expanded: write the whole path"},
    {"host:~/docs", "'~' is not expanded: write the whole path"},
    {"-x:/", "'-x:/' begins with '-': it would be taken for an option"},
    {"u@-x:/", "the host '-x' begins with '-': it would be taken for an option"},
    {"/a/../b", "the path contains '..': write where it leads"},
    {"/a/*.c", "'/a/*.c' contains a wildcard: name one directory, and leave out parts of "
               "it with exclude"},
    {"host:/a[0-9]", "'/a[0-9]' contains a wildcard: name one directory, and leave out "
                     "parts of it with exclude"},
    {"rsync://h/m/?", "'m/?' contains a wildcard: name one directory, and leave out parts "
                      "of it with exclude"},
    {"/a\tb", "'/a\\011b' contains a control character"},
    {"h:/a\nb", "'h:/a\\012b' contains a control character"},
    {"kimono:", "the path after the ':' of 'kimono' is missing: write it, such as /home/, "
                "or /"},
    {":/x", "the host's name is empty"},
    {"@h:/x", "the user before the '@' is missing"},
    {"a b@h:/x", "'a b' is not the name of a user"},
    {"h i:/x", "'h i' is not the name of a host"},
    {"h;x:/x", "'h;x' is not the name of a host"},
    {"010.77.1.1:/", "'010.77.1.1' is not an IPv4 address: four numbers up to 255, no "
                     "leading zeros"},
    {"10.77.257:/", "'10.77.257' is not an IPv4 address: four numbers up to 255, no leading "
                    "zeros"},
    {"fd77::2:/home", "an IPv6 address needs brackets: [ADDRESS]:PATH"},
    {"[fd77:::/x]:/home", "'fd77:::/x' is not an IPv6 address"},
    {"[kimono]:/home", "brackets are only for an IPv6 address"},
    {"[fd77::2:/home", "the ']' after the '[' is missing"},
    {"[fd77::2]/home", "the ':' after the host is missing"},
    {"nas::", "the module is missing: write rsync://HOST/MODULE or HOST::MODULE"},
    {"nas::/music", "the module is missing: write rsync://HOST/MODULE or HOST::MODULE"},
    {"rsync://nas", "the module is missing: write rsync://HOST/MODULE or HOST::MODULE"},
    {"rsync://nas/", "the module is missing: write rsync://HOST/MODULE or HOST::MODULE"},
    {"rsync:///m", "the host's name is empty"},
    {"rsync://h:0/m", "what follows the host, ':0/m', is not a port from 1 to 65535"},
    {"rsync://h:65536/m", "what follows the host, ':65536/m', is not a port from 1 to "
                          "65535"},
    {"rsync://h:123456/m", "what follows the host, ':123456/m', is not a port from 1 to "
                           "65535"},
    {"rsync://h:/m", "what follows the host, ':/m', is not a port from 1 to 65535"},
};

static void
test_bad(void **state)
{

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct source v;
		char *why;

		if (source_parse(bad[i].text, &v, &why) == 0)
			fail_msg("%s was taken", bad[i].text);
		assert_text(bad[i].text, why, bad[i].why);
		free(why);
		assert_null(v.text);
		assert_null(v.host);
		assert_null(v.path);
	}
}

static void
test_inside(void **state)
{
	(void)state;
	assert_true(source_is_inside("/backup", "/backup"));
	assert_true(source_is_inside("/backup/a", "/backup"));
	assert_true(source_is_inside("/backup/", "/backup"));
	assert_false(source_is_inside("/backup2", "/backup"));
	assert_false(source_is_inside("/back", "/backup"));
	assert_true(source_is_inside("/x", "/"));
	assert_true(source_is_inside("/", "/"));
}

/* By its address; the rest is as it was. */
static void
test_at(void **state)
{
	static const struct {
		const char *text, *address, *result;
	} rows[] = {
	    {"rsync://nas/music/", "10.0.0.9", "rsync://10.0.0.9/music/"},
	    {"RSYNC://b:k@nas.lan:8730/m@x:y/", "fd77::2", "RSYNC://b:k@[fd77::2]:8730/m@x:y/"},
	    {"nas::music/", "fe80::1%eth0", "[fe80::1%eth0]::music/"},
	    {"backup@nas::m@x/", "10.0.0.9", "backup@10.0.0.9::m@x/"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char *result = source_at(rows[i].text, rows[i].address);

		assert_string_equal(result, rows[i].result);
		free(result);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_inside),
	    cmocka_unit_test(test_at),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
