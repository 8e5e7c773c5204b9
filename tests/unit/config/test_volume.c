// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/volume.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define LONGEST "1234567890123456789012345678901234567890123456789012345678901234"

/* Set an option of a layer to words that are cut at '|'. */
static void
set(struct volume_layer *layer, enum volume_key key, const char *values, int line)
{
	struct volume_setting *s = &layer->setting[key];

	text_list_free(&s->values);
	s->set = true;
	s->origin = (struct volume_origin){.file = "f", .line = line};
	while (*values != '\0') {
		size_t len = strcspn(values, "|");
		char *value = strndup(values, len), *why;

		assert_int_equal(volume_check_value(key, s->values.n, value, &why), 0);
		assert_int_equal(text_list_add(&s->values, value), 0);
		free(value);
		values += len + (values[len] != '\0');
	}
}

/* A volume from one layer with these options; NULL with the words in why. */
static struct volume *
make(struct volume_layer *own, const char *data_dir, char **why, enum volume_key *blame)
{
	const struct volume_layer *const layers[3] = {NULL, NULL, own};
	struct volume *v = volume_resolve("host", "vol", layers, data_dir, why, blame);

	volume_layer_free(own);
	*own = (struct volume_layer){0};
	return v;
}

static struct volume *
make_good(struct volume_layer *own)
{
	enum volume_key blame;
	char *why;
	struct volume *v = make(own, "/backup", &why, &blame);

	if (v == NULL)
		fail_msg("%s: %s", volume_key_name(blame), why);
	return v;
}

static void
test_names(void **state)
{
	static const char *const good[] = {"kimono",      "a",  "A-1_b.c", "0",
	                                   "failed-disk", "x.", LONGEST};
	static const struct {
		const char *name, *why;
	} bad[] = {
	    {"", "'' cannot be the name of a directory here: use letters, digits, '.', '_' and "
	         "'-', beginning with a letter or digit"},
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
test_keys(void **state)
{
	(void)state;
	for (enum volume_key key = 0; key < VOLUME_KEYS; key++)
		assert_int_equal(volume_key_find(volume_key_name(key)), key);
	assert_int_equal(volume_key_find("kep_daily"), VOLUME_KEYS);
	assert_int_equal(volume_key_find(""), VOLUME_KEYS);
	assert_true(volume_key_is_list(VOLUME_WINDOW));
	assert_false(volume_key_is_list(VOLUME_SOURCE));
	assert_true(volume_key_is_command(VOLUME_AFTER));
	assert_false(volume_key_is_command(VOLUME_SSH));
}

static void
test_defaults(void **state)
{
	struct volume_layer own = {0};
	struct volume *v;

	(void)state;
	set(&own, VOLUME_SOURCE, "root@Kimono:/home", 3);
	v = make_good(&own);
	assert_string_equal(v->id, "host/vol");
	assert_string_equal(v->host, "host");
	assert_string_equal(v->name, "vol");
	assert_string_equal(v->source, "root@Kimono:/home/");
	assert_int_equal(v->every, 86400);
	assert_int_equal(v->keep.daily, 10);
	assert_int_equal(v->keep.weekly, 8);
	assert_int_equal(v->keep.last + v->keep.hourly + v->keep.monthly + v->keep.yearly, 0);
	assert_string_equal(v->ssh, "ssh");
	assert_true(v->one_file_system);
	assert_int_equal(v->probe, VOLUME_PROBE_PING);
	assert_int_equal(v->probe_port, 0);
	assert_string_equal(v->address, "kimono");
	assert_int_equal(v->nwindows, 0);
	assert_int_equal(v->io_timeout, 600);
	assert_false(v->removable);
	assert_int_equal(v->shrink_guard, 5000);
	assert_int_equal(v->overdue, 3 * 86400);
	assert_false(v->disabled);
	assert_int_equal(v->origin[VOLUME_SOURCE].line, 3);
	assert_null(v->origin[VOLUME_EVERY].file);
	volume_free(v);
}

/* The innermost wins; exclude and rsync_options add up from the outside in. */
static void
test_inheritance(void **state)
{
	struct volume_layer layer[3] = {0};
	const struct volume_layer *const layers[3] = {&layer[0], &layer[1], &layer[2]};
	enum volume_key blame;
	struct volume *v;
	char *why;

	(void)state;
	set(&layer[0], VOLUME_EVERY, "2d", 1);
	set(&layer[0], VOLUME_EXCLUDE, "a|b", 2);
	set(&layer[0], VOLUME_BEFORE, "/bin/a|x", 3);
	set(&layer[0], VOLUME_WINDOW, "01:00-02:00", 4);
	set(&layer[0], VOLUME_SSH, "ssh -v", 5);
	set(&layer[1], VOLUME_EVERY, "3h", 11);
	set(&layer[1], VOLUME_RSYNC_OPTIONS, "-z", 12);
	set(&layer[1], VOLUME_BEFORE, "/bin/b", 13);
	set(&layer[1], VOLUME_EXCLUDE, "", 14);
	set(&layer[2], VOLUME_SOURCE, "h:/", 21);
	set(&layer[2], VOLUME_EXCLUDE, "c", 22);
	set(&layer[2], VOLUME_RSYNC_OPTIONS, "-W|-4", 23);
	set(&layer[2], VOLUME_WINDOW, "", 24);
	v = volume_resolve("h", "v", layers, NULL, &why, &blame);
	assert_non_null(v);
	for (size_t i = 0; i < 3; i++)
		volume_layer_free(&layer[i]);

	assert_int_equal(v->every, 3 * 3600);
	assert_int_equal(v->overdue, 2 * 86400);
	assert_int_equal(v->origin[VOLUME_EVERY].line, 11);
	assert_int_equal(v->exclude.n, 3);
	assert_string_equal(v->exclude.item[0], "a");
	assert_string_equal(v->exclude.item[2], "c");
	assert_int_equal(v->origin[VOLUME_EXCLUDE].line, 22);
	assert_int_equal(v->rsync_options.n, 3);
	assert_string_equal(v->rsync_options.item[0], "-z");
	assert_string_equal(v->rsync_options.item[2], "-4");
	assert_int_equal(v->before.n, 1);
	assert_string_equal(v->before.item[0], "/bin/b");
	assert_int_equal(v->nwindows, 0);
	assert_int_equal(v->origin[VOLUME_WINDOW].line, 24);
	assert_string_equal(v->ssh, "ssh -v");
	volume_free(v);
}

/* What is asked, where, and at which port. */
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
		struct volume_layer own = {0};
		struct volume *v;

		set(&own, VOLUME_SOURCE, cases[i].source, 1);
		if (*cases[i].probe != '\0')
			set(&own, VOLUME_PROBE, cases[i].probe, 2);
		if (*cases[i].address != '\0')
			set(&own, VOLUME_ADDRESS, cases[i].address, 2);
		if (*cases[i].ssh != '\0')
			set(&own, VOLUME_SSH, cases[i].ssh, 2);
		set(&own, VOLUME_RSYNC_OPTIONS, cases[i].options, 2);
		v = make_good(&own);
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
	struct volume_layer outer = {0}, own = {0};
	const struct volume_layer *const layers[3] = {&outer, NULL, &own};
	enum volume_key blame;
	struct volume *v;
	char *why;

	(void)state;
	set(&outer, VOLUME_PROBE, "tcp:99", 1);
	set(&own, VOLUME_SOURCE, "/etc", 2);
	v = volume_resolve("h", "v", layers, NULL, &why, &blame);
	assert_non_null(v);
	assert_int_equal(v->probe, VOLUME_PROBE_NONE);
	assert_int_equal(v->probe_port, 0);
	assert_null(v->origin[VOLUME_PROBE].file);
	volume_free(v);

	set(&own, VOLUME_PROBE, "tcp:99", 3);
	assert_null(volume_resolve("h", "v", layers, NULL, &why, &blame));
	assert_int_equal(blame, VOLUME_PROBE);
	assert_string_equal(why, "a local source has no host that could be asked: leave probe out, "
	                         "or add address");
	free(why);
	volume_layer_free(&outer);
	volume_layer_free(&own);
}

static void
test_refused(void **state)
{
	struct volume_layer own = {0};
	enum volume_key blame;
	char *why;

	(void)state;
	assert_null(make(&own, NULL, &why, &blame));
	assert_int_equal(blame, VOLUME_SOURCE);
	assert_string_equal(why, "host/vol has none: say what to copy, such as source = "
	                         "\"root@host:/home/\"");
	free(why);

	set(&own, VOLUME_SOURCE, "/etc", 1);
	set(&own, VOLUME_KEEP_DAILY, "0", 2);
	set(&own, VOLUME_KEEP_WEEKLY, "0", 3);
	assert_null(make(&own, NULL, &why, &blame));
	assert_int_equal(blame, VOLUME_KEEP_WEEKLY);
	assert_string_equal(why, "nothing would be kept: set one of the keep_ options above 0");
	free(why);
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
		struct volume_layer own = {0};
		enum volume_key blame;
		struct volume *v;
		char *why;

		set(&own, VOLUME_SOURCE, cases[i].source, 1);
		set(&own, VOLUME_EXCLUDE, "x", 2);
		v = make(&own, cases[i].data_dir, &why, &blame);
		if (cases[i].exclude != NULL && *cases[i].exclude == '\0') {
			assert_null(v);
			assert_int_equal(blame, VOLUME_SOURCE);
			assert_non_null(strstr(why, "is inside data_dir"));
			free(why);
			continue;
		}
		assert_non_null(v);
		assert_int_equal(v->exclude.n, cases[i].exclude != NULL ? 2 : 1);
		assert_string_equal(v->exclude.item[0],
		                    cases[i].exclude != NULL ? cases[i].exclude : "x");
		volume_free(v);
	}
}

static void
test_references(void **state)
{
	struct volume_layer own = {0};
	struct volume *v;

	(void)state;
	set(&own, VOLUME_SOURCE, "/etc", 1);
	v = make_good(&own);
	assert_ptr_equal(volume_ref(v), v);
	volume_free(v);
	assert_string_equal(v->id, "host/vol");
	volume_free(v);
	volume_free(NULL);
}

static uint64_t
fingerprint(const char *source, const char *exclude, const char *options, const char *one)
{
	struct volume_layer own = {0};
	struct volume *v;
	uint64_t h;

	set(&own, VOLUME_SOURCE, source, 1);
	set(&own, VOLUME_EXCLUDE, exclude, 1);
	set(&own, VOLUME_RSYNC_OPTIONS, options, 1);
	set(&own, VOLUME_ONE_FILE_SYSTEM, one, 1);
	set(&own, VOLUME_EVERY, *exclude != '\0' ? "1d" : "2d", 1);
	v = make_good(&own);
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
		struct volume_layer own = {0};
		struct volume *v;

		set(&own, VOLUME_SOURCE, "/a", 1);
		set(&own, VOLUME_WINDOW, cases[i].windows, 1);
		v = make_good(&own);
		assert_int_equal(volume_window_open(v, cases[i].minute), cases[i].open);
		assert_int_equal(volume_window_next(v, cases[i].minute), cases[i].next);
		volume_free(v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),      cmocka_unit_test(test_keys),

	    cmocka_unit_test(test_defaults),   cmocka_unit_test(test_inheritance),
	    cmocka_unit_test(test_probe),      cmocka_unit_test(test_probe_of_all),
	    cmocka_unit_test(test_refused),    cmocka_unit_test(test_store_inside),
	    cmocka_unit_test(test_references), cmocka_unit_test(test_fingerprint),
	    cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests_name("volume", tests, NULL, NULL);
}
