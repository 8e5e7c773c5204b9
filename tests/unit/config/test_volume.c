// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/volume.h"

#define LONGEST "1234567890123456789012345678901234567890123456789012345678901234"

/* Set an option to words that are cut at '|', as it stands in such a section. */
static void
set_in(struct volume *v, enum option_place place, const char *name, const char *values)
{
	const struct option_row *o = option_find(name);

	option_mark(o, v, &(struct option_origin){.file = "f", .line = 1, .place = place});
	if (option_shape(o) != OPTION_SUM)
		option_clear(o, v);
	while (*values != '\0') {
		size_t len = strcspn(values, "|");
		char *value = strndup(values, len), *why;

		if (option_set(o, v, value, &why) != 0)
			fail_msg("%s: %s", name, why);
		free(value);
		values += len + (values[len] != '\0');
	}
}

static void
set(struct volume *v, const char *name, const char *values)
{
	set_in(v, OPTION_VOLUME, name, values);
}

static void
finish(struct volume *v)
{
	const char *blame = "";
	char *why;

	if (volume_finish(v, "host", "vol", "/backup", &why, &blame) != 0)
		fail_msg("%s: %s", blame, why);
}

/* It is refused, for this option, with these words in the reason. */
static void
assert_refused(struct volume *v, const char *data_dir, const char *option, const char *words)
{
	const char *blame = "";
	char *why;

	assert_int_equal(volume_finish(v, "host", "vol", data_dir, &why, &blame), -1);
	assert_string_equal(blame, option);
	if (strstr(why, words) == NULL)
		fail_msg("%s", why);
	free(why);
	volume_free(v);
}

static void
test_names(void **state)
{
	static const char *const good[] = {"kimono",      "a",  "A-1_b.c", "0",
	                                   "failed-disk", "x.", LONGEST};
	static const struct {
		const char *name, *why;
	} bad[] = {
	    {"", "'' cannot be a name: use letters, digits, '.', '_' and '-', beginning with a "
	         "letter or digit"},
	    {".", NULL},
	    {"..", NULL},
	    {".flashback", NULL},
	    {"-x", NULL},
	    {"_x", NULL},
	    {"a/b", NULL},
	    {"a b", NULL},
	    {"a:b", NULL},
	    {"a\n", NULL},
	    {"\xc3\xa4", NULL},
	    {"FAILED", "'FAILED' cannot be a name: scripts count the word FAILED in queue.txt"},
	    {"failed", "'failed' cannot be a name: scripts count the word FAILED in queue.txt"},
	    {"Succeeded",
	     "'Succeeded' cannot be a name: scripts count the word SUCCEEDED in queue.txt"},
	    {"disk-FAILED", NULL},
	    {"12345678901234567890123456789012345678901234567890123456789012345",
	     "'12345678901234567890123456789012345678901234567890123456789012345' is too long for "
	     "a name: at most 64 characters"},
	};
	char *why;

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++)
		if (volume_check_name(good[i], &why) != 0)
			fail_msg("%s", why);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		if (volume_check_name(bad[i].name, &why) == 0)
			fail_msg("%s was taken", bad[i].name);
		if (bad[i].why != NULL)
			assert_string_equal(why, bad[i].why);
		free(why);
	}
}

static void
test_defaults(void **state)
{
	struct volume *v = volume_new(NULL);

	(void)state;
	set(v, "source", "root@Kimono:/home");
	finish(v);
	assert_string_equal(v->id, "host/vol");
	assert_string_equal(v->host, "host");
	assert_string_equal(v->name, "vol");
	assert_string_equal(v->source, "root@Kimono:/home/");
	assert_int_equal(v->every, 86400);
	assert_int_equal(v->keep.daily, 10);
	assert_int_equal(v->keep.weekly, 8);
	assert_int_equal(v->keep.last, 3);
	assert_int_equal(v->keep.hourly + v->keep.monthly + v->keep.yearly, 0);
	assert_string_equal(v->ssh, "ssh");
	assert_true(v->one_file_system);
	assert_int_equal(v->probe, VOLUME_PROBE_PING);
	assert_int_equal(v->probe_port, 0);
	assert_string_equal(v->address, "kimono");
	assert_int_equal(v->windows.n, 0);
	assert_int_equal(v->io_timeout, 600);
	assert_false(v->removable);
	assert_int_equal(v->shrink_guard, 5000);
	assert_int_equal(v->overdue, 3 * 86400);
	assert_false(v->disabled);
	volume_free(v);
}

/* The innermost wins; exclude and rsync_options add up from the outside in. */
static void
test_inheritance(void **state)
{
	struct volume *defaults = volume_new(NULL), *host, *v;

	(void)state;
	set_in(defaults, OPTION_DEFAULTS, "every", "2d");
	set_in(defaults, OPTION_DEFAULTS, "exclude", "a|b");
	set_in(defaults, OPTION_DEFAULTS, "before", "/bin/a|x");
	set_in(defaults, OPTION_DEFAULTS, "window", "01:00-02:00");
	set_in(defaults, OPTION_DEFAULTS, "ssh", "ssh -v");
	host = volume_new(defaults);
	volume_free(defaults);
	set_in(host, OPTION_HOST, "every", "3h");
	set_in(host, OPTION_HOST, "rsync_options", "-z");
	set_in(host, OPTION_HOST, "before", "/bin/b");
	set_in(host, OPTION_HOST, "exclude", "");
	v = volume_new(host);
	volume_free(host);
	set(v, "source", "h:/");
	set(v, "exclude", "c");
	set(v, "rsync_options", "-W|-4");
	set(v, "window", "");
	finish(v);

	assert_int_equal(v->every, 3 * 3600);
	assert_int_equal(v->overdue, 2 * 86400);
	assert_int_equal(option_origin(option_find("every"), v)->place, OPTION_HOST);
	assert_int_equal(v->exclude.n, 3);
	assert_string_equal(v->exclude.item[0], "a");
	assert_string_equal(v->exclude.item[2], "c");
	assert_int_equal(option_origin(option_find("exclude"), v)->place, OPTION_VOLUME);
	assert_int_equal(v->rsync_options.n, 3);
	assert_string_equal(v->rsync_options.item[0], "-z");
	assert_string_equal(v->rsync_options.item[2], "-4");
	assert_int_equal(v->before.n, 1);
	assert_string_equal(v->before.item[0], "/bin/b");
	assert_int_equal(v->windows.n, 0);
	assert_string_equal(v->ssh, "ssh -v");
	volume_free(v);
}

/* What is probed, where, and at which port. */
static void
test_probe(void **state)
{
	static const struct {
		const char *source, *probe, *address, *ssh, *options;
		enum volume_probe kind;
		int port;
		const char *asked;
	} cases[] = {
	    {"/etc", "", "", "", "", VOLUME_PROBE_NONE, 0, ""},
	    {"/mnt/nas", "", "NAS", "", "", VOLUME_PROBE_NONE, 0, "nas"},
	    {"/mnt/nas", "tcp:2049", "NAS", "", "", VOLUME_PROBE_TCP, 2049, "nas"},
	    {"h:/", "", "", "", "", VOLUME_PROBE_PING, 0, "h"},
	    {"h:/", "none", "", "", "", VOLUME_PROBE_NONE, 0, "h"},
	    {"h:/", "tcp", "", "", "", VOLUME_PROBE_TCP, 22, "h"},
	    {"h:/", "tcp", "", "ssh -p 2222", "", VOLUME_PROBE_TCP, 2222, "h"},
	    {"h:/", "tcp", "", "ssh -i /k  -p2223 -v", "", VOLUME_PROBE_TCP, 2223, "h"},
	    {"h:/", "tcp", "", "ssh -p '2224' -p 1", "", VOLUME_PROBE_TCP, 2224, "h"},
	    {"h:/", "tcp", "", "ssh -o 'ProxyCommand=ssh -p 99 x'", "", VOLUME_PROBE_TCP, 22, "h"},
	    {"h:/", "tcp", "", "ssh -p", "", VOLUME_PROBE_TCP, 22, "h"},
	    {"h:/", "tcp", "", "ssh -p 99999", "", VOLUME_PROBE_TCP, 22, "h"},
	    {"h:/", "tcp:7", "10.0.0.9", "ssh -p 2222", "", VOLUME_PROBE_TCP, 7, "10.0.0.9"},
	    {"rsync://h:8730/m", "", "", "", "", VOLUME_PROBE_PING, 0, "h"},
	    {"rsync://h:8730/m", "tcp", "", "ssh -p 2222", "", VOLUME_PROBE_TCP, 8730, "h"},
	    {"rsync://h/m", "tcp", "", "ssh -p 2222", "", VOLUME_PROBE_TCP, 873, "h"},
	    {"h::m", "tcp", "", "", "-z|--port=8731", VOLUME_PROBE_TCP, 8731, "h"},
	    {"[FD00::1]:/", "tcp", "", "", "", VOLUME_PROBE_TCP, 22, "fd00::1"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct volume *v = volume_new(NULL);

		set(v, "source", cases[i].source);
		if (*cases[i].probe != '\0')
			set(v, "probe", cases[i].probe);
		if (*cases[i].address != '\0')
			set(v, "address", cases[i].address);
		if (*cases[i].ssh != '\0')
			set(v, "ssh", cases[i].ssh);
		set(v, "rsync_options", cases[i].options);
		finish(v);
		assert_int_equal(v->probe, cases[i].kind);
		assert_int_equal(v->probe_port, cases[i].port);
		assert_string_equal(v->address, cases[i].asked);
		volume_free(v);
	}
}

/* A probe for all is no mistake when one of them is local. */
static void
test_probe_of_all(void **state)
{
	struct volume *outer = volume_new(NULL), *v;

	(void)state;
	set_in(outer, OPTION_DEFAULTS, "probe", "tcp:99");
	v = volume_new(outer);
	set(v, "source", "/etc");
	finish(v);
	assert_int_equal(v->probe, VOLUME_PROBE_NONE);
	assert_int_equal(v->probe_port, 0);
	assert_null(option_origin(option_find("probe"), v)->file);
	volume_free(v);

	v = volume_new(outer);
	set(v, "source", "h::m");
	finish(v);
	assert_int_equal(v->probe_port, 99);
	volume_free(v);

	v = volume_new(outer);
	set(v, "source", "/etc");
	set(v, "probe", "tcp:99");
	assert_refused(v, NULL, "probe",
	               "a local source has no host to probe: remove probe, or add address");
	volume_free(outer);
}

static void
test_refused(void **state)
{
	struct volume *v = volume_new(NULL), *outer = volume_new(NULL);

	(void)state;
	assert_refused(v, NULL, "source",
	               "host/vol has none: say what to copy, such as source = "
	               "\"root@host:/home/\"");

	v = volume_new(NULL);
	set(v, "source", "/etc");
	set(v, "keep_last", "0");
	set(v, "keep_daily", "0");
	set(v, "keep_weekly", "0");
	assert_refused(v, NULL, "keep_weekly",
	               "nothing would be kept: set one of the keep_ options above 0");

	/* The innermost zero is the one to change. */
	set_in(outer, OPTION_HOST, "keep_last", "0");
	set_in(outer, OPTION_HOST, "keep_weekly", "0");
	v = volume_new(outer);
	set(v, "source", "/etc");
	set(v, "keep_daily", "0");
	assert_refused(v, NULL, "keep_daily", "nothing would be kept");
	volume_free(outer);

	v = volume_new(NULL);
	set(v, "source", "/etc");
	set(v, "every", "2d");
	set(v, "overdue", "2d");
	assert_refused(v, NULL, "overdue",
	               "2d is not longer than every of host/vol, 2d: each backup would be overdue");
}

/* The store is no source, and what holds the store leaves it out. */
static void
test_store_inside(void **state)
{
	static const struct {
		const char *source, *data_dir, *exclude; /* NULL: none; "": refused */
	} cases[] = {
	    {"/backup", "/backup", ""},
	    {"/backup/host/vol/latest", "/backup", ""},
	    {"//backup/./x", "/backup", ""},
	    {"/backup2", "/backup", NULL},
	    {"/back", "/backup", NULL},
	    {"host:/backup", "/backup", NULL},
	    {"/", "/backup", "/backup"},
	    {"/srv", "/srv/disk/store", "/disk/store"},
	    {"/srv", "/srv/my[disk]*\\", "/my\\[disk]\\*\\\\"},
	    {"/srv", "/srv/back\\slash", "/back\\slash"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct volume *v = volume_new(NULL);
		const char *blame;
		char *why;

		set(v, "source", cases[i].source);
		set(v, "exclude", "x");
		if (cases[i].exclude != NULL && *cases[i].exclude == '\0') {
			assert_refused(v, cases[i].data_dir, "source", "is inside data_dir");
			continue;
		}
		assert_int_equal(volume_finish(v, "host", "vol", cases[i].data_dir, &why, &blame),
		                 0);
		assert_int_equal(v->exclude.n, cases[i].exclude != NULL ? 2 : 1);
		assert_string_equal(v->exclude.item[0],
		                    cases[i].exclude != NULL ? cases[i].exclude : "x");
		/* Not twice. */
		assert_int_equal(cases[i].exclude == NULL
		                     ? 0
		                     : volume_keep_out(v, v->path, cases[i].data_dir, &why),
		                 0);
		assert_int_equal(v->exclude.n, cases[i].exclude != NULL ? 2 : 1);
		volume_free(v);
	}
}

static void
test_references(void **state)
{
	struct volume *v = volume_new(NULL);

	(void)state;
	set(v, "source", "/etc");
	finish(v);
	assert_ptr_equal(volume_ref(v), v);
	volume_free(v);
	assert_string_equal(v->id, "host/vol");
	volume_free(v);
	volume_free(NULL);
}

static uint64_t
fingerprint(const char *source, const char *exclude, const char *options, const char *one)
{
	struct volume *v = volume_new(NULL);
	uint64_t h;

	set(v, "source", source);
	set(v, "exclude", exclude);
	set(v, "rsync_options", options);
	set(v, "one_file_system", one);
	set(v, "every", *exclude != '\0' ? "1d" : "2d");
	finish(v);
	h = volume_fingerprint(v);
	volume_free(v);
	return h;
}

static void
test_fingerprint(void **state)
{
	uint64_t h[] = {
	    fingerprint("/a", "x", "-z", "yes"),         fingerprint("/b", "x", "-z", "yes"),
	    fingerprint("/a", "y", "-z", "yes"),         fingerprint("/a", "x|y", "-z", "yes"),
	    fingerprint("/a", "xy", "-z", "yes"),        fingerprint("/a", "x", "-W", "yes"),
	    fingerprint("/a", "x", "-z", "no"),          fingerprint("/a", "", "-z", "yes"),
	    fingerprint("/a", "x|-z", "", "yes"),        fingerprint("/a", "", "", "yes"),
	    fingerprint("/a", "", "--exclude=x", "yes"),
	};

	(void)state;
	assert_true(fingerprint("/a", "x", "-z", "yes") == h[0]);
	for (size_t i = 0; i < LENGTH(h); i++)
		for (size_t k = 0; k < i; k++)
			if (h[i] == h[k])
				fail_msg("%zu and %zu look alike", i, k);
}

/* The same, minute by minute. */
static int
next_change(const struct volume *v, int minute)
{
	bool open = volume_window_open(v, minute);

	for (int ahead = 1; ahead < 24 * 60; ahead++)
		if (volume_window_open(v, (minute + ahead) % (24 * 60)) != open)
			return ahead;
	return 0;
}

static void
test_windows(void **state)
{
	static const struct {
		const char *windows;
		int minute;
		bool open;
		int next;
	} cases[] = {
	    {"", 0, true, 0},
	    {"00:00-24:00", 5, true, 0},
	    {"01:00-02:00", 59, false, 1},
	    {"01:00-02:00", 60, true, 60},
	    {"01:00-02:00", 119, true, 1},
	    {"01:00-02:00", 120, false, 1380},
	    {"22:00-06:00", 1319, false, 1},
	    {"22:00-06:00", 1320, true, 480},
	    {"22:00-06:00", 0, true, 360},
	    {"22:00-06:00", 359, true, 1},
	    {"22:00-06:00", 360, false, 960},
	    {"22:00-00:00", 1439, true, 1},
	    {"22:00-00:00", 0, false, 1320},
	    {"22:00-24:00|00:00-06:00", 1320, true, 480},
	    {"12:00-13:00|22:00-06:00", 13 * 60, false, 540},
	    {"12:00-13:00|12:30-14:00", 12 * 60, true, 120},
	    {"00:00-12:00|12:00-00:00", 700, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct volume *v = volume_new(NULL);

		set(v, "source", "/a");
		set(v, "window", cases[i].windows);
		finish(v);
		assert_int_equal(volume_window_open(v, cases[i].minute), cases[i].open);
		assert_int_equal(volume_window_next(v, cases[i].minute), cases[i].next);
		for (int minute = 0; minute < 24 * 60; minute += 15)
			assert_int_equal(volume_window_next(v, minute), next_change(v, minute));
		volume_free(v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),        cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_inheritance),  cmocka_unit_test(test_probe),
	    cmocka_unit_test(test_probe_of_all), cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_store_inside), cmocka_unit_test(test_references),
	    cmocka_unit_test(test_fingerprint),  cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests_name("volume", tests, NULL, NULL);
}
