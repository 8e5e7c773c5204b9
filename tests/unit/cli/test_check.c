// SPDX-License-Identifier: ISC
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/cli/check.h"
#include "flashback/lib/text.h"

/* A config with one volume, a/v, and a data_dir of its own. */
struct fixture {
	char *dir;
	struct config *config;
};

static void
set(const char *name, void *base, const char *value, const char *file, int line)
{
	const struct option_row *o = option_find(name);
	char *why;

	assert_int_equal(option_set(o, base, value, &why), 0);
	option_mark(o, base, &(struct option_origin){.file = file, .line = line});
}

static struct volume *
make_volume(const struct config *c)
{
	struct volume *v = volume_new(NULL);
	const char *blame;
	char *why;

	assert_non_null(v);
	set("source", v, "h:/x", c->file, 9);
	assert_int_equal(volume_finish(v, "a", "v", NULL, &why, &blame), 0);
	return v;
}

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct errors_list faults = {0};

	assert_non_null(fx);
	fx->dir = text_format("%s/show.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(fx->dir));
	fx->config = config_new("/etc/f");
	set("data_dir", fx->config, fx->dir, fx->config->file, 3);
	config_finish(fx->config, true, &faults);
	assert_int_equal(faults.n, 0);
	assert_int_equal(config_add(fx->config, make_volume(fx->config)), 0);
	*state = fx;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	nftw(fx->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	config_free(fx->config);
	free(fx->dir);
	free(fx);
	return 0;
}

/* Make each of these directories below data_dir. */
static void
make_dirs(const struct fixture *fx, const char *const *names)
{
	for (; *names != NULL; names++) {
		char *path = text_format("%s/%s", fx->dir, *names);

		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
	}
}

static char *
show(const struct fixture *fx)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(check_print(f, fx->config, true), 0);
	fclose(f);
	return text;
}

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in\n%s", part, text);
}

static void
test_options(void **state)
{
	struct fixture *fx = *state;
	char *text = show(fx);
	static const char table[] = "VOLUME  SOURCE  EVERY  KEEPS\n"
	                            "a/v     h:/x/   1d     last 3, daily 10, weekly 8\n\n";
	size_t lines = 0, rows = 0;

	assert_int_equal(strncmp(text, table, strlen(table)), 0);
	assert_has(text, "   # /etc/f:3\n");
	assert_has(text, "\nwake            = \"10m\"   # default\n");
	assert_has(text, "\nmin_free        = \"2%\"   # default, at most 10G\n");
	assert_has(text, "\n\na/v\n    source          = \"h:/x/\"   # /etc/f:9\n");
	assert_has(text, "\n    keep_daily      = 10   # default\n");
	assert_null(strstr(text, "no longer"));
	for (const char *s = text; *s != '\0'; s++)
		lines += *s == '\n';
	while (option_at(rows) != NULL)
		rows++;
	assert_int_equal(lines, rows + 5);
	free(text);
}

static void
test_unlisted(void **state)
{
	static const char *const dirs[] = {
	    ".flashback",
	    "a",
	    "a/v",
	    "a/v/2026-11-20T031000+0100",
	    "a/old",
	    "a/old/2026-11-20T031000+0100.partial",
	    "a/old/2026-11-21T031000+0100.expired",
	    "b",
	    "b/empty",
	    "b/empty/.flashback",
	    "b/empty/2026-11-21T031000+0100.expired",
	    "b/two",
	    "b/two/2026-10-25T025000+0100",
	    "b/two/2026-10-25T025500+0200",
	    "b/two/other",
	    "lost+found",
	    "lost+found/x",
	    "lost+found/x/2026-11-20T031000+0100",
	    "c d",
	    "c d/x",
	    "c d/x/2026-11-20T031000+0100",
	    NULL,
	};
	struct fixture *fx = *state;
	char *text, *at, *notes = text_format("%s/b/notes", fx->dir);
	int fd;

	make_dirs(fx, dirs);
	fd = open(notes, O_CREAT | O_WRONLY | O_CLOEXEC, 0600); /* no directory */
	assert_true(fd >= 0);
	close(fd);
	free(notes);
	text = show(fx);
	at = strstr(text, "\n# Snapshots");
	assert_non_null(at);
	assert_string_equal(at, "\n# Snapshots of volumes that are not in the config; they are "
	                        "never expired:\n"
	                        "# a/old: 1, the newest of 2026-11-20T031000+0100\n"
	                        "# b/two: 2, the newest of 2026-10-25T025000+0100\n");
	free(text);
}

/* A link may lead to data_dir, but none below it is followed; and no data_dir is no failure. */
static void
test_links(void **state)
{
	static const char *const dirs[] = {"real", "real/a", "real/a/w",
	                                   "real/a/w/2026-11-20T031000+0100", NULL};
	struct fixture *fx = *state;
	char *link = text_format("%s/link", fx->dir);
	char *host = text_format("%s/real/b", fx->dir), *text;

	make_dirs(fx, dirs);
	assert_int_equal(symlink("real", link), 0);
	assert_int_equal(symlink("a", host), 0);
	set("data_dir", fx->config, link, fx->config->file, 3);
	text = show(fx);
	assert_has(text, "# a/w: 1");
	assert_null(strstr(text, "# b/w"));
	free(text);
	unlink(link);
	text = show(fx);
	assert_null(strstr(text, "# a/w: 1"));
	free(text);
	free(link);
	free(host);
}

static void
test_full_disk(void **state)
{
	struct fixture *fx = *state;
	FILE *f = fopen("/dev/full", "w");

	if (f == NULL)
		skip();
	assert_int_equal(check_print(f, fx->config, true), -1);
	fclose(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_options),
	    TEST(test_unlisted),
	    TEST(test_links),
	    TEST(test_full_disk),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
