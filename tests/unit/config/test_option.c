// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/option.h"
#include "flashback/config/volume.h"

/* Set an option to values that are cut at '|'. */
static void
set(const char *name, void *base, const char *values)
{
	const struct option_row *o = option_find(name);

	assert_non_null(o);
	while (*values != '\0') {
		size_t len = strcspn(values, "|");
		char *value = strndup(values, len), *why;

		if (option_set(o, base, value, &why) != 0)
			fail_msg("%s: %s", name, why);
		free(value);
		values += len + (values[len] != '\0');
	}
}

/* A name and a field are there once, those of volumes come first, and a default can be set. */
static void
test_table(void **state)
{
	const struct option_row *o;
	struct config c = {.file = (char[]){"/etc/f"}};
	struct volume v = {0};
	bool main = false;

	(void)state;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		assert_ptr_equal(option_find(o->name), o);
		assert_true(!main || o->places == OPTION_MAIN);
		main = o->places == OPTION_MAIN;
		assert_true(main || (o->places & OPTION_VOLUME) != 0);
		assert_true(i < (main ? OPTION_ALL : OPTION_VOLUMES));
		for (size_t k = 0; k < i; k++)
			assert_true((option_at(k)->places == OPTION_MAIN) != main ||
			            option_at(k)->field != o->field);
	}
	assert_null(option_find("kep_daily"));
	assert_null(option_find(""));
	assert_int_equal(option_defaults(OPTION_MAIN, &c), 0);
	assert_string_equal(c.hosts_file, "/etc/hosts.conf");
	assert_int_equal(c.parallel, 2);
	assert_null(c.data_dir);
	option_clear_all(OPTION_MAIN, &c);
	assert_null(c.hosts_file);
	assert_int_equal(option_defaults(OPTION_VOLUME, &v), 0);
	assert_int_equal(v.keep.weekly, 8);
	assert_null(v.source);
	option_clear_all(OPTION_VOLUME, &v);
	assert_null(v.ssh);
}

static void
test_shapes(void **state)
{
	(void)state;
	assert_int_equal(option_shape(option_find("source")), OPTION_ONE);
	assert_int_equal(option_shape(option_find("window")), OPTION_LIST);
	assert_int_equal(option_shape(option_find("exclude")), OPTION_SUM);
	assert_int_equal(option_shape(option_find("rsync_options")), OPTION_SUM);
	assert_int_equal(option_shape(option_find("after")), OPTION_COMMAND);
	assert_int_equal(option_shape(option_find("notify")), OPTION_COMMAND);
}

/* Each option of a volume: what is set is what is printed. */
static void
test_volume(void **state)
{
	static const struct {
		const char *name, *values, *want;
	} cases[] = {
	    {"source", "/a b", "\"/a b/\""},
	    {"every", "24h", "\"1d\""},
	    {"keep_last", "7", "7"},
	    {"keep_hourly", "7", "7"},
	    {"keep_daily", "7", "7"},
	    {"keep_weekly", "7", "7"},
	    {"keep_monthly", "7", "7"},
	    {"keep_yearly", "7", "7"},
	    {"exclude", "", "{ }"},
	    {"exclude", "a|b c", "{ \"a\", \"b c\" }"},
	    {"rsync_options", "-z|--bwlimit=1m", "{ \"-z\", \"--bwlimit=1m\" }"},
	    {"ssh", "ssh -p 22", "\"ssh -p 22\""},
	    {"one_file_system", "off", "no"},
	    {"probe", "none", "\"none\""},
	    {"probe", "ping", "\"ping\""},
	    {"probe", "tcp:22", "\"tcp:22\""},
	    {"address", "NAS", "\"NAS\""},
	    {"window", "", "{ }"},
	    {"window", "22:00-06:05|12:00-24:00", "{ \"22:00-06:05\", \"12:00-24:00\" }"},
	    {"io_timeout", "90s", "\"90s\""},
	    {"removable", "yes", "yes"},
	    {"before", "/a|b", "{ \"/a\", \"b\" }"},
	    {"after", "/a", "{ \"/a\" }"},
	    {"shrink_guard", "12.5%", "\"12.50%\""},
	    {"change_guard", "0%", "\"0%\""},
	    {"recheck", "0", "\"0\""},
	    {"recheck", "60d", "\"60d\""},
	    {"overdue", "2w", "\"14d\""},
	    {"disabled", "yes", "yes"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct volume *v = volume_new(NULL);
		char *text;

		set(cases[i].name, v, cases[i].values);
		text = option_print(option_find(cases[i].name), v);
		assert_string_equal(text, cases[i].want);
		free(text);
		volume_free(v);
	}
}

static void
test_config(void **state)
{
	static const struct {
		const char *name, *values, *want;
	} cases[] = {
	    {"data_dir", "/a//b/./c/", "\"/a/b/c\""},
	    {"hosts_file", "h", "\"/etc/h\""},
	    {"hosts_file", "/h", "\"/h\""},
	    {"status_file", "/s", "\"/s\""},
	    {"queue_file", "/q", "\"/q\""},
	    {"pid_file", "/p", "\"/p\""},
	    {"log", "syslog", "\"syslog\""},
	    {"log", "stderr", "\"stderr\""},
	    {"wake", "60s", "\"1m\""},
	    {"parallel", "3", "3"},
	    {"time_slice", "1h", "\"1h\""},
	    {"min_free", "0.5%", "\"0.50%\""},
	    {"min_free", "1024M", "\"1G\""},
	    {"notify", "/bin/a|b", "{ \"/bin/a\", \"b\" }"},
	    {"rsync", "/r", "\"/r\""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct config c = {.file = (char[]){"/etc/f"}};
		char *text;

		set(cases[i].name, &c, cases[i].values);
		text = option_print(option_find(cases[i].name), &c);
		assert_string_equal(text, cases[i].want);
		free(text);
		option_clear_all(OPTION_MAIN, &c);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *name, *value, *why;
	} cases[] = {
	    {"data_dir", "a", "'a' is not an absolute path: begin it with '/'"},
	    {"data_dir", "", "'' is not an absolute path: begin it with '/'"},
	    {"data_dir", "/./",
	     "the root directory cannot be the store: name a directory below it"},
	    {"hosts_file", "x/", "'x/' names a directory, not a file"},
	    {"hosts_file", "", "'' does not name a file"},
	    {"status_file", "/run/x/", "'/run/x/' names a directory, not a file"},
	    {"log", "Syslog", "'Syslog' is neither \"stderr\" nor \"syslog\""},
	    {"wake", "8d", "'8d' is too long: at most 7d"},
	    {"parallel", "65",
	     "'65' is not a number from 1 to 64, in digits without a leading zero"},
	    {"parallel", "0", "'0' is not a number from 1 to 64, in digits without a leading zero"},
	    {"rsync", "rsync",
	     "'rsync' is not an absolute path: write the program's full path, such as "
	     "/usr/bin/true"},
	    {"every", "36601d", "'36601d' is too long: at most 36600d"},
	    {"io_timeout", "8d", "'8d' is too long: at most 7d"},
	    {"keep_yearly", "100001",
	     "'100001' is not a number from 0 to 100000, in digits without a leading zero"},
	    {"probe", "tcp:0",
	     "unknown probe 'tcp:0': write ping, tcp, tcp:PORT (1 to 65535) or none"},
	    {"probe", "Ping",
	     "unknown probe 'Ping': write ping, tcp, tcp:PORT (1 to 65535) or none"},
	    {"address", "root@host", "'root@host' is not the name of a host"},
	    {"before", "mount",
	     "'mount' is not an absolute path: write the program's full path, such as "
	     "/usr/bin/true"},
	    {"rsync_options", "--inplace",
	     "option '--inplace' is not allowed; hosts.conf(5) lists those that are"},
	    {"source", "etc", "'etc' is neither an absolute path nor HOST:PATH"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct option_row *o = option_find(cases[i].name);
		struct config c = {.file = (char[]){"/etc/f"}};
		struct volume v = {0};
		void *base = o->places == OPTION_MAIN ? (void *)&c : (void *)&v;
		char *why = NULL;

		if (option_set(o, base, cases[i].value, &why) == 0)
			fail_msg("%s: %s was taken", cases[i].name, cases[i].value);
		assert_string_equal(why, cases[i].why);
		free(why);
		option_clear(o, base);
	}
}

/* Only the first word of a command is a program; a single string is cut. */
static void
test_command(void **state)
{
	const struct option_row *o = option_find("before");
	struct volume v = {0};
	char *why;

	(void)state;
	set("before", &v, "/bin/a b|mount");
	assert_int_equal(option_set(o, &v, "", &why), 0);
	assert_int_equal(v.before.n, 3);
	option_clear(o, &v);
	assert_int_equal(v.before.n, 0);
	assert_int_equal(option_split(o, &v, "/bin/a b", &why), 0);
	assert_int_equal(v.before.n, 2);
	option_clear(o, &v);
}

/* A copy of its own, with where it comes from. */
static void
test_inherit(void **state)
{
	struct volume *around = volume_new(NULL), *v;
	const struct option_origin origin = {.file = "f", .line = 3, .place = OPTION_HOST};

	(void)state;
	set("every", around, "2d");
	set("exclude", around, "a|b");
	set("before", around, "/bin/a|x");
	set("window", around, "01:00-02:00");
	set("ssh", around, "ssh -v");
	set("probe", around, "tcp:99");
	set("restore_to", around, "root@h:/home");
	option_mark(option_find("ssh"), around, &origin);
	v = volume_new(around);
	volume_free(around);
	assert_int_equal(v->windows.n, 1);
	assert_string_equal(v->windows.item[0], "01:00-02:00");
	assert_string_equal(v->restore_to, "root@h:/home/");
	assert_null(v->source);
	set("exclude", v, "c");
	set("rsync_options", v, "-z");
	option_clear(option_find("window"), v);
	assert_int_equal(v->refs, 1);
	assert_int_equal(v->every, 2 * 86400);
	assert_int_equal(v->exclude.n, 3);
	assert_string_equal(v->exclude.item[0], "a");
	assert_string_equal(v->exclude.item[2], "c");
	assert_int_equal(v->rsync_options.n, 1);
	assert_int_equal(v->before.n, 2);
	assert_int_equal(v->windows.n, 0);
	assert_string_equal(v->ssh, "ssh -v");
	assert_int_equal(v->probe_port, 99);
	assert_int_equal(option_origin(option_find("ssh"), v)->line, 3);
	assert_null(option_origin(option_find("every"), v)->file);
	volume_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),   cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_volume),  cmocka_unit_test(test_config),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_command),
	    cmocka_unit_test(test_inherit),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
