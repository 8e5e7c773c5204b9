// SPDX-License-Identifier: ISC
#include "config_files.h"

#include <dirent.h>
#include <time.h>

#define CORPUS "tests/conf"
/* The largest file; ASan copies with each realloc, which libconfuse calls for every 32 characters
 * of a string and for every item of a list. */
#if defined(__SANITIZE_ADDRESS__)
#define LARGE (1 << 15)
#else
#define LARGE (1 << 20)
#endif

/* The errors as one text, without the names of directories. */
static char *
join_errors(const struct fixture *fx)
{
	char *text = strdup("");

	for (size_t i = 0; i < fx->errors.n; i++) {
		const char *from = fx->errors.item[i], *at;

		while ((at = strstr(from, fx->dir)) != NULL) {
			assert_int_equal(
			    text_replace(&text, "%s%.*s", text, (int)(at - from), from), 0);
			from = at + strlen(fx->dir) + 1;
		}
		assert_int_equal(text_replace(&text, "%s%s\n", text, from), 0);
	}
	return text;
}

static void
assert_error(struct fixture *fx, const char *want)
{
	char *got;

	assert_int_equal(load(fx), -1);
	assert_null(fx->config);
	got = join_errors(fx);
	assert_string_equal(got, want);
	free(got);
}

/* Copy a file of the corpus; what is not there leaves what is there. */
static void
take(const char *name, const char *suffix, const char *to)
{
	char *from = text_format("%s/%s%s", CORPUS, name, suffix);
	FILE *f = fopen(from, "r");
	char buf[16384];
	size_t n;

	free(from);
	if (f == NULL)
		return;
	n = fread(buf, 1, sizeof(buf), f);
	assert_true(n < sizeof(buf));
	fclose(f);
	write_file(to, buf, n);
}

static void
try_pair(struct fixture *fx, const char *name)
{
	char *path = text_format("%s/%s.expected", CORPUS, name), *got, want[16384] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fread(want, 1, sizeof(want) - 1, f) < sizeof(want) - 1);
	fclose(f);
	free(path);
	write_both(fx, GOOD_MAIN, GOOD_HOSTS);
	take(name, ".conf", fx->main);
	take(name, ".hosts", fx->hosts);
	assert_int_equal(load(fx), -1);
	assert_null(fx->config);
	got = join_errors(fx);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got\n%s", name, got);
	free(got);
}

/* Every NAME.expected in the corpus is what NAME.conf and NAME.hosts (good ones, where one is not
 * there) come to. */
static void
test_corpus(void **state)
{
	DIR *dir = opendir(CORPUS);
	const struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		const char *suffix = strrchr(entry->d_name, '.');
		char *name;

		if (suffix == NULL || strcmp(suffix, ".expected") != 0)
			continue;
		name = strndup(entry->d_name, (size_t)(suffix - entry->d_name));
		assert_non_null(name);
		try_pair(*state, name);
		free(name);
		n++;
	}
	closedir(dir);
	assert_true(n > 50);
}

static void
test_small(void **state)
{
	struct fixture *fx = *state;
	const struct option_origin *origin;
	const struct config *c;

	load_good(fx);
	c = fx->config;
	assert_string_equal(c->file, fx->main);
	assert_string_equal(c->hosts_file, fx->hosts);
	assert_string_equal(c->data_dir, "/backup");
	assert_string_equal(c->status_file, "/run/flashback/status.txt");
	assert_string_equal(c->queue_file, "/run/flashback/queue.txt");
	assert_string_equal(c->pid_file, "/run/flashback/flashback.pid");
	assert_string_equal(c->rsync, "/usr/bin/rsync");
	assert_false(c->syslog);
	assert_int_equal(c->wake, 600);
	assert_int_equal(c->time_slice, 3600);
	assert_int_equal(c->parallel, 2);
	assert_int_equal(c->min_free_percent, 200);
	assert_true(c->min_free_bytes == UINT64_C(10) << 30);
	assert_int_equal(c->notify.n, 0);
	assert_int_equal(c->n, 1);
	assert_string_equal(c->volumes[0]->id, "a/v");
	origin = option_origin(option_find("source"), c->volumes[0]);
	assert_ptr_equal(origin->file, c->hosts_file);
	assert_int_equal(origin->line, 1);
	assert_int_equal(option_origin(option_find("data_dir"), c)->line, 1);
	assert_null(option_origin(option_find("wake"), c)->file);
}

static void
test_layers(void **state)
{
	struct fixture *fx = *state;
	const struct volume *v;

	write_both(fx,
	           "defaults { every = 2d  exclude = { 'a' }  keep_daily = 5 }\n"
	           "data_dir = '/backup//store/'\n"
	           "notify = '/bin/tell  me'\n"
	           "min_free = 4G\n",
	           "host h {\n"
	           "  volume v { source = 'h:/' exclude = 'c' }\n"
	           "  exclude = { 'b', }\n"
	           "  before = { '/bin/a b', '' }\n"
	           "  volume w { source = 'h:/' before = {} every = 90s after = '/bin/c  d' }\n"
	           "}\n");
	load_good(fx);
	assert_string_equal(fx->config->data_dir, "/backup/store");
	assert_int_equal(fx->config->notify.n, 2);
	assert_string_equal(fx->config->notify.item[1], "me");
	assert_int_equal(fx->config->min_free_percent, -1);
	assert_true(fx->config->min_free_bytes == UINT64_C(4) << 30);
	assert_int_equal(fx->config->n, 2);
	v = fx->config->volumes[0];
	assert_int_equal(v->every, 2 * 86400);
	assert_int_equal(v->keep.daily, 5);
	assert_int_equal(v->exclude.n, 3); /* what follows a volume in its host holds for it, too */
	assert_string_equal(v->exclude.item[0], "a");
	assert_string_equal(v->exclude.item[1], "b");
	assert_string_equal(v->exclude.item[2], "c");
	assert_int_equal(v->before.n, 2);
	assert_string_equal(v->before.item[0], "/bin/a b");
	v = fx->config->volumes[1];
	assert_int_equal(v->before.n, 0);
	assert_int_equal(v->after.n, 2);
	assert_int_equal(v->every, 90);
}

/* Values arrive as they stand between the quotes, to the byte. */
static void
test_bytes(void **state)
{
	static const struct {
		const char *written, *value;
	} cases[] = {
	    {"'\\[x\\]'", "\\[x\\]"},
	    {"\"\\[x\\]\"", "\\[x\\]"},
	    {"\"a\\\\b\"", "a\\b"},
	    {"'a\\\\b'", "a\\\\b"},
	    {"\"a\\\"b'c\"", "a\"b'c"},
	    {"'a\"b'", "a\"b"},
	    {"\"\\n\\t\\x41\\101\\e\"", "\\n\\t\\x41\\101\\e"},
	    {"'${HOME}'", "${HOME}"},
	    {"\"$HOME $(x) `y` *?\"", "$HOME $(x) `y` *?"},
	    {"\"# // /* */ {,} = +=\"", "# // /* */ {,} = +="},
	    {"\"one\\\ntwo\"", "onetwo"},
	    {"'one\\\ntwo'", "one\\\ntwo"},
	    {"\"one\ntwo\"", "one\ntwo"},
	    {"'one\r\ntwo'", "one\ntwo"},
	    {"\"\xff\xe4\xc3\xa4\"", "\xff\xe4\xc3\xa4"},
	    {"\" a \"", " a "},
	    {"\"\\\\\"", "\\"},
	    {"'\\'", "\\"},
	    {"plain-1.2/x@y:z;~[%]", "plain-1.2/x@y:z;~[%]"},
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = text_format(
		    "host h { volume v { source = '/' exclude = { 'x', %s } } }", cases[i].written);
		const struct text_list *exclude;

		write_file(fx->hosts, text, strlen(text));
		free(text);
		load_good(fx);
		exclude = &fx->config->volumes[0]->exclude;
		assert_int_equal(exclude->n, 3); /* the first is of data_dir */
		assert_string_equal(exclude->item[2], cases[i].value);
	}
}

/* No volumes at all are no error. */
static void
test_no_volumes(void **state)
{
	static const char *const texts[] = {
	    "", "\n", "# nothing", "/* nothing */", "// x\n\n", "host a { }", "\xef\xbb\xbf"};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_both(fx, GOOD_MAIN, texts[i]);
		load_good(fx);
		assert_int_equal(fx->config->n, 0);
	}
}

/* Nothing is made anew unless a byte of either file has changed. */
static void
test_unchanged(void **state)
{
	struct fixture *fx = *state;
	struct config *next = NULL;

	load_good(fx);
	assert_int_equal(conf_load(fx->main, fx->config, &next, &fx->errors), 1);
	assert_null(next);

	write_both(fx, GOOD_MAIN "\n", GOOD_HOSTS);
	assert_int_equal(conf_load(fx->main, fx->config, &next, &fx->errors), 0);
	conf_free(fx->config);
	fx->config = next;
	assert_int_equal(conf_load(fx->main, fx->config, &next, &fx->errors), 1);

	write_both(fx, GOOD_MAIN, "\n" GOOD_HOSTS);
	assert_int_equal(conf_load(fx->main, fx->config, &next, &fx->errors), 0);
	conf_free(next);

	/* What is wrong is told again each time; the old one stays as it is. */
	write_both(fx, GOOD_MAIN, "host");
	for (size_t i = 1; i <= 2; i++) {
		assert_int_equal(conf_load(fx->main, fx->config, &next, &fx->errors), -1);
		assert_null(next);
		assert_int_equal(fx->errors.n, i);
	}
	assert_int_equal(fx->config->n, 1);
	unlink(fx->hosts);
	assert_int_equal(conf_load(fx->main, fx->config, &next, &fx->errors), -1);
}

/* The store stays where it is until a restart, and a source that contains it must leave it out. */
static void
test_store_moves(void **state)
{
	struct fixture *fx = *state;
	struct config *next = NULL;

	load_good(fx);
	write_both(fx, "data_dir = '/elsewhere'\n", "host h { volume v { source = '/' } }\n");
	assert_int_equal(conf_load(fx->main, fx->config, &next, &fx->errors), 0);
	assert_string_equal(next->data_dir, "/elsewhere");
	assert_string_equal(next->volumes[0]->exclude.item[0], "/backup");
	conf_free(next);
}

/* Of what is wrong with the form of a file only the first is reported, with its exact line:
 * libconfuse and lint are in one on what that is. */
static const struct {
	bool hosts; /* which file it is */
	const char *text, *want;
} forms[] = {
    {false, "\n\nevry = 1d\ncolour = 1\n", "3: unknown option \"evry\" in flashback.conf"},
    {false, "defaults\n{\nevry = 1d\n}",
     "3: unknown option \"evry\" in defaults; did you mean \"every\"?"},
    {false, "\nwake # x\n/* y\n */ parallel = 2",
     "2: wake: \"=\" and a value are missing: write wake = VALUE"},
    {false, "\nwake =\n# x\nparallel = 2", "2: a value is missing after the \"=\""},
    {false, "\nwake\n\n", "2: the file ends in the middle of an option"},
    {false, "wake = 1h\ndefaults {\nexclude = {\n'a'\n",
     "3: the list that begins here is not closed: \"}\" is missing"},
    {true, "\nhost\n{ }", "2: host: a name is missing: write host \"NAME\" { ... }"},
    {true, "host 'a'\n'b'\n{ }", "1: host: \"{\" is missing: write host \"NAME\" { ... }"},
    {true, "host a { }\nhost\n'b' { }\nhost 'a'\n{ }",
     "4: duplicate host \"a\", first defined on line 1"},
    {true, "host a { volume\n'v'\n{ source = '/' }\nvolume v { } }",
     "4: duplicate volume \"v\", first defined on line 2"},
};

static void
test_forms(void **state)
{
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char *want = text_format("%s:%s", forms[i].hosts ? "hosts.conf" : "flashback.conf",
		                         forms[i].want);
		char *got;

		write_both(fx, forms[i].hosts ? GOOD_MAIN : forms[i].text,
		           forms[i].hosts ? forms[i].text : GOOD_HOSTS);
		assert_int_equal(load(fx), -1);
		got = join_errors(fx);
		if (strncmp(got, want, strlen(want)) != 0 || fx->errors.n != 1)
			fail_msg("%s: got\n%s", forms[i].text, got);
		free(want);
		free(got);
	}
}

/* What is wrong with values is reported beside that, up to where it is, and of other hosts whole
 * volumes too. */
static void
test_values_before_form(void **state)
{
	struct fixture *fx = *state;

	write_both(fx, GOOD_MAIN,
	           "host a { volume v { source = '/etc/' overdue = 1h } }\n"
	           "host b { every = x\n"
	           "  volume w { }\n"
	           "  evry = 1d\n"
	           "  keep_last = x }\n");
	assert_error(fx,
	             "hosts.conf:1: overdue: 1h is not longer than every of a/v, 1d: each backup "
	             "would be overdue\n"
	             "hosts.conf:2: every: 'x' is not a duration: write a number and its unit, "
	             "such as \"90s\", \"30m\", \"12h\", \"1d\" or \"2w\"\n"
	             "hosts.conf:4: unknown option \"evry\" in a host; did you mean \"every\"?\n");
}

#define LACKS                                                                                      \
	"host a { volume v { every = 1d }\n volume w { source = '/' keep_last = 0 keep_daily = 0 " \
	"keep_weekly = 0 } }\n"

/* What volumes lack is reported beside an error of form in the other file, unless that hides the
 * defaults: then only what no default could give. */
static void
test_volumes_beside_form(void **state)
{
	static const char main_error[] =
	    "flashback.conf:3: unknown option \"paralel\" in flashback.conf; did you mean "
	    "\"parallel\"?\n";
	static const char source_error[] =
	    "hosts.conf:1: source: a/v has none: say what to copy, such as source = "
	    "\"root@host:/home/\"\n";
	static const char keep_error[] =
	    "hosts.conf:2: keep_weekly: nothing would be kept: set one of the keep_ options above "
	    "0\n";
	static const struct {
		const char *main;
		bool keep;
	} cases[] = {
	    {GOOD_MAIN "\nparalel = 2\n", true},
	    {GOOD_MAIN "defaults { }\nparalel = 2\n", true},
	    {GOOD_MAIN "\nparalel = 2\ndefaults { keep_last = 1 }", false},
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *want = text_format("%s%s%s", main_error, source_error,
		                         cases[i].keep ? keep_error : "");

		write_both(fx, cases[i].main, LACKS);
		assert_error(fx, want);
		free(want);
	}
}

/* The largest file, filled with what libconfuse could be slow with, is read in no time. */
static void
test_large(void **state)
{
	static const struct {
		const char *before, *unit, *after;
	} cases[] = {
	    {"host h { volume v { source = '/' exclude = '", "x", "' } }"},
	    {"host h { volume v { source = '/' exclude = \"", "\\x", "\" } }"},
	    {"host h { volume v { source = '/' exclude = ", "x", " } }"},
	    {"host h { volume v { source = '/' exclude = { ", "'x',", "} } }"},
	    {"# ", "#", "\nhost h { volume v { source = '/' } }"},
	};
	struct fixture *fx = *state;
	char *text = malloc(LARGE + 1);

	assert_non_null(text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t unit = strlen(cases[i].unit), at = strlen(cases[i].before);
		size_t end = LARGE - strlen(cases[i].after);
		struct timespec begin, now;
		long ms;

		memcpy(text, cases[i].before, at);
		for (; at + unit <= end; at += unit)
			memcpy(text + at, cases[i].unit, unit);
		strcpy(text + at, cases[i].after);
		write_file(fx->hosts, text, strlen(text));
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
		load_good(fx);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
		assert_int_equal(fx->config->n, 1);
		ms = (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
		if (LARGE == 1 << 20 && ms > 1000)
			fail_msg("%zu: too slow", i);
	}
	free(text);
}

/* Volumes outlive the config that they came from. */
static void
test_reference(void **state)
{
	struct fixture *fx = *state;
	struct volume *v;

	load_good(fx);
	v = volume_ref(fx->config->volumes[0]);
	forget(fx);
	assert_string_equal(v->source, "/etc/");
	volume_free(v);
}

static void
test_unreadable(void **state)
{
	struct fixture *fx = *state;

	unlink(fx->main);
	assert_error(fx, "flashback.conf: no such file: create it, or name the right one (see "
	                 "flashback.conf(5))\n");
	assert_int_equal(mkdir(fx->main, 0700), 0);
	assert_error(fx, "flashback.conf: not a regular file\n");
	rmdir(fx->main);
	assert_int_equal(mkfifo(fx->main, 0600), 0);
	assert_error(fx, "flashback.conf: not a regular file\n");
	unlink(fx->main);
	write_both(fx, GOOD_MAIN, "");
	assert_int_equal(truncate(fx->main, (1 << 20) + 1), 0);
	assert_error(fx, "flashback.conf: larger than 1 MiB: this is not a config file\n");
	write_both(fx, GOOD_MAIN, "");
	unlink(fx->hosts);
	assert_error(fx, "hosts.conf: no such file: create it, or name the right one (see "
	                 "flashback.conf(5))\n");
	/* It may be named where nothing was understood. */
	write_both(fx, "data_dir = \"/backup\"\nwake = \"1h\n", "");
	unlink(fx->hosts);
	assert_error(fx, "flashback.conf:2: unterminated string: the closing \" is missing\n");
}

/* Commands that run as root come from there. */
static void
test_untrusted(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(chmod(fx->main, 0606), 0);
	assert_error(fx, "flashback.conf: can be written by others (mode 0606); chmod go-w it\n");
	assert_int_equal(chmod(fx->main, 0600), 0);
	assert_int_equal(chmod(fx->hosts, 0620), 0);
	assert_int_equal(load(fx), -1);
	assert_int_equal(chmod(fx->hosts, 0600), 0);
	assert_int_equal(chmod(fx->dir, 0777), 0);
	assert_int_equal(load(fx), -1);
	assert_int_equal(chmod(fx->dir, 0700), 0);
	load_good(fx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_corpus),
	    TEST(test_small),
	    TEST(test_layers),
	    TEST(test_bytes),
	    TEST(test_no_volumes),
	    TEST(test_unchanged),
	    TEST(test_store_moves),
	    TEST(test_reference),
	    TEST(test_unreadable),
	    TEST(test_untrusted),
	    TEST(test_forms),
	    TEST(test_values_before_form),
	    TEST(test_volumes_beside_form),
	    TEST(test_large),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
