// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/render.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* A volume of which one option has been set to these values, cut at '|'. */
static char *
volume_text(enum volume_key key, const char *values)
{
	struct volume_layer own = {0};
	const struct volume_layer *const layers[3] = {NULL, NULL, &own};
	enum volume_key blame;
	struct volume *v;
	char *why, *text;

	own.setting[VOLUME_SOURCE].set = true;
	assert_int_equal(text_list_add(&own.setting[VOLUME_SOURCE].values, "h:/x"), 0);
	own.setting[key].set = true;
	text_list_free(&own.setting[key].values);
	while (*values != '\0') {
		size_t len = strcspn(values, "|");

		assert_int_equal(text_list_addf(&own.setting[key].values, "%.*s", (int)len, values),
		                 0);
		values += len + (values[len] != '\0');
	}
	v = volume_resolve("h", "v", layers, NULL, &why, &blame);
	assert_non_null(v);
	text = render_volume(v, key);
	volume_layer_free(&own);
	volume_free(v);
	return text;
}

static void
test_volume(void **state)
{
	static const struct {
		enum volume_key key;
		const char *values, *want;
	} cases[] = {
	    {VOLUME_SOURCE, "/a b", "\"/a b/\""},
	    {VOLUME_EVERY, "24h", "\"1d\""},
	    {VOLUME_KEEP_LAST, "7", "7"},
	    {VOLUME_KEEP_HOURLY, "7", "7"},
	    {VOLUME_KEEP_DAILY, "7", "7"},
	    {VOLUME_KEEP_WEEKLY, "7", "7"},
	    {VOLUME_KEEP_MONTHLY, "7", "7"},
	    {VOLUME_KEEP_YEARLY, "7", "7"},
	    {VOLUME_EXCLUDE, "", "{ }"},
	    {VOLUME_EXCLUDE, "a|b c", "{ \"a\", \"b c\" }"},
	    {VOLUME_EXCLUDE, "\\[x\\]|it's|\"|'\"\\",
	     "{ '\\[x\\]', \"it's\", '\"', \"'\\\"\\\\\" }"},
	    {VOLUME_EXCLUDE, "${X}|a\nb", "{ '${X}', \"a\\012b\" }"},
	    {VOLUME_RSYNC_OPTIONS, "-z|--bwlimit=1m", "{ \"-z\", \"--bwlimit=1m\" }"},
	    {VOLUME_SSH, "ssh -p 22", "\"ssh -p 22\""},
	    {VOLUME_ONE_FILE_SYSTEM, "off", "no"},
	    {VOLUME_PROBE, "none", "\"none\""},
	    {VOLUME_PROBE, "ping", "\"ping\""},
	    {VOLUME_PROBE, "tcp", "\"tcp:22\""},
	    {VOLUME_ADDRESS, "NAS", "\"nas\""},
	    {VOLUME_WINDOW, "", "{ }"},
	    {VOLUME_WINDOW, "22:00-06:05|12:00-24:00", "{ \"22:00-06:05\", \"12:00-24:00\" }"},
	    {VOLUME_IO_TIMEOUT, "90s", "\"90s\""},
	    {VOLUME_REMOVABLE, "yes", "yes"},
	    {VOLUME_BEFORE, "/a|b", "{ \"/a\", \"b\" }"},
	    {VOLUME_AFTER, "/a", "{ \"/a\" }"},
	    {VOLUME_SHRINK_GUARD, "12.5%", "\"12.50%\""},
	    {VOLUME_SHRINK_GUARD, "0%", "\"0%\""},
	    {VOLUME_OVERDUE, "2w", "\"14d\""},
	    {VOLUME_DISABLED, "yes", "yes"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text = volume_text(cases[i].key, cases[i].values);

		assert_string_equal(text, cases[i].want);
		free(text);
	}
}

static void
test_config(void **state)
{
	static const struct {
		enum config_key key;
		const char *value, *want;
	} cases[] = {
	    {CONFIG_DATA_DIR, "/b/", "\"/b\""},
	    {CONFIG_HOSTS_FILE, "h", "\"/etc/h\""},
	    {CONFIG_STATUS_FILE, "/s", "\"/s\""},
	    {CONFIG_QUEUE_FILE, "/q", "\"/q\""},
	    {CONFIG_PID_FILE, "/p", "\"/p\""},
	    {CONFIG_LOG, "syslog", "\"syslog\""},
	    {CONFIG_LOG, "stderr", "\"stderr\""},
	    {CONFIG_WAKE, "60s", "\"1m\""},
	    {CONFIG_PARALLEL, "3", "3"},
	    {CONFIG_TIME_SLICE, "1h", "\"1h\""},
	    {CONFIG_MIN_FREE, "0.5%", "\"0.50%\""},
	    {CONFIG_MIN_FREE, "5%", "\"5%\""},
	    {CONFIG_MIN_FREE, "1024M", "\"1G\""},
	    {CONFIG_MIN_FREE, "1025", "\"1025\""},
	    {CONFIG_MIN_FREE, "2048T", "\"2048T\""},
	    {CONFIG_NOTIFY, "/bin/a", "{ \"/bin/a\" }"},
	    {CONFIG_RSYNC, "/r", "\"/r\""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct config *c = config_new("/etc/f");
		char *why, *text;

		assert_int_equal(config_set(c, cases[i].key, cases[i].value, &why), 0);
		text = render_config(c, cases[i].key);
		assert_string_equal(text, cases[i].want);
		free(text);
		config_free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_volume),
	    cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
