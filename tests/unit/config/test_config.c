// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/config/config.h"

/* Set an option that stands on this line. */
static void
set(struct config *c, const char *name, const char *value, int line)
{
	const struct option_row *o = option_find(name);
	char *why;

	if (option_set(o, c, value, &why) != 0)
		fail_msg("%s: %s", name, why);
	option_mark(o, c, &(struct option_origin){.file = c->file, .line = line});
}

/* Finish a config and return its faults as text. */
static struct text_list
finish(struct config *c, bool whole)
{
	struct errors_list faults = {0};
	struct text_list out = {0};

	config_finish(c, whole, &faults);
	assert_int_equal(errors_report(&faults, c->file, &out), 0);
	errors_free(&faults);
	return out;
}

static void
test_finish(void **state)
{
	struct config *c = config_new("/etc/f");
	struct text_list out;

	(void)state;
	set(c, "data_dir", "/backup", 1);
	set(c, "min_free", "3%", 10);
	out = finish(c, true);
	assert_int_equal(out.n, 0);
	assert_int_equal(c->wake, 600);
	assert_int_equal(c->min_free_percent, 300);
	assert_true(c->min_free_bytes == UINT64_MAX);
	config_free(c);

	c = config_new("/etc/f");
	out = finish(c, false);
	assert_int_equal(out.n, 0);
	assert_int_equal(c->min_free_percent, 200);
	assert_true(c->min_free_bytes == UINT64_C(10) << 30);
	out = finish(c, true);
	assert_int_equal(out.n, 1);
	assert_string_equal(out.item[0], "/etc/f:1: data_dir is missing: say where the snapshots "
	                                 "go, such as data_dir = \"/backup\"");
	text_list_free(&out);
	config_free(c);
}

/* The defaults of three files lie below /run/flashback: a store there is no good, either. */
static void
test_files(void **state)
{
	struct config *c = config_new("/etc/f");
	struct text_list out;

	(void)state;
	set(c, "data_dir", "/run/flashback", 1);
	set(c, "pid_file", "/run/x", 5);
	set(c, "hosts_file", "f", 2);
	out = finish(c, true);
	assert_int_equal(out.n, 3);
	assert_string_equal(out.item[0], "/etc/f:1: queue_file: it cannot be inside data_dir, "
	                                 "which may be unmounted or asleep");
	assert_string_equal(out.item[1], "/etc/f:1: status_file: it cannot be inside data_dir, "
	                                 "which may be unmounted or asleep");
	assert_string_equal(out.item[2],
	                    "/etc/f:2: hosts_file: it names the file that it stands in");
	assert_null(c->hosts_file);
	text_list_free(&out);
	config_free(c);
}

/* A status file is replaced each minute: never a config. */
static void
test_overwritten(void **state)
{
	struct config *c = config_new("/etc/f");
	struct text_list out;

	(void)state;
	set(c, "data_dir", "/backup", 1);
	set(c, "status_file", "/etc//f", 3);
	set(c, "queue_file", "/etc/hosts.conf", 4);
	out = finish(c, true);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.item[0], "/etc/f:3: status_file: this is a config file");
	assert_string_equal(out.item[1], "/etc/f:4: queue_file: this is a config file");
	text_list_free(&out);
	config_free(c);
}

static void
test_add(void **state)
{
	struct config *c = config_new("/etc/f");

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		struct volume *v = calloc(1, sizeof(*v));

		assert_non_null(v);
		v->refs = 1;
		v->every = (int64_t)i;
		assert_int_equal(config_add(c, v), 0);
	}
	assert_int_equal(c->n, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(c->volumes[i]->every, i);
	config_free(c);
	config_free(NULL);
}

static void
add_volume(struct config *c, const char *id)
{
	struct volume *v = calloc(1, sizeof(*v));
	const char *slash = strchr(id, '/');

	assert_non_null(v);
	v->refs = 1;
	v->id = strdup(id);
	v->host = strndup(id, (size_t)(slash - id));
	v->name = strdup(slash + 1);
	assert_int_equal(config_add(c, v), 0);
}

static void
test_operands(void **state)
{
	static const struct {
		const char *operand, *best;
	} cases[] = {
	    {"kimon", "kimono"},
	    {"KIMONO", "kimono"},
	    {"DIGIT/Users", "digit/users"},
	    {"kimono/hom", "kimono/home"},
	    {"kimno/home", "kimono/home"},
	    {"users", "digit/users"}, /* the host was forgotten */
	    {"homer", "home"},
	    {"digit/user", "digit/users"},
	    {"elsewhere", NULL},
	    {"/backup/kimono/home", NULL},
	};
	struct config *c = config_new("/etc/f");

	(void)state;
	add_volume(c, "home/etc");
	add_volume(c, "kimono/home");
	add_volume(c, "digit/users");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *best = config_nearest(c, cases[i].operand);

		if (best == NULL || cases[i].best == NULL)
			assert_ptr_equal(best, cases[i].best);
		else
			assert_string_equal(best, cases[i].best);
	}
	assert_true(volume_is_named(c->volumes[1], "kimono"));
	assert_true(volume_is_named(c->volumes[1], "kimono/"));
	assert_true(volume_is_named(c->volumes[1], "kimono/home"));
	assert_true(volume_is_named(c->volumes[1], "kimono/home//"));
	assert_false(volume_is_named(c->volumes[1], "kimono/h"));
	assert_false(volume_is_named(c->volumes[1], "kimono/homes"));
	assert_false(volume_is_named(c->volumes[1], "/kimono"));
	assert_false(volume_is_named(c->volumes[1], "/"));
	assert_false(volume_is_named(c->volumes[1], ""));
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finish),   cmocka_unit_test(test_files),
	    cmocka_unit_test(test_add),      cmocka_unit_test(test_overwritten),
	    cmocka_unit_test(test_operands),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
