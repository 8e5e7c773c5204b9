// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flashback/config/entry.h"

/* An option on line 10 with these values, ended by NULL, on lines 11, 12 and so on. */
static struct entry
make(const char *name, bool list, const char *const *values)
{
	struct entry e = {.file = "f", .name = name, .line = 10, .list = list};

	for (int i = 0; values[i] != NULL; i++)
		assert_int_equal(entry_add(&e, 11 + i, values[i]), 0);
	return e;
}

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_VALUES ((const char *const[]){NULL})

/* Put an entry into an empty layer; return what is set, and the faults as text in out. */
static struct volume_layer
to_layer(struct entry e, enum volume_key key, struct text_list *out)
{
	struct volume_layer layer = {0};
	struct errors_list faults = {0};

	entry_to_layer(&e, key, &layer, &faults);
	assert_int_equal(errors_report(&faults, "f", out), 0);
	errors_free(&faults);
	entry_free(&e);
	return layer;
}

static void
assert_layer(struct entry e, enum volume_key key, const char *const *want)
{
	struct text_list out = {0};
	struct volume_layer layer = to_layer(e, key, &out);
	const struct volume_setting *s = &layer.setting[key];

	assert_int_equal(out.n, 0);
	assert_true(s->set);
	assert_string_equal(s->origin.file, "f");
	assert_int_equal(s->origin.line, 10);
	for (size_t i = 0; i < s->values.n; i++)
		assert_string_equal(s->values.item[i], want[i]);
	assert_null(want[s->values.n]);
	volume_layer_free(&layer);
}

static void
assert_faults(struct entry e, enum volume_key key, const char *const *want)
{
	struct text_list out = {0};
	struct volume_layer layer = to_layer(e, key, &out);

	assert_false(layer.setting[key].set);
	for (size_t i = 0; i < out.n; i++)
		assert_string_equal(out.item[i], want[i]);
	assert_null(want[out.n]);
	text_list_free(&out);
}

static void
test_layer(void **state)
{
	(void)state;
	assert_layer(make("every", false, VALUES("2d")), VOLUME_EVERY, VALUES("2d"));
	assert_layer(make("exclude", false, VALUES("a b")), VOLUME_EXCLUDE, VALUES("a b"));
	assert_layer(make("exclude", true, VALUES("a", "b")), VOLUME_EXCLUDE, VALUES("a", "b"));
	assert_layer(make("exclude", true, NO_VALUES), VOLUME_EXCLUDE, NO_VALUES);
	assert_layer(make("before", false, VALUES(" /a  b\tc ")), VOLUME_BEFORE,
	             VALUES("/a", "b", "c"));
	assert_layer(make("before", false, VALUES("/a x&y a>b")), VOLUME_BEFORE,
	             VALUES("/a", "x&y", "a>b"));
	assert_layer(make("before", true, VALUES("/a b", "")), VOLUME_BEFORE, VALUES("/a b", ""));
	assert_layer(make("before", true, NO_VALUES), VOLUME_BEFORE, NO_VALUES);
}

/* Each value that is wrong is told with its own line, and the option is not set. */
static void
test_layer_faults(void **state)
{
	static const char *const shell[] = {"/bin/sh -c 'x y'", "/bin/a \"b\"", "/bin/a || /bin/b",
	                                    "/bin/a > /tmp/b"};
	struct entry e;

	(void)state;
	assert_faults(make("disabled", false, VALUES("x")), VOLUME_DISABLED,
	              VALUES("f:11: disabled: 'x' is neither yes nor no"));
	assert_faults(make("disabled", true, VALUES("yes")), VOLUME_DISABLED,
	              VALUES("f:10: disabled: it takes one value, without braces"));
	assert_faults(make("exclude", true, VALUES("", "a", "!")), VOLUME_EXCLUDE,
	              VALUES("f:11: exclude: a pattern is empty",
	                     "f:13: exclude: '!' would drop the patterns that stand before it"));
	assert_faults(make("before", false, VALUES(" ")), VOLUME_BEFORE,
	              VALUES("f:11: before: the command is empty: name a program, or write { } "
	                     "for none"));
	assert_faults(make("before", false, VALUES("a b")), VOLUME_BEFORE,
	              VALUES("f:11: before: 'a' is not an absolute path: a program is named in "
	                     "full, such as /usr/bin/true"));

	for (size_t i = 0; i < sizeof(shell) / sizeof(shell[0]); i++)
		assert_faults(
		    make("after", false, VALUES(shell[i])), VOLUME_AFTER,
		    VALUES("f:11: after: no shell reads this, it is cut at blanks: write "
		           "a list, one item a word, such as { '/bin/sh', '-c', '...' }"));

	/* What has been told of a value is not told again, but of the others it is. */
	e = make("exclude", true, VALUES("a", ""));
	e.told = true;
	assert_faults(e, VOLUME_EXCLUDE, VALUES("f:12: exclude: a pattern is empty"));
	e = make("before", true, VALUES("b"));
	e.told = true;
	assert_faults(e, VOLUME_BEFORE, NO_VALUES);
	e = make("every", false, NO_VALUES);
	e.told = true;
	assert_faults(e, VOLUME_EVERY, NO_VALUES);
}

static void
test_config(void **state)
{
	struct errors_list faults = {0};
	struct config *c = config_new("/etc/f");
	struct entry e;

	(void)state;
	assert_non_null(c);
	e = make("wake", false, VALUES("3m"));
	entry_to_config(&e, CONFIG_WAKE, c, &faults);
	entry_free(&e);
	assert_int_equal(c->wake, 180);
	assert_int_equal(c->origin[CONFIG_WAKE].line, 10);
	e = make("notify", false, VALUES("/bin/a b"));
	entry_to_config(&e, CONFIG_NOTIFY, c, &faults);
	entry_free(&e);
	assert_int_equal(c->notify.n, 2);
	assert_int_equal(faults.n, 0);

	e = make("wake", true, VALUES("3m"));
	entry_to_config(&e, CONFIG_WAKE, c, &faults);
	entry_free(&e);
	assert_int_equal(faults.n, 1);
	e = make("parallel", false, VALUES("0"));
	entry_to_config(&e, CONFIG_PARALLEL, c, &faults);
	entry_free(&e);
	assert_int_equal(faults.n, 2);
	assert_int_equal(faults.item[1].line, 11);
	e = make("log", false, NO_VALUES);
	e.told = true;
	entry_to_config(&e, CONFIG_LOG, c, &faults);
	entry_free(&e);
	assert_int_equal(faults.n, 2);
	errors_free(&faults);
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_layer),
	    cmocka_unit_test(test_layer_faults),
	    cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
